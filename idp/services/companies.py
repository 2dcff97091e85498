"""Companies: added, found, suspended and restored by those who run the provider."""

import re

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from idp.config import settings
from idp.db import now, session
from idp.errors import AlreadyExists, InvalidInput
from idp.mails import companies as mails
from idp.models import Account, Company
from idp.policies.assurance import Acr, DemandBy
from idp.policies.names import has_control
from idp.policies.standing import USABLE_COMPANIES, CompanyProof, CompanyStatus
from idp.policies.tax_id import fold_digits, parse_tax_id
from idp.services.access import end_access_of_accounts
from idp.services.audit import record
from idp.services.constraints import breaks_unique
from idp.services.group_admins import group_admins_of
from idp.services.secrets import new_id

UBN = "ubn"
OTHER_ID = re.compile(r"[0-9A-Z][0-9A-Z.-]{0,31}", re.ASCII)
LONGEST_NAME = 200
LONGEST_REASON = 500


def add_company(*, tax_id: str, name: str, proof: CompanyProof = CompanyProof.NONE, id_type: str = UBN) -> Company:
    """Add a company by its number.

    Raises InvalidInput (``field`` tax_id or name) and, decided by the database, AlreadyExists.
    """
    company = Company(
        id=new_id("co_"),
        id_type=id_type,
        tax_id=_number(tax_id, id_type),
        name=checked_name(name),
        status=CompanyStatus.ACTIVE,
        proof=proof,
        verified_at=None if proof is CompanyProof.NONE else now(),
        created_at=now(),
        updated_at=now(),
    )
    try:
        with session.begin_nested():
            session.add(company)
            session.flush()
    except IntegrityError as error:
        if breaks_unique(error, "companies", "id_type", "tax_id"):
            raise AlreadyExists(field="tax_id") from error
        raise
    record("company:added", company_id=company.id, tax_id=company.tax_id, proof=str(proof))
    return company


def company_by_tax_id(tax_id: str, id_type: str = UBN) -> Company | None:
    """The company of this number (full-width digits are folded), or None."""
    number = parse_tax_id(tax_id) if id_type == UBN else fold_digits(tax_id)
    return session.scalar(select(Company).where(Company.id_type == id_type, Company.tax_id == number))


def suspend_company(company: Company, reason: str) -> None:
    """Suspend a company: none of its accounts signs in or acts, and what they had open ends at once.

    Raises InvalidInput when the company is not in use (``field`` status) or no reason is given.
    """
    reason = checked_reason(reason)
    to, problem = CompanyStatus.SUSPENDED, "company.not_active"
    _move(company, to, only_from=USABLE_COMPANIES, problem=problem, status_reason=reason)
    end_access_of_accounts(select(Account.id).where(Account.company_id == company.id), "company_suspended")
    record("company:suspended", company_id=company.id, reason=reason)
    for admin in group_admins_of(company.id):
        mails.company_suspended(admin, company, reason)


def restore_company(company: Company, reason: str | None = None) -> None:
    """Let a suspended company's accounts work again, and tell its group admins why where a reason is given.

    Raises InvalidInput when it is not suspended, or the reason can't be one.
    """
    reason = checked_reason(reason) if reason is not None else None
    to, problem = CompanyStatus.ACTIVE, "company.not_suspended"
    _move(company, to, only_from=frozenset({CompanyStatus.SUSPENDED}), problem=problem, status_reason=None)
    record("company:restored", company_id=company.id, **({} if reason is None else {"reason": reason}))
    for admin in group_admins_of(company.id):
        mails.company_restored(admin, company, reason)


def demand_acr(company: Company, acr: Acr | None, *, by: DemandBy = DemandBy.OPERATOR) -> None:
    """Let a company ask a stronger sign-in of its people wherever they act for it, or (None) no more than the client.

    It counts from their next sign-in to a client on. Raises InvalidInput where nobody here could reach it.
    """
    if acr is Acr.CARD and not settings().offers_cards:
        raise InvalidInput(field="acr", problem="company.no_cards")
    before = company.required_acr, company.required_by
    after = (None, None) if acr is None else (str(acr), str(by))
    if before == after:
        return
    company.required_acr, company.required_by = after
    company.updated_at, company.version = now(), company.version + 1
    session.flush()
    action = "company:acr:waived" if acr is None else "company:acr:demanded"
    record(action, company_id=company.id, before=before[0], after=company.required_acr)


def checked_reason(text: str) -> str:
    """A reason as it is kept. Raises InvalidInput (``field`` reason) if it is empty, long or unprintable."""
    reason = text.strip()
    if not 1 <= len(reason) <= LONGEST_REASON or has_control(reason):
        raise InvalidInput(field="reason", problem="reason.form")
    return reason


def _move(
    company: Company, to: CompanyStatus, *, only_from: frozenset[CompanyStatus], problem: str, status_reason: str | None
) -> None:
    moved = session.execute(
        update(Company)
        .where(Company.id == company.id, Company.status.in_(only_from))
        .values(status=to, status_reason=status_reason, updated_at=now(), version=Company.version + 1)
        .returning(Company.id)
    ).first()
    if moved is None:
        raise InvalidInput(field="status", problem=problem)
    session.refresh(company)


def _number(text: str, id_type: str) -> str:
    number = parse_tax_id(text) if id_type == UBN else fold_digits(text)
    if number is None or (id_type != UBN and not OTHER_ID.fullmatch(number)):
        raise InvalidInput(field="tax_id", problem="tax_id.form")
    return number


def checked_name(text: str) -> str:
    """A company's name as it is kept. Raises InvalidInput (``field`` name) if it is empty, long or unprintable."""
    name = text.strip()
    if not 1 <= len(name) <= LONGEST_NAME or has_control(name):
        raise InvalidInput(field="name", problem="company_name.form")
    return name
