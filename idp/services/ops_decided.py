"""What operators have decided (P36), the newest first, a page at a time: about applications and about documents."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select, text

from idp.db import session
from idp.models import Case, Company, CompanyDocument, DocumentReview, Operator, Review, Service
from idp.services.ops_companies import find_companies
from idp.services.ops_people import Page

ON_A_PAGE = 30
LAST_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class DecidedRow:
    """A decision: the application (None: it is deleted since), its company and service, and who decided."""

    review: Review | DocumentReview
    case: Case | None
    company: Company
    service: Service
    by: str | None

    @property
    def is_of_document(self) -> bool:
        """Whether it is about the document."""
        return isinstance(self.review, DocumentReview)


def decided(words: str = "", service_id: str | None = None, before: str | None = None) -> Page[DecidedRow]:
    """A page of the decisions. ``before`` is what the page before gave; anything else begins from the newest."""
    of_cases, of_documents = _read_mark(before)
    wanted: list[ColumnElement[bool]] = []
    if words:
        wanted.append(Company.id.in_([company.id for company in find_companies(words, None).rows]))
    if service_id is not None:
        wanted.append(Service.id == service_id)
    rows = [*_about_cases(of_cases, wanted), *_about_documents(of_documents, wanted)]
    rows.sort(key=lambda row: (row.review.decided_at, row.is_of_document, row.review.id), reverse=True)
    shown = rows[:ON_A_PAGE]
    after = _mark(shown, of_cases, of_documents) if len(rows) > ON_A_PAGE else None
    return Page(shown, after)


def _about_cases(before: int, wanted: list[ColumnElement[bool]]) -> list[DecidedRow]:
    found: Any = (
        select(Review, Case, Company, Service, Operator.name)
        .join(Case, Case.id == Review.case_id)
        .join(Company, Company.id == Case.company_id)
        .join(Service, Service.id == Case.service_id)
        .outerjoin(Operator, Operator.id == Review.decided_by)
        # Word for word as the partial index has it, or SQLite would not take it.
        .where(text("substr(reviews.decided_by, 1, 3) = 'op_'"), Review.id < before, *wanted)
        .order_by(Review.id.desc())
    )
    return [DecidedRow(*row) for row in session.execute(found.limit(ON_A_PAGE + 1))]


def _about_documents(before: int, wanted: list[ColumnElement[bool]]) -> list[DecidedRow]:
    found: Any = (
        select(DocumentReview, Case, Company, Service, Operator.name)
        .join(CompanyDocument, CompanyDocument.id == DocumentReview.document_id)
        .outerjoin(Case, Case.id == CompanyDocument.case_id)
        .join(Company, Company.id == CompanyDocument.company_id)
        .join(Service, Service.id == CompanyDocument.service_id)
        .outerjoin(Operator, Operator.id == DocumentReview.decided_by)
        .where(DocumentReview.id < before, *wanted)
        .order_by(DocumentReview.id.desc())
    )
    return [DecidedRow(*row) for row in session.execute(found.limit(ON_A_PAGE + 1))]


def _mark(shown: list[DecidedRow], of_cases: int, of_documents: int) -> str:
    """Where each of the two goes on: behind its last row that was shown."""
    cases = [row.review.id for row in shown if not row.is_of_document]
    documents = [row.review.id for row in shown if row.is_of_document]
    return f"{min(cases, default=of_cases)}-{min(documents, default=of_documents)}"


def _read_mark(before: str | None) -> tuple[int, int]:
    parts = [part for part in (before or "").split("-") if part.isascii() and part.isdecimal() and len(part) < 11]
    numbers = [min(int(part), LAST_NUMBER) for part in parts]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (LAST_NUMBER, LAST_NUMBER)
