"""A document whose file was found infected after it was sent: nobody opens it any more, another is asked for."""

from contextlib import suppress

from sqlalchemy import select

from idp.db import session, transaction
from idp.errors import NotFound
from idp.mails import documents as mails
from idp.models import Account, Case, CompanyDocument, UploadedFile
from idp.policies.documents import INFECTED, OPEN_STATES, DocumentOutcome, FileState
from idp.services.document_reviews import hold_document, write_review

BATCH = 50
BY_SCANNER = "scanner"


def ask_for_others() -> int:
    """Ask the applicants of infected documents for another file, a batch at most; how many. Each has a transaction."""
    infected = (
        select(CompanyDocument.id)
        .join(UploadedFile, UploadedFile.id == CompanyDocument.file_id)
        .where(
            UploadedFile.deleted_at.is_not(None),
            UploadedFile.state == FileState.INFECTED,
            CompanyDocument.state.in_(OPEN_STATES),
        )
        .limit(BATCH)
    )
    found = session.scalars(infected).all()
    session.commit()
    asked = 0
    for document_id in found:
        with suppress(NotFound), transaction():
            asked += _ask(document_id)
    return asked


def _ask(document_id: str) -> bool:
    company, document = hold_document(document_id)
    file = session.get_one(UploadedFile, document.file_id, populate_existing=True)
    # Replaced, decided or withdrawn since the list was made.
    if document.state not in OPEN_STATES or file.state is not FileState.INFECTED:
        return False
    write_review(document, file, DocumentOutcome.MORE_INFO, (INFECTED,), "", BY_SCANNER)
    account = session.get(Account, document.account_id) if document.account_id is not None else None
    case = session.get(Case, document.case_id) if document.case_id is not None else None
    if account is not None and case is not None:
        mails.document_infected(account, company, case, file_name=file.name, until=document.more_info_until)
    return True
