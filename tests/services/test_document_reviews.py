"""Operators decide about documents and applications, each once, about what they saw; time and scanners do the rest."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from idp.db import now, session, transaction
from idp.errors import (
    AlreadyDecided,
    ChangedMeanwhile,
    CompanyClosed,
    CompanyNotProven,
    InvalidInput,
    NotFound,
    OwnCompany,
    Refused,
    SecondReviewerNeeded,
    TakenByAnother,
)
from idp.models import Account, Case, Company, CompanyDocument, Operator, Review, Service, UploadedFile
from idp.policies.case_progress import Mark, Stage
from idp.policies.documents import MORE_INFO_LASTS, DocumentOutcome, DocumentState, FileState
from idp.policies.registration import Reviewer
from idp.policies.reviews import Outcome
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus, Approval, CompanyProof, CompanyStatus
from idp.services.case_progress import progress_of
from idp.services.case_queue import account_pending
from idp.services.case_reviews import Decision, decide_case
from idp.services.case_standing import hold_case
from idp.services.cases import PersonAnswers, correct_case, withdraw_case
from idp.services.companies import add_company, suspend_company
from idp.services.company_claims import CompanyAnswers
from idp.services.company_documents import put_forward
from idp.services.document_deadlines import lapse_unanswered
from idp.services.document_reviews import decide_document, reviews_of_document
from idp.services.infected_documents import ask_for_others
from idp.services.taken import take_case, take_document
from tests.services.applicants import COMPANY_SAID, a_service, account_of, apply, confirm
from tests.services.people import actions, mails
from tests.services.races import Act, at_once
from tests.services.reviewers import (
    a_file,
    an_operator,
    apply_with_document,
    decide,
    decision_about,
    document_of,
    put_another_forward,
)

APPROVED, REJECTED, MORE_INFO = DocumentOutcome
PORT: dict[str, Any] = {"preset": "twport"}
# The first person of a proven company leads it, once her mailbox is confirmed.
FIRST = {"preset": "dreams", "company_proof": ["document"]}


@pytest.fixture
def port(database: Flask) -> Service:
    return a_service("twport", PORT)


@pytest.fixture
def reviewer(database: Flask) -> Operator:
    return an_operator()


def company_of(case: Case) -> Company:
    return session.get_one(Company, case.company_id, populate_existing=True)


def told(case: Case) -> list[str]:
    return [mail.payload["template"] for mail in mails() if mail.account_id == case.account_id]


def context(template: str) -> dict[str, Any]:
    return next(mail for mail in reversed(mails()) if mail.payload["template"] == template).payload["context"]


def about(case: Case, by: Operator, outcome: Outcome, **more: Any) -> Decision:
    return Decision(
        case_id=case.id,
        seen_version=session.get_one(Case, case.id, populate_existing=True).version,
        outcome=outcome,
        approval=Approval.OPERATOR,
        decided_by=by.id,
        **more,
    )


def decide_about(case: Case, by: Operator, outcome: Outcome, **more: Any) -> Account:
    with transaction():
        return decide_case(about(case, by, outcome, **more))


def correct(case: Case) -> None:
    """The applicant sends everything again as it was."""
    account = account_of(case)
    told = PersonAnswers(username=account.username, name=account.name, phone="", email=account.email, locale="zh-TW")
    said: CompanyAnswers = replace(COMPANY_SAID, number=company_of(case).tax_id)
    with transaction():
        correct_case(case.id, session.get_one(Case, case.id).version, told, said, browser="b")


def refused(decision: Any) -> Refused:
    with pytest.raises(Refused) as raised, transaction():
        decide_document(decision)
    return raised.value


def test_a_document_and_an_application_are_decided_apart_with_a_mail_each(port: Service, reviewer: Operator) -> None:
    """R-172, C-4: the application waits for the company's proof; its approval brings the link."""
    case = apply_with_document(port)
    with pytest.raises(CompanyNotProven):
        decide_about(case, reviewer, Outcome.APPROVED, role=Role.STAFF)
    decide(case, reviewer, APPROVED, text="  請攜帶正本。 ")
    company, document = company_of(case), document_of(case)
    assert (company.proof, company.first_admin_email) == (CompanyProof.DOCUMENT, None)
    assert (document.state, document.version) == (DocumentState.APPROVED, 2)
    assert account_of(case).status is AccountStatus.REVIEW_PENDING
    [review] = reviews_of_document(document.id)
    sha256 = session.get_one(UploadedFile, document.file_id).sha256
    assert (review.document_version, review.file_sha256, review.text) == (1, sha256, "請攜帶正本。")
    assert context("document_approved")["text"] == "請攜帶正本。"
    decide_about(case, reviewer, Outcome.APPROVED, role=Role.GROUP_ADMIN)
    assert told(case) == ["application_received", "document_approved", "application_approved_verify"]
    assert {"document:approved", "company:proven", "case:approved"} <= set(actions())
    confirm(case)
    assert account_of(case).status is AccountStatus.ACTIVE


def test_a_refusal_has_its_reason_and_the_same_application_takes_another_file(
    port: Service, reviewer: Operator
) -> None:
    """R-177, R-179."""
    case = apply_with_document(port)
    for outcome, reasons, text, field in (
        (REJECTED, (), " ", "reasons"),
        (REJECTED, ("other",), "", "text"),
        (REJECTED, ("no such",), "x", "reasons"),
        (MORE_INFO, ("unreadable",), "", "text"),
        (APPROVED, (), "x" * 501, "text"),
    ):
        problem = refused(decision_about(case, reviewer, outcome, *reasons, text=text))
        assert (type(problem), problem.details["field"]) == (InvalidInput, field)
    decide(case, reviewer, REJECTED, "obsolete")
    assert context("document_rejected")["document_reasons"] == ["obsolete"]
    assert context("document_rejected")["path"] == f"/register/status?number={case.number}"
    seen = decision_about(case, reviewer, APPROVED)
    assert isinstance(refused(seen), ChangedMeanwhile)
    correct(case)
    document = put_another_forward(case)
    assert (document.state, document.version, company_of(case).proof) == (DocumentState.QUEUED, 3, CompanyProof.NONE)
    assert isinstance(refused(seen), ChangedMeanwhile)
    decide(case, reviewer, APPROVED)
    assert [review.outcome for review in reviews_of_document(document.id)] == [REJECTED, APPROVED]
    assert told(case) == ["application_received", "document_rejected", "document_approved"]


def test_nobody_decides_about_another_file_than_the_one_seen_or_one_nobody_may_see(
    port: Service, reviewer: Operator
) -> None:
    case = apply_with_document(port)
    seen = decision_about(case, reviewer, APPROVED)
    assert isinstance(refused(replace(seen, seen_sha256="0" * 64)), ChangedMeanwhile)
    assert isinstance(refused(replace(seen, document_id="do_none")), NotFound)
    put_another_forward(case)
    assert isinstance(refused(seen), ChangedMeanwhile)
    waiting = apply_with_document(port, FileState.QUARANTINED, tax_id="00000022")
    problem = refused(decision_about(waiting, reviewer, APPROVED))
    assert problem.details == {"field": "outcome", "problem": "document.not_ready"}
    with transaction():
        suspend_company(company_of(case), "fraud")
    assert isinstance(refused(decision_about(case, reviewer, APPROVED)), CompanyClosed)
    with transaction():
        withdraw_case(case.id, case.version)
    assert isinstance(refused(decision_about(case, reviewer, APPROVED)), ChangedMeanwhile)


def test_nobody_decides_about_her_own_company_or_what_another_works_on(port: Service, reviewer: Operator) -> None:
    case = apply_with_document(port)
    own = an_operator(email=account_of(case).email.upper())
    assert isinstance(refused(decision_about(case, own, REJECTED, "name")), OwnCompany)
    with pytest.raises(OwnCompany):
        decide_about(case, own, Outcome.REJECTED, reason="duplicate")
    other = an_operator("林審核")
    with transaction():
        take_document(document_of(case).id, other.id)
        take_case(case.id, other.id)
    assert refused(decision_about(case, reviewer, REJECTED, "name")).details == {"name": "林審核"}
    with pytest.raises(TakenByAnother):
        decide_about(case, reviewer, Outcome.REJECTED, reason="duplicate")
    decide(case, other, REJECTED, "name")
    decide_about(case, other, Outcome.REJECTED, reason="duplicate")
    late = replace(decision_about(case, reviewer, REJECTED, "name"), seen_version=1)
    assert refused(late).details == {"outcome": REJECTED, "by": "林審核"}
    found = session.get_one(Case, case.id, populate_existing=True)
    assert (document_of(case).taken_by, found.taken_by) == (None, None)


def test_where_two_are_to_approve_the_first_does_not_do_it_again(database: Flask, reviewer: Operator) -> None:
    service = a_service("strict", PORT | {"second_reviewer": True})
    case, second = apply_with_document(service), an_operator()
    decide(case, reviewer, APPROVED, text="ok")
    document = document_of(case)
    assert (document.state, document.first_approved_by) == (DocumentState.QUEUED, reviewer.id)
    assert (company_of(case).proof, told(case)) == (CompanyProof.NONE, ["application_received"])
    assert isinstance(refused(decision_about(case, reviewer, APPROVED)), SecondReviewerNeeded)
    put_another_forward(case)
    assert document_of(case).first_approved_by is None
    decide(case, reviewer, APPROVED)
    decide(case, second, APPROVED)
    [review] = reviews_of_document(document.id)
    assert (review.decided_by, document_of(case).first_approved_by) == (second.id, reviewer.id)
    assert company_of(case).proof is CompanyProof.DOCUMENT
    assert told(case).count("document_approved") == 1


def test_whose_document_proves_the_company_leads_it_whoever_applied_before(database: Flask, reviewer: Operator) -> None:
    service = a_service("papers", FIRST)
    stranger, owner = apply(service), apply_with_document(service)
    for case in (stranger, owner):
        confirm(case)
        assert account_of(case).status is AccountStatus.REVIEW_PENDING
    decide(owner, reviewer, APPROVED)
    led, waits = account_of(owner), account_of(stranger)
    assert (led.status, led.role) == (AccountStatus.ACTIVE, Role.GROUP_ADMIN)
    assert waits.status is AccountStatus.REVIEW_PENDING
    assert session.get_one(Case, stranger.id, populate_existing=True).reviewer is Reviewer.GROUP_ADMIN


def test_a_document_takes_nothing_from_a_company_that_its_card_has_proven(port: Service, reviewer: Operator) -> None:
    with transaction():
        company = add_company(tax_id="00000016", name="測試一號有限公司", proof=CompanyProof.CARD)
        company.status, since = CompanyStatus.NEEDS_RECHECK, company.verified_at
    case = apply_with_document(port)
    decide(case, reviewer, APPROVED)
    found = company_of(case)
    assert (found.proof, found.status, found.verified_at) == (CompanyProof.CARD, CompanyStatus.ACTIVE, since)


def let_pass() -> None:
    """Fifteen days go by."""
    with transaction():
        for table in (CompanyDocument, Case):
            late = {"more_info_until": now() - timedelta(days=1)}
            session.execute(update(table).where(table.more_info_until.is_not(None)).values(**late))
    session.expire_all()


def test_who_is_asked_for_more_answers_within_14_days_or_it_lapses_and_can_be_sent_still(
    port: Service, reviewer: Operator
) -> None:
    case = apply_with_document(port)
    with pytest.raises(InvalidInput):
        decide_about(case, reviewer, Outcome.MORE_INFO, reason_text=" ")
    decide_about(case, reviewer, Outcome.MORE_INFO, reason_text="請附在職證明。")
    decide(case, reviewer, MORE_INFO, text="請附變更登記表。")
    found = session.get_one(Case, case.id, populate_existing=True)
    assert (found.waiting_since, account_of(case).status) == (None, AccountStatus.REVIEW_PENDING)
    assert found.more_info_until is not None
    assert timedelta(0) <= now() + MORE_INFO_LASTS - found.more_info_until < timedelta(minutes=1)
    with pytest.raises(AlreadyDecided), transaction():
        decide_case(replace(about(case, reviewer, Outcome.REJECTED, reason="duplicate"), seen_version=1))
    assert account_pending(case.account_id).details == {"reviewer": Reviewer.OPERATOR, "asked": True}
    progress = progress_of(case.id)
    assert progress is not None
    assert (progress.is_asked, progress.wants_file, progress.is_open) == (True, False, True)
    asked, now_wanted = progress.lines[1:3]
    assert [(line.stage, line.mark) for line in (asked, now_wanted)] == [
        (Stage.ASKED, Mark.DONE),
        (Stage.SUPPLEMENT, Mark.NOW),
    ]
    assert asked.refusal is not None
    assert asked.refusal.text == "請附在職證明。"
    assert lapse_unanswered() == 0
    let_pass()
    assert (lapse_unanswered(), lapse_unanswered()) == (2, 0)
    assert (document_of(case).state, account_of(case).status) == (DocumentState.LAPSED, AccountStatus.REJECTED)
    assert told(case)[1:] == [
        "application_more_info", "document_more_info", "document_lapsed", "application_lapsed",
    ]  # fmt: skip
    assert {"case:asked", "case:lapsed", "document:asked", "document:lapsed"} <= set(actions())
    later = progress_of(case.id)
    assert later is not None
    assert Stage.LAPSED in {line.stage for line in later.lines}
    correct(case)
    put_another_forward(case)
    found = session.get_one(Case, case.id, populate_existing=True)
    assert (found.more_info_until, found.waiting_since is None) == (None, False)
    assert (account_of(case).status, document_of(case).state) == (AccountStatus.REVIEW_PENDING, DocumentState.QUEUED)


def test_who_answers_in_time_is_decided_anew_with_everything_kept(port: Service, reviewer: Operator) -> None:
    case = apply_with_document(port)
    decide_about(case, reviewer, Outcome.MORE_INFO, reason_text="請附在職證明。")
    answers = dict(case.answers)
    correct(case)
    found = session.get_one(Case, case.id, populate_existing=True)
    assert (found.answers, found.waiting_since is not None, found.more_info_until) == (answers, True, None)
    assert document_of(case).state is DocumentState.QUEUED
    let_pass()
    assert lapse_unanswered() == 0
    decide_about(case, reviewer, Outcome.REJECTED, reason="duplicate")
    outcomes = session.scalars(select(Review.outcome).where(Review.case_id == case.id).order_by(Review.id))
    assert list(outcomes) == [Outcome.MORE_INFO, Outcome.REJECTED]


def test_for_a_file_that_is_found_infected_later_another_is_asked_for(port: Service, reviewer: Operator) -> None:
    """DU06: no reviewer opens it any more, and the applicant hears of it once."""
    case, approved = apply_with_document(port), apply_with_document(port, tax_id="00000022")
    decide(approved, reviewer, APPROVED)
    with transaction():
        take_document(document_of(case).id, reviewer.id)
        session.execute(update(UploadedFile).values(state=FileState.INFECTED, deleted_at=now()))
    session.expire_all()
    seen = decision_about(case, reviewer, APPROVED)
    assert refused(seen).details["problem"] == "document.not_ready"
    assert (ask_for_others(), ask_for_others()) == (1, 0)
    document = document_of(case)
    assert (document.state, document.taken_by) == (DocumentState.MORE_INFO, None)
    [review] = reviews_of_document(document.id)
    assert (review.reasons, review.decided_by) == (["infected"], "scanner")
    assert told(case)[1:] == ["document_infected"]
    assert told(approved)[1:] == ["document_approved"]
    assert refused(seen).details == {"outcome": MORE_INFO, "by": ""}
    assert put_another_forward(case).state is DocumentState.QUEUED


def decides(decision: Any) -> Act:
    def act() -> str:
        decide_document(decision)
        return str(decision.outcome)

    return act


def replaces(case: Case) -> Act:
    """As the wizard does: the case first, then its file."""
    case_id = case.id
    with transaction():
        file_id = a_file().id

    def act() -> str:
        hold_case(case_id)
        put_forward(session.get_one(Case, case_id), session.get_one(UploadedFile, file_id))
        return "replaced"

    return act


@pytest.mark.both_databases
def test_of_two_operators_in_the_same_second_one_decides_and_one_mail_is_sent(
    port: Service, reviewer: Operator, database: Flask
) -> None:
    """RC, GA06; and a decision is never about a file that was replaced in the same instant."""
    other = an_operator("林審核")
    for _ in range(3):
        case = apply_with_document(port)
        yes, no = decision_about(case, reviewer, APPROVED), decision_about(case, other, REJECTED, "name")
        ends = at_once(database, decides(yes), decides(no))
        [review] = reviews_of_document(document_of(case).id)
        assert sorted(ends) == sorted([review.outcome, "review.decided"])
        assert told(case)[1:] == [f"document_{review.outcome}"]
        with transaction():
            session.execute(update(Company).values(proof=CompanyProof.NONE))
        case = apply_with_document(port)
        ends = at_once(database, decides(decision_about(case, reviewer, APPROVED)), replaces(case))
        assert ends in (("approved", "changed_meanwhile"), ("changed_meanwhile", "replaced"))
        is_approved = ends[0] == "approved"
        assert told(case).count("document_approved") == is_approved
        assert (company_of(case).proof is CompanyProof.DOCUMENT) == is_approved
