"""One application as its reviewer sees it (P36): the document beside what was filled in and what the register says."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from idp.db import session
from idp.errors import ChangedMeanwhile, NotFound
from idp.models import Account, Case, CompanyDocument, DocumentReview, Operator, Review, UploadedFile
from idp.policies.comparing import Compared, Line, compare
from idp.policies.documents import DocumentOutcome
from idp.policies.entities import EntityKind
from idp.policies.registration import RegistrationPolicy
from idp.policies.tax_id import parse_tax_id
from idp.services.cases import read_number, reviews_of
from idp.services.document_files import files_of
from idp.services.ops_queue import Queued, queued_case
from idp.services.registry import Look, look_up
from idp.services.service_registry import registration_policy
from idp.services.taken import release_case, release_document, take_case, take_document
from idp.services.uploaded_files import may_be_seen

MOST_EARLIER = 5


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that was made, about document or account, and the name of who made it."""

    review: Review | DocumentReview
    by: str | None

    @property
    def is_of_document(self) -> bool:
        """Whether it is about the document."""
        return isinstance(self.review, DocumentReview)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """An application with everything that it is decided by. ``file`` counts now, ``replaced`` are those before it.

    ``decided`` is what was decided about it so far, ``refused_before`` about documents of its company.
    """

    queued: Queued
    policy: RegistrationPolicy
    file: UploadedFile | None
    replaced: list[UploadedFile]
    look: Look | None
    lines: list[Compared]
    decided: list[Decided]
    refused_before: list[DocumentReview]

    @property
    def shows_file(self) -> bool:
        """Whether the file may be shown: not before it was scanned, where a scanner is set."""
        return self.file is not None and may_be_seen(self.file)


def reviewed(number: str) -> Reviewed:
    """The application of this number. Raises NotFound."""
    case_id = session.scalar(select(Case.id).where(Case.number == read_number(number)))
    queued = queued_case(case_id) if case_id is not None else None
    if queued is None:
        raise NotFound(what="application")
    files = files_of(queued.document) if queued.document is not None else []
    company, answers = queued.company, queued.case.answers
    tax_id = parse_tax_id(company.tax_id) if company.id_type == EntityKind.UBN else None
    look = look_up(tax_id) if tax_id else None
    return Reviewed(
        queued=queued,
        policy=registration_policy(queued.service),
        file=next((file for file in files if queued.document and file.id == queued.document.file_id), None),
        replaced=[file for file in files if queued.document and file.id != queued.document.file_id],
        look=look,
        lines=compare(_told(company.tax_id, answers), _registered(look)),
        decided=_decided(queued),
        refused_before=_refused_before(queued),
    )


def take(seen: Reviewed, operator_id: str) -> None:
    """Take what waits of an application, both or the one. Raises OwnCompany, TakenByAnother, ChangedMeanwhile."""
    queued = seen.queued
    if not queued.waits_for_account and not queued.waits_for_document:
        raise ChangedMeanwhile
    if queued.waits_for_account:
        take_case(queued.case.id, operator_id)
    if queued.document is not None and queued.waits_for_document:
        take_document(queued.document.id, operator_id)


def put_back(seen: Reviewed, operator_id: str) -> None:
    """Put back what of an application this operator had taken."""
    release_case(seen.queued.case.id, operator_id)
    if seen.queued.document is not None:
        release_document(seen.queued.document.id, operator_id)


def _told(number: str, answers: dict[str, Any]) -> dict[Line, str | None]:
    return {
        Line.NUMBER: number,
        Line.NAME: answers.get("company_name"),
        Line.ADDRESS: answers.get("company_address"),
        Line.RESPONSIBLE: answers.get("responsible"),
    }


def _registered(look: Look | None) -> dict[Line, str | None]:
    if look is None or look.source is None:
        return {}
    return {Line.NUMBER: look.tax_id, Line.NAME: look.name, Line.ADDRESS: look.address}


def _decided(queued: Queued) -> list[Decided]:
    reviews: list[Review | DocumentReview] = list(reviews_of(queued.case))
    if queued.document is not None:
        of_document = select(DocumentReview).where(DocumentReview.document_id == queued.document.id)
        reviews += session.scalars(of_document.order_by(DocumentReview.id))
    names = _names_of({review.decided_by for review in reviews})
    in_order = sorted(reviews, key=lambda review: review.decided_at)
    return [Decided(review, names.get(review.decided_by)) for review in in_order]


def _names_of(ids: set[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for table in (Account, Operator) if ids else ():
        names |= {row[0]: row[1] for row in session.execute(select(table.id, table.name).where(table.id.in_(ids)))}
    return names


def _refused_before(queued: Queued) -> list[DocumentReview]:
    """What was wrong with documents of this company, the last first."""
    return list(
        session.scalars(
            select(DocumentReview)
            .join(CompanyDocument, CompanyDocument.id == DocumentReview.document_id)
            .where(
                CompanyDocument.company_id == queued.company.id,
                DocumentReview.outcome != DocumentOutcome.APPROVED,
            )
            .order_by(DocumentReview.id.desc())
            .limit(MOST_EARLIER)
        )
    )
