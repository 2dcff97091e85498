"""People change their mailbox: it takes effect from the new mailbox alone (P27; MAILCHG of domain.md §2)."""

import secrets

import pytest
import requests

from tests.harness.applicants import an_applicant
from tests.harness.browser import BOUNDED, Browser, Page
from tests.harness.linked import an_agent, bind
from tests.harness.mailbox import Mailbox
from tests.harness.people import Town
from tests.harness.relying_party import Person
from tests.security.doors import enter, is_signed_in, sign_in

PAST = "2020-01-01 00:00:00.000000"


def a_mailbox() -> str:
    return f"new-{secrets.token_hex(5)}@example.test"


def mailbox_of(town: Town, sub: str) -> str:
    return str(town.server.read("SELECT email FROM accounts WHERE id = :sub", {"sub": sub})[0][0])


def ask(browser: Browser, mailbox: str) -> Page:
    page = browser.get("/account/email")
    assert (page.status, page.path, page.controls_without_id) == (200, "/account/email", []), f"{page!r}"
    return browser.submit(page, "change-email", email=mailbox)


def past(town: Town, sub: str, column: str) -> None:
    town.server.write(
        f"UPDATE one_time_secrets SET {column} = :past WHERE account_id = :sub", {"past": PAST, "sub": sub}
    )


@pytest.mark.requirement("R-138", "R-139", "R-140", "R-141", "R-142")
def test_an_agent_changes_her_mailbox_and_signs_in_again(provider: Town) -> None:
    agent, mails, new = an_agent(provider), Mailbox(provider), a_mailbox()
    browser, elsewhere = provider.browser(), provider.browser()
    for one in (browser, elsewhere):
        enter(one, agent.username, agent.password)
    page = browser.get("/account/email")
    assert "Email 不會立即修改成功，會提示使用者完成驗證才會修改完畢。" in page.text
    for typed, told in (("", "請輸入新的 Email。"), ("x", "Email 格式不正確"), (agent.email.upper(), "目前的 Email")):
        refused = browser.submit(page, "change-email", email=typed)
        assert (refused.status, told in refused.text) == (400, True), f"{typed}: {refused!r}"
    asked = ask(browser, new)
    for words in (
        "本帳號已經成功修改，為了確認 Email 的唯一性與暢通，請至您更新的 Email 信箱收取驗證信，"
        "認證信有效時限為 24 小時，驗證完成後 Email 才會完成更新。",
        "等待驗證",
        new,
    ):
        assert words in asked.text, words
    assert mailbox_of(provider, agent.sub) == agent.email, "not before the new mailbox has confirmed it"
    first, warning = mails.newest(new), mails.newest(agent.email)
    assert "您的帳號申請變更 Email" in warning.subject
    assert (new in warning.text, f"{new[:2]}*****@" in warning.text) == (False, True)
    assert warning.link == f"{provider.issuer}/account/email"
    for words in (agent.username, "有效時限為 24 小時", "驗證信不可轉寄至其他信箱做驗證。"):
        assert words in first.text, words
    assert first.link.startswith(f"{provider.issuer}/mailbox/")
    # Another one, after a minute: the first link is dead.
    soon = browser.submit(asked, "resend")
    assert (soon.status, int(soon.response.headers["Retry-After"]) > 0) == (429, True)
    past(provider, agent.sub, "created_at")
    assert "已寄出新的驗證信" in browser.submit(browser.get("/account/email"), "resend").text
    second = mails.newest(new)
    assert second.link != first.link
    assert "已由較新的驗證信取代" in provider.browser().get(first.link).text
    done = browser.submit(browser.get(second.link), "mailbox-confirm")
    for words in ("Email 驗證成功，已完成更新", "請重新登入確認 Email 資訊是否正確。"):
        assert words in done.text, words
    assert mailbox_of(provider, agent.sub) == new
    assert [is_signed_in(one) for one in (browser, elsewhere)] == [False, False]
    for mailbox in (agent.email, new):
        assert "您的 Email 已變更" in mails.newest(mailbox).subject, mailbox
    again = browser.submit(
        browser.get("/login?back=/account/email"), "sign-in", username=agent.username, password=agent.password
    )
    assert new in again.text
    used = provider.browser().get(second.link)
    assert (used.status, "這個連結已經使用過" in used.text) == (410, True)


def test_a_link_is_for_its_person_and_its_purpose_alone(provider: Town, staff: Person) -> None:
    """EL01, EL03, EL05, EL08, EL09, and R-085 for this link."""
    mails, new, browser = Mailbox(provider), a_mailbox(), provider.browser()
    sign_in(browser, staff)
    page = browser.get("/account/email")
    form, pressed = page.button("change-email") or pytest.fail(f"{page!r}")
    sent = requests.post(
        form.action,
        data={**dict(form.fields), "email": new, pressed.name or "do": pressed.value},
        headers={"Origin": provider.issuer, "Referer": page.url, "X-Forwarded-Host": "evil.example"},
        cookies=dict(browser.http.cookies),
        allow_redirects=False,
        timeout=BOUNDED,
    )
    assert sent.status_code == 303
    link = mails.newest(new).link
    assert link.startswith(f"{provider.issuer}/mailbox/")
    token = link.rpartition("/")[2]
    for _ in range(5):
        scanner = provider.browser()
        seen = scanner.get(link)
        assert (seen.status, seen.path) == (200, "/mailbox")
        assert scanner.http.head(link, allow_redirects=False).status_code == 303
        assert seen.hops[0].headers["Referrer-Policy"] == "no-referrer"
        assert token not in seen.html + seen.url
    assert token not in provider.server.log.read_text()
    # Of another purpose, and the other way about.
    verification = Mailbox(provider).newest(an_applicant(provider).email).token
    assert "找不到這個連結" in provider.browser().get(f"/mailbox/{verification}").text
    for door in ("verify", "first-password", "invitation"):
        assert provider.browser().get(f"/{door}/{token}").status == 410, door
    # A stranger to whom the mail was passed on has to know the password.
    stranger = provider.browser()
    page = stranger.get(link)
    assert "請輸入這個帳號的密碼，以確認是您本人。" in page.text
    for password in ("", "wrong-Passw0rd-0"):
        stranger.submit(page, "mailbox-confirm", password=password)
    assert mailbox_of(provider, staff.sub) == staff.email
    done = stranger.submit(page, "mailbox-confirm", password=staff.password)
    assert "已完成更新" in done.text
    twice = stranger.submit(page, "mailbox-confirm", password=staff.password)
    assert "已完成更新" in twice.text
    assert len(mails.all(staff.email)) == 2, "asked and changed, each told once"
    assert "這個連結已經使用過" in provider.browser().get(link).text


def test_a_change_is_taken_back_or_expires(provider: Town, other_staff: Person) -> None:
    mails, new, browser = Mailbox(provider), a_mailbox(), provider.browser()
    sign_in(browser, other_staff)
    ask(browser, new)
    link = mails.newest(new).link
    cancelled = browser.submit(browser.get("/account/email"), "cancel-change")
    assert "已取消變更，Email 維持不變。" in cancelled.text
    assert cancelled.button("cancel-change") is None
    assert "這個連結已經失效" in browser.get(link).text
    ask(browser, new)
    confirming = browser.get(mails.newest(new).link)
    past(provider, other_staff.sub, "expires_at")
    late = browser.submit(confirming, "mailbox-confirm")
    assert (late.status, "這個連結已經逾時" in late.text) == (410, True)
    assert "驗證信已經逾時，Email 沒有變更。" in browser.get("/account/email").text
    past(provider, other_staff.sub, "created_at")
    browser.submit(browser.get("/account/email"), "resend")
    provider.suspend(other_staff)
    suspended = provider.browser().get(mails.newest(new).link)
    assert "這個帳號目前停用，Email 沒有變更。" in suspended.text
    assert mailbox_of(provider, other_staff.sub) == other_staff.email


def test_it_asks_for_a_fresh_sign_in_and_holds_the_bindings(provider: Town, staff: Person) -> None:
    agent, new, browser = an_agent(provider), a_mailbox(), provider.browser()
    binding = bind(provider, agent, staff)
    sign_in(browser, staff)
    old = browser.get("/account/email")
    provider.server.write(
        "UPDATE sign_ins SET auth_time = :past WHERE account_id = :sub", {"past": PAST, "sub": staff.sub}
    )
    for page in (browser.get("/account/email"), browser.submit(old, "change-email", email=new)):
        assert page.asks_for_password, f"{page!r}"
        assert page.path == "/login"
    assert not Mailbox(provider).all(new)
    back = browser.submit(page, "sign-in", username=staff.username, password=staff.password)
    assert back.path == "/account/email"
    browser.submit(back, "change-email", email=new)
    browser.submit(browser.get(Mailbox(provider).newest(new).link), "mailbox-confirm")
    state = provider.server.read("SELECT state, held_because FROM bindings WHERE id = :id", {"id": binding})
    assert state == [("needs_confirmation", "mailbox")]
    told = "SELECT details FROM audit_log WHERE account_id = :sub AND action = :action"
    for action in ("account:mailbox:change_asked", "account:mailbox:changed"):
        (row,) = provider.server.read(told, {"sub": staff.sub, "action": action})
        assert (new in str(row[0]), f"{new[:2]}*****@" in str(row[0])) == (False, True)
