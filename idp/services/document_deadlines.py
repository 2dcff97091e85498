"""Who was asked for more and did not answer within 14 days: the document, or the application, lapses with a mail.

Nothing is lost: what lapsed can be sent again as what was refused can. Any number of workers may do this at once.
"""

from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import Select, select

from idp.db import now, session, transaction
from idp.errors import ChangedMeanwhile, NotFound
from idp.mails import cases as case_mails
from idp.mails import documents as document_mails
from idp.models import Account, Case, CompanyDocument
from idp.policies.documents import DocumentState
from idp.policies.standing import AccountStatus
from idp.services.audit import record
from idp.services.case_standing import hold_case, move_account
from idp.services.document_reviews import hold_document

BATCH = 50


def lapse_unanswered() -> int:
    """Let lapse what is due, at most a batch of each kind, and give how much it was. Each has a transaction."""
    return _each(_documents_due(), _lapse_document) + _each(_cases_due(), _lapse_case)


def _each(due: Select[str], act: Callable[[str], bool]) -> int:
    found = session.scalars(due.limit(BATCH)).all()
    session.commit()
    done = 0
    for thing_id in found:
        # Sent again, withdrawn or purged since the list was made: then there is nothing to do.
        with suppress(ChangedMeanwhile, NotFound), transaction():
            done += act(thing_id)
    return done


def _documents_due() -> Select[str]:
    return (
        select(CompanyDocument.id)
        .where(CompanyDocument.state == DocumentState.MORE_INFO, CompanyDocument.more_info_until <= now())
        .order_by(CompanyDocument.queued_at)
    )


def _cases_due() -> Select[str]:
    return (
        select(Case.id)
        .join(Account, Account.id == Case.account_id)
        .where(Case.more_info_until <= now(), Account.status == AccountStatus.REVIEW_PENDING)
        .order_by(Case.more_info_until)
    )


def _lapse_document(document_id: str) -> bool:
    company, document = hold_document(document_id)
    until = document.more_info_until
    if document.state is not DocumentState.MORE_INFO or until is None or until > now():
        return False
    document.state = DocumentState.LAPSED
    document.updated_at = now()
    session.flush()
    record("document:lapsed", account_id=document.account_id, company_id=company.id, document=document.id)
    account = session.get(Account, document.account_id) if document.account_id is not None else None
    case = session.get(Case, document.case_id) if document.case_id is not None else None
    if account is not None and case is not None:
        document_mails.document_lapsed(account, company, case)
    return True


def _lapse_case(case_id: str) -> bool:
    """The deadline stays noted: it tells a lapsed application from a refused one, until it is sent again."""
    company, case, account = hold_case(case_id)
    if case.more_info_until is None or case.more_info_until > now():
        return False
    if not move_account(account, AccountStatus.REVIEW_PENDING, status=AccountStatus.REJECTED):
        return False
    case.updated_at = now()
    session.flush()
    record("case:lapsed", account_id=account.id, company_id=company.id, case=case.number)
    case_mails.application_lapsed(account, company, case)
    return True
