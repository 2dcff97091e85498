"""People take their data away and close their accounts; what everybody may read about privacy (P40)."""

import json
import re

from idp.policies.idling import IDLE_REASON
from idp.services.housekeeping import FAILURES_KEPT, LINKS_KEPT
from tests.harness.browser import Browser
from tests.harness.linked import an_agent, bind
from tests.harness.mailbox import Mailbox
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty
from tests.second_factors.test_authenticator_app import make_stale
from tests.security.doors import enter, is_in, is_signed_in, sign_in

CLOSE, EXPORT = "/account/close", "/account/export"


def test_a_person_takes_her_data_away_and_closes_her_account(
    provider: Town, staff: Person, app: RelyingParty, browser: Browser
) -> None:
    """Issue 7 item 7."""
    agent = an_agent(provider)
    binding = bind(provider, agent, staff)
    tokens = app.sign_in(browser, staff)
    make_stale(provider, staff)
    for path in (CLOSE, EXPORT):
        assert browser.get(path).asks_for_password, path
    page = browser.submit(browser.get(EXPORT), "sign-in", password=staff.password)
    assert (page.path, page.controls_without_id) == (EXPORT, [])
    assert "不含密碼、金鑰或驗證碼" in page.text
    taken = browser.submit(page, "download")
    assert "attachment" in taken.response.headers["Content-Disposition"]
    data = json.loads(taken.response.text)
    assert (data["account"]["username"], data["account"]["sub"]) == (staff.username, staff.sub)
    assert data["company"]["tax_id"] == "00000016"
    assert [one["id"] for one in data["bindings"]] == [binding]
    assert len(data["sign_ins"]) == 1
    assert data["applications_entered"]
    assert {"account:exported", "account:added"} <= {row["action"] for row in data["audit_log"]}
    assert agent.email not in taken.response.text, "another's mailbox is masked"
    assert not re.search(r"argon2|csrf|op_[A-Za-z0-9]{6}", taken.response.text)
    for _ in range(4):
        browser.submit(page, "download")
    refused = browser.submit(page, "download")
    assert (refused.status, "操作次數過多" in refused.text) == (429, True)

    page = browser.get(CLOSE)
    assert page.controls_without_id == []
    for words in ("要關閉這個帳號嗎？", "隨即結束", "仍然保留", "1 項鏈結帳號的綁定", "不再給任何人使用"):
        assert words in page.text, words
    wrong = browser.submit(page, "close", username="somebody-else")
    assert (wrong.status, "與您的帳號不同" in wrong.text) == (400, True)
    assert is_signed_in(browser)
    done = browser.submit(page, "close", username=staff.username.upper())
    assert (done.path, "帳號已關閉" in done.text) == ("/closed", True)
    assert not is_signed_in(browser)
    assert app.introspect(tokens.access_token) == {"active": False}
    assert app.refresh(tokens.refresh_token).status_code == 400
    mail = Mailbox(provider).newest(staff.email, "您的帳號已關閉")
    assert "不能再登入，也不能恢復" in mail.text
    assert "已解除" in Mailbox(provider).newest(agent.email).subject
    assert "帳號或密碼不正確" in enter(provider.browser(), staff.username, staff.password).text, "as any unknown name"


def test_who_acts_for_an_account_neither_closes_it_nor_takes_its_data(provider: Town, staff: Person) -> None:
    agent = an_agent(provider)
    binding = bind(provider, agent, staff)
    browser = provider.browser()
    enter(browser, agent.username, agent.password)
    browser.submit(browser.get("/linked/switch"), f"act-{binding}")
    for path in (CLOSE, EXPORT):
        assert browser.get(path).status == 403, path


def test_the_last_group_admin_is_told_to_name_another_first(provider: Town) -> None:
    """R-046."""
    tax_id = provider.new_company()["tax_id"]
    admin, browser = provider.person("group_admin", tax_id=tax_id), provider.browser()
    sign_in(browser, admin)
    page = browser.get(CLOSE)
    assert "您是唯一的群組管理員，請先指派另一位群組管理員。" in page.text
    assert "由服務單位為您關閉" in page.text, "nobody else is there"
    assert page.button("close") is None
    provider.person("staff", tax_id=tax_id)
    assert browser.get(CLOSE).has("to-people")


def test_who_was_suspended_for_idling_is_told_how_to_come_back(provider: Town, staff: Person) -> None:
    provider.idp.kept("account", "suspend", "--username", staff.username, "--reason", IDLE_REASON)
    page = enter(provider.browser(), staff.username, staff.password)
    assert not is_in(page)
    assert "您的帳號因久未使用而停用。請洽貴公司群組管理員或客服恢復，資料不受影響。" in page.text


def test_everybody_reads_what_is_kept_and_why(provider: Town, browser: Browser) -> None:
    """domain.md 3.9 [A]: the six paragraphs of 個資法第8條第1項."""
    page = browser.get("/privacy")
    for heading in (
        "機關名稱",
        "蒐集之目的",
        "個人資料之類別",
        "利用之期間、地區、對象及方式",
        "您的權利及行使方式",
        "不提供資料之影響",
    ):
        assert heading in page.text, heading
    assert f"{FAILURES_KEPT.days} 天後刪除。" in page.text
    assert f"{LINKS_KEPT.days} 天後刪除。" in page.text
    front = browser.get("/login")
    assert {f"{provider.issuer}/privacy", f"{provider.issuer}/accessibility"} <= set(front.links)
    assert "快速鍵" in browser.get("/accessibility").text
    assert browser.get("/privacy?service=nowhere").status == 200
