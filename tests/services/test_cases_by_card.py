"""A card in an application: it proves the company, makes the bearer of the 正卡 its group admin, and signs her in."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from clients.testca.authority import Card as MadeCard
from idp.db import Base, now, session, transaction
from idp.errors import CardMismatch
from idp.models import Account, Card, CardEvidence, Case, Company
from idp.policies.reviews import Outcome
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus, Approval, CompanyProof, CompanyStatus
from idp.services.case_deadlines import keep_deadlines
from idp.services.case_reviews import Decision, decide_case
from idp.services.case_standing import Became
from idp.services.cases import PersonAnswers, correct_case, withdraw_case
from idp.services.companies import restore_company, suspend_company
from idp.services.company_standing import prove_company
from idp.services.enrolled_cards import enrol_card
from tests.services.applicants import COMPANY_SAID, a_service, account_of, apply, confirm
from tests.services.bearers import card_of, evidence_of, presented
from tests.services.people import audit_rows, mails, person
from tests.services.test_case_deadlines import later
from tests.services.test_case_races import ROUNDS, Act, admins_of, at_once, confirms

BY_CARD: dict[str, Any] = {"preset": "dreams", "company_proof": ["card", "operator"]}
ANY_RANK = {**BY_CARD, "card_ranks": ["primary", "secondary", "mobile"]}


def bears(service: Any, card: MadeCard, **more: Any) -> Case:
    """The bearer of a card applies by it."""
    return apply(service, card_evidence_id=evidence_of(card), **more)


def company_of(case: Case) -> Company:
    return session.get_one(Company, case.company_id, populate_existing=True)


def how_many(table: type[Base]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def told_to(account: Account | str) -> list[str]:
    account_id = account if isinstance(account, str) else account.id
    return [mail.payload["template"] for mail in mails() if mail.account_id == account_id]


def noted(action: str) -> list[dict[str, Any]]:
    return [row.details | {"outcome": row.outcome} for row in audit_rows() if row.action == action]


def decide(case: Case, outcome: Outcome, by: str = "cli:operator", role: Role = Role.STAFF) -> None:
    session.refresh(case)
    approval = Approval.OPERATOR if by.startswith("cli:") else Approval.GROUP_ADMIN
    with transaction():
        decide_case(
            Decision(
                case_id=case.id,
                seen_version=case.version,
                outcome=outcome,
                approval=approval,
                decided_by=by,
                role=role,
                reason="duplicate",
            )
        )


def correct(case: Case) -> None:
    account = account_of(case)
    session.refresh(case)
    who = PersonAnswers(
        username=account.username, name=account.name, phone="+886912345678", email=account.email, locale="zh-TW"
    )
    with transaction():
        correct_case(case.id, case.version, who, COMPANY_SAID, browser="a browser")


def led_company(company: Company) -> Account:
    """A company that is proven, with people and a group admin; gives the group admin."""
    with transaction():
        prove_company(company, CompanyProof.DOCUMENT, "seen")
    person(company, Role.STAFF)
    return person(company, Role.GROUP_ADMIN)


def leave(admin: Account) -> None:
    """The group admin can't work any more."""
    with transaction():
        account = session.get_one(Account, admin.id, populate_existing=True)
        account.status = AccountStatus.SUSPENDED


def age(case: Case, **passed: float) -> None:
    """The card was given that long ago."""
    with transaction():
        session.execute(
            update(CardEvidence)
            .where(CardEvidence.id == case.card_evidence_id)
            .values(at=now() - timedelta(**passed))
            .execution_options(synchronize_session=False)
        )
    session.expire_all()


def test_the_card_proves_the_company_and_its_bearer_leads_it_once_her_mailbox_is_confirmed(database: Flask) -> None:
    case = bears(a_service(policy=BY_CARD), card_of(name="測試一號股份有限公司"))
    # Until then nothing has come of it.
    assert (company_of(case).proof, company_of(case).verified_at) == (CompanyProof.NONE, None)
    assert how_many(Card) == 0
    with suppress(RuntimeError), transaction():
        confirm_within(case)
        raise RuntimeError("an accident")
    session.expire_all()
    assert (company_of(case).proof, how_many(Card)) == (CompanyProof.NONE, 0)
    assert account_of(case).status is AccountStatus.EMAIL_PENDING
    assert confirm(case).became is Became.FIRST_ADMIN
    company, account = company_of(case), account_of(case)
    # CD07: the name is the card's, not the form's.
    assert (company.proof, company.name) == (CompanyProof.CARD, "測試一號股份有限公司")
    assert company.verified_at is not None
    assert company.first_admin_id == account.id
    assert (account.status, account.role) == (AccountStatus.ACTIVE, Role.GROUP_ADMIN)
    card = session.scalars(select(Card)).one()
    assert (card.account_id, card.company_id, card.tax_id, card.rank) == (account.id, company.id, "00000016", "primary")
    for action in ("company:proven", "company:group_admin:by_card", "account:card:enrolled"):
        [row] = noted(action)
        assert row["evidence"] == case.card_evidence_id, action
    assert noted("company:group_admin:by_card")[0]["former"] == []
    assert noted("company:proven")[0]["was_named"] == "測試一號有限公司"
    assert told_to(account) == ["verification", "card_enrolled", "application_approved"]
    assert mails()[-1].payload["context"]["is_first_admin"] is True


def confirm_within(case: Case) -> None:
    """Confirm in the transaction of the caller."""
    assert confirms(case)() == "first_admin"


def test_the_bearer_of_the_primary_card_succeeds_where_nobody_can_lead_any_more(company: Company) -> None:
    former = led_company(company)
    service = a_service(policy=BY_CARD)
    leave(former)
    waits = apply(service)
    assert confirm(waits).became is Became.WAITS_FOR_OPERATOR
    case = bears(service, card_of())
    assert confirm(case).became is Became.FIRST_ADMIN
    account = account_of(case)
    assert admins_of(company.id) == [account.id]
    assert told_to(former)[-1] == "group_admin_by_card"
    assert noted("company:group_admin:by_card")[0]["former"] == [former.id]
    # Who waited for the service unit waits for her now.
    assert session.get_one(Case, waits.id, populate_existing=True).reviewer == "group_admin"
    assert told_to(account)[-1] == "application_waits"
    assert company_of(case).proof is CompanyProof.CARD


def test_an_additional_card_proves_the_company_and_makes_nobody_its_head(company: Company) -> None:
    former = led_company(company)
    leave(former)
    case = bears(a_service(policy=ANY_RANK), card_of(rank="secondary"))
    assert confirm(case).became is Became.WAITS_FOR_OPERATOR
    assert company_of(case).proof is CompanyProof.CARD
    assert admins_of(company.id) == []
    assert told_to(former) == []
    assert how_many(Card) == 0
    decide(case, Outcome.APPROVED)
    assert [card.account_id for card in session.scalars(select(Card))] == [case.account_id]


def test_an_additional_card_leads_a_new_company_unless_an_operator_has_named_somebody(company: Company) -> None:
    service = a_service(policy=ANY_RANK)
    with transaction():
        prove_company(company, CompanyProof.DOCUMENT, "seen", admin_email="boss@example.test")
    assert confirm(bears(service, card_of(rank="mobile"))).became is Became.WAITS_FOR_OPERATOR
    assert confirm(bears(service, card_of("00000022", rank="secondary"), tax_id="00000022")).became is (
        Became.FIRST_ADMIN
    )
    # The 正卡 is the company's own word.
    assert confirm(bears(service, card_of())).became is Became.FIRST_ADMIN


def test_with_a_group_admin_at_work_the_bearer_is_reviewed_as_others_are(company: Company) -> None:
    admin = led_company(company)
    service = a_service(policy=BY_CARD)
    case, refused = bears(service, card_of()), bears(service, card_of())
    for one in (case, refused):
        assert confirm(one).became is Became.WAITS_FOR_GROUP_ADMIN
    assert how_many(Card) == 0
    decide(case, Outcome.APPROVED, admin.id)
    assert [card.account_id for card in session.scalars(select(Card))] == [case.account_id]
    assert account_of(case).role is Role.STAFF
    decide(refused, Outcome.REJECTED, admin.id)
    assert how_many(Card) == 1
    # Whom the group admin has refused does not lead the company once she is gone.
    leave(admin)
    correct(refused)
    assert account_of(refused).status is AccountStatus.REVIEW_PENDING
    assert session.get_one(Case, refused.id, populate_existing=True).reviewer == "operator"
    assert admins_of(company.id) == []


def test_what_a_card_has_proven_is_proven_once_however_often_its_case_is_judged(company: Company) -> None:
    admin = led_company(company)
    case = bears(a_service(policy=BY_CARD), card_of())
    confirm(case)
    seen = company_of(case).verified_at
    with transaction():
        prove_company(company_of(case), CompanyProof.CARD, "the register is right", name="新名字有限公司")
    leave(admin)
    assert len(noted("company:proven")) == 3
    correct(case)
    assert len(noted("company:proven")) == 3
    assert (company_of(case).name, company_of(case).verified_at != seen) == ("新名字有限公司", True)


@pytest.mark.parametrize("because", ["old", "suspended", "not taken", "rank not taken"])
def test_a_card_that_counts_no_more_lets_nobody_in(company: Company, because: str) -> None:
    service = a_service(policy=BY_CARD)
    case = bears(service, card_of(rank="secondary" if because == "rank not taken" else "primary"))
    if because == "old":
        age(case, days=8)
    elif because == "suspended":
        with transaction():
            suspend_company(company, "stolen card")
    elif because == "not taken":
        with transaction():
            service.policy = {**BY_CARD, "company_proof": ["operator"]}
    assert confirm(case).became is Became.WAITS_FOR_OPERATOR
    assert (company_of(case).proof, how_many(Card), admins_of(company.id)) == (CompanyProof.NONE, 0, [])
    assert noted("company:proven") == []


def test_the_card_of_another_company_is_refused_with_the_application(database: Flask) -> None:
    service = a_service(policy=BY_CARD)
    with pytest.raises(CardMismatch) as told:
        bears(service, card_of("00000022"))
    assert told.value.details == {"card": "00000022", "entered": "00000016"}
    session.rollback()
    assert (how_many(Case), how_many(Company), how_many(Account)) == (0, 0, 0)


def test_a_card_that_another_account_has_stays_there(company: Company) -> None:
    card = card_of()
    other = person(company)
    evidence_id = evidence_of(card)
    with transaction():
        enrol_card(presented(card).holder, card.der, other, evidence_id=evidence_id)
    case = bears(a_service(policy=BY_CARD), card)
    assert confirm(case).became is Became.FIRST_ADMIN
    assert [one.account_id for one in session.scalars(select(Card))] == [other.id]
    refused = noted("account:card:enrolled")[-1]
    assert (refused["outcome"], refused["because"]) == ("refused", "card.elsewhere")


def test_where_the_mailbox_comes_last_the_company_is_proven_and_people_decide(database: Flask) -> None:
    policy = {"preset": "twport", "company_proof": ["card"], "first_admin": "first_verified", "responsible": "hidden"}
    case = bears(a_service(policy=policy), card_of())
    assert company_of(case).proof is CompanyProof.CARD
    assert account_of(case).status is AccountStatus.REVIEW_PENDING
    decide(case, Outcome.APPROVED, role=Role.GROUP_ADMIN)
    assert how_many(Card) == 0
    confirm(case)
    assert account_of(case).status is AccountStatus.ACTIVE
    assert [card.account_id for card in session.scalars(select(Card))] == [case.account_id]


def test_an_application_that_came_to_nothing_takes_its_evidence_with_it(database: Flask) -> None:
    service = a_service(policy=BY_CARD)
    case = bears(service, card_of())
    later(case, days=2)
    keep_deadlines()
    later(case, days=31)
    assert keep_deadlines() == 1
    assert (how_many(Case), how_many(Company), how_many(CardEvidence)) == (0, 0, 0)
    # What has proven a company is kept, whatever became of its bearer.
    case = bears(service, card_of())
    assert confirm(case).became is Became.FIRST_ADMIN
    second = bears(a_service("other", BY_CARD), card_of())
    confirm(second)
    kept = {case.card_evidence_id, second.card_evidence_id}
    third = bears(service, card_of())
    for one in (second, third):
        with transaction():
            withdraw_case(one.id, one.version)
        later(one, days=31)
    assert keep_deadlines() == 2
    assert set(session.scalars(select(CardEvidence.id))) == kept
    assert how_many(Case) == 1


# At the same instant.


@pytest.mark.both_databases
def test_of_two_bearers_who_confirm_at_once_one_leads(database: Flask) -> None:
    service = a_service(policy=BY_CARD)
    for number in range(ROUNDS):
        tax_id = TAX_IDS[number]
        cases = [bears(service, card_of(tax_id), tax_id=tax_id) for _ in range(2)]
        ends = at_once(database, *(confirms(case) for case in cases))
        assert sorted(ends) == ["first_admin", "waits_for_group_admin"]
        first = cases[ends.index("first_admin")]
        assert admins_of(first.company_id) == [first.account_id]
        assert company_of(first).proof is CompanyProof.CARD


@pytest.mark.both_databases
def test_a_bearer_and_the_first_to_come_are_judged_one_after_the_other(database: Flask) -> None:
    service = a_service(policy=BY_CARD)
    for number in range(ROUNDS):
        tax_id = TAX_IDS[number]
        bearer, other = bears(service, card_of(tax_id), tax_id=tax_id), apply(service, tax_id=tax_id)
        with transaction():
            prove_company(company_of(bearer), CompanyProof.DOCUMENT, "seen", first_come=True)
        ends = at_once(database, confirms(bearer), confirms(other))
        assert sorted(ends) == ["first_admin", "waits_for_group_admin"]
        assert len(admins_of(bearer.company_id)) == 1
        assert company_of(bearer).proof is CompanyProof.CARD


@pytest.mark.both_databases
def test_a_bearer_of_a_company_that_is_suspended_at_once_waits_or_was_before(database: Flask) -> None:
    def suspends(company_id: str) -> Act:
        def act() -> str:
            suspend_company(session.get_one(Company, company_id), "stolen card")
            return "suspended"

        return act

    service = a_service(policy=BY_CARD)
    for number in range(ROUNDS):
        tax_id = TAX_IDS[number]
        case = bears(service, card_of(tax_id), tax_id=tax_id)
        ends = at_once(database, suspends(case.company_id), confirms(case))
        assert ends[0] == "suspended"
        company = company_of(case)
        assert company.status is CompanyStatus.SUSPENDED
        was_first = ends[1] == "first_admin"
        assert ends[1] in {"first_admin", "waits_for_operator"}
        assert (company.proof is CompanyProof.CARD, bool(admins_of(company.id))) == (was_first, was_first)
        with transaction():
            restore_company(session.get_one(Company, company.id))


TAX_IDS = ["00000016", "00000022", "00000037", "00000043", "00000058"]
