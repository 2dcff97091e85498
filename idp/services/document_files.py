"""The files of company documents, for those who may see them: who reviews an application, who leads its company (DU05).

That one may be seen at all (never before it was scanned) is asked where it is opened.
"""

from typing import Any

from sqlalchemy import exists, select

from idp.db import session
from idp.errors import NotFound
from idp.models import Case, CompanyDocument, UploadedFile
from idp.services.cases import read_number


def file_of_case(number: str, file_id: str) -> UploadedFile:
    """A file of the document of this application. Raises NotFound, for any other file too."""
    return _file_of(file_id, Case.number == read_number(number))


def file_of_company(company_id: str, file_id: str) -> UploadedFile:
    """A file of a document of this company. Raises NotFound, for another company's too."""
    return _file_of(file_id, CompanyDocument.company_id == company_id)


def has_documents(company_id: str) -> bool:
    """Whether a document was ever put forward for this company."""
    return bool(session.scalar(select(exists().where(CompanyDocument.company_id == company_id))))


def documents_of_company(company_id: str) -> list[tuple[CompanyDocument, list[UploadedFile]]]:
    """The documents of a company, the newest first, each with its files, the last first."""
    documents = session.scalars(
        select(CompanyDocument)
        .where(CompanyDocument.company_id == company_id)
        .order_by(CompanyDocument.queued_at.desc(), CompanyDocument.id)
        .execution_options(populate_existing=True)
    )
    return [(document, files_of(document)) for document in documents.all()]


def files_of(document: CompanyDocument) -> list[UploadedFile]:
    """All files of a document, the last first."""
    statement = select(UploadedFile).where(UploadedFile.document_id == document.id)
    last_first = statement.order_by(UploadedFile.uploaded_at.desc(), UploadedFile.id.desc())
    return list(session.scalars(last_first.execution_options(populate_existing=True)))


def _file_of(file_id: str, condition: Any) -> UploadedFile:
    file = session.scalar(
        select(UploadedFile)
        .join(CompanyDocument, CompanyDocument.id == UploadedFile.document_id)
        .outerjoin(Case, Case.id == CompanyDocument.case_id)
        .where(UploadedFile.id == file_id, condition)
    )
    if file is None:
        raise NotFound(what="document")
    return file
