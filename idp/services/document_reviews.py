"""The decision about a company's document (公司證明文件), by an operator: once a version, of the file that was seen.

Two decisions stand apart, with two mails (R-172): this one proves the company, that about the application lets a person
in (case_reviews). Locked in one order: company, case, document.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, NoResultFound

from idp.db import now, session
from idp.errors import AlreadyDecided, ChangedMeanwhile, InvalidInput, NotFound, SecondReviewerNeeded
from idp.mails import documents as mails
from idp.models import Account, Case, Company, CompanyDocument, DocumentReview, Operator, UploadedFile
from idp.policies.documents import (
    MORE_INFO_LASTS,
    OPEN_STATES,
    DocumentOutcome,
    DocumentState,
    FileState,
    decision_problem,
    field_of_problem,
)
from idp.policies.registration import FirstAdmin
from idp.policies.standing import CompanyProof, CompanyStatus
from idp.services.audit import record
from idp.services.case_standing import hold_case, settle_waiting_cases
from idp.services.company_claims import check_usable, locked_company, policy_of
from idp.services.own_company import check_not_own
from idp.services.taken import check_not_held
from idp.services.uploaded_files import may_be_seen

STATES = {
    DocumentOutcome.APPROVED: DocumentState.APPROVED,
    DocumentOutcome.REJECTED: DocumentState.REJECTED,
    DocumentOutcome.MORE_INFO: DocumentState.MORE_INFO,
}
ACTIONS = {
    DocumentOutcome.APPROVED: "document:approved",
    DocumentOutcome.REJECTED: "document:refused",
    DocumentOutcome.MORE_INFO: "document:asked",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDecision:
    """What an operator decides, about which version and file; ``reasons`` are of DocumentReason, ``text`` is 通過說明,
    or what is wrong or wanted."""

    document_id: str
    seen_version: int
    seen_sha256: str
    outcome: DocumentOutcome
    reasons: tuple[str, ...] = ()
    text: str = ""
    decided_by: str


def decide_document(decision: DocumentDecision) -> CompanyDocument:
    """Approve a document, refuse it or ask for more; the applicant is told by mail in the same transaction.

    Approved, it proves the company (L2), and what waited for that goes on. Where the policy wants two reviewers the
    first approval is noted, and the document waits for the second.

    Raises NotFound, OwnCompany, AlreadyDecided, ChangedMeanwhile (version or file differ), TakenByAnother,
    InvalidInput (``field`` reasons or text; ``outcome`` where nobody may see the file), SecondReviewerNeeded,
    CompanyClosed. Of two decisions in the same second one counts (unique by document and version in the database).
    """
    company, document = hold_document(decision.document_id)
    check_not_own(decision.decided_by, company.id)
    file = session.get_one(UploadedFile, document.file_id, populate_existing=True)
    _check_open(document, file, decision)
    check_not_held(document, decision.decided_by)
    _check_decision(decision, document, company, file)
    if decision.outcome is DocumentOutcome.APPROVED and _is_first_of_two(document):
        _note_first(document, file, decision)
        return document
    write_review(document, file, decision.outcome, decision.reasons, decision.text, decision.decided_by)
    if decision.outcome is DocumentOutcome.APPROVED:
        _prove(company, document, file)
    _tell(document, company, decision)
    if decision.outcome is DocumentOutcome.APPROVED:
        settle_waiting_cases(company)
    return document


def reviews_of_document(document_id: str) -> list[DocumentReview]:
    """What was decided about a document, oldest first."""
    statement = select(DocumentReview).where(DocumentReview.document_id == document_id)
    return list(session.scalars(statement.order_by(DocumentReview.id)))


def hold_document(document_id: str) -> tuple[Company, CompanyDocument]:
    """A document with its company, kept for this transaction, and its case with them. Raises NotFound."""
    found = session.execute(
        select(CompanyDocument.company_id, CompanyDocument.case_id).where(CompanyDocument.id == document_id)
    ).first()
    if found is None:
        raise NotFound(what="document")
    try:
        company = hold_case(found.case_id)[0] if found.case_id is not None else locked_company(found.company_id)
        document = session.execute(
            select(CompanyDocument)
            .where(CompanyDocument.id == document_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).scalar_one()
    except (ChangedMeanwhile, NoResultFound):  # purged by a worker while we waited for it
        raise NotFound(what="document") from None
    return company, document


def write_review(
    document: CompanyDocument,
    file: UploadedFile,
    outcome: DocumentOutcome,
    reasons: tuple[str, ...],
    text: str,
    decided_by: str,
) -> None:
    """Write what was decided about this version, and move the document on. Raises AlreadyDecided."""
    moment = now()
    review = DocumentReview(
        document_id=document.id,
        document_version=document.version,
        file_sha256=file.sha256,
        outcome=outcome,
        reasons=list(reasons),
        text=text.strip() or None,
        decided_by=decided_by,
        decided_at=moment,
    )
    try:
        with session.begin_nested():
            session.add(review)
            session.flush()
    except IntegrityError as error:
        raise AlreadyDecided(outcome=None, by="") from error
    document.state = STATES[outcome]
    document.taken_by = document.taken_at = None
    if outcome is not DocumentOutcome.APPROVED:
        document.first_approved_by = None
    document.more_info_until = _deadline(outcome, moment)
    document.decided_at = document.updated_at = moment
    document.version += 1
    session.flush()
    record(
        ACTIONS[outcome], account_id=document.account_id, company_id=document.company_id, document=document.id,
        version=review.document_version, sha256=file.sha256, reasons=list(reasons), by=decided_by,
    )  # fmt: skip


def _deadline(outcome: DocumentOutcome, moment: datetime) -> datetime | None:
    return moment + MORE_INFO_LASTS if outcome is DocumentOutcome.MORE_INFO else None


def _check_open(document: CompanyDocument, file: UploadedFile, decision: DocumentDecision) -> None:
    is_seen = document.version == decision.seen_version and file.sha256 == decision.seen_sha256
    if document.state in OPEN_STATES and is_seen:
        return
    reviews = reviews_of_document(document.id)
    if reviews and reviews[-1].document_version >= decision.seen_version:
        decider = session.get(Operator, reviews[-1].decided_by)
        raise AlreadyDecided(outcome=reviews[-1].outcome, by=decider.name if decider is not None else "")
    raise ChangedMeanwhile


def _check_decision(
    decision: DocumentDecision, document: CompanyDocument, company: Company, file: UploadedFile
) -> None:
    problem = decision_problem(decision.outcome, decision.reasons, decision.text)
    if problem is not None:
        raise InvalidInput(field=field_of_problem(problem), problem=problem)
    if decision.outcome is not DocumentOutcome.APPROVED:
        return
    if file.state is not FileState.READY or not may_be_seen(file):
        raise InvalidInput(field="outcome", problem="document.not_ready")
    if document.first_approved_by == decision.decided_by:
        raise SecondReviewerNeeded
    check_usable(company)


def _is_first_of_two(document: CompanyDocument) -> bool:
    return document.first_approved_by is None and policy_of(document.service_id).second_reviewer


def _note_first(document: CompanyDocument, file: UploadedFile, decision: DocumentDecision) -> None:
    """The first of two approvals: the document is anybody else's again, as old as it was."""
    document.first_approved_by = decision.decided_by
    document.state = DocumentState.QUEUED
    document.taken_by = document.taken_at = None
    document.updated_at = now()
    session.flush()
    record(
        "document:approved:first", account_id=document.account_id, company_id=document.company_id,
        document=document.id, version=document.version, sha256=file.sha256, text=decision.text.strip() or None,
        by=decision.decided_by,
    )  # fmt: skip


def _prove(company: Company, document: CompanyDocument, file: UploadedFile) -> None:
    """The company counts as proven by document, unless its card has proven it; a recheck is done with.

    Where the first person of a company leads it, that is the one whose document proved it: not who applied before her
    without one.
    """
    before = (company.proof, company.status)
    if company.proof is not CompanyProof.CARD:
        company.proof, company.verified_at = CompanyProof.DOCUMENT, now()
    company.status = CompanyStatus.ACTIVE
    account = session.get(Account, document.account_id) if document.account_id is not None else None
    is_open = company.first_admin_id is None and company.first_admin_email is None
    if is_open and account is not None and policy_of(document.service_id).first_admin is FirstAdmin.FIRST_VERIFIED:
        company.first_admin_email = account.email_canonical
    if (company.proof, company.status) != before or company.proof is CompanyProof.DOCUMENT:
        company.version, company.updated_at = company.version + 1, now()
        session.flush()
        record(
            "company:proven", account_id=document.account_id, company_id=company.id, proof=str(company.proof),
            before=str(before[0]), document=document.id, sha256=file.sha256,
        )  # fmt: skip


def _tell(document: CompanyDocument, company: Company, decision: DocumentDecision) -> None:
    account = session.get(Account, document.account_id) if document.account_id is not None else None
    case = session.get(Case, document.case_id) if document.case_id is not None else None
    if account is None or case is None:
        return
    text = decision.text.strip()
    if decision.outcome is DocumentOutcome.APPROVED:
        mails.document_approved(account, company, case, text=text)
    elif decision.outcome is DocumentOutcome.REJECTED:
        mails.document_rejected(account, company, case, reasons=decision.reasons, text=text)
    else:
        mails.document_more_info(
            account, company, case, reasons=decision.reasons, text=text, until=document.more_info_until
        )
