"""Sign-in by passkey without typing a name, step-up by one, and every answer that is not taken (PK01 … PK06)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.cards.steps import CARD, events, said
from tests.cards.test_step_up import back_with, to_step_up
from tests.harness.authenticator import SoftPasskey
from tests.harness.browser import Browser, Page
from tests.harness.cards import DEMANDED, a_card
from tests.harness.cards import answer as answer_by_card
from tests.harness.mailbox import Mailbox
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty
from tests.passkeys.steps import LIST, NEW, enrolled, question, send, use
from tests.security.doors import at_once, is_signed_in, send_by_hand, sign_in

MFA = "urn:company-idp:acr:mfa"
DOOR = "/login/passkey"


def at_door(provider: Town) -> tuple[Browser, Page]:
    browser = provider.browser()
    return browser, browser.get(DOOR)


@pytest.mark.parametrize(("synced", "amr"), [(False, "hwk"), (True, "swk")], ids=["one device", "synced"])
def test_a_passkey_signs_in_to_an_application_without_a_name(
    provider: Town, app: RelyingParty, staff: Person, synced: bool, amr: str
) -> None:
    passkey = enrolled(provider, staff, SoftPasskey(provider.issuer, is_synced=synced))
    browser, asked = provider.browser(), app.ask()
    page = app.open(browser, asked)
    assert "使用通行密鑰登入" in page.text
    options = question(browser, page, "sign-in")
    assert (options["allowCredentials"], options["userVerification"]) == ([], "required")
    arrived = app.arrival(send(browser, page, passkey.use(options)), asked)
    assert arrived is not None
    claims = app.tokens(arrived).claims
    assert (claims["sub"], claims["acr"], claims["amr"]) == (staff.sub, MFA, [amr, "user", "mfa"])
    [(details, _)] = events(provider, "account:sign_in:passkey_used", account=staff.sub)
    assert "pk_" in str(details)


def test_a_passkey_raises_a_sign_in_that_runs(provider: Town, app: RelyingParty, staff: Person, guest: Person) -> None:
    """SS01: a new cookie; the sign-in's sid stays, its class grows; only the signed-in person's passkey."""
    passkey, others = enrolled(provider, staff), enrolled(provider, guest)
    browser = provider.browser()
    before = app.sign_in(browser, staff)
    cookie = browser.cookie("idp_session")
    asked = app.ask(prompt="login")
    page = app.open(browser, asked)
    step_up = {"to": f"{provider.issuer}/login/step-up/passkey"}
    options = question(browser, page, "step-up")
    assert "這把通行密鑰屬於另一個帳號" in said(send(browser, page, others.use(options), **step_up))
    # A challenge for signing in raises nothing.
    answer = passkey.use(question(browser, page, "sign-in"))
    assert "已經使用過或逾時" in said(send(browser, page, answer, **step_up))
    # Nor does a form that another account had opened.
    answer = passkey.use(question(browser, page, "step-up"))
    assert send(browser, page, answer, **step_up, account=guest.sub).status == 409
    arrived = app.arrival(send(browser, page, answer, **step_up), asked)
    assert arrived is not None
    after = app.tokens(arrived).claims
    assert (after["acr"], after["amr"]) == (MFA, ["pwd", "hwk", "user", "mfa"])
    assert (after["sid"], after["sub"]) == (before.claims["sid"], staff.sub)
    assert browser.cookie("idp_session") != cookie


def test_a_card_of_hours_ago_is_made_no_newer_by_a_passkey(provider: Town, app: RelyingParty, staff: Person) -> None:
    """``acr`` card comes with the moment of the card; who signs in anew by passkey has shown no card."""
    browser, passkey = provider.browser(), SoftPasskey(provider.issuer)
    asked, page = to_step_up(app, browser, staff, claims=DEMANDED)
    back_with(app, asked, answer_by_card(browser, page, a_card(provider)))
    page = browser.get(NEW)
    assert send(browser, page, passkey.make(question(browser, page, "enrol"))).path == LIST
    then = datetime.now(UTC) - timedelta(hours=11)
    zone = "" if provider.server.kind == "sqlite" else "+00:00"
    provider.server.write(
        "UPDATE sign_ins SET auth_time = :then WHERE account_id = :id",
        {"then": f"{then:%Y-%m-%d %H:%M:%S.%f}{zone}", "id": staff.sub},
    )
    page = app.open(browser, app.ask(prompt="login"))
    answer = passkey.use(question(browser, page, "step-up"))
    send(browser, page, answer, to=f"{provider.issuer}/login/step-up/passkey")
    asked = app.ask()
    arrived = app.arrival(app.open(browser, asked), asked)
    assert arrived is not None
    claims = app.tokens(arrived).claims
    assert (claims["acr"], claims["auth_time"]) == (CARD, int(then.timestamp()))
    asked = app.ask(max_age="60")
    arrived = app.arrival(use(browser, app.open(browser, asked), passkey), asked)
    assert arrived is not None
    claims = app.tokens(arrived).claims
    assert (claims["acr"], claims["amr"]) == (MFA, ["hwk", "user", "mfa"])
    assert claims["auth_time"] > then.timestamp() + 3600


LIES: dict[str, dict[str, Any]] = {
    "a page of a sibling host": {"origin": "http://evil.localhost"},
    "a page without our port": {"origin": "http://localhost"},
    "another relying party": {"rp_id": "evil.localhost"},
    "a frame of another site": {"cross_origin": True},
    "nobody verified": {"verified": False},
    "another account's handle": {"handle": b"ga_somebody_else"},
    "no handle": {"handle": b""},
    "another key": {"key": ec.generate_private_key(ec.SECP256R1())},
    "an answer of enrolment": {"type": "webauthn.create"},
    "copied since": {"synced": True},
}


def test_an_answer_that_lies_is_refused_in_one_sentence(provider: Town, staff: Person, guest: Person) -> None:
    """PK02, PK03, PK05: all alike, also a passkey that nobody has, and what is no answer at all."""
    passkey, stranger = enrolled(provider, staff), SoftPasskey(provider.issuer)
    stranger.user_handle = guest.sub.encode()
    browser, page = at_door(provider)
    told = set()
    for lie in LIES.values():
        refused = use(browser, page, passkey, **lie)
        told.add((refused.status, said(refused)))
    told.add((400, said(use(browser, page, stranger))))
    for bent in ({"client_data": "e30"}, {"client_data": "中"}, {"signature": "AA"}, {"authenticator_data": ""}):
        refused = send(browser, page, passkey.use(question(browser, page, "sign-in")) | bent)
        told.add((refused.status, said(refused)))
    [(status, sentence)] = told
    assert (status, "這把通行密鑰無法使用" in sentence) == (400, True)
    assert not is_signed_in(browser)
    whys = [str(details) for details, _ in events(provider, "account:sign_in:passkey_refused", account=staff.sub)]
    assert len(whys) == len(LIES) + 2
    assert sum("user_handle" in why for why in whys) == 2
    # Twenty failures a minute of one address; others are let in.
    for _ in range(20):
        refused = use(browser, page, stranger)
        if refused.status == 429:
            break
    assert "登入失敗次數過多" in said(refused)
    other, page = at_door(provider)
    assert use(other, page, passkey).path == "/account"


def test_a_challenge_is_answered_once_in_its_browser_and_in_time(provider: Town, staff: Person) -> None:
    """PK01."""
    passkey = enrolled(provider, staff)
    browser, page = at_door(provider)
    other, others_page = at_door(provider)
    over = "已經使用過或逾時"
    foreign = passkey.use(question(other, others_page, "sign-in"))
    assert over in said(send(browser, page, foreign))
    late = passkey.use(question(browser, page, "sign-in"))
    provider.server.write("UPDATE passkey_challenges SET expires_at = created_at WHERE used_at IS NULL", {})
    assert over in said(send(browser, page, late))
    answer = passkey.use(question(browser, page, "sign-in"))
    assert send(browser, page, answer).path == "/account"
    again = provider.browser()
    again.http.cookies.set("idp_browser", browser.cookie("idp_browser") or "")
    assert over in said(send(browser, browser.get("/login/passkey?again=1&other=1"), answer))


@pytest.mark.both_databases
def test_a_counter_that_falls_is_refused_audited_and_mailed(provider: Town, staff: Person) -> None:
    """PK06: 0 stays 0; 5 then 3, or 5 twice at once, is a copy."""
    passkey = enrolled(provider, staff)
    for count in (0, 0, 5):
        browser, page = at_door(provider)
        assert use(browser, page, passkey, count=count).path == "/account"
    for count in (3, 0, 5):
        browser, page = at_door(provider)
        refused = use(browser, page, passkey, count=count)
        assert (refused.status, "可能已遭複製，因此沒有登入" in said(refused)) == (403, True)
        assert not is_signed_in(browser)
    assert [outcome for _, outcome in events(provider, "account:passkey:count_fell", account=staff.sub)] == [
        "refused"
    ] * 3
    mails = [mail for mail in Mailbox(provider).all(staff.email) if "通行密鑰可能遭複製" in mail.subject]
    assert len(mails) == 1
    assert "移除這把通行密鑰" in mails[0].text
    visits = [at_door(provider) for _ in range(2)]
    answers = [passkey.use(question(browser, page, "sign-in"), count=6) for browser, page in visits]
    ends = at_once([lambda v=visit, a=answer: send(*v, a).path for visit, answer in zip(visits, answers, strict=True)])
    assert sorted(ends) == ["/account", DOOR]


def test_who_may_not_sign_in_is_told_as_after_a_right_password(provider: Town, staff: Person) -> None:
    passkey = enrolled(provider, staff)
    provider.suspend(staff)
    browser, page = at_door(provider)
    assert "目前停用" in said(use(browser, page, passkey))
    provider.restore(staff)
    assert use(browser, page, passkey).path == "/account"
    # One human a browser: another account comes by its own way.
    sign_in(provider.browser(), staff)
    found = browser.get("/login?other=1")
    assert found.button("sign-in") is not None
    assert send_by_hand(browser, found, "sign-in", username="x", password="x").status_code == 200
