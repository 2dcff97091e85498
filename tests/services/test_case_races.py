"""Whatever two people do about one company in the same instant, it ends as if one had come after the other (RC, GA06).

A deadlock or any other accident of the database would fail these tests: only refusals are answers.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from idp.db import now, session, transaction
from idp.models import Account, Case, Company, OneTimeSecret, Review, Service
from idp.policies.reviews import Outcome
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus, Approval, CompanyProof, CompanyStatus
from idp.services.accounts import set_role
from idp.services.case_reviews import Decision, decide_case
from idp.services.cases import PersonAnswers, correct_case, withdraw_case
from idp.services.companies import restore_company, suspend_company
from idp.services.company_claims import CompanyAnswers
from idp.services.company_standing import prove_company
from idp.services.mailbox_checks import confirm_mailbox, resend_verification
from idp.services.secrets import digest
from tests.harness.people import new_tax_id
from tests.services.applicants import a_service, account_of, apply, confirm, token_mailed_to
from tests.services.people import mails, person
from tests.services.races import Act, at_once

pytestmark = pytest.mark.both_databases

ROUNDS = 5


def confirms(case: Case) -> Act:
    hashed = digest(token_mailed_to(case.account_id))
    return lambda: confirm_mailbox(hashed)[2].became.value


def withdraws(case: Case) -> Act:
    case_id, version = case.id, case.version

    def act() -> str:
        withdraw_case(case_id, version)
        return "withdrawn"

    return act


def corrects(case: Case, *, mailbox: str | None = None) -> Act:
    account, company = account_of(case), session.get_one(Company, case.company_id)
    person = PersonAnswers(
        username=account.username, name="林小玉", phone="+886912345678", email=mailbox or account.email, locale="zh-TW"
    )
    answers = CompanyAnswers(
        id_type="ubn", number=company.tax_id, name="新名", register_name=None, address="x", phone="+88677654321"
    )
    case_id, version = case.id, case.version

    def act() -> str:
        correct_case(case_id, version, person, answers, browser="b")
        return "corrected"

    return act


def decides(case: Case, admin: Account, outcome: Outcome) -> Act:
    decision = Decision(
        case_id=case.id,
        seen_version=case.version,
        outcome=outcome,
        approval=Approval.GROUP_ADMIN,
        decided_by=admin.id,
        role=Role.STAFF,
        reason="duplicate",
    )

    def act() -> str:
        decide_case(decision)
        return outcome.value

    return act


def proves(company_id: str) -> Act:
    def act() -> str:
        prove_company(session.get_one(Company, company_id), CompanyProof.CARD, "seen", first_come=True)
        return "proven"

    return act


def templates(account_id: str) -> list[str]:
    return [mail.payload["template"] for mail in mails() if mail.account_id == account_id]


def admins_of(company_id: str) -> list[str]:
    led = select(Account.id).where(Account.company_id == company_id, Account.role == Role.GROUP_ADMIN)
    return list(session.scalars(led.where(Account.status == AccountStatus.ACTIVE)))


@pytest.fixture
def service(company: Company) -> Service:
    """A service; the company of its applicants is proven."""
    with transaction():
        prove_company(company, CompanyProof.CARD, "seen", first_come=True)
    return a_service()


@pytest.fixture
def admin(service: Service, company: Company) -> Account:
    """The company's group admin."""
    return person(company, Role.GROUP_ADMIN)


def waiting(service: Service) -> Iterator[Case]:
    """Applications that wait for the group admin, one for each round."""
    for _ in range(ROUNDS):
        case = apply(service)
        confirm(case)
        yield case


def first_at_once(database: Flask, service: Service) -> None:
    """Two confirm their mailboxes at the same instant, who would each be the first group admin (RC01)."""
    tax_id = new_tax_id()
    cases = [apply(service, tax_id=tax_id) for _ in range(2)]
    with transaction():
        prove_company(session.get_one(Company, cases[0].company_id), CompanyProof.CARD, "seen", first_come=True)
    ends = at_once(database, *(confirms(case) for case in cases))
    assert sorted(ends) == ["first_admin", "waits_for_group_admin"]
    first, second = sorted(cases, key=lambda case: ends[cases.index(case)])
    assert admins_of(first.company_id) == [first.account_id]
    assert session.get_one(Company, first.company_id).first_admin_id == first.account_id
    assert account_of(second).status is AccountStatus.REVIEW_PENDING
    assert templates(first.account_id)[1:] == ["application_approved", "application_waits"]
    assert templates(second.account_id)[1:] == ["application_received"]


def test_of_two_who_become_first_at_the_same_instant_one_does(service: Service, database: Flask) -> None:
    for _ in range(20):
        first_at_once(database, service)


@pytest.mark.soak
def test_of_two_who_become_first_one_does_for_two_hundred_rounds(service: Service, database: Flask) -> None:
    for _ in range(200):
        first_at_once(database, service)


def test_approval_and_withdrawal_in_the_same_second_have_one_end(
    service: Service, admin: Account, database: Flask
) -> None:
    for case in waiting(service):
        ends = at_once(database, decides(case, admin, Outcome.APPROVED), withdraws(case))
        [review] = session.scalars(select(Review).where(Review.case_id == case.id))
        told = templates(case.account_id)[2:]
        if ends == ("approved", "changed_meanwhile"):
            assert (account_of(case).status, review.outcome) == (AccountStatus.ACTIVE, Outcome.APPROVED)
            assert told == ["application_approved"]
        else:
            assert ends == ("changed_meanwhile", "withdrawn")
            assert (account_of(case).status, review.outcome) == (AccountStatus.WITHDRAWN, Outcome.WITHDRAWN)
            assert told == []


def test_a_decision_is_never_about_what_the_applicant_has_corrected(
    service: Service, admin: Account, database: Flask
) -> None:
    for case in waiting(service):
        ends = at_once(database, decides(case, admin, Outcome.APPROVED), corrects(case))
        if ends == ("approved", "changed_meanwhile"):
            assert (account_of(case).status, account_of(case).name) == (AccountStatus.ACTIVE, "王小明")
        else:
            assert ends == ("changed_meanwhile", "corrected")
            assert (account_of(case).status, account_of(case).name) == (AccountStatus.REVIEW_PENDING, "林小玉")


def test_of_two_group_admins_who_decide_in_the_same_second_one_does(
    service: Service, admin: Account, company: Company, database: Flask
) -> None:
    other = person(company, Role.GROUP_ADMIN)
    for case in waiting(service):
        yes, no = decides(case, admin, Outcome.APPROVED), decides(case, other, Outcome.REJECTED)
        ends = at_once(database, yes, no)
        [review] = session.scalars(select(Review).where(Review.case_id == case.id))
        by, told = (admin, "application_approved") if ends[0] == "approved" else (other, "application_rejected")
        assert sorted(ends) == sorted([review.outcome.value, "review.decided"])
        assert review.decided_by == by.id
        assert templates(case.account_id)[2:] == [told]


def test_who_waited_leads_the_company_and_who_confirms_while_it_is_proven_does_not(
    service: Service, database: Flask
) -> None:
    for _ in range(ROUNDS):
        tax_id = new_tax_id()
        early, late = apply(service, tax_id=tax_id), apply(service, tax_id=tax_id)
        confirm(early)
        ends = at_once(database, proves(early.company_id), confirms(late))
        assert ends in (("proven", "waits_for_group_admin"), ("proven", "waits_for_operator"))
        assert admins_of(early.company_id) == [early.account_id]
        assert account_of(late).status is AccountStatus.REVIEW_PENDING
        assert session.get_one(Case, late.id).reviewer == "group_admin"


def test_who_confirms_while_the_company_is_suspended_waits_or_came_before_and_is_out(
    service: Service, company: Company, database: Flask
) -> None:
    def suspends() -> str:
        suspend_company(session.get_one(Company, company.id), "stolen card")
        return "suspended"

    for _ in range(ROUNDS):
        case = apply(service)
        is_first = session.get_one(Company, company.id).first_admin_id is None
        ends = at_once(database, suspends, confirms(case))
        assert ends[0] == "suspended"
        allowed = {"waits_for_operator", "first_admin" if is_first else "waits_for_group_admin"}
        assert ends[1] in allowed
        assert session.get_one(Company, company.id).status is CompanyStatus.SUSPENDED
        assert len(admins_of(company.id)) == (session.get_one(Company, company.id).first_admin_id is not None)
        with transaction():
            restore_company(session.get_one(Company, company.id))


def test_nobody_becomes_group_admin_of_a_company_that_is_suspended(service: Service, company: Company) -> None:
    case = apply(service)
    with transaction():
        suspend_company(company, "stolen card")
    assert confirm(case).became == "waits_for_operator"
    assert admins_of(company.id) == []


WAITS, VOID = "waits_for_group_admin", "link.unusable"
ENDS = {
    "withdraws": [((WAITS, "withdrawn"), AccountStatus.WITHDRAWN), ((VOID, "withdrawn"), AccountStatus.WITHDRAWN)],
    # A correction before the mailbox is confirmed sends a new link.
    "corrects": [
        ((WAITS, "corrected"), AccountStatus.REVIEW_PENDING),
        ((VOID, "corrected"), AccountStatus.EMAIL_PENDING),
    ],
    "moves": [((WAITS, "corrected"), AccountStatus.EMAIL_PENDING), ((VOID, "corrected"), AccountStatus.EMAIL_PENDING)],
    "confirms": [((WAITS, VOID), AccountStatus.REVIEW_PENDING), ((VOID, WAITS), AccountStatus.REVIEW_PENDING)],
    "resends": [((WAITS, VOID), AccountStatus.REVIEW_PENDING), ((VOID, "sent"), AccountStatus.EMAIL_PENDING)],
}


@pytest.mark.parametrize("rival", list(ENDS))
def test_a_link_is_used_once_or_made_void_whatever_comes_at_the_same_instant(
    service: Service, admin: Account, database: Flask, rival: str
) -> None:
    for number in range(ROUNDS):
        case = apply(service)
        case_id = case.id
        with transaction():  # so that another one may be sent
            session.execute(update(OneTimeSecret).values(created_at=now() - timedelta(minutes=2)))

        def resends(case_id: str = case_id) -> str:
            case = session.get_one(Case, case_id)
            resend_verification(session.get_one(Account, case.account_id), case, browser=None)
            return "sent"

        acts = {
            "withdraws": withdraws(case),
            "corrects": corrects(case),
            "moves": corrects(case, mailbox=f"new{number}@example.test"),
            "confirms": confirms(case),
            "resends": resends,
        }
        ends = at_once(database, confirms(case), acts[rival])
        assert (ends, account_of(case).status) in ENDS[rival]
        assert (account_of(case).email_verified_at is not None) == (
            "waits_for_group_admin" in ends and not (rival == "moves" and ends[1] == "corrected")
        )


def test_two_group_admins_leave_in_the_same_second_while_a_third_is_let_in_and_one_stays(
    service: Service, admin: Account, company: Company, database: Flask
) -> None:
    def steps_down(account_id: str) -> Act:
        def act() -> str:
            set_role(session.get_one(Account, account_id), Role.STAFF)
            return "stepped down"

        return act

    for case in waiting(service):
        other = person(company, Role.GROUP_ADMIN)
        pair = admins_of(company.id)
        ends = at_once(database, *map(steps_down, pair), decides(case, other, Outcome.APPROVED))
        assert sorted(ends) == ["approved", "group.lastadmin", "stepped down"]
        assert len(admins_of(company.id)) == 1
