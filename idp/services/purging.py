"""What remains of an application that was never finished is deleted: its account name is free again (domain.md §2).

The audit log stays. Nobody who was ever let in is deleted: such accounts are closed, and their names kept.
"""

import logging

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from idp.db import now, session
from idp.mails.leases import DEAD, SENT
from idp.models import (
    Account,
    AuditEntry,
    Binding,
    CardEvidence,
    Case,
    Company,
    CompanyDocument,
    FormerPassword,
    Grant,
    HomeCompany,
    Invitation,
    KnownBrowser,
    MenuRight,
    OneTimeSecret,
    OutboxEntry,
    Password,
    Review,
    SignIn,
    TextAgreement,
)
from idp.policies.roles import Role
from idp.policies.standing import CompanyProof, CompanyStatus
from idp.services.audit import record
from idp.services.case_policies import citizen_evidence_of
from idp.services.company_documents import purge_document

log = logging.getLogger(__name__)

# Columns that name an account which goes: their rows go with it. Of the outbox they are emptied; all other tables are
# of people who were let in, and the database refuses to delete those.
GO_WITH_ACCOUNT = (
    TextAgreement.account_id,
    Password.account_id,
    FormerPassword.account_id,
    KnownBrowser.account_id,
    OneTimeSecret.account_id,
    MenuRight.account_id,
    HomeCompany.account_id,
    Case.account_id,
)


def was_never_let_in() -> ColumnElement[bool]:
    """A condition: the account has never signed in, was granted nothing and is bound to nobody."""
    return and_(
        *(
            ~select(column).where(column == Account.id).exists()
            for column in (SignIn.account_id, Grant.account_id, Binding.account_id)
        )
    )


def purge_account(company: Company, case: Case, account: Account) -> bool:
    """Delete an account, its application and all that is theirs, and the company if nobody else ever was of it.

    The caller holds the case. False where the account is named by something that must stay.
    """
    if session.scalar(select(Account.id).where(Account.id == account.id, was_never_let_in())) is None:
        return False
    shown, hers = case.card_evidence_id, citizen_evidence_of(case)
    told = {"account_id": account.id, "company_id": company.id, "case": case.number, "was": str(account.status)}
    try:
        with session.begin_nested():
            # That of her own card names the account, that of the company's is named by the case.
            if hers is not None:
                _delete_evidence(company.id, hers)
            _delete(company.id, case.id, account.id)
            if shown is not None:
                _delete_evidence(company.id, shown)
    except IntegrityError:
        log.exception("account %s cannot be purged, and is looked at again later", account.id)
        session.execute(update(Account).where(Account.id == account.id).values(updated_at=now()))
        return False
    record("case:purged", **told)
    if _delete_company(company.id):
        record("company:purged", company_id=company.id, tax_id=company.tax_id)
    return True


def purge_linked_account(account: Account) -> bool:
    """Delete a linked account that was never confirmed, and all that is its own. The caller holds it.

    False where it is named by something that must stay.
    """
    if session.scalar(select(Account.id).where(Account.id == account.id, was_never_let_in())) is None:
        return False
    account_id, was = account.id, str(account.status)
    _delete_what_goes_with(account_id)
    session.execute(delete(Account).where(Account.id == account_id).execution_options(synchronize_session=False))
    record("linked:purged", linked_account_id=account_id, was=was)
    return True


def _delete(company_id: str, case_id: str, account_id: str) -> None:
    session.execute(delete(Review).where(Review.case_id == case_id))
    purge_document(case_id)
    _delete_what_goes_with(account_id)
    # Approved as group admin, but never confirmed: who else leads or has led the company is its first one now.
    other = select(func.min(Account.id)).where(
        Account.company_id == company_id, Account.id != account_id, Account.role == Role.GROUP_ADMIN
    )
    session.execute(
        update(Company)
        .where(Company.id == company_id, Company.first_admin_id == account_id)
        .values(first_admin_id=other.scalar_subquery())
        .execution_options(synchronize_session=False)
    )
    session.execute(delete(Account).where(Account.id == account_id).execution_options(synchronize_session=False))


def _delete_what_goes_with(account_id: str) -> None:
    for column in GO_WITH_ACCOUNT:
        session.execute(delete(column.class_).where(column == account_id).execution_options(synchronize_session=False))
    # What was not delivered names the person and may hold a link.
    undelivered = {"state": DEAD, "recipient": "", "payload": {}}
    mails = update(OutboxEntry).where(OutboxEntry.account_id == account_id)
    session.execute(mails.where(OutboxEntry.state != SENT).values(undelivered))
    session.execute(mails.values(account_id=None))


def _delete_evidence(company_id: str, evidence_id: str) -> None:
    """What a card showed in an application that came to nothing goes with it; what has proven the company stays."""
    proven = select(AuditEntry.id).where(
        AuditEntry.company_id == company_id,
        AuditEntry.action == "company:proven",
        AuditEntry.details["evidence"].as_string() == evidence_id,
    )
    session.execute(
        delete(CardEvidence)
        .where(CardEvidence.id == evidence_id, ~proven.exists())
        .execution_options(synchronize_session=False)
    )


def _delete_company(company_id: str) -> bool:
    """Whether a company was deleted that an applicant named and that nobody proved, led, joined or was added for."""
    claimed = select(AuditEntry.id).where(AuditEntry.company_id == company_id, AuditEntry.action == "company:claimed")
    try:
        with session.begin_nested():
            gone = session.execute(
                delete(Company)
                .where(
                    Company.id == company_id,
                    Company.proof == CompanyProof.NONE,
                    Company.status == CompanyStatus.ACTIVE,
                    Company.first_admin_id.is_(None),
                    claimed.exists(),
                    *(
                        ~select(table.id).where(table.company_id == company_id).exists()
                        for table in (Account, Case, Invitation, CompanyDocument)
                    ),
                )
                .returning(Company.id)
                .execution_options(synchronize_session=False)
            ).first()
    except IntegrityError:  # somebody came in this instant
        return False
    return gone is not None
