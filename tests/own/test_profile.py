"""People look after their own data: 鏈結帳號資料修改 and 修改基本資料 (P26)."""

from collections.abc import Mapping

import pytest

from tests.harness.browser import Browser, Page
from tests.harness.linked import Agent, an_agent, bind
from tests.harness.people import Town
from tests.harness.relying_party import Person
from tests.security.doors import enter, sign_in

HOME = (
    "INSERT INTO home_companies (account_id, id_type, tax_id, name, phone, address)"
    " VALUES (:sub, 'ubn', '00000037', '大明股份有限公司', '+88671234567', '804004高雄市鼓山區蓬萊路10號')"
)


def an_agent_with_a_company(town: Town) -> Agent:
    """An agent who has said which company she works for."""
    agent = an_agent(town)
    town.server.write(HOME, {"sub": agent.sub})
    return agent


def the_home(town: Town, sub: str) -> Mapping[str, object]:
    read = "SELECT a.name, a.phone, h.phone FROM accounts a LEFT JOIN home_companies h ON h.account_id = a.id"
    row = town.server.read(f"{read} WHERE a.id = :sub", {"sub": sub})[0]
    return dict(zip(("name", "phone", "company_phone"), row, strict=True))


def open_profile(browser: Browser) -> Page:
    page = browser.get("/account/profile")
    assert (page.status, page.path, page.controls_without_id) == (200, "/account/profile", [])
    return page


@pytest.mark.requirement("R-131", "R-132", "R-133", "R-134", "R-135")
def test_an_agent_edits_the_data_of_her_linked_account(provider: Town) -> None:
    agent = an_agent_with_a_company(provider)
    browser = provider.browser()
    enter(browser, agent.username, agent.password)
    page = open_profile(browser)
    for words in (
        "鏈結帳號資料修改",
        "在此修改公司電話，並不會同步變更公司基本資料。",
        "Email 不會立即修改成功，會提示使用者完成驗證才會修改完畢。",
        "大明股份有限公司",
        "儲存",
        agent.username,
        agent.email,
    ):
        assert words in page.text, words
    form, _ = page.button("save") or pytest.fail(f"{page!r}")
    assert {name for name, kind in form.kinds.items() if kind == "text"} == {"name", "phone", "company_phone"}
    assert form.value("company_phone") == "07-123-4567"
    assert f"{provider.issuer}/account/password" in page.links
    assert "修改密碼" in page.text
    wrong = browser.submit(page, "save", name="", phone="09", company_phone="")
    assert wrong.status == 400
    for words in ("請輸入姓名。", "電話號碼格式不正確", "請輸入公司電話。"):
        assert words in wrong.text, words
    question = browser.submit(wrong, "save", name="錢小明", phone="０９１２-345-678", company_phone="07-12345678#12345")
    assert (question.status, "電話號碼格式不正確" in question.text) == (400, True), "07 has seven digits"
    question = browser.submit(question, "save", company_phone="07-1234567#12345")
    for words in ("確定要儲存資料？", "原為 錢大明", "錢小明", "0912-345-678", "07-123-4567 #12345"):
        assert words in question.text, words
    assert the_home(provider, agent.sub)["name"] == "錢大明", "asking stores nothing"
    again = browser.submit(question, "edit")
    assert (again.forms[-1].value("name") or "", again.button("save") is not None) == ("錢小明", True)
    saved = browser.submit(browser.submit(again, "save"), "confirm")
    assert (saved.path, "資料已儲存。" in saved.text) == ("/account/profile", True)
    assert the_home(provider, agent.sub) == {
        "name": "錢小明",
        "phone": "+886912345678",
        "company_phone": "+88671234567#12345",
    }
    told = "SELECT details FROM audit_log WHERE account_id = :sub AND action = :action"
    rows = provider.server.read(told, {"sub": agent.sub, "action": "account:profile:changed"})
    assert len(rows) == 1
    assert "錢小明" not in str(rows[0][0]), "the log says which fields, not what they held"


@pytest.mark.requirement("R-136", "R-137", "R-197", "R-198", "R-199")
def test_a_person_of_a_company_edits_her_own_data(provider: Town, staff: Person) -> None:
    browser = provider.browser()
    sign_in(browser, staff)
    page = open_profile(browser)
    for words in ("基本資料", "送出", "清除", "測試一號有限公司", "00000016", staff.username, staff.email):
        assert words in page.text, words
    form, _ = page.button("save") or pytest.fail(f"{page!r}")
    assert (form.value("name"), form.value("username"), form.value("company_phone")) == (staff.name, None, None)
    cleared = browser.get("/account/profile?clear=1")
    assert [cleared.forms[-1].value(name) for name in ("name", "phone")] == ["", ""]
    question = browser.submit(cleared, "save", name="測試一號有限公司", phone="0912345678")
    assert "姓名欄請填寫人員完整姓名，不可為公司名稱。" in question.text
    assert browser.get("/account/profile").forms[-1].value("name") == staff.name
    other = browser.get("/account/profile")
    saved = browser.submit(browser.submit(page, "save", name="王大明", phone="02-12345678#12"), "confirm")
    assert "資料已儲存。" in saved.text
    assert "王大明" in saved.text
    late = browser.submit(other, "save", name="王中明", phone="0912345678")
    assert (late.status, "資料在您開啟頁面後已經變更" in late.text) == (409, True)
    same = browser.submit(browser.get("/account/profile"), "save")
    assert "資料沒有變更。" in same.text
    # What is not on the form is not hers to change, whatever is sent.
    page = browser.get("/account/profile")
    forged = browser.post(
        "/account/profile",
        {**dict(page.forms[-1].fields), "do": "confirm", "name": "王小明", "role": "group_admin", "username": "root"},
        headers={"Origin": provider.issuer, "Referer": page.url},
    )
    assert "資料已儲存。" in forged.text
    read = "SELECT role, username FROM accounts WHERE id = :sub"
    assert provider.server.read(read, {"sub": staff.sub}) == [("staff", staff.username)]


def test_who_acts_for_an_account_changes_nothing_of_it(provider: Town, staff: Person) -> None:
    agent = an_agent(provider)
    binding = bind(provider, agent, staff)
    browser = provider.browser()
    page = enter(browser, agent.username, agent.password)
    acted = "UPDATE sign_ins SET acting_account_id = :sub, acting_binding_id = :binding WHERE account_id = :agent"
    provider.server.write(acted, {"sub": staff.sub, "binding": binding, "agent": agent.sub})
    page = open_profile(browser)
    assert page.button("save") is None
    assert "您經由鏈結帳號使用這個帳號，只能查看" in page.text
    assert (staff.name in page.text, staff.email in page.text) == (True, False)
    for address in ("/account/email", "/account/password"):
        assert browser.get(address).status == 403, address
    stamp = next(form for form in page.forms if form.value("account"))
    fields = {"csrf_token": stamp.value("csrf_token"), "account": stamp.value("account"), "email": "x@example.test"}
    for address in ("/account/profile", "/account/email", "/account/email/cancel", "/account/password"):
        sent = browser.post(address, fields, headers={"Origin": provider.issuer, "Referer": page.url})
        assert sent.status == 403, f"{address}: {sent!r}"
