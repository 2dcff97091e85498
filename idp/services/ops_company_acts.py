"""What operators do to a company (P37): take their word for it, name its group admin, suspend and restore it.

Each is about the version that was seen, is done by one of two at once, and never to an operator's own company.
"""

from dataclasses import dataclass

from sqlalchemy import select

from idp.db import session
from idp.errors import ChangedMeanwhile, InvalidInput, NotFound
from idp.models import Account, Case, Company
from idp.policies.helping import proof_by_word
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus
from idp.services.accounts import account_by_username, set_role
from idp.services.case_standing import Standing
from idp.services.companies import checked_reason, restore_company, suspend_company
from idp.services.company_standing import prove_company
from idp.services.group_people import person_of
from idp.services.own_company import check_not_own


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyChange:
    """Who changes which company, on which version of it, and why."""

    operator_id: str
    company_id: str
    seen_version: int
    reason: str


def prove_by_word(
    change: CompanyChange, *, name: str | None, admin_email: str | None, first_come: bool
) -> list[tuple[Case, Standing]]:
    """Take an operator's word for a company, as prove_company does; what became of the applications that waited.

    A company that a card or document has proven keeps that proof. Raises NotFound, ChangedMeanwhile, OwnCompany and
    InvalidInput.
    """
    company = _held(change)
    proof = proof_by_word(company.proof)
    return prove_company(company, proof, change.reason, name=name, admin_email=admin_email, first_come=first_come)


def name_group_admin(change: CompanyChange, username: str) -> Account:
    """Make an active account of a company its group admin, whatever it was before.

    Raises NotFound, ChangedMeanwhile, OwnCompany, and InvalidInput (``field`` username or reason).
    """
    company = _held(change)
    reason = checked_reason(change.reason)
    account = account_by_username(username)
    if account is None or account.company_id != company.id:
        raise InvalidInput(field="username", problem="account.not_of_company")
    if account.status is not AccountStatus.ACTIVE:
        raise InvalidInput(field="username", problem="account.not_active")
    if Role.GROUP_ADMIN not in person_of(company.id, account.id).roles:
        raise InvalidInput(field="username", problem="account.no_such_role")
    if account.role is Role.GROUP_ADMIN:
        raise InvalidInput(field="username", problem="account.leads_already")
    set_role(account, Role.GROUP_ADMIN, reason=reason)
    return account


def suspend_seen(change: CompanyChange) -> Company:
    """Suspend a company. Raises NotFound, ChangedMeanwhile, OwnCompany, InvalidInput."""
    company = _held(change)
    suspend_company(company, change.reason)
    return company


def restore_seen(change: CompanyChange) -> Company:
    """Let a suspended company work again. Raises NotFound, ChangedMeanwhile, OwnCompany, InvalidInput."""
    company = _held(change)
    restore_company(company, change.reason)
    return company


def _held(change: CompanyChange) -> Company:
    company = session.scalar(
        select(Company)
        .where(Company.id == change.company_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if company is None:
        raise NotFound(what="company")
    check_not_own(change.operator_id, company.id)
    if company.version != change.seen_version:
        raise ChangedMeanwhile
    return company
