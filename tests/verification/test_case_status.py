"""The status page (P12): an application is followed, corrected and withdrawn by its applicant, without an account."""

from datetime import timedelta

import pytest

from tests.harness.applicants import Applicant, an_applicant, decide
from tests.harness.browser import Browser, Page
from tests.harness.mailbox import Mailbox
from tests.harness.people import Town
from tests.security.doors import WRONG, enter
from tests.verification.conftest import set_link, use_up_but_one

UNKNOWN = "查無符合的申請，請確認案件編號與 Email 是否正確。"


def look_up(browser: Browser, number: str, email: str) -> Page:
    return browser.submit(browser.get("/register/status"), "look-up", number=number, email=email)


def progress(browser: Browser, applicant: Applicant) -> Page:
    return look_up(browser, applicant.number, applicant.email)


def waiting(provider: Town, mailbox: Mailbox, tax_id: str = "00000016") -> Applicant:
    """Somebody whose mailbox is confirmed and who waits for the group admin."""
    provider.person("group_admin", tax_id=tax_id)
    browser = provider.browser()
    applicant = an_applicant(provider, tax_id=tax_id, browser=browser)
    browser.submit(browser.get(mailbox.newest(applicant.email).link), "verify-confirm")
    return applicant


def test_a_case_is_found_by_its_number_and_mailbox_alone(provider: Town, browser: Browser) -> None:
    """However the number is typed; a wrong half, whichever it is, gets the same neutral answer, and no page follows."""
    her = an_applicant(provider)
    other = an_applicant(provider)
    pairs = ((her.number, other.email), (other.number, her.email), ("x", her.email), (her.number, "x"), ("x", "x"))
    pages = [look_up(browser, *pair) for pair in pairs]
    assert {(page.status, page.text.count(UNKNOWN)) for page in pages} == {(404, 2)}
    assert len({page.text for page in pages}) == 1
    assert browser.get("/register/status/case").path == "/register/status"
    page = look_up(browser, her.number.lower().replace("-", " "), f" {her.email.upper()} ")
    assert page.path == "/register/status/case"
    assert [hop.status_code for hop in page.hops] == [303, 200]
    assert her.number in page.text
    assert her.email not in page.text
    assert her.name not in page.text
    assert provider.browser().get("/register/status/case").path == "/register/status"


def test_an_address_looks_up_thirty_cases_an_hour(provider: Town, browser: Browser) -> None:
    her = an_applicant(provider)
    page = browser.get("/register/status")
    assert browser.submit(page, "look-up", number="AAAA", email="x").status == 404
    use_up_but_one(provider, "status:address", 30)
    assert browser.submit(page, "look-up", number="AAAA", email="x").status == 404
    refused = browser.submit(page, "look-up", number=her.number, email=her.email)
    assert refused.status == 429
    assert int(refused.response.headers["Retry-After"]) > 0
    assert her.username not in refused.text


@pytest.mark.requirement("R-025", "R-026", "R-033", "R-034", "R-050")
def test_an_applicant_reads_at_each_moment_where_she_is_and_what_to_do(
    provider: Town, browser: Browser, mailbox: Mailbox, proven: str
) -> None:
    """From another device than she applied on; and the sign-in page leads her here."""
    admin = provider.person("group_admin", tax_id=proven)
    her = an_applicant(provider, tax_id=proven)
    page = progress(browser, her)
    assert "送出申請" in page.text
    assert "請開啟驗證信，點擊信件中的連結，再按「確認」。" in page.text
    assert "寄件者dreams@taipower.com.tw" in page.text
    assert "若沒有收到此信，請檢查垃圾信箱。" in page.text
    assert "歡迎來信至：dreams@taipower.com.tw" in page.text
    assert "mailto:dreams@taipower.com.tw" in page.links
    set_link(provider, her.account_id, expires_at=timedelta(seconds=-1))
    assert "認證信已經逾時，請補發驗證信。" in browser.get("/register/status/case").text
    set_link(provider, her.account_id, expires_at=timedelta(minutes=1))
    browser.submit(browser.get(mailbox.newest(her.email).link), "verify-confirm", password=her.password)

    page = progress(browser, her)
    assert "需等候貴公司群組管理員審核。" in page.text
    assert "審核通過後，即可使用此帳號密碼登入。" in page.text
    pending = enter(browser, her.username, her.password)
    assert f"{provider.issuer}/register/status" in pending.links
    decide(provider, her, "rejected", reason="wrong_contact", text="請附<b>在職</b>證明。", by=admin.sub)
    page = progress(browser, her)
    for words in (
        "審核未通過",
        "聯絡資料不正確，請修正手機電話或 Email。",
        "請附<b>在職</b>證明。",
        "修正後再次送出；您填寫的資料已為您保留，無須重新填寫。",
    ):
        assert words in page.text
    assert f"{provider.issuer}/register/status" in enter(browser, her.username, her.password).links
    rejected = mailbox.newest(her.email, "審核未通過")
    assert rejected.link.startswith(f"{provider.issuer}/register/status?number=")
    assert "聯絡資料不正確，請修正手機電話或 Email。" in rejected.text
    provider.server.write("UPDATE accounts SET status = 'review_pending' WHERE id = :id", {"id": her.account_id})
    decide(provider, her, "approved", by=admin.sub)
    page = progress(browser, her)
    assert page.text.index("審核未通過") < page.text.index("審核通過") < page.text.index("帳號開通")
    assert page.has("to-sign-in")
    assert not page.has("to-withdrawal")


def test_an_applicant_withdraws_with_her_password_once(provider: Town, browser: Browser, mailbox: Mailbox) -> None:
    """A wrong password withdraws nothing; a second click finds it done; the link of the mail works no more."""
    her = waiting(provider, mailbox)
    progress(browser, her)
    ask = browser.get("/register/status/withdraw")
    assert "確定要撤回這筆申請？" in ask.text
    assert "請輸入使用者密碼。" in browser.submit(ask, "withdraw").text
    assert browser.submit(ask, "withdraw", password=WRONG).text.count("密碼不正確。") == 2
    for _ in range(2):
        page = browser.submit(ask, "withdraw", password=her.password)
        assert page.path == "/register/status/case"
        assert "已撤回申請" in page.text
        assert not page.has("to-correction")
    assert browser.get("/register/status/withdraw").path == "/register/status/case"
    rows = provider.server.read("SELECT outcome FROM reviews WHERE case_id = :id", {"id": her.case_id})
    assert rows == [("withdrawn",)]


def test_what_was_decided_meanwhile_is_not_withdrawn(provider: Town, browser: Browser, mailbox: Mailbox) -> None:
    """RC05: approved while she looked at the page."""
    her = waiting(provider, mailbox)
    progress(browser, her)
    ask = browser.get("/register/status/withdraw")
    decide(provider, her, "rejected")
    page = browser.submit(ask, "withdraw", password=her.password)
    assert "資料在您開啟頁面後已經變更" in page.text
    assert "審核未通過" in page.text
    ask = browser.get("/register/status/withdraw")
    provider.server.write("UPDATE accounts SET status = 'review_pending' WHERE id = :id", {"id": her.account_id})
    decide(provider, her, "approved")
    page = browser.submit(ask, "withdraw", password=her.password)
    assert "資料在您開啟頁面後已經變更" in page.text
    assert "帳號開通" in page.text


def test_a_correction_begins_with_everything_filled_in(provider: Town, browser: Browser, mailbox: Mailbox) -> None:
    her = waiting(provider, mailbox)
    progress(browser, her)
    ask = browser.get("/register/status/correct")
    assert her.name not in ask.text
    assert "密碼不正確。" in browser.submit(ask, "correct", password=WRONG).text
    page = browser.submit(ask, "correct", password=her.password)
    assert page.path.endswith("/company")
    assert "804004高雄市鼓山區蓬萊路10號" in page.html
    assert not provider.browser().get(page.url).has("company_address")
