"""How operators come to the console: one link, two factors, a short session of its own (AD01, AD02)."""

import time
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from tests.harness.browser import BOUNDED, Browser
from tests.harness.mailbox import Mailbox
from tests.harness.operators import (
    OPERATOR_PASSWORD,
    an_invited_operator,
    an_operator,
    audit_of,
    codes_on,
    details_of,
    give_password,
    is_on_duty,
    key_on,
    set_up,
    sign_in_operator,
    stamp_of,
)
from tests.harness.people import PASSWORD, Town
from tests.harness.relying_party import Person
from tests.security.doors import at_once, enter, is_in, is_signed_in, send_by_hand
from tests.security.tenant_table import TABLE, Kind

COOKIE = "idp_ops"
PAGES = sorted((method, rule) for (method, rule), row in TABLE.items() if row.kind is Kind.OPERATOR)
WRONG_CODE = "驗證碼不正確，或已經使用過。"


def long_ago(**before: float) -> str:
    """A moment in the past, as both databases take it in their own columns."""
    return f"{datetime.now(UTC) - timedelta(**before):%Y-%m-%d %H:%M:%S.%f}"


def test_an_operator_is_set_up_by_one_link_to_its_end(provider: Town) -> None:
    """AD01: nobody has a default password; the link of the command is the one of the mail."""
    found, link = an_invited_operator(provider, "reviewer", name="許雅雯")
    browser, token = found.browser, link.rpartition("/")[2]
    mail = Mailbox(provider).newest(found.email)
    assert (mail.link, "許雅雯 您好" in mail.text, found.username in mail.text) == (link, True, True)
    assert browser.get("/ops/setup").status == 410
    assert give_password(found, provider.browser()).text.count("帳號或密碼不正確") == 2, "no password yet"
    page = browser.get(link)
    assert (page.path, token in page.html) == ("/ops/setup", False)
    assert "第 1 步，共 3 步" in page.html
    assert browser.get("/ops/setup/qr.svg").status == 404, "no secret before there is a password"
    page = browser.submit(page, "setup-password", password="short", password_again="short")
    assert "密碼至少 8 個字元" in page.text
    page = browser.submit(page, "setup-password", password=OPERATOR_PASSWORD, password_again="another-1")
    assert "兩次輸入的密碼不同。" in page.text
    page = browser.submit(page, "setup-password", password=OPERATOR_PASSWORD, password_again=OPERATOR_PASSWORD)
    found.secret = key_on(page)
    image = browser.http.get(f"{provider.issuer}/ops/setup/qr.svg", timeout=BOUNDED)
    assert image.headers["Content-Type"].startswith("image/svg+xml")
    assert (image.headers["Cache-Control"], b"<svg" in image.content) == ("no-store", True)
    assert provider.browser().get("/ops/setup/qr.svg").status == 404, "another browser has no run"
    page = browser.submit(page, "setup-app", code="000 000")
    assert "請確認手機時間正確" in page.text
    page = browser.submit(page, "setup-app", code=found.code())
    found.recovery_codes = codes_on(page)
    assert not any(code in browser.get("/ops/setup").html for code in found.recovery_codes), "shown once"
    assert browser.get("/ops/setup/qr.svg").status == 404, "the secret is shown no more"
    page = browser.submit(browser.get("/ops/setup"), "setup-done")
    assert "請先保存備用碼，再勾選「我已保存」。" in page.text
    old, found.recovery_codes = found.recovery_codes, codes_on(browser.submit(page, "setup-new-codes"))
    assert set(old).isdisjoint(found.recovery_codes)
    page = browser.submit(browser.get("/ops/setup"), "setup-done", saved="y")
    assert (page.path, "設定完成。請以新密碼與驗證器登入。" in page.text) == ("/ops/login", True)
    assert "這個連結已經使用過" in browser.get(link).text
    page = sign_in_operator(found)
    assert "營運人員許雅雯不代表任何公司" in page.text
    actions = [action for action, _ in audit_of(found)]
    assert actions[0] == "authenticator:confirmed"
    assert actions[-2:] == ["operator:activated", "operator:sign_in:begun"]
    kept = provider.server.dump()
    for secret in (token, found.secret, OPERATOR_PASSWORD, *found.recovery_codes):
        assert secret.encode() not in kept


def test_of_two_browsers_with_the_link_the_first_at_the_end_has_it(provider: Town) -> None:
    found, link = an_invited_operator(provider, "auditor")
    phone, desk = found.browser, provider.browser()
    page = phone.get(link)
    page = phone.submit(page, "setup-password", password="phones-Passw0rd", password_again="phones-Passw0rd")
    key = key_on(page)
    on_the_phone = phone.submit(page, "setup-app", code=pyotp.TOTP(key).now())
    found.browser = desk
    set_up(found, link)
    assert "這個連結已經使用過" in phone.submit(on_the_phone, "setup-done", saved="y").text
    assert give_password(found, phone, "phones-Passw0rd").has("ops-sign-in"), "what was chosen there has no effect"
    assert is_on_duty(sign_in_operator(found, phone))


def test_a_confirmed_app_elsewhere_ends_a_set_up(provider: Town) -> None:
    found, link = an_invited_operator(provider, "auditor")
    pages, keys = [], []
    browsers = (found.browser, provider.browser())
    for browser in browsers:
        page = browser.get(link)
        page = browser.submit(page, "setup-password", password=OPERATOR_PASSWORD, password_again=OPERATOR_PASSWORD)
        keys.append(key_on(page))
        pages.append(browser.submit(page, "setup-app", code=pyotp.TOTP(keys[-1]).now()))
    assert "已在另一個瀏覽器設定驗證器" in browsers[0].submit(pages[0], "setup-done", saved="y").text
    assert browsers[1].submit(pages[1], "setup-done", saved="y").path == "/ops/login"
    found.secret = keys[0]
    page = give_password(found, browsers[0])
    assert WRONG_CODE in browsers[0].submit(page, "ops-code", code=pyotp.TOTP(keys[0]).now()).text


@pytest.mark.parametrize("state", ["nobody", "password alone"])
def test_without_a_second_factor_every_page_refuses(provider: Town, state: str) -> None:
    """AD02: also with a sign-in that is half done, and with what its pages hand out."""
    browser = provider.browser()
    if state == "password alone":
        found = an_operator(provider)
        page = give_password(found, browser)
        assert page.has("ops-code")
        assert browser.cookie(COOKIE) is None
        browser.http.cookies.set(COOKIE, page.forms[0].value("run") or "", domain="localhost.local", path="/")
    else:
        page = browser.get("/ops/login")
    for method, rule in PAGES:
        path = rule.replace("<operator_id>", "op_" + "x" * 22)
        answer = browser.http.request(
            method,
            provider.issuer + path,
            data=stamp_of(page) if method == "POST" else None,
            headers={"Origin": provider.issuer},
            allow_redirects=False,
            timeout=BOUNDED,
        )
        assert (answer.status_code, answer.headers["Location"].startswith("/ops/login")) == (303, True), rule
    assert browser.get("/ops/operators?x=1").forms[0].value("back") == "/ops/operators?x=1"
    assert browser.get("/ops/login", {"back": "//evil.example"}).forms[0].value("back") == ""


@pytest.mark.both_databases
def test_a_code_is_taken_once_in_its_time_and_in_one_browser(provider: Town) -> None:
    """A code seen over the shoulder is of no use, not even in the same second."""
    found = an_operator(provider)
    browsers = [provider.browser() for _ in range(4)]
    pages = [give_password(found, browser) for browser in browsers]
    code = found.code()
    answers = at_once(
        [lambda b=b, p=p: send_by_hand(b, p, "ops-code", code=code) for b, p in zip(browsers, pages, strict=True)]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 303]
    assert sum(COOKIE in answer.headers.get("Set-Cookie", "") for answer in answers) == 1
    assert WRONG_CODE in next(answer for answer in answers if answer.status_code == 200).text
    found.forget_last_code()
    stale = pyotp.TOTP(found.secret).at(time.time() - 120)
    browser = provider.browser()
    page = browser.submit(give_password(found, browser), "ops-code", code=stale)
    assert WRONG_CODE in page.text
    run = page.forms[0].value("run") or ""
    assert provider.browser().get("/ops/login/code", {"run": run}).path == "/ops/login", "of another browser"
    provider.server.write("UPDATE flows SET expires_at = :at WHERE id = :id", {"at": long_ago(minutes=1), "id": run})
    page = browser.submit(page, "ops-code", code=found.code())
    assert (page.path, "登入已逾時，請重新登入。" in page.text) == ("/ops/login", True)


@pytest.mark.both_databases
def test_guesses_at_codes_wait_longer_and_longer(provider: Town) -> None:
    """Who has the password has 5 free tries, then 30 s, a minute …; tries at once are all counted."""
    found = an_operator(provider)
    browser = provider.browser()
    page = give_password(found, browser)
    answers = at_once([lambda n=n: send_by_hand(browser, page, "ops-code", code=f"00000{n}") for n in range(9)])
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 4
    waiting = browser.submit(page, "ops-code", code=found.recovery_codes[0])
    assert (waiting.status, "登入失敗次數過多，請於" in waiting.text) == (429, True)
    assert 0 < int(waiting.response.headers["Retry-After"]) <= 30
    provider.server.write("UPDATE name_failures SET not_before = :at WHERE failures > 4", {"at": long_ago(minutes=1)})
    assert is_on_duty(browser.submit(page, "ops-code", code=found.recovery_codes[0].lower().replace("-", " ")))
    again = browser.copy()
    again.http.cookies.clear()
    assert WRONG_CODE in again.submit(give_password(found, again), "ops-code", code=found.recovery_codes[0]).text
    assert [row["because"] for row in details_of(found, "operator:sign_in:failed")] == ["second_factor"] * 6


def test_guesses_at_passwords_wait_but_lock_nobody_out_of_a_browser_she_knows(provider: Town) -> None:
    found = an_operator(provider)
    stranger = provider.browser()
    for _ in range(5):
        assert "帳號或密碼不正確" in give_password(found, stranger, "wrong-Passw0rd-1").text
    assert give_password(found, stranger).has("ops-sign-in"), "the right one is not told from a wrong one now"
    page = found.browser.submit(found.browser.get("/ops"), "sign-out")
    assert "您已登出。" in page.text
    assert is_on_duty(sign_in_operator(found))


def test_the_session_is_short_strict_and_its_own(provider: Town) -> None:
    """Idle and absolute end; a planted cookie is never taken up; a new sign-in ends the one before."""
    found = an_operator(provider)
    browser = provider.browser()
    browser.http.cookies.set(COOKIE, "p" * 43, domain="localhost.local", path="/")
    page = give_password(found, browser)
    answer = send_by_hand(browser, page, "ops-code", code=found.code())
    cookie = answer.headers["Set-Cookie"]
    assert all(word in cookie for word in ("idp_ops=", "HttpOnly", "SameSite=Strict", "Path=/"))
    assert "p" * 43 not in cookie
    assert "Expires" not in cookie, "it ends with the browser"
    first = found.browser.cookie(COOKIE)
    assert first is not None
    old = found.browser.copy()
    found.forget_last_code()
    again = found.browser.get("/ops/login", {"set_up": "1"})
    again = found.browser.submit(again, "ops-sign-in", username=found.username, password=found.password)
    found.browser.submit(again, "ops-code", code=found.code())
    assert found.browser.cookie(COOKIE) != first
    assert not is_on_duty(old.get("/ops"))
    for column, before in (("last_seen_at", {"minutes": 16}), ("expires_at", {"seconds": 1})):
        assert is_on_duty(found.browser.get("/ops"))
        provider.server.write(
            f"UPDATE operator_sessions SET {column} = :at WHERE operator_id = :id",
            {"at": long_ago(**before), "id": found.id},
        )
        page = found.browser.get("/ops")
        assert (page.path, "登入已逾時，請重新登入。" in page.text) == ("/ops/login", True)
        found.forget_last_code()
        found.browser.http.cookies.clear()
        sign_in_operator(found)


def test_an_operator_is_no_account_and_an_account_no_operator(provider: Town, group_admin: Person) -> None:
    found = an_operator(provider)
    browser = provider.browser()
    assert not is_in(enter(browser, found.username, found.password))
    page = browser.get("/ops/login")
    page = browser.submit(page, "ops-sign-in", username=group_admin.username, password=PASSWORD)
    assert "帳號或密碼不正確" in page.text
    both = found.browser
    assert is_in(enter(both, group_admin.username, PASSWORD))
    page = both.get("/ops")
    assert (is_on_duty(page), group_admin.name in page.text) == (True, False)
    assert found.name not in both.get("/account").text
    both.submit(both.get("/ops"), "sign-out")
    assert is_signed_in(both), "the two sign-ins are apart"


def test_what_ends_an_operator_ends_her_sessions_at_once(provider: Town) -> None:
    """Suspension, reset and a new password; a sign-in that is half done is of no use after it either."""
    boss = an_operator(provider, "configurator", name="陳主管")
    found = an_operator(provider, "support")
    half = provider.browser()
    page = give_password(found, half)
    one = boss.browser.get(f"/ops/operators/{found.id}/suspend")
    assert "停用 周文傑？" in one.text
    told = boss.browser.submit(one, "suspend")
    assert "已停用 周文傑，登入立即結束。" in told.text
    assert not is_on_duty(found.browser.get("/ops"))
    assert half.submit(page, "ops-code", code=found.code()).path == "/ops/login"
    assert give_password(found, half).has("ops-sign-in")
    again = boss.browser.submit(boss.browser.get(f"/ops/operators/{found.id}/reset"), "reset")
    assert "新的設定連結已寄至" in again.text
    mail = Mailbox(provider).newest(found.email)
    assert mail.token not in again.html, "links are shown to nobody"
    assert give_password(found, half).has("ops-sign-in"), "the old password is gone"
    set_up(found, mail.link)
    assert is_on_duty(sign_in_operator(found))
    boss.browser.submit(boss.browser.get(f"/ops/operators/{found.id}/reset"), "reset")
    assert not is_on_duty(found.browser.get("/ops"))
    assert [row["because"] for row in details_of(found, "operator:sessions:ended")] == ["suspended", "reset", "reset"]


def test_a_form_of_another_operator_is_refused(provider: Town) -> None:
    """Two of them at one desk: what one has opened is not sent as the other."""
    shared = provider.browser()
    first = an_operator(provider, browser=shared)
    page = shared.get("/ops/operators/new")
    menu = shared.get("/ops")
    shared.submit(menu, "sign-out")
    second = an_operator(provider, browser=shared)
    values = {"username": "someone-new", "name": "某人", "email": "someone@example.test", "reviewer": "y"}
    token = shared.get("/ops").forms[0].value("csrf_token") or ""
    answer = shared.submit(page, "add", csrf_token=token, **values)
    assert (answer.status, "身分已變更，表單沒有送出" in answer.text) == (409, True)
    assert second.name in answer.text, "the page of the error is the console's"
    assert shared.submit(menu, "sign-out", csrf_token=token).status == 409
    assert first.id not in shared.get("/ops").html


def test_english_pages_are_english(provider: Town) -> None:
    found, link = an_invited_operator(provider, "configurator")
    found.browser = Browser(provider.issuer, language="en")
    assert "Operator sign-in" in found.browser.get("/ops/login").text
    assert "設定您的密碼" in found.browser.get(link).text, "the language that the operator was added with"
    assert "you can sign in to the operators' console" in found.browser.get("/language/en?next=/ops/setup").text
    set_up(found, link)
    page = sign_in_operator(found)
    assert "acts for no company" in page.text
    assert "Your duties: Configuration" in page.text
