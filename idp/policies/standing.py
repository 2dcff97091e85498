"""The states of accounts, companies and bindings, and the one rule of who can act (security.md §5-9)."""

from dataclasses import dataclass
from enum import StrEnum


class AccountKind(StrEnum):
    """一般帳號 acts for one company; 鏈結帳號 signs in and acts through bound general accounts."""

    GENERAL = "general"
    LINKED = "linked"


class AccountStatus(StrEnum):
    """Where an account stands (domain.md §2). Only ``active`` signs in."""

    EMAIL_PENDING = "email_pending"
    EMAIL_EXPIRED = "email_expired"
    REVIEW_PENDING = "review_pending"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class CompanyStatus(StrEnum):
    """Where a company stands. ``needs_recheck`` still works: an operator looks at it."""

    ACTIVE = "active"
    NEEDS_RECHECK = "needs_recheck"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class CompanyProof(StrEnum):
    """How well the company is proven; claim ``company.proof``."""

    NONE = "none"
    DOCUMENT = "document"
    CARD = "card"


class Approval(StrEnum):
    """Who let an account in; a client's admission may ask for it."""

    OPERATOR = "operator"
    GROUP_ADMIN = "group_admin"
    AUTO = "auto"


class BindingState(StrEnum):
    """Where a binding between a linked and a general account stands. Only ``bound`` lets anybody act.

    ``awaits_admin``: the owner has agreed, and the company's policy asks its group admin too.
    ``needs_confirmation``: the owner's password or mailbox is another one since, and she has yet to say it may go on.
    """

    PENDING = "pending"
    AWAITS_ADMIN = "awaits_admin"
    BOUND = "bound"
    NEEDS_CONFIRMATION = "needs_confirmation"
    UNBOUND = "unbound"


# What can be closed: who waits for a decision is decided about, or takes the application back.
CLOSABLE_ACCOUNTS = frozenset({AccountStatus.ACTIVE, AccountStatus.SUSPENDED})
USABLE_COMPANIES = frozenset({CompanyStatus.ACTIVE, CompanyStatus.NEEDS_RECHECK})


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether somebody acts: the account, its company, and the binding it is used through (or None)."""

    account: AccountStatus
    company: CompanyStatus | None
    binding: BindingState | None = None
    through_binding: bool = False


def can_act(standing: Standing) -> bool:
    """The one answer that sign-in, code exchange, refresh, userinfo and introspection all ask for."""
    if standing.account is not AccountStatus.ACTIVE:
        return False
    if standing.company is not None and standing.company not in USABLE_COMPANIES:
        return False
    return not standing.through_binding or standing.binding is BindingState.BOUND
