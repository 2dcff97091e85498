"""切換公司 in the port pass application: one human, several companies, and every tab its own."""

import json
import re

import pytest
from flask import Flask

from tests.clients.issuer import Clock, Person, SmallIssuer, form_keys
from tests.clients.portpass.people import PERSON, STAFF, at_portpass

AGENT = {"iss": "x", "sub": "la_1", "name": "錢大明"}


@pytest.fixture
def agent(issuer: SmallIssuer, person: Person) -> Person:
    """錢大明, who acts for two companies and came in as the first."""
    for username, name, company in (("b1", "李大華", "two"), ("a1", "王小明", "one")):
        issuer.be(username, name, "staff", STAFF, company=company)
        issuer.person["act"] = AGENT
        issuer.seats[issuer.person["sub"]] = issuer.person
    person.sign_in()
    return person


def switched(person: Person, form: str = "/", **fields: str) -> str:
    """Press a button of the switcher on a page; where the tab is then."""
    keys = form_keys(person.get("/passes/new").text)
    return person.follow(person.post("/switch", keys | {"draft_of": form} | fields)).text


@pytest.mark.requirement("R-116", "R-117", "R-119")
def test_a_person_goes_over_to_another_company_and_nothing_of_the_first_comes_along(
    agent: Person, issuer: SmallIssuer
) -> None:
    page = agent.get("/").text
    assert "錢大明（測試一號有限公司／鏈結帳號）" in page
    assert "<title>首頁｜測試一號有限公司 016｜港區通行證系統</title>" in page
    assert '<button id="switch-company">切換公司</button>' in page
    assert "前往鏈結帳號管理與登入</a>" in page
    assert 'value="ga_b1">測試二號有限公司' in page
    agent.send("/passes/new", **PERSON)
    after = switched(agent, to="ga_b1")
    assert (issuer.asked["prompt"], json.loads(issuer.asked["claims"])) == (
        "none",
        {"id_token": {"sub": {"value": "ga_b1"}}},
    )
    assert "id_token_hint" not in issuer.asked  # the first company's would contradict the wish
    assert "錢大明（測試二號有限公司／鏈結帳號）" in after
    assert "還沒有通行證。" in agent.get("/passes").text
    back = switched(agent, to="ga_a1")
    assert "錢大明（測試一號有限公司／鏈結帳號）" in back
    assert issuer.asked["id_token_hint"].count(".") == 2
    assert "林雅婷" in agent.get("/passes").text
    switched(agent)
    assert issuer.asked["prompt"] == "select_account"


def test_accounts_of_one_company_are_one_entry_and_the_provider_asks_which(agent: Person, issuer: SmallIssuer) -> None:
    issuer.be("b2", "李小華", "staff", STAFF, company="two")
    issuer.person["act"] = AGENT
    issuer.seats["ga_b2"], issuer.person = issuer.person, issuer.seats["ga_a1"]
    agent.sign_in()
    page = agent.get("/").text
    assert page.count("測試二號有限公司") == 2, "the entry, and the words of its button beside it"
    assert 'name="company" value="co_two">測試二號有限公司' in page
    assert "多個帳號" in page
    keys = form_keys(page)
    issuer.person = issuer.seats["ga_b2"]
    after = agent.follow(agent.post("/switch", keys | {"company": "co_two"})).text
    assert (issuer.asked["prompt"], issuer.asked["tenant"]) == ("select_account", "co_two")
    assert "錢大明（測試二號有限公司／鏈結帳號）" in after
    assert "claims" not in issuer.asked
    keys = form_keys(agent.get("/passes/new").text)
    assert agent.post("/switch", keys | {"company": "co_x"}).status_code == 400


def test_what_was_written_is_kept_for_its_company_and_offered_to_no_other(agent: Person) -> None:
    form = agent.get("/passes/new").text
    assert 'form="draft-form" formaction="/~' in form
    after = switched(agent, "/passes/new", to="ga_b1", **PERSON)
    assert "您在「測試一號有限公司」未送出的內容已保留一小時" in after
    assert "林雅婷" not in agent.get("/passes/new").text
    back = switched(agent, to="ga_a1")
    assert "繼續填寫未送出的「申請通行證」" in back
    restored = agent.get("/passes/new").text
    assert "已為您還原先前填寫而未送出的內容。" in restored
    assert 'value="林雅婷"' in restored


def test_an_untouched_form_leaves_no_draft(agent: Person) -> None:
    assert "未送出" not in switched(agent, "/passes/new", to="ga_b1", holder="person", kind="once")


def test_the_tab_of_a_company_that_was_left_is_asked_which_one_is_meant(agent: Person) -> None:
    """tokens.md "What a client must do": a form's ``sid`` is refused under another, and both choices are offered."""
    old, keys = agent.root, form_keys(agent.get("/passes/new").text)
    switched(agent, to="ga_b1")
    assert agent.root != old
    page = agent.get(f"{old}/passes")
    assert page.status_code == 409
    assert "這個分頁是以「測試一號有限公司」開啟，目前身分為「測試二號有限公司」" in page.text
    refused = agent.post(f"{old}/passes/new", keys | PERSON)
    assert refused.status_code == 409
    assert "再按一次送出，就會以「測試二號有限公司」申請" in refused.text
    assert "以「測試一號有限公司」繼續</button>" in refused.text
    assert 'value="林雅婷"' in refused.text
    assert f'action="{agent.root}/passes/new"' in refused.text
    assert "還沒有通行證。" in agent.get("/passes").text
    choice = form_keys(agent.get("/passes/new").text) | {"to": "ga_a1", "target": "/passes/new"}
    restored = agent.follow(agent.post("/switch", choice))
    assert agent.root == old
    assert 'value="林雅婷"' in restored.text


@pytest.mark.requirement("R-125")
def test_two_tabs_hold_two_companies_and_one_that_ends_leaves_the_other(
    agent: Person, issuer: SmallIssuer, clock: Clock
) -> None:
    first, seat = agent.root, issuer.person
    switched(agent, open="ga_b1")
    second = agent.root
    for root, company in ((first, "測試一號"), (second, "測試二號"), (first, "測試一號")):
        clock.ahead += 250  # each is read again with its own tokens
        assert f"錢大明（{company}有限公司／鏈結帳號）" in agent.get(f"{root}/passes").text
    sent = agent.post(f"{first}/passes/new", form_keys(agent.get(f"{first}/passes/new").text) | PERSON)
    assert sent.headers["Location"].startswith(f"{first}/passes/KL-P-")
    paper = agent.get(sent.headers["Location"].replace("/passes/", "/print/").partition("?")[0]).text
    assert "<dt>申請公司</dt><dd>測試一號有限公司" in paper
    assert "<dt>經由鏈結帳號</dt><dd>錢大明</dd>" in paper
    assert "請選擇公司" in agent.browser.get("/passes", base_url=agent.here).text
    stolen = agent.post(f"{second}/passes/new", form_keys(agent.get(f"{first}/passes/new").text) | PERSON)
    assert stolen.status_code == 409
    clock.ahead = 0
    ended = issuer.logout_token(sub=seat["sub"], sid=seat["sid"])
    assert agent.post("/backchannel-logout", {"logout_token": ended}).status_code == 200
    over = agent.get(f"{first}/passes")
    assert over.status_code == 401
    assert "您在這個瀏覽器仍以其他公司登入：" in over.text
    assert agent.get(f"{second}/passes").status_code == 200


def test_where_no_page_is_not_enough_the_same_is_asked_with_one(agent: Person, issuer: SmallIssuer) -> None:
    issuer.faults = {"silent_answer": {"error": "interaction_required", "code": None}}
    assert "錢大明（測試二號有限公司／鏈結帳號）" in switched(agent, to="ga_b1")
    assert "prompt" not in issuer.asked
    assert issuer.asked["tenant"] == "co_two"


def test_who_changes_her_mind_is_where_she_was(agent: Person, issuer: SmallIssuer) -> None:
    issuer.faults = {"answer": {"error": "access_denied", "code": None}}
    page = switched(agent, "/passes/new", **PERSON)
    assert "以「測試一號有限公司」的名義申請。" in page
    assert 'value="林雅婷"' in page


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"id_token": {"tenant": "co_one"}}, "another_company"),
        ({"id_token": {"sub": "ga_a1"}}, "another_person"),
        ({"id_token": {"act": None}}, "another_person"),
        ({"id_token": {"act": {"iss": "x", "sub": "la_2"}}}, "another_person"),
    ],
)
def test_an_answer_for_another_than_was_asked_for_is_refused(
    agent: Person, issuer: SmallIssuer, fault: dict[str, object], code: str
) -> None:
    issuer.faults = fault
    assert f"<code>{code}</code>" in switched(agent, to="ga_b1")
    assert [
        name
        for name in re.findall(
            r"錢大明（(.+?)／", agent.browser.get("/", base_url=agent.here, follow_redirects=True).text
        )
    ] == ["測試一號有限公司"]


def test_nobody_switches_by_a_link_or_to_a_stranger(agent: Person, app: Flask) -> None:
    assert agent.get("/switch?to=ga_b1").status_code == 405
    assert agent.post("/switch", {"to": "ga_b1"}).status_code == 400
    assert agent.post("/switch", form_keys(agent.get("/passes/new").text) | {"to": "ga_x"}).status_code == 400
    other = at_portpass(app)
    assert other.get(f"{agent.root}/passes").status_code == 302  # a seat in the address opens nothing by itself


def test_another_human_in_the_browser_ends_the_first_ones_companies(agent: Person, issuer: SmallIssuer) -> None:
    first = agent.root
    issuer.be("staff2", "李大華", "staff", STAFF, company="two")
    assert "李大華（測試二號有限公司）" in agent.follow(agent.browser.get("/login", base_url=agent.here)).text
    assert agent.get(f"{first}/passes").status_code == 409


@pytest.mark.requirement("R-119")
def test_a_sign_in_begun_at_the_provider_keeps_its_company_and_leaves_other_tabs_alone(
    agent: Person, issuer: SmallIssuer
) -> None:
    """From /linked (OpenID Connect Core §4): company and account are handed on, and what is open goes on."""
    first, issuer.person = agent.root, issuer.seats["ga_b1"]
    begun = f"/login?iss={issuer.address}&target_link_uri={agent.here}/passes&tenant=co_two&login_hint=ga_b1"
    page = agent.follow(agent.browser.get(begun, base_url=agent.here))
    assert (issuer.asked["tenant"], issuer.asked["login_hint"]) == ("co_two", "ga_b1")
    assert "錢大明（測試二號有限公司／鏈結帳號）" in page.text
    assert agent.root != first
    assert "錢大明（測試一號有限公司／鏈結帳號）" in agent.get(f"{first}/passes").text


def test_signing_out_ends_all_tabs_of_the_browser(agent: Person, issuer: SmallIssuer) -> None:
    first = agent.root
    switched(agent, open="ga_b1")
    leaving = agent.send("/sign-out/here")
    assert "您已登出港區通行證系統" in agent.follow(leaving).text
    assert len(issuer.revoked) >= 2
    assert [agent.browser.get(f"{root}/passes", base_url=agent.here).status_code for root in (first, agent.root)] == [
        302,
        302,
    ]
