"""What an applicant is told of her application, as it stands at that moment."""

from flask import Flask
from sqlalchemy import update

from idp.db import now, session, transaction
from idp.models import Account, Case, Company
from idp.policies.case_progress import Mark, Stage
from idp.policies.reviews import Outcome, Reason
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus, Approval, CompanyProof
from idp.services.case_progress import CaseProgress, progress_of
from idp.services.case_reviews import Decision, decide_case
from idp.services.case_standing import Became
from idp.services.cases import withdraw_case
from idp.services.mailbox_checks import confirmed_case
from idp.services.one_time_links import Link, Purpose, link_of_hash, link_of_token
from tests.services.applicants import a_service, apply, confirm, token_mailed_to


def progress(case: Case) -> CaseProgress:
    found = progress_of(case.id)
    assert found is not None
    return found


def told(case: Case) -> list[tuple[Stage, Mark]]:
    return [(line.stage, line.mark) for line in progress(case).lines]


def link_of(case: Case) -> Link:
    link = link_of_token(Purpose.VERIFY, token_mailed_to(case.account_id))
    assert link is not None
    return link


def decide(case: Case, outcome: Outcome) -> None:
    is_approved = outcome is Outcome.APPROVED
    decision = Decision(
        case_id=case.id,
        seen_version=session.get_one(Case, case.id, populate_existing=True).version,
        outcome=outcome,
        approval=Approval.OPERATOR,
        decided_by="cli:tests",
        role=Role.STAFF if is_approved else None,
        reason=None if is_approved else Reason.OTHER,
        reason_text="請附在職證明。",
    )
    with transaction():
        decide_case(decision)


def proven(company: Company) -> None:
    with transaction():
        company.proof, company.verified_at = CompanyProof.DOCUMENT, now()


def test_the_first_becomes_group_admin_and_the_second_is_told_why_she_waits(database: Flask, company: Company) -> None:
    proven(company)
    service = a_service()
    first, second = apply(service), apply(service)
    assert (progress(first).became, progress(first).is_open, progress(first).came_second) == (None, True, False)
    assert told(first) == [(Stage.SENT, Mark.DONE), (Stage.MAILBOX, Mark.NOW), (Stage.OPENED, Mark.TO_COME)]
    link = link_of(first)
    assert confirmed_case(link) is None
    confirm(first)
    assert confirmed_case(link_of_hash(Purpose.VERIFY, link.hash) or link) == first.id
    confirm(second)
    assert (progress(first).became, progress(first).is_open) == (Became.FIRST_ADMIN, False)
    assert (progress(second).became, progress(second).came_second) == (Became.WAITS_FOR_GROUP_ADMIN, True)
    assert told(second)[-2:] == [(Stage.REVIEW, Mark.NOW), (Stage.OPENED, Mark.TO_COME)]


def test_a_refusal_and_an_approval_are_both_told(database: Flask, company: Company) -> None:
    case = apply(a_service())
    confirm(case)
    assert progress(case).became is Became.WAITS_FOR_OPERATOR
    proven(company)

    decide(case, Outcome.REJECTED)
    [refused] = [line.refusal for line in progress(case).lines if line.refusal]
    assert (refused.reason, refused.text) == ("other", "請附在職證明。")
    assert progress(case).became is None
    with transaction():
        session.execute(
            update(Account).where(Account.id == case.account_id).values(status=AccountStatus.REVIEW_PENDING)
        )
    decide(case, Outcome.APPROVED)
    stages = [stage for stage, _ in told(case)]
    assert stages == [Stage.SENT, Stage.MAILBOX, Stage.REFUSED, Stage.REVIEW, Stage.OPENED]
    assert progress(case).became is Became.ACTIVE


def test_what_was_withdrawn_ends_there_and_what_is_gone_is_none(database: Flask, company: Company) -> None:
    case = apply(a_service())
    with transaction():
        withdraw_case(case.id, case.version)
    assert told(case) == [(Stage.SENT, Mark.DONE), (Stage.WITHDRAWN, Mark.BAD)]
    assert progress(case).link is None
    assert not progress(case).is_open
    assert progress_of("ca_none") is None
