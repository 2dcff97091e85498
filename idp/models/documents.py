"""Files that applicants upload, the company documents that they are put forward as, and what was decided about them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.db import Base
from idp.models.columns import ID_LENGTH, index_where_named, words
from idp.policies.documents import DocumentOutcome, DocumentState, FileKind, FileState

HEX_LENGTH = 64
# Files of applications that were not sent, or not yet: few, and looked for often.
LOOSE = text("document_id IS NULL")


class UploadedFile(Base):
    """A file as it is kept: under a name of ours outside any web root; ``sha256`` is of the bytes that are kept.

    ``run_id`` is the application in the making by which it came. A replaced file stays, superseded (R-163).
    """

    __tablename__ = "uploaded_files"
    __table_args__ = (
        Index("uq_uploaded_files_stored_name", "stored_name", unique=True),
        index_where_named("uploaded_files", "run_id"),
        index_where_named("uploaded_files", "document_id"),
        index_where_named("uploaded_files", "deleted_at"),
        Index("ix_uploaded_files_scanned_at_uploaded_at", "scanned_at", "uploaded_at"),
        Index("ix_uploaded_files_uploaded_at", "uploaded_at", sqlite_where=LOOSE, postgresql_where=LOOSE),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    run_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    document_id: Mapped[str | None] = mapped_column(ForeignKey("company_documents.id"))
    # As its owner called it: shown, never used as a path.
    name: Mapped[str] = mapped_column(String(255))
    stored_name: Mapped[str] = mapped_column(String(64))
    kind: Mapped[FileKind] = mapped_column(words(FileKind))
    size: Mapped[int]
    pages: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(HEX_LENGTH))
    state: Mapped[FileState] = mapped_column(words(FileState))
    uploaded_at: Mapped[datetime]
    scanned_at: Mapped[datetime | None]
    superseded_at: Mapped[datetime | None]
    # Since when its bytes are gone, where its row stays to tell what it was: a file that was found infected.
    deleted_at: Mapped[datetime | None]


class CompanyDocument(Base):
    """公司證明文件 put forward for a company, by an application or later; its state is that of its review.

    ``file_id`` is the file that counts now. An approved one stays when its application is purged: then it has neither
    case nor account. The version counts every new file and every decision: a decision is about the version, and the
    hash of the file, that was seen.
    """

    __tablename__ = "company_documents"
    __table_args__ = (
        Index("ix_company_documents_state_queued_at", "state", "queued_at"),
        Index("ix_company_documents_company_id", "company_id"),
        index_where_named("company_documents", "case_id"),
        index_where_named("company_documents", "account_id"),
        index_where_named("company_documents", "taken_by"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    company_id: Mapped[str] = mapped_column(ForeignKey("companies.id"))
    service_id: Mapped[str] = mapped_column(ForeignKey("services.id"))
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    file_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    state: Mapped[DocumentState] = mapped_column(words(DocumentState))
    queued_at: Mapped[datetime]
    taken_by: Mapped[str | None] = mapped_column(ForeignKey("operators.id"))
    taken_at: Mapped[datetime | None]
    # The first of two reviewers, where the policy wants two.
    first_approved_by: Mapped[str | None] = mapped_column(ForeignKey("operators.id"))
    more_info_until: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class DocumentReview(Base):
    """A decision about one version of a company document: which file was seen, by whom, why. Decided once."""

    __tablename__ = "document_reviews"
    __table_args__ = (
        Index("uq_document_reviews_document_id_document_version", "document_id", "document_version", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("company_documents.id"))
    document_version: Mapped[int]
    file_sha256: Mapped[str] = mapped_column(String(HEX_LENGTH))
    outcome: Mapped[DocumentOutcome] = mapped_column(words(DocumentOutcome))
    reasons: Mapped[list[str]] = mapped_column(default=list)
    # 通過說明, or what is wrong or wanted: the applicant reads it (R-174, I-5).
    text: Mapped[str | None] = mapped_column(String(500))
    decided_by: Mapped[str] = mapped_column(String(80))
    decided_at: Mapped[datetime]
