"""After the application is sent (P11): another link, another mailbox; and the way back into it to correct it."""

from datetime import timedelta

import pytest

from tests.harness.applicants import an_applicant, decide
from tests.harness.browser import Browser, Page
from tests.harness.mailbox import Mailbox
from tests.harness.people import PASSWORD, Town
from tests.registration.conftest import NewCompany
from tests.registration.wizard import PHONE, Unit, Wizard, answers, number_of, value_of
from tests.verification.conftest import set_link

CONFIRM = "verify-confirm"
OTHER_PASSWORD = "another-Passw0rd-31"


def account_of(town: Town, number: str) -> str:
    statement = "SELECT account_id FROM cases WHERE number = :number"
    return str(town.server.read(statement, {"number": number})[0][0])


@pytest.mark.requirement("R-026", "R-083")
def test_the_link_is_sent_again_once_a_minute(town: Town, browser: Browser, mailbox: Mailbox, unit: Unit) -> None:
    wizard = Wizard(browser)
    page = wizard.to_done(unit.tax_id)
    email = wizard.person["email"]
    assert "秒後可以補發；一小時最多 5 次。" in page.text
    early = browser.submit(page, "resend")
    assert early.status == 429
    assert "秒後再補發驗證信。" in early.text
    assert 0 < int(early.response.headers["Retry-After"]) <= 60
    first = mailbox.newest(email).link
    set_link(town, account_of(town, number_of(page)), created_at=-timedelta(seconds=61))
    page = browser.submit(browser.get(page.url), "resend")
    assert page.path == "/register/done"
    assert "已補發驗證信，先前信件中的連結已失效。" in page.text
    mails = mailbox.all(email)
    assert len(mails) == 2
    assert mails[1].link != first
    assert "已由較新的信件取代" in browser.get(first).text
    # The page of another browser, or a run that was never sent, has no mails to send.
    assert town.browser().get(page.url).path == "/register"
    foreign = town.browser()
    begun = Wizard(foreign).begin()
    data = dict(begun.forms[0].fields)
    assert foreign.post("/register/done/resend", data, headers={"Origin": foreign.origin}).status == 410


def test_a_mistyped_mailbox_is_changed_while_it_is_not_confirmed(
    town: Town, browser: Browser, mailbox: Mailbox, unit: Unit
) -> None:
    colleague = Wizard(town.browser())
    colleague.to_done(unit.tax_id)
    colleague.browser.submit(colleague.browser.get(mailbox.newest(colleague.person["email"]).link), CONFIRM)
    wizard = Wizard(browser)
    page = wizard.to_done(unit.tax_id)
    number, right = number_of(page), answers()["email"]
    for typed, told in (
        ("", "請輸入 Email。"),
        ("nobody", "Email 格式不正確"),
        (colleague.person["email"], "這個 Email 已經用於貴公司的另一個帳號，請使用您本人的 Email。"),
    ):
        refused = browser.submit(page, "send-to-mailbox", email=typed)
        assert refused.status in {400, 409}
        assert told in refused.text
        assert value_of(refused, "email") == typed
    changed = browser.submit(page, "send-to-mailbox", email=right)
    assert "驗證信已寄到新的信箱，先前信件中的連結已失效。" in changed.text
    assert number_of(changed) == number
    assert f"{right[:2]}*****" in changed.text
    stale = browser.submit(page, "send-to-mailbox", email=answers()["email"])
    assert stale.status == 409
    assert "資料在您開啟頁面後已經變更" in stale.text
    link = mailbox.newest(right).link
    assert "取代" in browser.get(mailbox.newest(wizard.person["email"]).link).text
    confirm = browser.get(link)
    browser.submit(confirm, CONFIRM)
    seen = browser.get(changed.url)
    assert not seen.has("resend")
    assert not seen.has("send-to-mailbox")
    # The form of before, sent now, changes a confirmed mailbox no more.
    late = browser.submit(changed, "send-to-mailbox", email=answers()["email"])
    assert late.status == 409


def _corrected(browser: Browser, number: str, email: str) -> Page:
    page = browser.submit(browser.get("/register/status"), "look-up", number=number, email=email)
    page = browser.get("/register/status/correct")
    return browser.submit(page, page.forms[-1].buttons[0].id or "", password=PASSWORD)


def test_a_refused_application_is_corrected_with_everything_filled_in(
    town: Town, browser: Browser, mailbox: Mailbox, new_company: NewCompany
) -> None:
    unit = new_company("card")
    town.person("group_admin", tax_id=unit.tax_id)
    applicant = an_applicant(town, tax_id=unit.tax_id, company_name=unit.name, name="王小名", browser=browser)
    browser.submit(browser.get(mailbox.newest(applicant.email).link), CONFIRM)
    decide(town, applicant, "rejected")
    page = _corrected(browser, applicant.number, applicant.email)
    assert page.path == "/register/company"
    assert unit.tax_id in page.text
    assert value_of(page, "number") is None
    assert value_of(page, "company_phone") == "07-765-4321 #12"
    check = browser.submit(page, "next", company_phone=PHONE)
    assert check.path == "/register/check"
    assert "不變更" in check.text
    account = browser.get(next(link for link in check.links if link.endswith("#name")))
    assert value_of(account, "username") is None
    assert applicant.username in account.text
    # The account name stays, whatever a bent form says.
    data = dict(account.forms[0].fields) | {"name": "王小明", "username": "somebody-else", "do": "next"}
    data |= {"password": OTHER_PASSWORD, "password_again": OTHER_PASSWORD}
    check = browser.post(account.url, data, headers={"Origin": browser.origin})
    assert ("王小明" in check.text, applicant.username in check.text) == (True, True)
    done = browser.submit(check, "submit")
    assert (done.path, number_of(done)) == ("/register/done", applicant.number)
    rows = town.server.read(
        "SELECT a.username, a.name, a.status, c.answers FROM accounts a JOIN cases c ON c.account_id = a.id"
        " WHERE a.id = :id",
        {"id": applicant.account_id},
    )
    username, name, status, answered = rows[0]
    assert (username, name) == (applicant.username, "王小明")
    assert status == "review_pending"
    assert "+88675213999#12" in str(answered)
    # The new password is the one that counts; the form sent again shows the same case.
    assert number_of(browser.submit(check, "submit")) == applicant.number
    for password, told in ((PASSWORD, "帳號或密碼不正確"), (OTHER_PASSWORD, "您的帳號尚待群組管理員審核。")):
        other = town.browser()
        page = other.submit(other.get("/login"), "sign-in", username=applicant.username, password=password)
        assert told in page.text


def test_a_correction_of_what_was_decided_meanwhile_is_not_sent(
    town: Town, browser: Browser, new_company: NewCompany
) -> None:
    unit = new_company("card")
    town.person("group_admin", tax_id=unit.tax_id)
    applicant = an_applicant(town, tax_id=unit.tax_id, company_name=unit.name)
    page = _corrected(browser, applicant.number, applicant.email)
    check = browser.submit(page, "next")
    statement = "UPDATE cases SET version = version + 1 WHERE id = :id"
    assert town.server.write(statement, {"id": applicant.case_id}) == 1
    refused = browser.submit(check, "submit")
    assert refused.status == 409
    assert "資料在您開啟頁面後已經變更" in refused.text
    assert f"{browser.origin}/register/status" in refused.links
