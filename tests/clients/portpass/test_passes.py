"""Applying, looking up and printing: for which company, by whom, through which linked account, and seen by whom."""

import pytest
from flask import Flask

from clients.portpass.application import PORTPASS
from clients.portpass.base_pages import bp as base_pages
from clients.portpass.pages import bp as pages
from tests.clients.issuer import Clock, Person, SmallIssuer, form_keys
from tests.clients.portpass.people import ADMIN, GUEST, PERSON, STAFF, VEHICLE, at_portpass, day_in_words, in_days

ACT = {"iss": "x", "sub": "la_1", "name": "錢大明"}


def applied(person: Person, **fields: str) -> str:
    """Apply for a pass; its number."""
    answer = person.send("/passes/new", **PERSON | fields)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].split("/")[-1].partition("?")[0]


@pytest.mark.requirement("R-057", "R-116", "R-120")
def test_a_person_applies_for_a_pass_looks_it_up_and_prints_it(person: Person, issuer: SmallIssuer) -> None:
    home = person.sign_in().text
    assert "王小明（測試一號有限公司）" in home
    assert "目前登入公司：測試一號有限公司（統編末三碼 016）" in home
    assert "通行證資訊網／FAQ</a>：提供通行證申請與操作常見問題與解答，歡迎多加參考利用。" in home
    assert person.get("/faq").status_code == 200
    sent = person.follow(person.send("/passes/new", **PERSON))
    assert "已收到您的申請，通行證編號為 KL-P-" in sent.text
    assert "尚未生效" in sent.text
    number = applied(person, **VEHICLE | {"kind": "once", "first_day": in_days(0), "last_day": in_days(0)})
    assert number.startswith("KL-V-")
    assert "今日 24:00" in person.get("/").text
    listed = person.get("/passes").text
    assert all(words in listed for words in (number, "林雅婷", "ABC-1234 大貨車"))
    assert number in person.get("/passes?text=abc").text
    assert "林雅婷" not in person.get("/passes?text=abc").text
    assert "沒有符合條件的通行證。" in person.get("/passes?port=HL").text
    assert f'href="/print/{number}"' in person.get("/print").text
    paper = person.get(f"/print/{number}").text
    told = ("測試一號有限公司（統一編號 00000016）", "王小明", "無，由申請人直接登入", day_in_words(0), "船舶補給")
    assert all(words in paper for words in told)


def test_who_came_through_a_linked_account_is_shown_recorded_and_printed(person: Person, issuer: SmallIssuer) -> None:
    issuer.person["act"] = ACT
    home = person.sign_in().text
    assert "錢大明（測試一號有限公司／鏈結帳號）" in home
    assert "這張通行證會記下您經由鏈結帳號 錢大明 申請。" in person.get("/passes/new").text
    number = applied(person)
    issuer.be("staff1", "王小明", "staff", STAFF)
    person.sign_in()
    paper = person.get(f"/print/{number}").text
    assert "<dt>申請人</dt><dd>王小明</dd>" in paper
    assert "<dt>經由鏈結帳號</dt><dd>錢大明</dd>" in paper
    assert "列印人 王小明</p>" in paper


def test_an_account_sees_its_own_passes_and_the_companys_only_where_its_scope_says_so(
    person: Person, issuer: SmallIssuer, app: Flask, clock: Clock
) -> None:
    person.sign_in()
    number = applied(person)
    issuer.be("admin1", "陳美惠", "group_admin", ADMIN)
    other = at_portpass(app)
    other.sign_in()
    assert "您自己申請的通行證。" in other.get("/passes").text
    for place in ("/passes", "/print", "/"):
        assert number not in other.get(place).text
    assert [other.get(f"{place}/{number}").status_code for place in ("/passes", "/print")] == [404, 404]
    scope = other.get("/base/scope").text
    assert "只有自己的案件" in scope
    assert "開放後無法取消。" in scope
    assert "高雄港" in other.get("/base/scope/affidavit?port=KH").text
    assert other.get("/base/scope/affidavit?port=XX").status_code == 404
    issuer.person["data_scope"] = "company"
    clock.ahead = 299
    assert "整家公司的案件" in other.get("/base/scope").text
    assert number in other.get("/passes").text
    assert other.get(f"/print/{number}").status_code == 200
    # The samples of the demo were applied for by nobody's seat: the company's, therefore.
    assert "ABC-1234" in other.get("/passes").text
    assert "ABC-1234" not in person.get("/passes").text
    del issuer.person["data_scope"]
    clock.ahead = 600
    assert number not in other.get("/passes").text


@pytest.mark.parametrize("scope", ["own", "COMPANY", ["company"], {"company": True}, None])
def test_any_other_scope_is_own(person: Person, issuer: SmallIssuer, app: Flask, scope: object) -> None:
    person.sign_in()
    number = applied(person)
    issuer.be("admin1", "陳美惠", "group_admin", ADMIN)
    issuer.person["data_scope"] = scope
    other = at_portpass(app)
    other.sign_in()
    assert number not in other.get("/passes").text


def test_no_scope_reaches_another_company(person: Person, issuer: SmallIssuer, app: Flask) -> None:
    person.sign_in()
    number = applied(person)
    issuer.be("staff2", "李大華", "staff", ADMIN, company="two")
    issuer.person["data_scope"] = "company"
    other = at_portpass(app)
    other.sign_in()
    assert number not in other.get("/passes").text
    assert other.get(f"/passes/{number}").status_code == 404


def test_a_form_of_another_company_is_refused_and_loses_nothing(person: Person, issuer: SmallIssuer) -> None:
    person.sign_in()
    old = form_keys(person.get("/passes/new").text)
    issuer.be("staff2", "李大華", "staff", STAFF, company="two")
    person.sign_in()
    page = person.post("/passes/new", old | PERSON)
    assert page.status_code == 409
    assert "這份表單是以「測試一號有限公司」開啟，目前身分為「測試二號有限公司」" in page.text
    assert 'value="林雅婷"' in page.text
    assert "還沒有通行證。" in person.get("/passes").text
    for broken in ({}, old | {"csrf_token": "x"}, old | {"sid": "other"}):
        refused = person.post("/passes/new", PERSON | broken)
        assert refused.status_code == 400
        assert 'value="林雅婷"' in refused.text


def test_what_was_written_waits_for_its_writer_to_sign_in_again(person: Person, issuer: SmallIssuer) -> None:
    person.sign_in()
    keys, seat = form_keys(person.get("/passes/new").text), dict(issuer.person)
    person.post("/backchannel-logout", {"logout_token": issuer.logout_token()})
    ended = person.post("/passes/new", keys | PERSON)
    assert ended.status_code == 401
    assert "「申請通行證」的內容會還原" in ended.text
    issuer.person = seat | {"sid": "sid-later"}
    person.sign_in()
    restored = person.get("/passes/new").text
    assert 'value="林雅婷"' in restored
    assert 'value="KL" checked' in restored
    assert 'value="林雅婷"' not in person.get("/passes/new").text


def test_sending_a_form_twice_makes_one_pass(person: Person) -> None:
    person.sign_in()
    keys = form_keys(person.get("/passes/new").text)
    first, second = (person.post("/passes/new", keys | PERSON).headers["Location"] for _ in range(2))
    assert first == second


def test_who_lacks_a_menu_item_is_refused_its_typed_address(person: Person, issuer: SmallIssuer) -> None:
    issuer.be("guest1", "林小玉", "guest", GUEST)
    home = person.sign_in().text
    assert 'id="menu-pass-query"' in home
    assert 'id="menu-pass-apply"' not in home
    assert 'id="apply-once"' not in home
    page = person.get("/passes/new")
    assert page.status_code == 403
    assert "您的權限為「訪客」，無法使用「申請通行證」。請洽貴公司群組管理員。" in page.text
    assert '<code id="missing-menu">pass.apply</code>' in page.text
    assert [person.get(at).status_code for at in ("/print", "/print/x", "/base/scope")] == [403] * 3
    assert person.post("/passes/new", PERSON).status_code == 403
    assert 'id="menu-base-scope"' not in person.get("/base").text


def test_a_role_without_the_menu_code_opens_nothing(person: Person, issuer: SmallIssuer, app: Flask) -> None:
    issuer.be("admin1", "陳美惠", "group_admin", [])
    assert "貴公司還沒有開放任何選單給您。" in person.sign_in().text
    guarded = [item.path for item in PORTPASS.menus.items.values() if item.path]
    assert [person.get(path).status_code for path in guarded] == [403] * len(guarded)
    silent = [name for name, view in app.view_functions.items() if not hasattr(view, "admits")]
    assert silent == ["static"]
    assert {name.partition(".")[0] for name in app.view_functions} == {
        *(pages.name, base_pages.name, "sign_in", "step_up", "switching", "relying", "static")
    }


def test_a_right_taken_away_bites_within_five_minutes(person: Person, issuer: SmallIssuer, clock: Clock) -> None:
    person.sign_in()
    keys = form_keys(person.get("/passes/new").text)
    issuer.person["entitlements"] = GUEST
    clock.ahead = 299
    assert person.post("/passes/new", keys | PERSON).status_code == 403


def test_the_account_is_changed_at_the_provider(person: Person, issuer: SmallIssuer) -> None:
    person.sign_in()
    answer = person.get("/base/account")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{issuer.address}/account")
    assert "prompt=create" in at_portpass_apply(person)


def at_portpass_apply(person: Person) -> str:
    """Where 申請新帳號 leads."""
    return person.get("/apply").headers["Location"]


def test_every_claim_is_explained_and_the_scope_in_words(person: Person, issuer: SmallIssuer) -> None:
    issuer.person["data_scope"] = "company"
    person.sign_in()
    page = person.get("/claims").text
    assert all(f"<code>{name}</code>" in page for name in issuer.person)
    assert "看整家公司的資料" in page
    assert "本頁還沒有這個宣告的說明" not in page


def test_pages_come_in_english_where_it_is_asked_for(person: Person) -> None:
    assert "Passes to the ports" in person.get("/?lang=en").text
    page = person.sign_in().text
    assert 'lang="en"' in page
    assert "You act for 測試一號有限公司 (tax ID ending in 016)" in page


def test_signing_out_names_the_application(person: Person) -> None:
    person.sign_in()
    assert "您已登出港區通行證系統" in person.follow(person.send("/sign-out/here")).text
    assert person.get("/passes").status_code == 302
