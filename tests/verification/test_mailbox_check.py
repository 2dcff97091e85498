"""The mailbox check (P13): one link, looked at by anybody, confirmed by its person, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.harness.applicants import SERVICE_MAILBOX, Applicant, an_applicant, decide
from tests.harness.browser import BOUNDED, Browser, Page
from tests.harness.mailbox import Mailbox
from tests.harness.people import Town
from tests.harness.relying_party import RelyingParty
from tests.security.doors import WRONG, enter, is_in
from tests.verification.conftest import set_link

SUCCESS = "Email 驗證成功"
HELPDESK = "若沒有收到此信，請檢查垃圾信箱。"


def status_of(provider: Town, applicant: Applicant) -> str:
    [(status,)] = provider.server.read("SELECT status FROM accounts WHERE id = :id", {"id": applicant.account_id})
    return str(status)


def acts_about(provider: Town, applicant: Applicant, action: str) -> int:
    values = {"id": applicant.account_id, "action": action}
    rows = provider.server.read("SELECT 1 FROM audit_log WHERE account_id = :id AND action = :action", values)
    return len(rows)


@pytest.mark.requirement("R-024", "R-025", "R-027", "R-028", "R-029")
def test_the_first_applicant_confirms_in_her_browser_and_is_group_admin(
    provider: Town, browser: Browser, app: RelyingParty, mailbox: Mailbox, proven: str
) -> None:
    """EL01, EL03, EL09: scanners look first; the link works once, and its token is nowhere but in the mail."""
    her = an_applicant(provider, tax_id=proven, browser=browser, client_id=app.client.client_id)
    before = provider.server.dump()
    mail = mailbox.newest(her.email)
    assert mail.subject == "DREAMS 案場申請註冊通知信件"
    assert mail.sender == f"DREAMS 案場申請 <{SERVICE_MAILBOX}>"
    assert f"註冊了一個新帳號 {her.username}，請點擊下面的連結完成 Email 驗證。" in mail.text
    for _ in range(5):
        scanner = provider.browser()
        scanner.get(mail.link)
        assert scanner.http.head(mail.link, timeout=BOUNDED, allow_redirects=False).status_code == 303
    assert status_of(provider, her) == "email_pending"

    page = browser.get(mail.link)
    assert page.hops[0].status_code == 303
    assert page.hops[0].headers["Location"] == "/verify"
    assert page.hops[0].headers["Referrer-Policy"] == "no-referrer"
    assert mail.token not in page.html
    assert f"{her.email[:2]}*****@example.test" in page.text
    assert her.username in page.text
    assert her.email not in page.text
    assert not page.has("password")
    done = browser.submit(page, "verify-confirm")
    for words in (SUCCESS, "完成Email認證後，即可使用帳號與密碼登入。", "此帳號即為該公司之群組管理員。"):
        assert words in done.text
    assert any(link.startswith(f"https://{app.client.client_id}.example/login?iss=") for link in done.links)
    assert browser.submit(page, "verify-confirm").text == browser.get("/verify").text == done.text
    again = provider.browser().get(mail.link)
    assert SUCCESS in again.text
    assert again.has("to-sign-in")
    assert acts_about(provider, her, "account:mailbox:confirmed") == 1
    assert "此帳號即為該公司之群組管理員。" in mailbox.newest(her.email, "帳號已開通").text
    assert is_in(enter(provider.browser(), her.username, her.password))
    for place in (before, provider.server.dump(), provider.server.log.read_bytes()):
        assert mail.token.encode() not in place


@pytest.mark.requirement("R-032", "R-033", "R-034", "R-036", "R-050")
def test_a_colleague_confirms_elsewhere_with_her_password_and_waits_for_the_group_admin(
    provider: Town, mailbox: Mailbox, proven: str
) -> None:
    """R-085: a forwarded mail alone confirms nothing; and her group admin is reminded."""
    admin = provider.person("group_admin", tax_id=proven, name="陳美惠")
    her = an_applicant(provider, tax_id=proven, password="a-Passw0rd-of-her-own")
    mail = mailbox.newest(her.email)
    assert mail.reply_to == SERVICE_MAILBOX
    assert "，可直接回覆本信。" in mail.text
    elsewhere = provider.browser()
    page = elsewhere.get(mail.link)
    assert "驗證信不可轉寄至其他信箱做驗證" in page.text
    assert "請輸入使用者密碼。" in elsewhere.submit(page, "verify-confirm").text
    wrong = elsewhere.submit(page, "verify-confirm", password=WRONG)
    assert wrong.text.count("密碼不正確。") == 2
    assert status_of(provider, her) == "email_pending"
    # The account is the link's, whatever a form says.
    form = {"username": admin.username, "password": admin.password, "csrf_token": page.forms[0].value("csrf_token")}
    assert acts_about(provider, her, "account:sign_in:failed") == 1
    assert "密碼不正確。" in elsewhere.post("/verify", form | {"account": ""}).text
    assert status_of(provider, her) == "email_pending"

    done = elsewhere.submit(page, "verify-confirm", password=her.password)
    assert SUCCESS in done.text
    assert "完成Email認證後，需等候貴公司群組管理員審核。" in done.text
    assert "審核通過後，即可使用此帳號密碼登入。" in done.text
    assert not is_in(enter(elsewhere, her.username, her.password))
    assert "需等候貴公司群組管理員審核。" in mailbox.newest(her.email, "帳號註冊通知信件").text
    reminder = mailbox.newest(admin.email)
    assert reminder.subject == "您有 1 筆帳號申請待審核"
    assert f"{her.name} 於 " in reminder.text
    assert "申請加入，請登入系統，至「審核與權限管理 > 使用者管理」審核。" in reminder.text
    assert reminder.link == f"{provider.issuer}/group/users"
    decide(provider, her, "approved", by=admin.sub)
    assert "已審核通過，即可使用此帳號密碼登入。" in mailbox.newest(her.email, "審核通過").text
    assert is_in(enter(elsewhere, her.username, her.password))


def test_who_comes_second_is_told_that_a_colleague_is_group_admin(
    provider: Town, browser: Browser, mailbox: Mailbox, proven: str
) -> None:
    """Two who were both to be the first: the second gets a clear answer, and waits for the first."""
    first, second = (an_applicant(provider, tax_id=proven, browser=browser, name=name) for name in ("甲", "乙"))
    for her in (first, second):
        page = browser.submit(browser.get(mailbox.newest(her.email).link), "verify-confirm")
    assert "貴公司已有另一位同仁成為群組管理員，您的申請因此由群組管理員審核。" in page.text
    assert "需等候貴公司群組管理員審核。" in page.text
    assert (status_of(provider, first), status_of(provider, second)) == ("active", "review_pending")
    assert mailbox.newest(first.email).subject == "您有 1 筆帳號申請待審核"


def test_a_company_that_nobody_has_proven_waits_for_the_service(
    provider: Town, browser: Browser, mailbox: Mailbox
) -> None:
    her = an_applicant(provider, tax_id=provider.new_company()["tax_id"], browser=browser)
    page = browser.submit(browser.get(mailbox.newest(her.email).link), "verify-confirm")
    assert "完成Email認證後，需等候服務單位審核。" in page.text
    assert "需等候服務單位審核。" in mailbox.newest(her.email).text


@pytest.mark.both_databases
def test_two_who_confirm_at_once_both_see_that_it_is_done(
    provider: Town, browser: Browser, mailbox: Mailbox, proven: str
) -> None:
    """RC rows: the same button in two tabs, and in a copy of the browser, at the same moment."""
    her = an_applicant(provider, tax_id=proven, browser=browser)
    link = mailbox.newest(her.email).link
    page = browser.get(link)
    tabs = [browser, browser.copy(), browser.copy()]
    pages = [page, page, tabs[2].get(link)]

    def press(tab: Browser, shown: Page) -> Page:
        return tab.submit(shown, "verify-confirm")

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(press, tabs, pages))
    assert [(answer.status, SUCCESS in answer.text) for answer in answers] == [(200, True)] * 3
    assert acts_about(provider, her, "account:mailbox:confirmed") == 1
    assert len([mail for mail in mailbox.all(her.email) if "帳號已開通" in mail.subject]) == 1


def test_a_link_says_why_it_works_no_more(provider: Town, browser: Browser, mailbox: Mailbox) -> None:
    """EL01, EL02, EL05: expired, replaced, tampered, of another purpose; each page offers 補發驗證信."""
    her = an_applicant(provider, browser=browser)
    old = mailbox.newest(her.email)

    def told(words: str, link: str) -> Page:
        page = browser.get(link)
        assert page.status == 410
        assert words in page.text
        assert HELPDESK in page.text
        assert page.links.count(f"{provider.issuer}/verify/resend") == 1
        return page

    open_page = browser.get(old.link)
    set_link(provider, her.account_id, expires_at=timedelta(seconds=-1))
    assert "驗證連結已經逾時" in browser.submit(open_page, "verify-confirm").text
    told("驗證連結已經逾時", old.link)
    set_link(provider, her.account_id, expires_at=timedelta(seconds=30), created_at=timedelta(seconds=-61))
    assert browser.get(old.link).button("verify-confirm")
    told("驗證連結不正確", old.link[:-1] + ("a" if old.link[-1] != "a" else "b"))
    # A link that never was leaves nothing behind.
    runs = provider.server.read("SELECT count(*) FROM flows WHERE kind = 'verification'", {})
    told("驗證連結不正確", f"{provider.issuer}/verify/{'x' * 300}")
    assert provider.server.read("SELECT count(*) FROM flows WHERE kind = 'verification'", {}) == runs

    browser.submit(browser.get("/verify/resend"), "resend", who=her.email)
    new = mailbox.newest(her.email)
    assert new.link != old.link
    told("已由較新的信件取代", old.link)
    values = {"id": her.account_id}
    other = "UPDATE one_time_secrets SET purpose = 'first_password' WHERE account_id = :id AND replaced_at IS NULL"
    assert provider.server.write(other, values) == 1
    told("驗證連結不正確", new.link)
    assert status_of(provider, her) == "email_pending"
    stranger = provider.browser().get("/verify")
    assert (stranger.status, "請由驗證信開啟這個頁面" in stranger.text) == (410, True)


def test_guesses_at_the_button_are_guesses_at_the_account(provider: Town, mailbox: Mailbox, proven: str) -> None:
    """Five wrong passwords there make the account wait, as at the sign-in page: then the right one is wrong too."""
    her = an_applicant(provider, tax_id=proven)
    elsewhere = provider.browser()
    page = elsewhere.get(mailbox.newest(her.email).link)
    for _ in range(5):
        elsewhere.submit(page, "verify-confirm", password=WRONG)
    assert "密碼不正確。" in elsewhere.submit(page, "verify-confirm", password=her.password).text
    assert status_of(provider, her) == "email_pending"
    assert not is_in(enter(provider.browser(), her.username, her.password))
    assert acts_about(provider, her, "account:sign_in:failed") == 7
