"""An application as its applicant sees it: everything that its page tells, read at one moment (P12)."""

from dataclasses import dataclass

from idp.db import session
from idp.models import Account, Case, Company, CompanyDocument, DocumentReview, Review, Service, UploadedFile
from idp.policies.case_progress import Facts, Line, Refusal, is_open, timeline
from idp.policies.documents import WANTED
from idp.policies.registration import MailCheck, Reviewer
from idp.policies.reviews import Outcome
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus
from idp.services.case_standing import Became
from idp.services.cases import reviews_of
from idp.services.company_documents import document_of_case
from idp.services.document_reviews import reviews_of_document
from idp.services.one_time_links import Link, confirming_link
from idp.services.service_registry import registration_policy


@dataclass(frozen=True, slots=True)
class DocumentProgress:
    """The company's document of a case: the file that counts, and what was decided about it and those before."""

    document: CompanyDocument
    file: UploadedFile
    reviews: list[DocumentReview]

    @property
    def is_wanted(self) -> bool:
        """Whether another file is wanted of the applicant."""
        return self.document.state in WANTED


@dataclass(frozen=True, slots=True)
class CaseProgress:
    """A case with all that belongs to it. ``link`` is the one that waits in its applicant's mailbox, or None."""

    case: Case
    account: Account
    company: Company
    service: Service
    link: Link | None
    lines: list[Line]
    document: DocumentProgress | None = None

    @property
    def is_asked(self) -> bool:
        """Whether its applicant was asked for more, and nobody else is waited for."""
        return self.account.status is AccountStatus.REVIEW_PENDING and self.case.more_info_until is not None

    @property
    def wants_file(self) -> bool:
        """Whether the one thing that is wanted of the applicant is another file."""
        is_wanted = self.document is not None and self.document.is_wanted and self.is_open
        return is_wanted and not self.is_asked and self.account.status is not AccountStatus.REJECTED

    @property
    def activates(self) -> bool:
        """Whether the account is activated by its link (C-4)."""
        return registration_policy(self.service).mail_check is MailCheck.ACTIVATION

    @property
    def is_open(self) -> bool:
        """Whether it can still be corrected or withdrawn."""
        return is_open(self.account.status)

    @property
    def became(self) -> Became | None:
        """What became of the applicant once her mailbox was confirmed; None where that is not so, or long past."""
        if self.account.status is AccountStatus.ACTIVE:
            is_first = self.company.first_admin_id == self.account.id and self.account.role is Role.GROUP_ADMIN
            return Became.FIRST_ADMIN if is_first else Became.ACTIVE
        if self.account.status is not AccountStatus.REVIEW_PENDING:
            return None
        by_admin = self.case.reviewer is Reviewer.GROUP_ADMIN
        return Became.WAITS_FOR_GROUP_ADMIN if by_admin else Became.WAITS_FOR_OPERATOR

    @property
    def came_second(self) -> bool:
        """Whether she was to be the first group admin, and a colleague was quicker."""
        waits = self.became is Became.WAITS_FOR_GROUP_ADMIN
        return waits and bool(self.case.answers.get("expected_first"))


def progress_of(case_id: str) -> CaseProgress | None:
    """How far a case is; None where there is none any more."""
    case = session.get(Case, case_id, populate_existing=True)
    if case is None:
        return None
    account = session.get_one(Account, case.account_id, populate_existing=True)
    service = session.get_one(Service, case.service_id)
    link = confirming_link(account.id)
    return CaseProgress(
        case=case,
        account=account,
        company=session.get_one(Company, case.company_id),
        service=service,
        link=link,
        lines=timeline(_facts(case, account, service, link)),
        document=_document_of(case),
    )


def _document_of(case: Case) -> DocumentProgress | None:
    document = document_of_case(case.id)
    if document is None:
        return None
    file = session.get_one(UploadedFile, document.file_id, populate_existing=True)
    return DocumentProgress(document, file, reviews_of_document(document.id))


def _facts(case: Case, account: Account, service: Service, link: Link | None) -> Facts:
    reviews = reviews_of(case)
    return Facts(
        status=account.status,
        mail_check=registration_policy(service).mail_check,
        is_reviewed=case.reviewer is not Reviewer.AUTO and not case.answers.get("expected_first"),
        submitted_at=case.submitted_at,
        verified_at=account.email_verified_at,
        link_is_over=link is not None and link.trouble is not None,
        waiting_since=case.waiting_since,
        refusals=tuple(Refusal(r.decided_at, r.reason, r.reason_text) for r in _of(reviews, Outcome.REJECTED)),
        asked=tuple(Refusal(r.decided_at, r.reason, r.reason_text) for r in _of(reviews, Outcome.MORE_INFO)),
        more_info_until=case.more_info_until,
        approved_at=next((r.decided_at for r in _of(reviews, Outcome.APPROVED)), None),
        withdrawn_at=next((r.decided_at for r in _of(reviews, Outcome.WITHDRAWN)), None),
        decided_at=case.decided_at,
    )


def _of(reviews: list[Review], outcome: Outcome) -> list[Review]:
    return [review for review in reviews if review.outcome is outcome]
