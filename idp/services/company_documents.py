"""公司證明文件: a file is put forward for a company by an application, put forward again, taken back, forgotten.

What is decided about it is decided elsewhere. Company and case are locked by the caller.
"""

from sqlalchemy import delete, select, update

from idp.db import now, session
from idp.errors import ChangedMeanwhile
from idp.models import Case, CompanyDocument, DocumentReview, UploadedFile
from idp.policies.documents import RESUBMITTABLE, DocumentState, FileState
from idp.services.audit import record
from idp.services.secrets import new_id
from idp.services.uploaded_files import COUNTS

TAKEN_BACK_FROM = frozenset(
    {DocumentState.QUEUED, DocumentState.IN_REVIEW, DocumentState.REJECTED, DocumentState.MORE_INFO,
     DocumentState.LAPSED}
)  # fmt: skip


def document_of_case(case_id: str, *, lock: bool = False) -> CompanyDocument | None:
    """The document that an application has put forward, or None."""
    statement = select(CompanyDocument).where(CompanyDocument.case_id == case_id)
    statement = statement.order_by(CompanyDocument.queued_at.desc()).limit(1)
    if lock:
        statement = statement.with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def put_forward(case: Case, file: UploadedFile) -> CompanyDocument:
    """Put a file of an application forward: the document waits for its reviewer, anew where there was one before.

    Raises ChangedMeanwhile where the file counts no more, or the document is decided or being reviewed by now.
    """
    _check_counts(file)
    document = document_of_case(case.id, lock=True)
    if document is None:
        document = _made(case, file)
    else:
        _replace_file(document, file)
    _hand_over(file, document)
    told = {"account_id": case.account_id, "company_id": case.company_id, "case": case.number}
    record("document:queued", **told, document=document.id, file=file.id, sha256=file.sha256, version=document.version)
    return document


def put_forward_again(case: Case) -> None:
    """A corrected application keeps its file: one that was refused or asked about waits anew, others go on waiting."""
    document = document_of_case(case.id, lock=True)
    if document is None or document.state in {DocumentState.QUEUED, *_NOT_RESUBMITTABLE}:
        return
    _queue(document)
    told = {"account_id": case.account_id, "company_id": case.company_id, "case": case.number}
    record("document:queued", **told, document=document.id, file=document.file_id, version=document.version)


_NOT_RESUBMITTABLE = frozenset(DocumentState) - RESUBMITTABLE


def withdraw_document(case: Case) -> None:
    """An application was taken back, and its document with it, unless that was approved: it has proven the company."""
    document = document_of_case(case.id, lock=True)
    if document is None or document.state not in TAKEN_BACK_FROM:
        return
    document.state = DocumentState.WITHDRAWN
    document.taken_by = document.taken_at = document.first_approved_by = document.more_info_until = None
    document.decided_at = document.updated_at = now()
    document.version += 1
    session.flush()
    record("document:withdrawn", account_id=case.account_id, company_id=case.company_id, document=document.id)


def purge_document(case_id: str) -> None:
    """An application is deleted: its document and files are, but one that has proven the company stays with that.

    The rows go here; the worker deletes the bytes that no row names.
    """
    document = document_of_case(case_id, lock=True)
    if document is None:
        return
    if document.state is DocumentState.APPROVED:
        document.case_id = document.account_id = None
        session.flush()
        return
    for table in (DocumentReview, UploadedFile):
        session.execute(
            delete(table).where(table.document_id == document.id).execution_options(synchronize_session=False)
        )
    session.delete(document)
    session.flush()


def _check_counts(file: UploadedFile) -> None:
    state = session.scalar(select(UploadedFile.state).where(UploadedFile.id == file.id).with_for_update())
    if state not in COUNTS:
        raise ChangedMeanwhile


def _made(case: Case, file: UploadedFile) -> CompanyDocument:
    moment = now()
    document = CompanyDocument(
        id=new_id("do_"),
        company_id=case.company_id,
        service_id=case.service_id,
        case_id=case.id,
        account_id=case.account_id,
        file_id=file.id,
        state=DocumentState.QUEUED,
        queued_at=moment,
        updated_at=moment,
        version=1,
    )
    session.add(document)
    session.flush()
    return document


def _replace_file(document: CompanyDocument, file: UploadedFile) -> None:
    if document.state not in RESUBMITTABLE:
        raise ChangedMeanwhile
    session.execute(
        update(UploadedFile)
        .where(UploadedFile.document_id == document.id, UploadedFile.state.in_(COUNTS), UploadedFile.id != file.id)
        .values(state=FileState.SUPERSEDED, superseded_at=now())
        .execution_options(synchronize_session=False)
    )
    document.file_id = file.id
    _queue(document)


def _queue(document: CompanyDocument) -> None:
    document.state = DocumentState.QUEUED
    document.taken_by = document.taken_at = document.first_approved_by = None
    document.more_info_until = document.decided_at = None
    document.queued_at = document.updated_at = now()
    document.version += 1
    session.flush()


def _hand_over(file: UploadedFile, document: CompanyDocument) -> None:
    """The files of the run, also those that it replaced, belong to the document from now on (R-163)."""
    session.execute(
        update(UploadedFile)
        .where(UploadedFile.run_id == file.run_id)
        .values(document_id=document.id)
        .execution_options(synchronize_session=False)
    )
