"""Step-up to two factors: demanded or wished for by a client, demanded by a company or a service; silent and not."""

import json
import secrets
import time
from typing import Any

import pytest

from idp.services.clients import CACHE_SECONDS
from tests.harness.browser import Browser, Page
from tests.harness.cards import a_citizen, answer
from tests.harness.linked import acting_client, an_agent, answer_of, bind
from tests.harness.operators import key_on
from tests.harness.people import Town
from tests.harness.phones import Phone, a_phone
from tests.harness.relying_party import Asked, Person, RelyingParty, Tokens
from tests.passkeys.steps import enrolled, question, send
from tests.security.doors import SESSION, sign_in

ACR = "urn:company-idp:acr:"
PASSWORD, MFA, CARD = ACR + "password", ACR + "mfa", ACR + "card"
MENUS: list[dict[str, Any]] = [
    {"code": "paper", "label_zh": "紙本申辦", "label_en": "Paper", "parent": None, "default_roles": ["staff"]},
    {"code": "draft", "label_zh": "草稿", "label_en": "Draft", "parent": None, "default_roles": ["staff"], "acr": MFA},
    {
        "code": "file",
        "label_zh": "全電子申辦",
        "label_en": "File",
        "parent": None,
        "default_roles": ["staff"],
        "acr": CARD,
    },
]


def demanded(*classes: str, essential: bool = True) -> str:
    """The ``claims`` parameter that asks for one of these."""
    return json.dumps({"id_token": {"acr": {"essential": essential, "values": list(classes)}}})


def to_page(party: RelyingParty, browser: Browser, person: Person, **changes: str | None) -> tuple[Asked, Page]:
    """To the page that asks for more, by password where asked."""
    asked = party.ask(**changes)
    page = party.open(browser, asked)
    page = party.step(browser, page, person) if page.asks_for_password else page
    assert page.path == "/login/step-up", page
    assert page.controls_without_id == []
    return asked, page


def back_with(party: RelyingParty, asked: Asked, page: Page) -> Tokens:
    arrived = party.arrival(page, asked)
    assert arrived is not None, page
    return party.tokens(arrived)


def set_up(provider: Town, browser: Browser, page: Page, account_id: str) -> Page:
    """Set an app up on the way, and go back to the application that waits."""
    page = browser.submit(page, "set-up-app")
    assert page.path == "/account/credentials/app", page
    page = browser.submit(page, "begin-app")
    page = browser.submit(page, "confirm-app", code=Phone(provider.server, account_id, key_on(page)).code())
    [way_back] = [link for link in page.links if "/authorize/" in link]
    return browser.get(way_back)


@pytest.mark.requirement("R-207")
def test_who_has_no_second_factor_sets_one_up_on_the_way_and_what_was_locked_opens(
    provider: Town, staff: Person
) -> None:
    """R-207, SS01: one sid, another cookie; ID token, userinfo and introspection tell the same; before is as it was."""
    party = provider.new_rp(scope="openid profile company menus", consent=False, menus=MENUS)
    browser = provider.browser()
    before = party.sign_in(browser, staff)
    assert before.claims["entitlements"] == ["paper"]
    assert before.claims["entitlements_locked"] == {"draft": MFA, "file": CARD}
    asked, page = to_page(party, browser, staff, claims=demanded(MFA))
    assert f"「應用程式 {party.client.client_id}」要求以第二因素登入。" in page.text
    assert "您的帳號還沒有第二因素。" in page.text
    assert {"set-up-app", "set-up-passkey", "card-panel"} <= set(page.ids)
    assert not {"go-on", "send-code", "passkey-go"} & set(page.ids)
    cookie = browser.cookie(SESSION)
    after = back_with(party, asked, set_up(provider, browser, page, staff.sub))
    assert browser.cookie(SESSION) != cookie
    assert (after.claims["sub"], after.claims["sid"]) == (staff.sub, before.claims["sid"])
    introspected = party.post("introspection_endpoint", {"token": after.access_token}).json()
    for told in (after.claims, party.person(after.access_token), introspected):
        assert (told["acr"], told["amr"]) == (MFA, ["pwd", "otp", "mfa"])
        assert (told["entitlements"], told["entitlements_locked"]) == (["paper", "draft"], {"file": CARD})
    assert party.person(before.access_token)["entitlements_locked"] == {"draft": MFA, "file": CARD}
    assert party.silently(browser, claims=demanded(CARD)).error == "unmet_authentication_requirements"
    assert party.tokens(party.silently(browser, claims=demanded(CARD, MFA))).claims["acr"] == MFA


def test_a_code_raises_a_sign_in_that_was_begun_before_there_was_an_app(
    provider: Town, app: RelyingParty, staff: Person
) -> None:
    """Wrong codes are counted and refused; an own passkey is offered only to who has one; each wish, silent and not."""
    browser, home = provider.browser(), provider.browser()
    before = app.sign_in(browser, staff).claims
    sign_in(home, staff)
    phone = a_phone(provider, staff, home)
    for wish in ({"claims": demanded(MFA)}, {"claims": demanded("urn:other", MFA)}):
        assert app.silently(browser, **wish).error == "unmet_authentication_requirements"
    for wish in ({"acr_values": MFA}, {"claims": demanded(MFA, essential=False)}, {"acr_values": "urn:other"}):
        assert app.tokens(app.silently(browser, **wish)).claims["acr"] == PASSWORD
    asked, page = to_page(app, browser, staff, claims=demanded(MFA, essential=False))
    assert "希望您以第二因素登入。您也可以不使用第二因素繼續" in page.text
    assert back_with(app, asked, browser.submit(page, "go-on")).claims["acr"] == PASSWORD
    asked, page = to_page(app, browser, staff, acr_values=f"{CARD} {MFA}")
    assert not {"set-up-app", "set-up-passkey", "passkey-go"} & set(page.ids)
    empty, wrong = browser.submit(page, "send-code", code=""), browser.submit(page, "send-code", code="000000")
    assert (empty.status, "請輸入驗證碼。" in empty.text) == (400, True)
    assert "驗證碼不正確，或已經使用過。" in wrong.text
    assert (wrong.path, wrong.has("summary")) == ("/login/step-up/code", True)
    cookie = browser.cookie(SESSION)
    after = back_with(app, asked, browser.submit(wrong, "send-code", code=phone.code())).claims
    assert (after["acr"], after["amr"], after["sid"]) == (MFA, ["pwd", "otp", "mfa"], before["sid"])
    assert after["auth_time"] >= before["auth_time"]
    assert browser.cookie(SESSION) != cookie
    assert app.tokens(app.silently(browser, claims=demanded(MFA), max_age="600")).claims["acr"] == MFA
    assert app.silently(browser, claims=demanded(MFA), max_age="0").error == "login_required"
    # Who signs in again does so with both: nothing more is asked.
    for again in ({"max_age": "0"}, {"prompt": "login"}):
        asked = app.ask(claims=demanded(MFA), **again)
        page = app.step(browser, app.open(browser, asked), staff)
        assert page.path == "/login/code"
        claims = back_with(app, asked, browser.submit(page, "send-code", code=phone.code())).claims
        assert (claims["acr"], claims["sid"]) == (MFA, before["sid"])
    stranger = provider.browser()
    assert stranger.get(page.url).path == "/login"


def test_a_passkey_of_her_own_raises_a_sign_in_that_was_begun_before_she_had_it(
    provider: Town, app: RelyingParty, staff: Person, guest: Person
) -> None:
    """Another person's is refused on the same page; the card of her company would do as well."""
    browser = provider.browser()
    before = app.sign_in(browser, staff).claims
    hers, others = enrolled(provider, staff), enrolled(provider, guest)
    asked, page = to_page(app, browser, staff, claims=demanded(MFA))
    assert {"passkey-go", "card-panel"} <= set(page.ids)
    assert not {"set-up-passkey", "send-code"} & set(page.ids)
    refused = send(browser, page, others.use(question(browser, page, "step-up")))
    assert (refused.path, "這把通行密鑰屬於另一個帳號" in refused.text) == ("/login/step-up/passkey", True)
    assert "以第二因素確認身分" in refused.text
    answered = send(browser, refused, hers.use(question(browser, refused, "step-up")))
    after = back_with(app, asked, answered).claims
    assert (after["acr"], after["amr"], after["sid"]) == (MFA, ["pwd", "hwk", "user", "mfa"], before["sid"])


def test_a_citizen_card_is_a_second_factor_and_nobody_elses_nor_an_unknown_one(
    provider: Town, app: RelyingParty, staff: Person
) -> None:
    """R-187: it raises to two factors and no further; where the company's card is demanded it is refused."""
    browser, home = provider.browser(), provider.browser()
    before = app.sign_in(browser, staff).claims
    sign_in(home, staff)
    card = a_citizen(provider, staff.name)
    assert "已登錄自然人憑證" in answer(home, home.get("/account/credentials"), card).text
    asked, page = to_page(app, browser, staff, claims=demanded(CARD))
    refused = answer(browser, page, card)
    assert (refused.path, refused.has("summary")) == ("/login/step-up", True)
    asked, page = to_page(app, browser, staff, claims=demanded(MFA))
    assert "請插入工商憑證或自然人憑證" in page.text
    refused = answer(browser, page, a_citizen(provider))
    assert (refused.path, refused.has("summary")) == ("/login/step-up", True)
    after = back_with(app, asked, answer(browser, refused, card)).claims
    assert (after["acr"], after["amr"], after["sid"]) == (MFA, ["pwd", "sc", "pin", "hwk"], before["sid"])


@pytest.mark.requirement("R-207")
def test_who_acts_through_a_linked_account_steps_up_by_her_own_factors_and_never_to_the_card(
    provider: Town,
) -> None:
    """tokens.md "Acting": what the company demands binds her too; her app is her own; the card is beyond her reach."""
    tax_id = provider.new_company()["tax_id"]
    person = provider.person("staff", tax_id=tax_id)
    agent, party = an_agent(provider), acting_client(provider, menus=MENUS)
    seat, browser = bind(provider, agent, person), provider.browser()
    herself = Person(agent.username, agent.password, agent.sub)
    before = party.tokens(answer_of(party, browser, agent, party.ask(), seat)).claims
    assert before["entitlements_locked"] == {"draft": MFA, "file": CARD}
    provider.idp.kept("company", "demand", "--tax-id", tax_id, "--acr", "mfa")
    assert party.silently(browser).error == "unmet_authentication_requirements"
    browser.submit(browser.get("/linked/switch"), f"act-{seat}")
    asked, page = to_page(party, browser, herself)
    assert f"新公司{tax_id}要求代表該公司的人員以第二因素登入，才能進入" in page.text
    assert f"代表的公司新公司{tax_id}" in page.text
    assert "設定時會先結束您在企業帳號中心代表的公司，已登入的應用系統不受影響。" in page.text
    assert not page.has("card-panel")
    after = back_with(party, asked, set_up(provider, browser, page, agent.sub)).claims
    assert (after["sub"], after["act"]["sub"], after["acr"]) == (person.sub, agent.sub, MFA)
    assert (after["sid"], after["entitlements_locked"]) == (before["sid"], {"file": CARD})
    asked = party.ask(claims=demanded(CARD))
    arrived = party.arrival(party.open(browser, asked), asked)
    assert arrived is not None
    assert arrived.error == "unmet_authentication_requirements"
    assert party.tokens(party.silently(browser, acr_values=CARD)).claims["acr"] == MFA


def test_a_service_demands_it_at_its_applications_and_of_its_accounts_everywhere(
    provider: Town, app: RelyingParty, staff: Person, guest: Person
) -> None:
    """The strictest of company, the account's service and the client's counts, from the next authorization on."""
    service = f"s{secrets.token_hex(6)}"
    provider.idp.kept("service", "add", "--id", service, "--name", "工業服務", "--required-acr", "mfa")
    read_anew = time.monotonic() + CACHE_SECONDS
    provider.server.write("UPDATE accounts SET service_id = :s WHERE id = :id", {"s": service, "id": staff.sub})
    ours = provider.new_rp(scope="openid", consent=False, more=["--service", service])
    hers, his = provider.browser(), provider.browser()
    assert app.sign_in(his, guest).claims["acr"] == PASSWORD
    assert ours.silently(his).error == "unmet_authentication_requirements"
    asked, page = to_page(ours, his, guest)
    assert f"「工業服務」要求以第二因素登入，才能進入「應用程式 {ours.client.client_id}」。" in page.text
    assert back_with(ours, asked, set_up(provider, his, page, guest.sub)).claims["acr"] == MFA
    time.sleep(max(0.0, read_anew - time.monotonic()))
    asked, page = to_page(app, hers, staff)
    assert f"「工業服務」要求以第二因素登入，才能進入「應用程式 {app.client.client_id}」。" in page.text
    arrived = app.arrival(hers.submit(page, "back-to-client"), asked)
    assert arrived is not None
    assert arrived.error == "access_denied"
    assert app.silently(hers).error == "unmet_authentication_requirements"
