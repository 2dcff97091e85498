"""Binding a linked account to a general one: how it is proven, its figures, who may end it (security.md §3; D-7)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from idp.policies.standing import USABLE_COMPANIES, AccountStatus, BindingState, CompanyStatus
from idp.policies.tax_id import fold_digits


class BindingProof(StrEnum):
    """How a linked account shows that it may act as a general account: by its service's policy."""

    PASSWORD_AND_CODE = "password_and_code"  # noqa: S105 - the name of a way, not a secret
    OWNER_APPROVES = "owner_approves"


class EndedBy(StrEnum):
    """Who ended a binding."""

    LINKED = "linked"
    OWNER = "owner"
    GROUP_ADMIN = "group_admin"
    OPERATOR = "operator"
    CLOSURE = "closure"


class LinkedAccounts(StrEnum):
    """What a company says to linked accounts that bind to accounts of its own (tokens.md)."""

    ALLOWED = "allowed"
    ADMIN_APPROVES = "admin_approves"
    FORBIDDEN = "forbidden"


class HeldBecause(StrEnum):
    """What made an owner's bindings wait for her word (tokens.md)."""

    PASSWORD = "password"  # noqa: S105 - what was set anew, not a secret
    MAILBOX = "mailbox"


class Shown(StrEnum):
    """A binding as people see it: its state, and what became of its code (domain.md §2)."""

    PENDING = "pending"
    CODE_EXPIRED = "code_expired"
    CODE_VOID = "code_void"
    AWAITS_ADMIN = "awaits_admin"
    BOUND = "bound"
    BOUND_UNUSABLE = "bound_unusable"
    NEEDS_CONFIRMATION = "needs_confirmation"
    UNBOUND = "unbound"


CODE_DIGITS = 6
CODE_LASTS = timedelta(hours=24)
MOST_TRIES_OF_A_CODE = 5
CODE_PAUSE = timedelta(seconds=60)
LAUNCH_LASTS = timedelta(minutes=5)
REQUESTS_KEPT = timedelta(days=30)  # a request that came to nothing, until it is forgotten


@dataclass(frozen=True, slots=True)
class BindingStanding:
    """What decides how a binding is shown."""

    state: BindingState
    code_expires_at: datetime | None
    code_tries: int
    account: AccountStatus
    company: CompanyStatus | None


def shown(standing: BindingStanding, moment: datetime) -> Shown:
    """How a binding is shown at this moment. A code that is void is told as void, expired or not."""
    if standing.state is BindingState.PENDING:
        return _shown_pending(standing, moment)
    if standing.state is BindingState.BOUND and why_unusable(standing) is not None:
        return Shown.BOUND_UNUSABLE
    return Shown(standing.state)


def _shown_pending(standing: BindingStanding, moment: datetime) -> Shown:
    if standing.code_tries >= MOST_TRIES_OF_A_CODE:
        return Shown.CODE_VOID
    if standing.code_expires_at is None or standing.code_expires_at <= moment:
        return Shown.CODE_EXPIRED
    return Shown.PENDING


def why_unusable(standing: BindingStanding) -> str | None:
    """What stands in the way of acting through a binding besides its own state: ``account``, ``company`` or None."""
    if standing.account is not AccountStatus.ACTIVE:
        return "account"
    if standing.company is not None and standing.company not in USABLE_COMPANIES:
        return "company"
    return None


def needs_new_password(
    proof: BindingProof,
    *,
    held_because: HeldBecause | None,
    held_at: datetime | None,
    password_at: datetime | None,
) -> bool:
    """Whether a held binding is confirmed only once its owner has changed the password that she gave away.

    The linked side knows that one and can sign in as her: after a change of mailbox it proves nothing (BC01, D-7).
    Without a password there is nothing that anybody could know.
    """
    if proof is not BindingProof.PASSWORD_AND_CODE or held_because is not HeldBecause.MAILBOX:
        return False
    return password_at is not None and (held_at is None or password_at <= held_at)


def tries_left(code_tries: int) -> int:
    """How many more wrong codes there may be."""
    return max(0, MOST_TRIES_OF_A_CODE - code_tries)


def folded_code(text: str) -> str | None:
    """The six digits of a code however they are typed (full width, with spaces or hyphens); None where it is no such
    thing. Leading zeros count (BC06)."""
    digits = "".join(fold_digits(text).replace("-", " ").split())
    is_code = len(digits) == CODE_DIGITS and digits.isascii() and digits.isdigit()
    return digits if is_code else None
