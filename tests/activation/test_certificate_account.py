"""建立工商憑證帳號: the company's card is shown in the wizard and signs the account in once it is activated."""

import pytest

from tests.activation.place import activate, apply_by_password, name_company, newcomer, person, status_of, to_company
from tests.harness.browser import Browser, Page
from tests.harness.cards import a_card, answer
from tests.harness.mailbox import Mailbox
from tests.harness.people import PASSWORD, Town
from tests.security.doors import enter, is_in

SUCCESS = "憑證驗證結果：成功"


def to_card(browser: Browser, tax_id: str) -> Page:
    page = name_company(browser, to_company(browser, "company_card"), tax_id)
    assert page.path == "/register/card", page
    return page


@pytest.mark.requirement("R-180", "R-181", "R-182", "R-187", "R-192")
def test_a_certificate_account_shows_its_card_is_activated_and_signs_in_by_it(
    town: Town, browser: Browser, mailbox: Mailbox, tax_id: str
) -> None:
    # Somebody of the company has a 非憑證帳號 already; she leads nobody and lets nobody skip the card.
    before = apply_by_password(town, mailbox, tax_id)
    activate(before.browser, before.browser.get(before.mail.link), tax_id)
    assert status_of(town, before.number) == ("active", "staff")
    page = to_card(browser, tax_id)
    assert not page.has("other-way")
    around = browser.post(
        "/register/card", dict(page.forms[-1].fields) | {"do": "other"}, headers={"Origin": browser.origin}
    )
    assert around.path == "/register/card"
    name = f"公司{tax_id}（新名）"
    card = a_card(town, tax_id, name)
    page = answer(browser, page, card)
    assert SUCCESS in page.text
    page = browser.submit(page, "next")
    assert page.path == "/register/account"
    said = person()
    page = browser.submit(page, "next", **said)
    for told in ("帳號申請確認", "工商憑證帳號", "已通過工商憑證驗證", name):
        assert told in page.text
    page = browser.submit(page, "submit")
    assert "密碼可以不設定，用憑證登入。" in page.text
    her = newcomer(town, mailbox, browser, page, said["email"], tax_id)
    assert "工商憑證帳號" in her.mail.text
    # Not before it is activated.
    early = town.browser()
    assert not is_in(answer(early, early.get("/login/card"), card))
    page = browser.get(her.mail.link)
    assert "您可以用憑證登入，因此不一定要設定密碼" in page.text
    half = activate(browser, page, tax_id, PASSWORD, "")
    assert (half.status, "請再輸入一次密碼。" in half.text) == (400, True)
    done = activate(browser, page, tax_id, "")
    assert "帳號已啟用，可以登入了" in done.text
    assert "此帳號即為該公司之群組管理員。" in done.text
    assert status_of(town, her.number) == ("active", "group_admin")
    elsewhere = town.browser()
    assert is_in(answer(elsewhere, elsewhere.get("/login/card"), card))
    assert not is_in(enter(town.browser(), her.number, PASSWORD)), "there is no password"
    proof = town.server.read("SELECT proof, name FROM companies WHERE tax_id = :t", {"t": tax_id})
    assert proof == [("card", name)]

    # From now on the company has a group admin, who reviews who comes next (C-3).
    colleague = apply_by_password(town, mailbox, tax_id)
    assert "已受理" in colleague.mail.text
    waits = activate(colleague.browser, colleague.browser.get(colleague.mail.link), tax_id)
    assert "完成啟用後，需等候貴公司群組管理員審核。" in waits.text
    assert status_of(town, colleague.number)[0] == "review_pending"


def test_who_has_no_password_yet_changes_her_application_by_a_link_to_her_mailbox(
    town: Town, mailbox: Mailbox, tax_id: str
) -> None:
    her = apply_by_password(town, mailbox, tax_id)
    browser = town.browser()
    page = browser.submit(browser.get("/register/status"), "look-up", number=her.case, email=her.email)
    assert "請開啟啟用信，點選「啟用帳號」，核對統一編號後啟用。" in page.text
    for path, button in (("correct", "correct"), ("withdraw", "withdraw")):
        asked = browser.get(f"/register/status/{path}")
        assert "這個帳號還沒有密碼。" in asked.text
        assert not asked.has(button)
    # Nor by sending the form that was never shown.
    pushed = browser.post(
        "/register/status/withdraw", dict(asked.forms[-1].fields) | {"version": "1"}, headers={"Origin": browser.origin}
    )
    assert "這個帳號還沒有密碼。" in pushed.text
    assert "已寄出確認連結" in browser.submit(asked, "send-link").text
    early = browser.submit(asked, "send-link")
    assert early.status == 429
    mail = mailbox.newest(her.email)
    assert mail.link.startswith(f"{town.issuer}/register/status/open/")
    elsewhere = town.browser()
    page = elsewhere.get(mail.link)
    assert (page.path, mail.token in page.html) == ("/register/status/case", False)
    assert page.controls_without_id == []
    page = elsewhere.submit(elsewhere.get("/register/status/correct"), "correct")
    assert page.path == "/register/company"
    page = elsewhere.submit(page, "next")
    assert (page.path, her.number in page.text) == ("/register/check", True)
    page = elsewhere.get(next(link for link in page.links if link.endswith("#name")))
    assert page.path == "/register/account"
    page = elsewhere.submit(page, "next", name="陳美美")
    assert page.path == "/register/check"
    elsewhere.submit(page, "submit")
    named = town.server.read("SELECT name, status FROM accounts WHERE username = :u", {"u": her.number})
    assert named == [("陳美美", "email_pending")]
    # The link was for one act; the account is activated by its own link as before.
    assert "這個帳號還沒有密碼。" in elsewhere.get("/register/status/correct").text
    assert "這個連結已經失效" in town.browser().get(mail.link).text
    done = activate(browser, browser.get(her.mail.link), tax_id)
    assert "帳號已啟用，可以登入了" in done.text
