"""Who demands a second factor of a sign-in: a company of its people (its group admin), a service (operators).

A demand counts at the next authorization; what runs by then goes on. Whoever has no second factor is led to set one up
on the way (services/step_up.py asks, flows/step_up.py leads).
"""

from dataclasses import dataclass

from sqlalchemy import func, or_, select

from idp.db import session
from idp.errors import ChangedMeanwhile, TooWeakToLower
from idp.models import Account, Authenticator, Card, Company, Passkey, Password
from idp.policies.assurance import Acr, DemandBy, lowers, reached
from idp.policies.standing import AccountStatus
from idp.services.companies import demand_acr
from idp.services.company_claims import locked_company


@dataclass(frozen=True, slots=True)
class People:
    """How many active accounts a company has, and how many of them have no second factor yet."""

    all: int
    without: int


def demand_of_company(company_id: str) -> Acr | None:
    """What this company demands of every sign-in of its people, or None."""
    stored = session.get_one(Company, company_id, populate_existing=True).required_acr
    return Acr(stored) if stored else None


def is_of_operators(company_id: str) -> bool:
    """Whether what this company demands was set by operators, so that none of its people lowers it."""
    company = session.get_one(Company, company_id)
    return company.required_acr is not None and company.required_by != DemandBy.GROUP_ADMIN


def change_demand_of_company(company_id: str, *, seen: Acr | None, wanted: Acr | None, reached_by: Acr) -> None:
    """Let a company demand this, by its group admin, whose sign-in has reached ``reached_by``.

    Raises ChangedMeanwhile where it demands something else than was seen, or operators demand it; TooWeakToLower where
    her sign-in would not meet what she lifts: a password that was stolen must not be made enough.
    """
    company = locked_company(company_id)
    if company.required_acr != (str(seen) if seen else None):
        raise ChangedMeanwhile
    if seen is wanted:
        return
    if lowers(seen, wanted):
        if is_of_operators(company_id):
            raise ChangedMeanwhile
        if seen is not None and not reached(reached_by, seen):
            raise TooWeakToLower
    demand_acr(company, wanted, by=DemandBy.GROUP_ADMIN)


def people_of_company(company_id: str) -> People:
    """How many of a company's active accounts can't reach two factors as things stand."""
    has_app = (
        select(Authenticator.id)
        .where(
            Authenticator.holder_id == Account.id,
            Authenticator.confirmed_at.is_not(None),
            Authenticator.removed_at.is_(None),
        )
        .exists()
    )
    has_password = (
        select(Password.account_id).where(Password.account_id == Account.id, Password.disabled_at.is_(None)).exists()
    )
    has_passkey = select(Passkey.id).where(Passkey.account_id == Account.id, Passkey.removed_at.is_(None)).exists()
    has_card = select(Card.id).where(Card.account_id == Account.id, Card.removed_at.is_(None)).exists()
    can = or_(has_passkey, has_card, has_app & has_password)
    active = (Account.company_id == company_id, Account.status == AccountStatus.ACTIVE)
    total = session.scalar(select(func.count()).select_from(Account).where(*active)) or 0
    return People(total, session.scalar(select(func.count()).select_from(Account).where(*active, ~can)) or 0)
