"""鏈結帳號綁定: a group admin sees all bindings of her company, approves and ends them, and says what is allowed."""

import pytest

from tests.group.conftest import House
from tests.harness.linked import Agent, acting_client, an_agent, bind, enter
from tests.harness.relying_party import Person
from tests.security.doors import enter as come_in
from tests.security.doors import sign_in


def agreed_by(house: House, agent: Agent, owner: Person) -> None:
    """An agent asks, and the owner agrees."""
    asker, browser = house.town.browser(), house.town.browser()
    come_in(asker, agent.username, agent.password)
    asker.submit(asker.get("/linked/bind"), "ask-owner", username=owner.username)
    sign_in(browser, owner)
    page = browser.get("/account/bindings")
    question = browser.get(next(link for link in page.links if link.endswith("/agree")))
    done = browser.submit(question, "agree")
    assert "等候貴公司的群組管理員核准" in done.text


def test_a_group_admin_approves_refuses_and_ends(house: House) -> None:
    """tokens.md: the company decides; approved by her word, ended by it at once, recorded with who acted (P35)."""
    staff, agent, second = house.person("staff"), an_agent(house.town), an_agent(house.town, "周代辦")
    page = house.open("/bindings")
    assert "貴公司沒有帳號被綁定。" in page.text
    saved = house.browser.submit(page, "save-policy", linked_accounts="admin_approves")
    assert "鏈結帳號的規定已儲存。" in saved.text
    for one in (agent, second):
        agreed_by(house, one, staff)
    assert "鏈結帳號" in house.mailbox.newest(house.admin.email).subject
    listed = house.open("/bindings")
    assert "待核准" in listed.text
    assert agent.username in listed.text
    approve = [link for link in listed.links if link.endswith("/approve")]
    refuse = [link for link in listed.links if link.endswith("/refuse")]
    question = house.browser.get(approve[-1])
    assert "要核准這項綁定嗎？" in question.text
    assert "已核准錢大明綁定王小明的帳號。" in house.browser.submit(question, "approve").text
    assert house.browser.submit(question, "approve").status == 409, "once"
    assert "未核准周代辦綁定王小明的帳號。" in house.browser.submit(house.browser.get(refuse[0]), "refuse").text

    app = acting_client(house.town)
    tokens = enter(app, house.town.browser(), agent)
    records = house.open("/audit?kind=linked")
    assert f"進入「應用程式 {app.client.client_id}」 王小明" in records.text
    assert f"鏈結帳號 {agent.username}" in records.text
    ends = next(link for link in house.open("/bindings").links if link.endswith("/unbind"))
    ended = house.browser.submit(house.browser.get(ends), "unbind")
    assert "已解除錢大明與王小明的帳號綁定。" in ended.text
    assert app.userinfo(tokens.access_token).status_code == 401
    assert "已解除鏈結帳號綁定" in house.mailbox.newest(staff.email).subject
    assert "已解除鏈結帳號綁定" in house.mailbox.newest(agent.email).subject


@pytest.mark.requirement("R-115")
def test_a_group_admin_says_what_linked_accounts_may(house: House) -> None:
    """Whether they lead (R-115), and whether there are any: to forbid them she is asked once, and told how many end."""
    agent = an_agent(house.town)
    bind(house.town, agent, house.admin)
    stale = house.open("/bindings")
    leads = house.browser.submit(stale, "save-policy", linked_admin="1")
    assert "鏈結帳號的規定已儲存。" in leads.text
    acting = house.town.browser()
    come_in(acting, agent.username, agent.password)
    switch = acting.get("/linked/switch")
    [binding] = [name.removeprefix("act-") for name in switch.ids if name.startswith("act-bi_")]
    acting.submit(switch, f"act-{binding}")
    seen = acting.get("/group/bindings")
    assert seen.status == 200
    assert "綁定與規定只能由群組管理員本人直接登入後變更" in seen.text
    assert not seen.has("save-policy")

    late = house.browser.submit(stale, "save-policy", linked_accounts="admin_approves")
    assert late.status == 409
    question = house.browser.submit(late, "save-policy", linked_accounts="forbidden")
    assert "貴公司目前有 1 項綁定與申請，儲存後立即全部解除。" in question.text
    done = house.browser.submit(question, "forbid")
    assert "鏈結帳號的規定已儲存，並解除 1 項綁定與申請。" in done.text
    assert "貴公司沒有帳號被綁定。" in done.text
    records = house.open("/audit?kind=company").text
    assert "鏈結帳號的規定改為「不允許鏈結帳號」；群組管理員的權限：可經由鏈結帳號使用" in records
    assert acting.get("/group/bindings").status == 403, "she acts as nobody any more"
