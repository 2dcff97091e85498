"""Whether wishes that name a company by id and by number can mean one company (tokens.md, asking rule 1)."""

from sqlalchemy import select

from idp.db import session
from idp.models import Company
from idp.policies.tax_id import parse_tax_id
from idp.policies.wishes import Wish


def can_be_met(wish: Wish) -> bool:
    """False where a wish names ids and numbers of which none belong together; asks the database only for both."""
    tenants, numbers = _named(wish, "tenant"), _named(wish, "company_tax_id")
    if wish.company is not None:
        by_number = parse_tax_id(wish.company) is not None
        tenants, numbers = (tenants, {wish.company}) if by_number else ({wish.company}, numbers)
    if tenants is None or numbers is None:
        return True
    known = session.scalars(select(Company.id).where(Company.id.in_(tenants), Company.tax_id.in_(numbers)))
    return known.first() is not None


def _named(wish: Wish, claim: str) -> set[str] | None:
    return set(wish.allowed[claim]) if claim in wish.allowed else None
