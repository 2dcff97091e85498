"""People set up an authenticator app, sign in with it, lose it, and take it away (P30, /login/code)."""

import pytest

from tests.harness.browser import Browser, Page
from tests.harness.mailbox import Mailbox
from tests.harness.operators import codes_on
from tests.harness.people import Town
from tests.harness.phones import APP, a_phone, begun, sign_in_with_code
from tests.harness.relying_party import Person, RelyingParty
from tests.security.doors import SESSION, at_once, enter, is_in, is_signed_in, sign_in

CREDENTIALS = "/account/credentials"
MFA = "urn:company-idp:acr:mfa"


def actions_of(provider: Town, person: Person, beginning: str) -> list[str]:
    rows = provider.server.read(
        "SELECT action FROM audit_log WHERE account_id = :id AND company_id IS NOT NULL ORDER BY id", {"id": person.sub}
    )
    return [action for (action,) in rows if action.startswith(beginning)]


def make_stale(provider: Town, person: Person) -> None:
    """Let this person's sign-ins be of long ago."""
    provider.server.write(
        "UPDATE sign_ins SET auth_time = :then WHERE account_id = :id",
        {"then": "2026-01-01 00:00:00.000000", "id": person.sub},
    )


def test_a_person_sets_up_an_app_and_signs_in_with_its_codes(provider: Town, staff: Person, app: RelyingParty) -> None:
    """ASVS 6.3.3, 6.5.1, 6.5.5: first code confirms; the password alone signs nobody in any more; no code twice."""
    browser = provider.browser()
    sign_in(browser, staff)
    page = browser.get(CREDENTIALS)
    assert page.controls_without_id == []
    assert "這個帳號只以密碼保護。" in page.text
    page = browser.get(APP)
    assert "別人知道密碼也無法登入" in page.text
    phone, page = begun(provider, staff, browser)
    image = browser.http.get(browser.origin + APP + "/qr.svg")
    assert (image.status_code, image.headers["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    assert "no-store" in image.headers["Cache-Control"]
    wrong = browser.submit(page, "confirm-app", code="000000")
    assert "驗證碼不正確。" in wrong.text
    assert is_in(enter(provider.browser(), staff.username, staff.password)), "nothing has changed before the first code"
    before, kept = browser.cookie(SESSION), "SELECT auth_time, expires_at FROM sign_ins WHERE id = :id"
    [(sign_in_id,)] = provider.server.read(
        "SELECT id FROM sign_ins WHERE account_id = :id ORDER BY created_at LIMIT 1", {"id": staff.sub}
    )
    since = provider.server.read(kept, {"id": sign_in_id})
    page = browser.submit(wrong, "confirm-app", code=phone.code())
    codes = codes_on(page)
    assert "離開這個頁面後無法再次顯示。" in page.text
    assert browser.cookie(SESSION) != before
    assert provider.server.read(kept, {"id": sign_in_id}) == since, "her own new app proves nothing of who is there"
    assert browser.http.get(browser.origin + APP + "/qr.svg").status_code == 404
    page = browser.get(CREDENTIALS)
    assert "剩下 10 組" in page.text
    assert not page.has("advice")
    claims = app.sign_in(browser, staff).claims
    assert (claims["acr"], set(claims["amr"])) == (MFA, {"pwd", "otp", "mfa"})
    assert "已新增登入方式：驗證器" in Mailbox(provider).newest(staff.email).subject

    other = provider.browser()
    page = enter(other, staff.username, staff.password)
    assert (page.path, page.controls_without_id) == ("/login/code", [])
    assert "密碼正確。這個帳號已設定驗證器，輸入驗證碼後才會登入。" in page.text
    assert not is_signed_in(other)
    page = enter(other, staff.username, staff.password)
    for typed in (phone.used_code(), "12345", "ABCD-EFGH-JKMN-PQRS"):
        refused = other.submit(page, "send-code", code=typed)
        assert "驗證碼不正確，或已經使用過。" in refused.text, typed
        assert not is_signed_in(other)
    assert is_in(other.submit(page, "send-code", code=phone.code()))
    assert is_in(other.get(page.url)), "a run is done once"

    asked = app.ask()
    third = provider.browser()
    page = app.step(third, app.open(third, asked), staff)
    assert page.path == "/login/code"
    answer = app.arrival(third.submit(page, "send-code", code=codes[0]), asked)
    assert answer is not None, "the application that waits is entered"
    claims = app.tokens(answer).claims
    assert (claims["acr"], set(claims["amr"])) == (MFA, {"pwd", "otp", "mfa"})
    mail = Mailbox(provider).newest(staff.email)
    assert "已使用一組備用碼" in mail.subject
    assert "還有 9 組備用碼可以使用。" in mail.text
    fourth = provider.browser()
    again = enter(fourth, staff.username, staff.password)
    assert "驗證碼不正確" in fourth.submit(again, "send-code", code=codes[0]).text, "each once"
    assert actions_of(provider, staff, "authenticator:") == [
        "authenticator:confirmed", "authenticator:recovery_codes:made", "authenticator:recovery_code:used",
    ]  # fmt: skip


def test_whoever_has_the_password_alone_gets_five_tries_and_makes_nobody_wait_where_she_is_known(
    provider: Town, staff: Person
) -> None:
    """security.md §3: wrong codes are counted for the account, five a run; a run is its browser's alone."""
    home = provider.browser()
    sign_in(home, staff)
    phone = a_phone(provider, staff, home)
    thief = provider.browser()
    page = enter(thief, staff.username, staff.password)
    stolen = provider.browser().get(page.url)
    assert stolen.path == "/login", "the run of another browser"
    for _ in range(4):
        assert "驗證碼不正確" in thief.submit(page, "send-code", code="000000").text
    over = thief.submit(page, "send-code", code="000000")
    assert (over.path, "登入已逾時，請重新登入。" in over.text) == ("/login", True)
    assert thief.submit(page, "send-code", code=phone.code()).path == "/login"
    page = enter(thief, staff.username, staff.password)
    waits = thief.submit(page, "send-code", code=phone.code())
    assert (waits.status, "登入失敗次數過多" in waits.text) == (429, True)
    assert "Retry-After" in waits.response.headers
    assert not is_signed_in(thief)
    make_stale(provider, staff)
    page = home.get(APP)
    assert page.asks_for_password, "longer ago than ten minutes"
    page = home.submit(page, "sign-in", password=staff.password)
    page = home.submit(page, "send-code", code=phone.code())
    assert page.path == APP, "her own browser waits for nothing, and leads back"
    assert actions_of(provider, staff, "account:sign_in:code_refused") == ["account:sign_in:code_refused"] * 5


@pytest.mark.both_databases
def test_one_code_sent_twice_at_once_signs_one_in(provider: Town, staff: Person) -> None:
    home = provider.browser()
    sign_in(home, staff)
    phone = a_phone(provider, staff, home)
    ways = [provider.browser() for _ in range(2)]
    pages = [enter(one, staff.username, staff.password) for one in ways]
    code = phone.recovery_codes[0]

    def send(number: int) -> Page:
        return ways[number].submit(pages[number], "send-code", code=code)

    came = at_once([lambda n=n: send(n) for n in range(2)])
    assert sorted(is_in(page) for page in came) == [False, True]


def test_an_app_is_changed_its_codes_made_anew_and_it_is_removed_by_a_fresh_sign_in(
    provider: Town, staff: Person, browser: Browser
) -> None:
    """PK07 for apps: none of it without a fresh sign-in; each is told by mail."""
    sign_in(browser, staff)
    old = a_phone(provider, staff, browser)
    make_stale(provider, staff)
    for path in (APP, f"{APP}/remove", f"{CREDENTIALS}/codes"):
        assert browser.get(path).asks_for_password, path
    page = browser.submit(browser.get(f"{CREDENTIALS}/codes"), "sign-in", password=staff.password)
    page = browser.submit(page, "send-code", code=old.code())
    page = browser.submit(page, "new-codes")
    fresh = codes_on(page)
    assert set(fresh).isdisjoint(old.recovery_codes)
    assert "已產生新的備用碼" in Mailbox(provider).newest(staff.email).subject
    new, page = begun(provider, staff, browser)
    assert is_in(sign_in_with_code(provider.browser(), staff, old)), "the old one goes on until the new one is there"
    browser.submit(page, "confirm-app", code=new.code())
    other = provider.browser()
    page = enter(other, staff.username, staff.password)
    for typed in (old.code(), old.recovery_codes[1], fresh[0]):
        assert "驗證碼不正確" in other.submit(page, "send-code", code=typed).text
    assert is_in(other.submit(page, "send-code", code=new.code()))
    page = browser.submit(browser.get(f"{APP}/remove"), "remove-app")
    assert "已移除驗證器與備用碼，以密碼登入時不再需要驗證碼。" in page.text
    assert "已移除登入方式：驗證器" in Mailbox(provider).newest(staff.email).subject
    assert is_in(enter(provider.browser(), staff.username, staff.password))
    assert browser.get(f"{APP}/remove").path == CREDENTIALS

    page = browser.get(CREDENTIALS)
    assert page.has("end-others")
    page = browser.submit(page, "end-others")
    assert (page.path, "個其他登入。" in page.text, page.has("end-others")) == (CREDENTIALS, True, False)
    assert not is_signed_in(other)
