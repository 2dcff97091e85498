"""The company that an application names: found or made, locked while its applicants are judged, and its state told."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, NoResultFound

from idp.db import now, session
from idp.errors import CompanyClosed
from idp.models import Company, Service
from idp.policies.company_names import same_name
from idp.policies.registration import RegistrationPolicy
from idp.policies.registration_path import CompanyState, is_proven
from idp.policies.standing import USABLE_COMPANIES, CompanyProof, CompanyStatus
from idp.services.audit import record
from idp.services.constraints import breaks_unique
from idp.services.group_admins import group_admins_of, people_of
from idp.services.secrets import new_id
from idp.services.service_registry import registration_policy


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyAnswers:
    """What an applicant says of the company, checked and in its one form.

    ``register_name`` is what the register calls it (None: not found there); ``phone`` as parse_phone gives it.
    """

    id_type: str
    number: str
    name: str
    register_name: str | None
    address: str
    phone: str
    responsible: str | None = None


def known_company(id_type: str, number: str) -> Company | None:
    """The company of this number, or None."""
    return session.scalar(select(Company).where(Company.id_type == id_type, Company.tax_id == number))


def locked_company(company_id: str) -> Company:
    """A company, kept for this transaction: what is decided about its people is decided one after another."""
    return session.execute(
        select(Company)
        .where(Company.id == company_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one()


def state_of(company: Company | None, policy: RegistrationPolicy) -> CompanyState:
    """What the wizard must know of a company (None: unknown here) under this policy."""
    if company is None:
        return CompanyState()
    return CompanyState(
        is_known=True,
        is_proven=is_proven(policy, company.proof),
        has_admin=bool(group_admins_of(company.id)),
        had_admin=company.first_admin_id is not None or session.scalar(people_of(company.id).limit(1)) is not None,
    )


def policy_of(service_id: str) -> RegistrationPolicy:
    """The registration policy of a service that there is."""
    service = session.get(Service, service_id)
    if service is None:
        raise LookupError(service_id)
    return registration_policy(service)


def check_usable(company: Company | None) -> None:
    """Raise CompanyClosed for a company that takes nobody in."""
    if company is not None and company.status not in USABLE_COMPANIES:
        raise CompanyClosed(status=company.status)


def claim_company(answers: CompanyAnswers, policy: RegistrationPolicy) -> Company:
    """The company of these answers, made where it is unknown (claimed, proven by nobody), locked for this transaction.

    What is known of a company stays: an applicant's answers are kept with the case, not here. What the service's policy
    says of group admins through a linked account (R-115) a new company begins with. Raises CompanyClosed.
    """
    company = known_company(answers.id_type, answers.number) or _made(answers, policy)
    try:
        company = locked_company(company.id)
    except NoResultFound:  # its last claim was purged by a worker in this instant
        company = locked_company(_made(answers, policy).id)
    check_usable(company)
    return company


def hints_about(answers: CompanyAnswers, company: Company) -> list[str]:
    """What a reviewer should look at (keys of the texts): not in the register, or named differently there or here."""
    if answers.register_name is None:
        there = ["hint.company_not_found"]
    else:
        there = [] if same_name(answers.name, answers.register_name) else ["hint.company_name_differs"]
    return there if same_name(answers.name, company.name) else sorted({*there, "hint.company_name_differs"})


def _made(answers: CompanyAnswers, policy: RegistrationPolicy) -> Company:
    moment = now()
    company = Company(
        id=new_id("co_"),
        id_type=answers.id_type,
        tax_id=answers.number,
        name=answers.register_name or answers.name,
        address=answers.address,
        phone=answers.phone,
        responsible=answers.responsible,
        status=CompanyStatus.ACTIVE,
        proof=CompanyProof.NONE,
        linked_admin=policy.linked_admin,
        created_at=moment,
        updated_at=moment,
    )
    try:
        with session.begin_nested():
            session.add(company)
            session.flush()
    except IntegrityError as error:
        if not breaks_unique(error, "companies", "id_type", "tax_id"):
            raise
        there = known_company(answers.id_type, answers.number)
        if there is None:
            raise
        return there
    record("company:claimed", company_id=company.id, tax_id=company.tax_id)
    return company
