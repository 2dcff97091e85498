"""What a card does for who is signed in: it proves her company, and its 正卡 lets her lead it where nobody does."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from clients.testca.authority import Card as MadeCard
from idp.certificates.refusals import WrongRank
from idp.db import session, transaction
from idp.errors import CardMismatch, CompanyClosed, NotFound, Refused, SuccessionRefused
from idp.models import Account, Card, CardEvidence, Case, Company
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus, CompanyProof, CompanyStatus
from idp.services.case_standing import Became
from idp.services.own_cards import prove_own_company, succeed
from tests.services.applicants import a_service, apply, confirm
from tests.services.bearers import card_of, presented
from tests.services.people import mails, person
from tests.services.test_case_races import Act, admins_of, at_once
from tests.services.test_enrolled_cards import mailed, told

BY_CARD: dict[str, Any] = {"preset": "dreams", "company_proof": ["card", "operator"]}


def prove(card: MadeCard, account: Account) -> None:
    with transaction():
        prove_own_company(presented(card), account.id)


def takes_over(card: MadeCard, account: Account) -> None:
    with transaction():
        succeed(presented(card), account.id)


def now_of(row: Any) -> Any:
    return session.get_one(type(row), row.id, populate_existing=True)


def suspend(account: Account) -> None:
    with transaction():
        now_of(account).status = AccountStatus.SUSPENDED


def of_service(account: Account, service_id: str) -> None:
    with transaction():
        now_of(account).service_id = service_id


def test_a_group_admin_proves_her_company_by_its_card_whose_name_counts(company: Company) -> None:
    admin = person(company, Role.GROUP_ADMIN)
    with transaction():
        now_of(company).status = CompanyStatus.NEEDS_RECHECK
    prove(card_of(name="測試一號股份有限公司"), admin)
    proven = now_of(company)
    assert (proven.proof, proven.status) == (CompanyProof.CARD, CompanyStatus.ACTIVE)
    assert (proven.name, proven.verified_at is not None) == ("測試一號股份有限公司", True)
    [evidence] = session.scalars(select(CardEvidence))
    [row] = told("company:proven")
    assert (row["evidence"], row["was_named"], row["before"]) == (evidence.id, "測試一號有限公司", "none")
    assert (evidence.account_id, row["account"]) == (admin.id, admin.id)
    # It proves the company, and is enrolled nowhere by that.
    assert session.scalars(select(Card)).all() == []
    prove(card_of(), admin)
    assert len(told("company:proven")) == 1


def test_what_waited_for_the_proof_is_judged_when_the_card_has_given_it(company: Company) -> None:
    case = apply(a_service())
    assert confirm(case).became is Became.WAITS_FOR_OPERATOR
    admin = person(company, Role.GROUP_ADMIN)
    prove(card_of(), admin)
    assert now_of(case).reviewer == "group_admin"
    assert mailed("application_waits") == [admin.email]


@pytest.mark.parametrize(
    ("bearer", "card", "refusal"),
    [
        ("group_admin", {"tax_id": "00000022"}, CardMismatch),
        ("group_admin", {"rank": "secondary"}, WrongRank),
        ("staff", {}, NotFound),
        ("of a closed company", {}, CompanyClosed),
    ],
)
def test_a_card_that_proves_nothing_changes_nothing(
    company: Company, bearer: str, card: dict[str, str], refusal: type[Refused]
) -> None:
    account = person(company, Role.STAFF if bearer == "staff" else Role.GROUP_ADMIN)
    if bearer.startswith("of a closed"):
        with transaction():
            now_of(company).status = CompanyStatus.CLOSED
    with pytest.raises(refusal):
        prove(card_of(**card), account)
    assert now_of(company).proof is CompanyProof.NONE
    assert [row["because"] for row in told("company:proven")] == ([refusal.code] if refusal is not NotFound else [])


def test_an_additional_card_proves_where_the_service_takes_it(company: Company) -> None:
    admin = person(company, Role.GROUP_ADMIN)
    a_service(policy={**BY_CARD, "card_ranks": ["primary", "secondary"]})
    of_service(admin, "dreams")
    prove(card_of(rank="secondary"), admin)
    assert now_of(company).proof is CompanyProof.CARD


def test_the_bearer_of_the_primary_card_takes_over_from_who_cannot_lead_any_more(company: Company) -> None:
    former, successor = person(company, Role.GROUP_ADMIN, name="陳美惠"), person(company, Role.GUEST, name="林小玉")
    suspend(former)
    waits = apply(a_service())
    assert confirm(waits).became is Became.WAITS_FOR_OPERATOR
    takes_over(card_of(), successor)
    assert admins_of(company.id) == [successor.id]
    assert now_of(company).proof is CompanyProof.CARD
    [evidence] = session.scalars(select(CardEvidence))
    [row] = told("company:group_admin:by_card")
    assert (row["former"], row["evidence"], row["account"]) == ([former.id], evidence.id, successor.id)
    [role] = told("account:role:changed")
    assert (role["before"], role["after"]) == ("guest", "group_admin")
    [mail] = [mail for mail in mails() if mail.payload["template"] == "group_admin_by_card"]
    assert (mail.recipient, mail.payload["context"]["successor"]) == (former.email, "林小玉")
    # The company's people are hers to manage from now on, who waited for operators too.
    assert session.get_one(Case, waits.id, populate_existing=True).reviewer == "group_admin"
    assert now_of(company).first_admin_id == former.id


def test_a_company_that_nobody_has_ever_led_is_led_by_the_bearer_and_nobody_is_told(company: Company) -> None:
    account = person(company)
    takes_over(card_of(), account)
    assert (admins_of(company.id), mailed("group_admin_by_card")) == ([account.id], [])
    assert now_of(company).first_admin_id == account.id


@pytest.mark.parametrize("because", ["secondary", "mobile", "led", "suspended", "no such role", "other company"])
def test_nobody_takes_over_who_may_not(company: Company, because: str) -> None:
    account = person(company)
    card = card_of(rank=because) if because in {"secondary", "mobile"} else card_of()
    expected = ["card.no_succession"]
    if because == "led":
        person(company, Role.GROUP_ADMIN)
    elif because == "suspended":
        suspend(account)
        expected = ["login.suspended"]
    elif because == "no such role":
        a_service(policy={**BY_CARD, "roles": ["guest", "staff"], "first_admin": "none", "member_approval": "operator"})
        of_service(account, "dreams")
    elif because == "other company":
        card, expected = card_of("00000022"), ["card.mismatch"]
    before = admins_of(company.id)
    with pytest.raises(Refused) as refused:
        takes_over(card, account)
    assert [refused.value.code] == expected
    assert (admins_of(company.id), now_of(account).role) == (before, Role.STAFF)
    assert now_of(company).proof is CompanyProof.NONE
    rows = told("company:group_admin:by_card")
    assert [row["because"] for row in rows] == (expected if because != "suspended" else [])
    assert mails() == []


@pytest.mark.both_databases
def test_of_two_bearers_at_once_one_leads(database: Flask, company: Company) -> None:
    def acts(account: Account) -> Act:
        account_id, card = account.id, presented(card_of())

        def act() -> str:
            succeed(card, account_id)
            return "leads"

        return act

    for _ in range(3):
        former = admins_of(company.id)
        for account_id in former:
            suspend(session.get_one(Account, account_id))
        bearers = [person(company) for _ in range(2)]
        ends = at_once(database, *(acts(one) for one in bearers))
        assert sorted(ends) == [SuccessionRefused.code, "leads"]
        assert admins_of(company.id) == [bearers[ends.index("leads")].id]
