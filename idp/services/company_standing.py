"""What the register and an operator's word make of a company: proven, to be looked at again, or closed."""

from sqlalchemy import ColumnElement, select, update

from idp.db import now, session
from idp.errors import InvalidInput
from idp.models import Account, Case, Company
from idp.policies.company_names import name_key
from idp.policies.names import canonical_email, email_key
from idp.policies.standing import USABLE_COMPANIES, CompanyProof, CompanyStatus
from idp.services.access import end_access_of_accounts
from idp.services.audit import record
from idp.services.case_standing import Standing, settle_waiting_cases
from idp.services.companies import checked_name, checked_reason

BY_REGISTER = "register"


def prove_company(
    company: Company,
    proof: CompanyProof,
    reason: str,
    *,
    name: str | None = None,
    admin_email: str | None = None,
    first_come: bool = False,
) -> list[tuple[Case, Standing]]:
    """Take an operator's word for a company: it counts as proven from now on, and a recheck is done with.

    ``name`` is what the operator has seen it is called. ``admin_email`` names the mailbox of the one person who may
    become its first group admin, and stays named; without it, it is the first person of the company to confirm her
    mailbox (R-029). Where applications wait already, one of them would lead the company at once: then the operator
    names a mailbox or says ``first_come``. What waited for the proof is judged anew: the applications, with what became
    of them. Raises InvalidInput when the company is suspended or closed (``field`` status), no reason is given, or
    applications wait (``field`` admin_email).
    """
    reason = checked_reason(reason)
    if proof is CompanyProof.NONE:
        raise ValueError("an operator's word is for a proof")
    values: dict[str, object] = {}
    if admin_email is not None:
        values["first_admin_email"] = _mailbox(admin_email)
    elif not first_come and _somebody_would_lead(company):
        raise InvalidInput(field="admin_email", problem="company.applicants_wait")
    if name is not None:
        values["name"] = checked_name(name)
        values["name_folded"] = name_key(str(values["name"]))
    before = company.status
    moved = _move(
        Company.id == company.id,
        Company.status.in_(USABLE_COMPANIES),
        status=CompanyStatus.ACTIVE,
        proof=proof,
        verified_at=now(),
        **values,
    )
    if not moved:
        raise InvalidInput(field="status", problem="company.not_active")
    session.refresh(company)
    record("company:proven", company_id=company.id, proof=str(proof), reason=reason, before=str(before))
    return settle_waiting_cases(company)


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


def _somebody_would_lead(company: Company) -> bool:
    """Whether applications wait in a company that nobody has led and nobody was named for."""
    waiting = select(Case.id).where(Case.company_id == company.id, Case.waiting_since.is_not(None)).limit(1)
    is_open = company.first_admin_id is None and company.first_admin_email is None
    return is_open and session.scalar(waiting) is not None


def _mailbox(text: str) -> str:
    address = canonical_email(text)
    if address is None:
        raise InvalidInput(field="admin_email", problem="email.form")
    return email_key(address)


def _move(*where: ColumnElement[bool], **values: object) -> bool:
    moved = session.execute(
        update(Company)
        .where(*where)
        .values(updated_at=now(), version=Company.version + 1, **values)
        .returning(Company.id)
        .execution_options(synchronize_session=False)
    ).first()
    return moved is not None
