"""Step-up: a client demands or wishes for the card, or a company demands it of its people; and what is done without."""

import json
from typing import Any

import pytest

from tests.cards.steps import CARD, PASSWORD, TRANSPORTS, events, evidence, said
from tests.harness.browser import Browser, Page
from tests.harness.cards import DEMANDED, Question, a_card, answer, enrol, panel_of, signed
from tests.harness.linked import acting_client, an_agent, bind
from tests.harness.people import Town
from tests.harness.relying_party import Asked, Person, RelyingParty, Tokens

LONG_AGO = "2026-01-01 00:00:00.000000"
MENUS: list[dict[str, Any]] = [
    {"code": "see", "label_zh": "查看", "label_en": "See", "parent": None, "default_roles": ["staff"]},
    {"code": "sign", "label_zh": "簽章", "label_en": "Sign", "parent": None, "default_roles": ["staff"], "acr": CARD},
]


def to_step_up(party: RelyingParty, browser: Browser, person: Person, **changes: str | None) -> tuple[Asked, Page]:
    """From the application, by password where asked, to the page that asks for the card."""
    asked = party.ask(**changes)
    page = party.open(browser, asked)
    if page.asks_for_password:
        page = browser.submit(page, "sign-in", username=person.username, password=person.password)
    assert page.path == "/login/step-up", page
    return asked, page


def back_with(party: RelyingParty, asked: Asked, page: Page) -> Tokens:
    arrived = party.arrival(page, asked)
    assert arrived is not None, page
    return party.tokens(arrived)


@pytest.mark.requirement("R-202")
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_demanded_card_raises_the_sign_in_that_runs(provider: Town, staff: Person, transport: str) -> None:
    """``sid`` is kept, ``amr`` begins with the password, locked menu items open, refresh and userinfo tell the same."""
    way, amr = TRANSPORTS[transport]
    party = provider.new_rp(scope="openid profile company menus offline_access", consent=False, menus=MENUS)
    browser, card = provider.browser(), a_card(provider)
    before = party.sign_in(browser, staff)
    assert (before.claims["acr"], before.claims["entitlements"]) == (PASSWORD, ["see"])
    assert before.claims["entitlements_locked"] == {"sign": CARD}
    asked, page = to_step_up(party, browser, staff, claims=DEMANDED)
    name = f"應用程式 {party.client.client_id}"
    assert f"「{name}」要求以工商憑證登入。" in page.text
    # A card that is new is put on her account by a fresh sign-in alone.
    provider.server.write("UPDATE sign_ins SET auth_time = :a WHERE account_id = :i", {"a": LONG_AGO, "i": staff.sub})
    again = answer(browser, page, card, **way)
    assert (again.path, "再次輸入密碼" in again.text) == ("/login", True)
    assert events(provider, "account:card:enrolled", account=staff.sub) == []
    page = browser.submit(again, "sign-in", password=staff.password)
    assert page.path == "/login/step-up"
    assert "登入方式密碼登入" in page.text
    assert "卡片會同時登錄在您的帳號" in page.text
    assert page.button("go-on") is None
    assert page.response.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    after = back_with(party, asked, answer(browser, page, card, **way))
    assert (after.claims["acr"], after.claims["amr"]) == (CARD, ["pwd", *amr])
    assert (after.claims["sub"], after.claims["sid"]) == (staff.sub, before.claims["sid"])
    assert set(after.claims["entitlements"]) == {"see", "sign"}
    assert "entitlements_locked" not in after.claims
    refreshed = party.verified(party.refresh(after.refresh_token).json()["id_token"])
    for told in (party.person(after.access_token), refreshed):
        assert (told["acr"], told["amr"], told["sid"]) == (CARD, ["pwd", *amr], after.claims["sid"])
    # What was granted before tells the sign-in as it was then.
    assert party.person(before.access_token)["acr"] == PASSWORD
    assert party.tokens(party.silently(browser, claims=DEMANDED)).claims["acr"] == CARD
    assert evidence(provider, of=staff.sub) == [(way["via"], "step-up")]
    assert len(events(provider, "account:card:enrolled", account=staff.sub)) == 1


def test_a_card_that_is_wished_for_is_offered_once_and_may_be_left(
    provider: Town, app: RelyingParty, staff: Person
) -> None:
    browser = provider.browser()
    asked, page = to_step_up(app, browser, staff, acr_values=CARD)
    assert "希望您以工商憑證登入。您也可以不使用憑證繼續" in page.text
    assert "繼續，不使用憑證" in page.text
    assert back_with(app, asked, browser.submit(page, "go-on")).claims["acr"] == PASSWORD
    assert app.tokens(app.silently(browser, acr_values=CARD)).claims["acr"] == PASSWORD
    asked, page = to_step_up(app, browser, staff, acr_values=f"urn:other {CARD}")
    assert back_with(app, asked, answer(browser, page, a_card(provider))).claims["acr"] == CARD
    assert app.sign_in(browser, staff, acr_values=CARD).claims["acr"] == CARD
    assert app.sign_in(provider.browser(), staff, acr_values=f"{CARD} {PASSWORD}").claims["acr"] == PASSWORD


def test_who_does_not_show_a_card_goes_back_without_a_sign_in(provider: Town, app: RelyingParty, staff: Person) -> None:
    """``access_denied`` from the page, ``unmet_authentication_requirements`` where there may be none."""
    browser = provider.browser()
    app.sign_in(browser, staff)
    for wish in ({"claims": DEMANDED}, {"acr_values": CARD}):
        asked, page = to_step_up(app, browser, staff, **wish)
        arrived = app.arrival(browser.submit(page, "back-to-client"), asked)
        assert arrived is not None
        assert arrived.error == "access_denied"
    assert app.silently(browser, claims=DEMANDED).error == "unmet_authentication_requirements"
    beyond = json.dumps({"id_token": {"acr": {"essential": True, "value": "urn:other:strong"}}})
    assert app.silently(browser, claims=beyond).error == "unmet_authentication_requirements"
    asked = app.ask(claims=beyond)
    arrived = app.arrival(app.open(browser, asked), asked)
    assert arrived is not None
    assert arrived.error == "unmet_authentication_requirements"
    # Nobody goes on without what is demanded, whatever a form says.
    asked, page = to_step_up(app, browser, staff, claims=DEMANDED)
    found = page.button("back-to-client")
    assert found is not None
    data = dict(found[0].fields) | {"choice": "go-on"}
    assert browser.post(found[0].action, data, headers={"Origin": provider.issuer}).path == "/login/step-up"


def test_only_ones_own_card_raises_a_sign_in(
    provider: Town, app: RelyingParty, staff: Person, guest: Person, other_staff: Person
) -> None:
    """A card enrolled on somebody else's account, and one of another company: the sign-in stays as it was."""
    theirs = a_card(provider)
    enrol(app, guest, theirs)
    browser = provider.browser()
    asked, page = to_step_up(app, browser, staff, claims=DEMANDED)
    refused = answer(browser, page, theirs)
    assert "這張卡片已登錄在另一個帳號" in said(refused)
    refused = answer(browser, refused, a_card(provider, other_staff.tax_id))
    assert "卡片的統一編號 00000022 與貴公司的 00000016 不同" in said(refused)
    assert evidence(provider, of=staff.sub) == []
    assert app.tokens(app.silently(browser)).claims["acr"] == PASSWORD
    assert back_with(app, asked, answer(browser, refused, a_card(provider))).claims["acr"] == CARD


def test_no_card_raises_the_sign_in_of_a_linked_account(provider: Town, staff: Person) -> None:
    """It is of no company: nothing is lacking that a card could add, whatever is sent to the page's address."""
    agent, browser, party = an_agent(provider), provider.browser(), acting_client(provider)
    for owner in (staff, provider.person("staff")):
        bind(provider, agent, owner)
    challenge = panel_of(browser.get("/login/card"))["challenge"]
    page = party.step(browser, party.open(browser, party.ask()), Person(agent.username, agent.password))
    choose = next(form for form in page.forms if form.id == "choose")
    fields = dict(choose.fields) | {"request_id": page.path.split("/")[2]}
    wants = fields | {"purpose": "step-up", "run": ""}
    headers = {"Origin": provider.issuer, "Accept": "application/json"}
    question = Question(
        **browser.http.post(provider.issuer + challenge, data=wants, headers=headers, timeout=20).json()
    )
    fields |= signed(question, a_card(provider), origin=provider.issuer)
    after = browser.post("/login/step-up", fields, headers={"Origin": provider.issuer})
    assert (after.status, after.path) == (page.status, page.path)
    assert provider.server.accidents() is None


def test_a_company_demands_its_card_of_its_people(provider: Town, app: RelyingParty, staff: Person) -> None:
    """``idp company demand``: at every client, told on the page and at the account, audited; and taken back."""
    tax_id = provider.new_company()["tax_id"]
    person = provider.person("staff", tax_id=tax_id)
    browser, card = provider.browser(), a_card(provider, tax_id)
    assert app.sign_in(browser, person).claims["acr"] == PASSWORD
    shown = provider.idp("company", "demand", "--tax-id", tax_id, "--acr", "card")
    assert shown["required_acr"] == CARD
    assert provider.idp.kept("company", "show", "--tax-id", tax_id, "--json")["required_acr"] == CARD
    assert app.silently(browser).error == "unmet_authentication_requirements"
    asked, page = to_step_up(app, browser, person)
    name = f"新公司{tax_id}"
    assert f"{name}要求所屬人員以工商憑證登入，才能進入「應用程式 {app.client.client_id}」。" in page.text
    assert page.button("go-on") is None
    assert back_with(app, asked, answer(browser, page, card)).claims["acr"] == CARD
    assert "登入要求以工商憑證登入應用系統" in browser.get("/account").text
    assert app.sign_in(provider.browser(), staff).claims["acr"] == PASSWORD
    assert provider.idp.kept("company", "demand", "--tax-id", tax_id, "--acr", "none")["required_acr"] is None
    assert app.sign_in(provider.browser(), person).claims["acr"] == PASSWORD
    for action, demanded in (("company:acr:demanded", 1), ("company:acr:waived", 1)):
        assert len(events(provider, action, company=provider.company(tax_id)["id"])) == demanded


def test_the_page_belongs_to_its_request_and_its_browser(provider: Town, app: RelyingParty, staff: Person) -> None:
    browser = provider.browser()
    _, page = to_step_up(app, browser, staff, claims=DEMANDED)
    assert panel_of(page)["purpose"] == "step-up"
    assert provider.browser().get(page.url).status == 400
    assert browser.get("/login/step-up", {"request_id": "ar_none"}).status == 400
    assert browser.get("/login/step-up").status == 400
