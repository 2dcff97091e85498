"""Sign-in by card (P2): R-200, R-202, what the token says of it, and whose card it must be."""

import pytest

from tests.cards.steps import CARD, PASSWORD, TRANSPORTS, at_card_page, events, evidence, said, tokens_of
from tests.harness.browser import Browser
from tests.harness.cards import a_card, answer, enrol, panel_of
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty
from tests.security.doors import is_signed_in


@pytest.mark.requirement("R-200", "R-202")
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_person_signs_in_by_her_card(provider: Town, app: RelyingParty, staff: Person, transport: str) -> None:
    """From the application by 「使用工商憑證登入」 to a token that says how; refresh and userinfo say the same."""
    way, amr = TRANSPORTS[transport]
    card = a_card(provider)
    enrol(app, staff, card)
    visit = at_card_page(app, provider.browser())
    assert panel_of(visit.page)["purpose"] == "login"
    assert visit.page.response.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    tokens = tokens_of(app, visit, answer(visit.browser, visit.page, card, **way))
    assert (tokens.claims["sub"], tokens.claims["acr"], tokens.claims["amr"]) == (staff.sub, CARD, amr)
    refreshed = app.refresh(tokens.refresh_token).json()
    for told in (
        app.person(tokens.access_token),
        app.introspect(tokens.access_token),
        app.verified(refreshed["id_token"]),
    ):
        assert (told["acr"], told["amr"], told["sid"]) == (CARD, amr, tokens.claims["sid"])
    account = visit.browser.get("/account")
    assert "憑證登入（" in account.text or "軟體憑證登入（試用）" in account.text
    ((details, outcome),) = [
        e for e in events(provider, "account:sign_in:card_used", account=staff.sub) if "login" in str(e)
    ]
    assert outcome == "done"
    assert way["via"] in str(details)
    assert evidence(provider, of=staff.sub) == [("agent", "step-up"), (way["via"], "login")]


def test_a_secondary_card_signs_in_the_account_it_is_enrolled_on(
    provider: Town, app: RelyingParty, staff: Person
) -> None:
    card = a_card(provider, rank="secondary")
    enrol(app, staff, card)
    browser = provider.browser()
    page = answer(browser, browser.get("/login/card", {"back": "/account"}), card)
    assert (page.path, page.status) == ("/account", 200)
    assert is_signed_in(browser)
    assert browser.get("/login/card").path == "/account"


def test_another_persons_card_does_not_slip_into_a_sign_in_that_runs(
    provider: Town, app: RelyingParty, staff: Person, guest: Person
) -> None:
    """Re-authentication is for the person signed in; to be somebody else is said first."""
    own, others = a_card(provider), a_card(provider)
    first = app.tokens(enrol(app, staff, own, browser=(browser := provider.browser())))
    enrol(app, guest, others)
    asked = app.ask(prompt="login")
    page = app.open(browser, asked)
    assert page.asks_for_password
    page = browser.get(next(link for link in page.links if "/login/card" in link))
    assert "請再次以您的工商憑證驗證" in page.text
    refused = answer(browser, page, others)
    assert "這張卡片已登錄在另一個帳號" in said(refused)
    assert not events(provider, "account:sign_in:card_used", of="login", account=guest.sub)
    arrived = app.arrival(answer(browser, refused, own), asked)
    assert arrived is not None
    again = app.tokens(arrived).claims
    assert (again["sid"], again["acr"]) == (first.claims["sid"], CARD)
    assert again["amr"] == ["pwd", "sc", "pin", "hwk"]
    assert again["auth_time"] >= first.claims["auth_time"]

    asked = app.ask(prompt="login")
    page = browser.get(next(link for link in app.open(browser, asked).links if "/login/card" in link))
    other = browser.get(next(link for link in page.links if "other=1" in link))
    assert f"您目前以「{staff.name}」登入" in other.text
    arrived = app.arrival(answer(browser, other, others), asked)
    assert arrived is not None
    switched = app.tokens(arrived).claims
    assert (switched["sub"], switched["amr"]) == (guest.sub, ["sc", "pin", "hwk"])
    assert app.introspect(first.access_token) == {"active": False}


def test_a_password_typed_again_replaces_the_card(provider: Town, app: RelyingParty, staff: Person) -> None:
    """docs/claims.md: signing in again tells how it was done this time; ``sid`` stays."""
    browser = provider.browser()
    first = app.tokens(enrol(app, staff, a_card(provider), browser=browser)).claims
    again = app.sign_in(browser, staff, prompt="login").claims
    assert (first["acr"], again["acr"], again["amr"]) == (CARD, PASSWORD, ["pwd"])
    assert again["sid"] == first["sid"]


@pytest.mark.parametrize(
    ("statement", "sentence", "way"),
    [
        ("UPDATE accounts SET status = 'suspended' WHERE id = :sub", "您的帳號或公司目前停用", None),
        (
            "UPDATE accounts SET status = 'review_pending' WHERE id = :sub",
            "您的帳號尚待群組管理員審核",
            "/register/status",
        ),
        ("UPDATE accounts SET status = 'email_pending' WHERE id = :sub", "您的信箱尚未驗證", "/verify/resend"),
        ("UPDATE accounts SET status = 'closed' WHERE id = :sub", "您的帳號或公司目前停用", None),
    ],
    ids=["suspended", "pending", "unverified", "closed"],
)
def test_a_good_card_of_an_account_that_may_not_sign_in_is_told_why(
    provider: Town, app: RelyingParty, staff: Person, statement: str, sentence: str, way: str | None
) -> None:
    card = a_card(provider)
    enrol(app, staff, card)
    provider.server.write(statement, {"sub": staff.sub})
    browser = provider.browser()
    page = answer(browser, browser.get("/login/card"), card)
    assert sentence in said(page)
    assert [link for link in page.links if way and way in link] or way is None
    assert not is_signed_in(browser)


def test_a_company_that_is_suspended_signs_nobody_in_by_card(provider: Town, app: RelyingParty) -> None:
    company = provider.new_company()
    person = provider.person("staff", tax_id=company["tax_id"])
    card = a_card(provider, company["tax_id"])
    enrol(app, person, card)
    provider.suspend_company(company["tax_id"])
    browser = provider.browser()
    assert "您的帳號或公司目前停用" in said(answer(browser, browser.get("/login/card"), card))


def test_the_page_speaks_english(provider: Town) -> None:
    english = Browser(provider.issuer, language="en")
    page = english.get("/login/card")
    assert "Use a company certificate card" in page.text
    assert not [c for c in page.text if "\u4e00" <= c <= "\u9fff" and c not in "中文"], page.text
