"""What the register and an operator's word make of a company: proven, to be looked at again, or closed."""

from sqlalchemy import ColumnElement, select, update

from idp.db import now, session
from idp.errors import InvalidInput
from idp.models import Account, Company
from idp.policies.standing import USABLE_COMPANIES, CompanyProof, CompanyStatus
from idp.services.access import end_access_of_accounts
from idp.services.audit import record
from idp.services.companies import checked_reason

BY_REGISTER = "register"


def prove_company(company: Company, proof: CompanyProof, reason: str) -> None:
    """Take an operator's word for a company: it counts as proven from now on, and a recheck is done with.

    Raises InvalidInput when the company is suspended or closed (``field`` status), or no reason is given.
    """
    reason = checked_reason(reason)
    if proof is CompanyProof.NONE:
        raise ValueError("an operator's word is for a proof")
    before = company.status
    moved = _move(
        Company.id == company.id,
        Company.status.in_(USABLE_COMPANIES),
        status=CompanyStatus.ACTIVE,
        proof=proof,
        verified_at=now(),
    )
    if not moved:
        raise InvalidInput(field="status", problem="company.not_active")
    session.refresh(company)
    record("company:proven", company_id=company.id, proof=str(proof), reason=reason, before=str(before))


def close_company(company_id: str, *, import_id: int) -> bool:
    """Close a company that is gone from the register: what its people had open ends. False if it was closed before."""
    if not _move(Company.id == company_id, Company.status != CompanyStatus.CLOSED, status=CompanyStatus.CLOSED):
        return False
    end_access_of_accounts(select(Account.id).where(Account.company_id == company_id), "company_closed")
    record("company:closed", company_id=company_id, because=BY_REGISTER, import_id=import_id)
    return True


def recheck_company(company_id: str, *, name: str, import_id: int) -> bool:
    """Have operators look at a company whose name in the register is another now; its people go on working."""
    active = Company.status == CompanyStatus.ACTIVE
    if not _move(Company.id == company_id, active, status=CompanyStatus.NEEDS_RECHECK):
        return False
    record(
        "company:recheck:needed", company_id=company_id, because=BY_REGISTER, register_name=name, import_id=import_id
    )
    return True


def _move(*where: ColumnElement[bool], **values: object) -> bool:
    moved = session.execute(
        update(Company)
        .where(*where)
        .values(updated_at=now(), version=Company.version + 1, **values)
        .returning(Company.id)
        .execution_options(synchronize_session=False)
    ).first()
    return moved is not None
