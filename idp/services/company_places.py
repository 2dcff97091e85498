"""Whether a company has room for one more account: one mailbox, one account (C-13), or one account in all (C-6)."""

from sqlalchemy import Select, or_, select

from idp.db import session
from idp.errors import AlreadyExists, OneAccountOnly
from idp.models import Account, Company
from idp.policies.names import email_key
from idp.policies.registration import RegistrationPolicy
from idp.policies.standing import AccountKind, AccountStatus

# Accounts whose mailbox serves nobody else (C-13), and that count where a company may have one only (C-6).
HOLDING = (AccountStatus.EMAIL_PENDING, AccountStatus.REVIEW_PENDING, AccountStatus.ACTIVE, AccountStatus.SUSPENDED)


def check_place(policy: RegistrationPolicy, company: Company, email: str, *, besides: str | None = None) -> None:
    """Raise AlreadyExists (``field`` email) or OneAccountOnly where this company can have no such account."""
    if policy.accounts_per_company == "one" and session.scalar(_others(company.id, besides).limit(1)) is not None:
        raise OneAccountOnly
    check_mailbox_free(policy, company.id, email, besides=besides)


def check_mailbox_free(policy: RegistrationPolicy, company_id: str, email: str, *, besides: str | None = None) -> None:
    """Raise AlreadyExists (``field`` email) where another account of this company has this mailbox."""
    if policy.email_unique == "none":
        return
    of_mailbox = _others(company_id, besides).where(Account.email_canonical == email_key(email))
    if session.scalar(of_mailbox.limit(1)) is not None:
        raise AlreadyExists(field="email", problem="email.used")


def _others(company_id: str, besides: str | None) -> Select[str]:
    return select(Account.id).where(
        Account.company_id == company_id,
        Account.kind == AccountKind.GENERAL,
        Account.status.in_(HOLDING),
        # Anybody may name anybody's mailbox; a place is held by who has confirmed hers, or was let in.
        or_(Account.email_verified_at.is_not(None), Account.approval.is_not(None)),
        Account.id != (besides or ""),
    )
