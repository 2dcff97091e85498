"""What a card proves of its company: it counts as proven, and its bearer becomes group admin where nobody leads it.

Number and name come from the certificate, never from a form (CD07). The company is locked by the caller.
"""

from sqlalchemy import or_, select, update

from idp.certificates.subject import CardHolder
from idp.db import now, session
from idp.errors import CardMismatch, SuccessionRefused
from idp.mails import cards as mails
from idp.models import Account, CardEvidence, Company
from idp.policies.cards import may_succeed
from idp.policies.company_names import name_key
from idp.policies.entities import EntityKind
from idp.policies.roles import Role
from idp.policies.standing import USABLE_COMPANIES, AccountStatus, CompanyProof, CompanyStatus
from idp.services.accounts import set_role
from idp.services.audit import record
from idp.services.card_answers import holder_in
from idp.services.company_claims import check_usable, policy_of
from idp.services.group_admins import group_admins_of, note_group_admin


def check_names(holder: CardHolder, company: Company) -> None:
    """Raise CardMismatch unless the card names this company."""
    if company.id_type != EntityKind.UBN or company.tax_id != str(holder.tax_id):
        raise CardMismatch(card=str(holder.tax_id), entered=company.tax_id)


def card_in(evidence_id: str | None) -> CardHolder | None:
    """Whom the card of this evidence names; None where there is no evidence."""
    evidence = session.get(CardEvidence, evidence_id) if evidence_id is not None else None
    return holder_in(evidence) if evidence is not None else None


def prove_by_card(company: Company, holder: CardHolder, *, account_id: str, evidence_id: str) -> None:
    """Let a company count as proven by its card from now on, under the name on it; a recheck is done with.

    Raises CardMismatch, CompanyClosed.
    """
    check_names(holder, company)
    check_usable(company)
    before, named = company.proof, company.name
    moved = session.execute(
        update(Company)
        .where(Company.id == company.id, Company.status.in_(USABLE_COMPANIES))
        .values(
            proof=CompanyProof.CARD,
            name=holder.name,
            name_folded=name_key(holder.name),
            status=CompanyStatus.ACTIVE,
            verified_at=now(),
            updated_at=now(),
            version=Company.version + 1,
        )
        .returning(Company.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if moved is None:
        return
    session.refresh(company)
    record(
        "company:proven",
        account_id=account_id,
        company_id=company.id,
        proof=str(CompanyProof.CARD),
        before=str(before),
        was_named=named if named != holder.name else None,
        evidence=evidence_id,
    )


def lead_by_card(company: Company, holder: CardHolder, account: Account, *, evidence_id: str) -> None:
    """Make an active account of the company its group admin by the company's 正卡, where nobody leads it (succession).

    Those who led it before are told. Raises CardMismatch, CompanyClosed, SuccessionRefused.
    """
    check_names(holder, company)
    check_usable(company)
    if not may_succeed(holder.rank, has_working_admin=bool(group_admins_of(company.id))):
        raise SuccessionRefused
    if account.status is not AccountStatus.ACTIVE or not _may_lead(account):
        raise SuccessionRefused
    former = former_admins(company, besides=account.id)
    set_role(account, Role.GROUP_ADMIN)
    note_leader(company, account, former, evidence_id=evidence_id)


def note_leader(company: Company, account: Account, former: list[Account], *, evidence_id: str) -> None:
    """Note that a card has made somebody group admin, and tell those who led the company before."""
    note_group_admin(company.id, account.id)
    record(
        "company:group_admin:by_card",
        actor=account.id,
        account_id=account.id,
        company_id=company.id,
        former=[one.id for one in former],
        evidence=evidence_id,
    )
    for one in former:
        mails.group_admin_by_card(one, company, account)


def former_admins(company: Company, *, besides: str) -> list[Account]:
    """The people who led a company before: its first group admin, and accounts that still bear the role unused."""
    return list(
        session.scalars(
            select(Account).where(
                Account.company_id == company.id,
                Account.id != besides,
                or_(Account.id == company.first_admin_id, Account.role == Role.GROUP_ADMIN),
            )
        )
    )


def _may_lead(account: Account) -> bool:
    """Whether the service by which an account came has group admins at all."""
    return account.service_id is None or Role.GROUP_ADMIN in policy_of(account.service_id).roles
