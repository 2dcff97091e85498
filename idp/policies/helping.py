"""What operators do for companies and accounts (P37), by where these stand."""

from dataclasses import dataclass
from enum import StrEnum

from idp.policies.standing import (
    CLOSABLE_ACCOUNTS,
    USABLE_COMPANIES,
    AccountKind,
    AccountStatus,
    CompanyProof,
    CompanyStatus,
)


class CompanyAct(StrEnum):
    """Something an operator does to a company; the value is in the page's address."""

    PROVE = "prove"
    ADMIN = "admin"
    SUSPEND = "suspend"
    RESTORE = "restore"


class AccountAct(StrEnum):
    """Something an operator does for or to an account; the value is in the page's address."""

    RESEND = "resend"
    FIRST_PASSWORD = "first-password"  # noqa: S105 - the name of an act
    NEW_PASSWORD = "new-password"  # noqa: S105 - the name of an act
    UNLOCK = "unlock"
    SCOPE = "scope"
    SIGN_OUT = "end-sessions"
    RESET_FACTOR = "reset-second-factor"
    SUSPEND = "suspend"
    RESTORE = "restore"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """What decides which acts there are. ``company``: None for a linked account."""

    kind: AccountKind
    status: AccountStatus
    company: CompanyStatus | None
    has_case: bool
    has_password: bool
    password_is_disabled: bool
    is_locked: bool
    keeps_scope: bool
    has_second_factor: bool


def acts_for_company(status: CompanyStatus, *, people: int) -> tuple[CompanyAct, ...]:
    """What can be done to a company of this status with so many active accounts."""
    if status is CompanyStatus.SUSPENDED:
        return (CompanyAct.RESTORE,)
    if status not in USABLE_COMPANIES:
        return ()
    naming = (CompanyAct.ADMIN,) if people else ()
    return (CompanyAct.PROVE, *naming, CompanyAct.SUSPEND)


def acts_for_account(facts: AccountFacts) -> tuple[AccountAct, ...]:
    """What can be done for an account that stands so, in the order of the page."""
    is_active = facts.status is AccountStatus.ACTIVE
    is_usable = facts.company in USABLE_COMPANIES
    waits = facts.status in {AccountStatus.EMAIL_PENDING, AccountStatus.EMAIL_EXPIRED}
    possible = {
        AccountAct.RESEND: waits and facts.has_case,
        AccountAct.FIRST_PASSWORD: is_active and is_usable and not facts.has_password,
        # Too many wrong passwords end a password until it is set anew (PW01): only a link brings another.
        AccountAct.NEW_PASSWORD: is_active and is_usable and facts.password_is_disabled,
        AccountAct.UNLOCK: facts.is_locked and not facts.password_is_disabled,
        AccountAct.SCOPE: is_active and facts.kind is AccountKind.GENERAL and facts.keeps_scope,
        AccountAct.SIGN_OUT: is_active,
        AccountAct.RESET_FACTOR: is_active and facts.has_second_factor,
        AccountAct.SUSPEND: is_active,
        AccountAct.RESTORE: facts.status is AccountStatus.SUSPENDED,
        AccountAct.CLOSE: facts.status in CLOSABLE_ACCOUNTS,
    }
    return tuple(act for act, is_possible in possible.items() if is_possible)


def proof_by_word(before: CompanyProof) -> CompanyProof:
    """What a company counts as proven by when an operator has looked at it: no less than it was proven by before."""
    return CompanyProof.DOCUMENT if before is CompanyProof.NONE else before
