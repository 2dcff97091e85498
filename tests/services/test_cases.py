"""Applications: the first of a proven company leads it, others wait for her, and races have one winner."""

from typing import Any

import pytest
from flask import Flask

from idp.db import session, transaction
from idp.errors import AlreadyDecided, AlreadyExists, ChangedMeanwhile, CompanyNotProven, InvalidInput, LinkUnusable
from idp.models import Account, Case, Company
from idp.policies.reviews import Outcome
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus, Approval, CompanyProof
from idp.services.case_reviews import Decision, decide_case
from idp.services.case_standing import Became, Standing
from idp.services.cases import PersonAnswers, case_by_number, correct_case, withdraw_case
from idp.services.company_standing import prove_company
from idp.services.mailbox_checks import confirm_mailbox
from idp.services.secrets import digest
from tests.services.applicants import COMPANY_SAID, OPERATOR, a_service, account_of, apply, confirm, token_mailed_to
from tests.services.people import actions, mails, person


def prove(company: Company, **more: Any) -> list[tuple[Any, Standing]]:
    with transaction():
        return prove_company(company, CompanyProof.CARD, "seen", **more)


def templates() -> list[str]:
    return [mail.payload["template"] for mail in mails()]


def decision(case: Any, admin: Account, **more: Any) -> Decision:
    given: dict[str, Any] = {"outcome": Outcome.APPROVED, "role": Role.GUEST, **more}
    return Decision(
        case_id=case.id, seen_version=case.version, approval=Approval.GROUP_ADMIN, decided_by=admin.id, **given
    )


def test_the_first_of_a_proven_company_becomes_its_group_admin(company: Company) -> None:
    prove(company)
    case = apply(a_service())
    assert account_of(case).status is AccountStatus.EMAIL_PENDING
    assert confirm(case).became is Became.FIRST_ADMIN
    account = account_of(case)
    assert (account.status, account.role, account.email_verified_at is not None) == (
        AccountStatus.ACTIVE,
        Role.GROUP_ADMIN,
        True,
    )
    assert templates() == ["verification", "application_approved"]
    assert actions()[-2:] == ["account:mailbox:confirmed", "case:approved"]


def test_the_second_waits_for_the_group_admin_who_is_reminded(company: Company) -> None:
    prove(company)
    service = a_service()
    first = apply(service)
    confirm(first)
    second = apply(service, name="林小玉")
    assert confirm(second).became is Became.WAITS_FOR_GROUP_ADMIN
    assert account_of(second).status is AccountStatus.REVIEW_PENDING
    assert templates()[-2:] == ["application_received", "application_waits"]
    assert mails()[-1].recipient == account_of(first).email


def test_an_unproven_company_waits_for_the_operator_and_its_first_applicant_leads_it_then(database: Flask) -> None:
    service = a_service()
    cases = [apply(service, tax_id="00000022") for _ in range(3)]
    assert [confirm(case).became for case in cases] == [Became.WAITS_FOR_OPERATOR] * 3
    company = session.get_one(Company, cases[0].company_id)
    with transaction(), pytest.raises(InvalidInput) as refused:
        prove_company(company, CompanyProof.CARD, "seen")
    assert refused.value.details["problem"] == "company.applicants_wait"
    settled = prove(company, first_come=True)
    assert [standing.became for _, standing in settled] == [
        Became.FIRST_ADMIN,
        Became.WAITS_FOR_GROUP_ADMIN,
        Became.WAITS_FOR_GROUP_ADMIN,
    ]
    assert account_of(cases[0]).role is Role.GROUP_ADMIN


def test_only_the_person_whom_the_operator_named_becomes_the_first(company: Company) -> None:
    prove(company, admin_email="Boss@example.test")
    service = a_service()
    assert confirm(apply(service)).became is Became.WAITS_FOR_OPERATOR
    assert confirm(apply(service, email="boss@example.test")).became is Became.FIRST_ADMIN


def test_after_the_last_group_admin_has_left_nobody_becomes_one_by_coming_first(company: Company) -> None:
    prove(company)
    service = a_service()
    case = apply(service)
    confirm(case)
    with transaction():
        session.query(Account).filter_by(id=case.account_id).update({"status": AccountStatus.CLOSED})
    assert confirm(apply(service)).became is Became.WAITS_FOR_OPERATOR


def test_a_link_works_once_and_only_the_newest(company: Company) -> None:
    case = apply(a_service())
    hashed = digest(token_mailed_to(case.account_id))
    confirm(case)
    with transaction(), pytest.raises(LinkUnusable) as refused:
        confirm_mailbox(hashed)
    assert refused.value.details == {"because": "used"}


def test_a_decision_is_about_the_version_that_was_seen_and_made_once(company: Company) -> None:
    prove(company)
    service = a_service()
    admin = account_of(apply(service))
    confirm(session.query(Case).filter_by(account_id=admin.id).one())
    case = apply(service, name="林小玉")
    confirm(case)
    with transaction(), pytest.raises(InvalidInput):
        decide_case(decision(case, admin, outcome=Outcome.REJECTED, reason="other"))
    with transaction():
        decide_case(decision(case, admin, outcome=Outcome.REJECTED, reason="other", reason_text="請補分機"))
    assert account_of(case).status is AccountStatus.REJECTED
    with transaction(), pytest.raises(AlreadyDecided):
        decide_case(
            Decision(
                case_id=case.id,
                seen_version=1,
                outcome=Outcome.APPROVED,
                role=Role.STAFF,
                approval=Approval.GROUP_ADMIN,
                decided_by=admin.id,
            )
        )
    with transaction(), pytest.raises(ChangedMeanwhile):
        withdraw_case(case.id, 1)


def test_nobody_is_approved_for_a_company_that_nobody_has_proven(database: Flask) -> None:
    case = apply(a_service(), tax_id="00000022")
    confirm(case)
    with transaction(), pytest.raises(CompanyNotProven):
        decide_case(decision(case, account_of(case)))


def test_a_mailbox_serves_one_account_of_a_company(company: Company) -> None:
    service = a_service()
    first, rival = apply(service, email="one@example.test"), apply(service, email="One@example.test")
    rivals_link = digest(token_mailed_to(rival.account_id))
    confirm(first)
    with transaction(), pytest.raises(LinkUnusable) as unusable:
        confirm_mailbox(rivals_link)
    assert unusable.value.details == {"because": "taken"}
    with pytest.raises(AlreadyExists) as refused:
        apply(service, email="One@example.test")
    assert refused.value.details["field"] == "email"
    apply(service, tax_id="00000022", email="one@example.test")


def test_who_names_a_mailbox_without_having_it_keeps_nobody_out(company: Company) -> None:
    prove(company)
    service = a_service(policy=OPERATOR | {"accounts_per_company": "one"})
    apply(service, email="one@example.test")
    assert confirm(apply(service, email="one@example.test")).became is Became.FIRST_ADMIN


def test_a_company_that_has_people_is_not_led_by_who_comes_first(company: Company) -> None:
    person(company)
    prove(company)
    assert confirm(apply(a_service())).became is Became.WAITS_FOR_OPERATOR


def test_a_name_that_the_operator_has_given_is_kept_when_the_company_is_proven_again(company: Company) -> None:
    prove(company, admin_email="boss@example.test")
    prove(company)
    assert confirm(apply(a_service())).became is Became.WAITS_FOR_OPERATOR


def test_an_approved_application_that_is_corrected_is_decided_anew(company: Company) -> None:
    prove(company)
    service = a_service(policy=OPERATOR | {"mail_check": "after_review"})
    case = apply(service, email="one@example.test")
    with transaction():
        decide_case(decision(case, account_of(case)))
    approved = account_of(case)
    link = digest(token_mailed_to(approved.id))
    with transaction():
        correct_case(case.id, case.version, said_by(approved), COMPANY_SAID, browser="a browser")
    account = account_of(case)
    assert (account.status, account.approval, account.role) == (AccountStatus.REVIEW_PENDING, None, Role.GUEST)
    with transaction(), pytest.raises(LinkUnusable):
        confirm_mailbox(link)


def test_correcting_again_and_again_sends_no_more_mails_than_a_mailbox_may_get(company: Company) -> None:
    case = apply(a_service(), email="victim@example.test")
    for _ in range(8):
        with transaction():
            correct_case(case.id, case.version, said_by(account_of(case)), COMPANY_SAID, browser="a browser")
    assert templates() == ["verification"]


def said_by(account: Account) -> PersonAnswers:
    return PersonAnswers(
        username=account.username, name=account.name, phone=str(account.phone), email=account.email, locale="zh-TW"
    )


def test_a_case_is_found_by_its_number_and_mailbox_however_they_are_typed(company: Company) -> None:
    case = apply(a_service(), email="one@example.test")
    assert case_by_number(f" {case.number.lower().replace('-', ' ')}", "ONE@example.test") is not None
    assert case_by_number(case.number, "two@example.test") is None
