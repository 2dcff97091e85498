"""People who have forgotten their password set a new one by a link of a mail (P16, P17; D-1)."""

from datetime import timedelta

import pytest

from tests.harness.browser import Browser, Page
from tests.harness.linked import an_agent, bind
from tests.harness.mailbox import Mail, Mailbox
from tests.harness.people import Town
from tests.harness.phones import APP, a_phone, sign_in_with_code
from tests.harness.relying_party import Person, RelyingParty
from tests.passkeys.steps import LIST, enrolled
from tests.security.doors import WRONG, enter, is_in, is_signed_in, sign_in, told
from tests.verification.conftest import set_link

NEW = "first-Passw0rd-31"
FORGOT, RESET = "/password/forgot", "/password/reset"


def asks(browser: Browser, name: str, number: str) -> Page:
    page = browser.get(FORGOT)
    assert (page.status, page.controls_without_id) == (200, []), f"{page!r}"
    return browser.submit(page, "send-link", username=name, tax_id=number)


def mailed(town: Town, person: Person) -> Mail:
    assert asks(town.browser(), person.username, person.tax_id).text
    mail = Mailbox(town).newest(person.email)
    assert "請重設您的密碼" in mail.subject
    return mail


def resets(browser: Browser, page: Page, new: str, again: str | None = None, *, code: str | None = None) -> Page:
    repeated = new if again is None else again
    if code is None:
        return browser.submit(page, "reset-password", password=new, password_again=repeated)
    return browser.submit(page, "reset-password", password=new, password_again=repeated, code=code)


def sees(browser: Browser, address: str, heading: str) -> Page:
    page = browser.get(address)
    assert (page.status, page.path, heading in page.text) == (410, RESET, True), f"{page!r}"
    return page


@pytest.mark.requirement("R-215", "R-216", "R-217", "R-218")
def test_a_person_sets_a_new_password_by_the_link_of_a_mail(provider: Town, staff: Person, app: RelyingParty) -> None:
    """EL03, EL05, EL08, EL09, EL11, EL12, PW04, PW07: and the old password is good until then."""
    elsewhere = provider.browser()
    theirs = app.sign_in(elsewhere, staff)
    agent = an_agent(provider)
    binding = bind(provider, agent, staff)
    browser = provider.browser()
    browser.http.headers["X-Forwarded-Host"] = "evil.test"
    page = browser.get(next(link for link in browser.get("/login").links if FORGOT in link))
    for words in (
        "忘記密碼",
        "密碼查詢",
        "統一編號",
        "原電子身分證號",
        "憑證 PIN 密碼為憑證中心發給，本功能不提供憑證帳號登入者密碼查詢。",
    ):
        assert words in page.text, words
    assert {"https://moeaca.nat.gov.tw/", "https://moica.nat.gov.tw/"} <= set(page.links)
    assert "請輸入帳號或帳號識別碼。" in browser.submit(page, "send-link").text
    sent = asks(browser, staff.username, staff.tax_id)
    assert "若資料相符，我們已寄出重設密碼的連結，請於 30 分鐘內完成設定。" in sent.text
    mail = Mailbox(provider).newest(staff.email)
    for words in (
        f"我們收到 {staff.username} 的重設密碼申請。請於 30 分鐘內",
        "在您完成設定前，原密碼仍然有效。",
        "本服務不會以電子郵件寄送密碼。",
    ):
        assert words in mail.text, words
    assert mail.link.startswith(f"{provider.issuer}{RESET}/")
    for _ in range(3):
        scanner = provider.browser()
        assert scanner.get(mail.link).status == 200
        assert scanner.http.head(mail.link, allow_redirects=False).status_code == 303
    stranger = provider.browser()
    sees(stranger, f"{RESET}/{'x' * 43}", "找不到這個連結")
    assert "找不到" in stranger.get(f"/activate/{mail.token}").text, "a link opens no other door"
    bare = stranger.post(RESET, {"password": NEW, "password_again": NEW}, headers={"Origin": stranger.origin})
    assert bare.status in {400, 403, 410}
    page = browser.get(mail.link)
    assert (page.path, page.hops[0].headers["Referrer-Policy"]) == (RESET, "no-referrer")
    assert (mail.token in page.html, page.controls_without_id) == (False, [])
    assert f"{staff.username[:2]}*****{staff.username[-2:]}" in page.text
    assert staff.username not in page.html
    for new, again, words in (
        ("", "", "請輸入密碼。"),
        ("Zq7-vTy", None, "密碼至少 8 個字元，且須同時包含英文與數字。"),
        ("Zq7-" + "kW3.nB8_" * 20, None, "密碼最多 128 個字元。"),
        (NEW, "another", "兩次輸入的密碼不同。"),
        (f"{staff.username}1", None, "密碼不可由公司名稱、統一編號、帳號或服務名稱組成。"),
        ("password1", None, "密碼太容易被猜到"),
        (staff.password, None, "不可使用最近三次使用過的密碼"),
    ):
        refused = resets(browser, page, new, again)
        assert (refused.status, words in refused.text) == (400, True), f"{words}: {refused!r}"
    assert is_signed_in(elsewhere)
    assert is_in(enter(provider.browser(), staff.username, staff.password)), "the old one works until then"
    done = resets(browser, page, NEW)
    assert "密碼已重設，可以登入了" in done.text
    assert not is_signed_in(browser), "nobody is signed in by a link"
    assert "密碼已重設，可以登入了" in resets(browser, page, "other-Passw0rd-77").text, "a second click"
    sees(provider.browser(), mail.link, "這個連結已經使用過")
    assert not is_signed_in(elsewhere)
    assert app.refresh(theirs.refresh_token).json()["error"] == "invalid_grant"
    assert not is_in(enter(provider.browser(), staff.username, staff.password))
    assert is_in(enter(provider.browser(), staff.username, NEW))
    read = "SELECT state FROM bindings WHERE id = :id"
    assert provider.server.read(read, {"id": binding}) == [("needs_confirmation",)]
    after = [mail.subject for mail in Mailbox(provider).all(staff.email)]
    assert any("您的密碼已重設" in subject for subject in after), after


def test_whoever_asks_is_told_the_same_and_only_the_last_link_works_for_half_an_hour(
    provider: Town, staff: Person
) -> None:
    """PW10, EL02."""
    first = mailed(provider, staff)
    asks(provider.browser(), staff.username, staff.tax_id)
    assert Mailbox(provider).newest(staff.email).link == first.link, "within two minutes it stays the one"
    set_link(provider, staff.sub, created_at=timedelta(minutes=-3))
    waiting = provider.person("staff")
    provider.server.write("UPDATE accounts SET status = 'review_pending' WHERE id = :id", {"id": waiting.sub})
    known = asks(provider.browser(), staff.username, staff.tax_id)
    for name, number in (("nobody-here", staff.tax_id), (staff.username, "00000037"), (waiting.username, "00000016")):
        answer = asks(provider.browser(), name, number)
        assert (answer.status, told(answer)) == (known.status, told(known)), name
    assert Mailbox(provider).all(waiting.email) == []
    sees(provider.browser(), first.link, "這個連結已經失效")
    last = Mailbox(provider).newest(staff.email)
    set_link(provider, staff.sub, expires_at=timedelta(seconds=3))
    browser = provider.browser()
    page = browser.get(last.link)
    assert page.button("reset-password") is not None
    set_link(provider, staff.sub, expires_at=timedelta(seconds=-1))
    late = resets(browser, page, NEW)
    assert (late.status, "這個連結已經逾時" in late.text) == (410, True)
    assert is_in(enter(provider.browser(), staff.username, staff.password))


def test_who_has_the_mailbox_alone_does_not_pass_the_authenticator_app(provider: Town, staff: Person) -> None:
    home = provider.browser()
    sign_in(home, staff)
    phone = a_phone(provider, staff, home)
    provider.server.write(
        "UPDATE authenticators SET confirmed_at = :at WHERE holder_id = :id",
        {"at": "2026-01-01 00:00:00.000000", "id": staff.sub},
    )
    mail, browser = mailed(provider, staff), provider.browser()
    page = browser.get(mail.link)
    assert "這個帳號已設定驗證器。" in page.text
    assert "請輸入驗證碼。" in resets(browser, page, NEW).text
    for typed in ("000000", phone.used_code()):
        refused = resets(browser, page, staff.password, code=typed)
        assert "驗證碼不正確" in refused.text, "and nothing about former passwords"
        assert typed not in refused.html
    assert is_in(sign_in_with_code(provider.browser(), staff, phone))
    again = resets(browser, page, staff.password, code=phone.code())
    assert "不可使用最近三次使用過的密碼" in again.text
    assert not again.has("code"), "given once"
    assert "密碼已重設，可以登入了" in resets(browser, again, NEW).text
    staff.password = NEW
    assert is_in(sign_in_with_code(provider.browser(), staff, phone)), "the app stays"


def test_who_has_stolen_the_password_keeps_nothing_that_it_set_up_and_the_mailbox_takes_no_passkey_off(
    provider: Town, staff: Person, guest: Person
) -> None:
    """The owner of an account without a second factor comes back by a reset; one with a passkey loses none by it."""
    thief, owner = provider.browser(), provider.browser()
    sign_in(thief, staff)
    a_phone(provider, staff, thief)
    page = owner.get(mailed(provider, staff).link)
    assert not page.has("code"), "the thief's app is not asked"
    assert "密碼已重設，可以登入了" in resets(owner, page, NEW).text
    assert is_in(enter(owner, staff.username, NEW)), "and is gone"
    mail = Mailbox(provider).newest(staff.email, "您的密碼已重設")
    assert "最近三天內新增的驗證器或通行密鑰已一併移除" in mail.text
    # With a passkey of long ago, the mailbox gives a password, and no more than that.
    enrolled(provider, guest)
    provider.server.write(
        "UPDATE passkeys SET enrolled_at = :at WHERE account_id = :id",
        {"at": "2026-01-01 00:00:00.000000", "id": guest.sub},
    )
    assert "密碼已重設" in resets(thief, thief.get(mailed(provider, guest).link), NEW).text
    thief.get("/login?other=1")
    assert is_in(enter(thief, guest.username, NEW))
    [way] = [link for link in thief.get(LIST).links if "/passkeys/" in link and link.endswith("/remove")]
    for path in (way, APP, "/account/credentials/passkeys/new", "/account/email", "/account/export", "/account/close"):
        page = thief.get(path)
        assert (page.path, "只輸入密碼無法繼續" in page.text) == ("/login", True), path


def test_an_agent_names_her_account_alone(provider: Town) -> None:
    agent = an_agent(provider)
    asks(provider.browser(), agent.username, "")
    browser, mail = provider.browser(), Mailbox(provider).newest(agent.email)
    assert "密碼已重設，可以登入了" in resets(browser, browser.get(mail.link), NEW).text
    assert enter(provider.browser(), agent.username, agent.password).asks_for_password
    assert enter(provider.browser(), agent.username, NEW).path == "/linked"


def test_a_password_that_a_hundred_failures_ended_is_set_anew(provider: Town, staff: Person) -> None:
    """PW01: disabled until it is set anew; who waited waits no more."""
    for _ in range(5):
        enter(provider.browser(), staff.username, WRONG)
    provider.server.write("UPDATE name_failures SET failures = 99 WHERE failures = :n", {"n": "5"})
    provider.server.write("UPDATE name_failures SET not_before = :t", {"t": "2020-01-01 00:00:00.000000"})
    enter(provider.browser(), staff.username, WRONG)
    [(disabled_at,)] = provider.server.read(
        "SELECT disabled_at FROM passwords WHERE account_id = :id", {"id": staff.sub}
    )
    assert disabled_at is not None
    browser = provider.browser()
    assert "密碼已重設" in resets(browser, browser.get(mailed(provider, staff).link), NEW).text
    assert is_in(enter(provider.browser(), staff.username, NEW))
