"""補發驗證信 (P14): one neutral answer for everybody, and no more links than a mailbox can bear."""

from datetime import timedelta

import pytest

from tests.harness.applicants import an_applicant
from tests.harness.browser import Browser, Page
from tests.harness.mailbox import Mailbox
from tests.harness.people import Town
from tests.security.doors import enter
from tests.verification.conftest import set_link, use_up_but_one

ANSWER = "若資料相符且尚未完成驗證，我們已寄出新的驗證信。"


def ask(browser: Browser, who: str) -> Page:
    return browser.submit(browser.get("/verify/resend"), "resend", who=who)


@pytest.mark.requirement("R-026")
def test_a_new_link_is_sent_and_the_answer_tells_nobody_who_has_applied(
    provider: Town, browser: Browser, mailbox: Mailbox
) -> None:
    """By name or mailbox, however written; 60 s apart; whoever has confirmed, or never applied, gets the same page."""
    her = an_applicant(provider)
    first = mailbox.newest(her.email)
    sign_in = enter(browser, her.username, her.password)
    assert sign_in.links.count(f"{provider.issuer}/verify/resend") == 2
    answer = ask(browser, her.email)
    assert ANSWER in answer.text
    assert "若沒有收到此信，請檢查垃圾信箱。" in answer.text
    assert len(mailbox.all(her.email)) == 1  # the first link went out less than 60 s ago
    set_link(provider, her.account_id, created_at=timedelta(seconds=-61))
    for who in ("nobody-at-all", "nobody@example.test", provider.person("staff").username, her.username.upper()):
        assert ask(browser, who).text == answer.text
    second = mailbox.newest(her.email)
    assert len(mailbox.all(her.email)) == 2
    assert second.link != first.link
    assert second.subject == first.subject
    assert browser.get(first.link).status == 410
    assert browser.get(second.link).button("verify-confirm")
    assert "請輸入帳號或 Email。" in ask(browser, "").text


def test_a_mailbox_gets_five_links_an_hour_and_an_address_asks_for_thirty(
    provider: Town, browser: Browser, mailbox: Mailbox
) -> None:
    """security.md §3 "Mail 5/h per address"; the evil host names of a request are in no link (EL08)."""
    her = an_applicant(provider)
    page = browser.get("/verify/resend")
    browser.http.headers["X-Forwarded-Host"] = "evil.example"
    for _ in range(6):
        set_link(provider, her.account_id, created_at=timedelta(seconds=-61))
        assert ANSWER in browser.submit(page, "resend", who=her.email).text
    assert len(mailbox.all(her.email)) == 5
    assert mailbox.newest(her.email).link.startswith(provider.issuer + "/verify/")
    use_up_but_one(provider, "resend:address", 30)
    assert ANSWER in browser.submit(page, "resend", who=her.email).text
    refused = browser.submit(page, "resend", who=her.email)
    assert refused.status == 429
    assert "操作次數過多，請於 " in refused.text
    assert int(refused.response.headers["Retry-After"]) > 0


def test_an_account_whose_link_ran_out_gets_a_new_one(provider: Town, browser: Browser, mailbox: Mailbox) -> None:
    """email_expired -補發驗證信-> email_pending, and the new link confirms."""
    her = an_applicant(provider)
    set_link(provider, her.account_id, expires_at=timedelta(hours=-1), created_at=timedelta(hours=-25))
    statement = "UPDATE accounts SET status = 'email_expired' WHERE id = :id"
    assert provider.server.write(statement, {"id": her.account_id}) == 1
    ask(browser, her.username)
    page = browser.get(mailbox.newest(her.email).link)
    assert "Email 驗證成功" in browser.submit(page, "verify-confirm", password=her.password).text
