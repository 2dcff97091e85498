"""「使用者管理」 (P32): who comes in, and how a group admin finds her company's people."""

import re

import pytest

from tests.group.conftest import House
from tests.harness.applicants import an_applicant
from tests.harness.browser import Page
from tests.harness.people import Town
from tests.security.doors import enter, sign_in

PAGES = ("/users", "/users?tab=pending", "/audit", "/audit.csv", "/users/{id}", "/users/{id}/menus")


def counts(page: Page) -> list[tuple[str, str]]:
    """The tabs with their numbers."""
    tabs = re.findall(r'id="tab-(\w+)"[^>]*>[^<]*<span class="tag[^"]*">(\d+)<', page.html)
    assert len(tabs) == 4
    return tabs


@pytest.mark.requirement("R-004", "R-035", "R-037", "R-038")
def test_a_group_admin_finds_everybody_of_her_company(house: House) -> None:
    """The menu with how many wait; who waits first; searched by name, account and mailbox; nobody else's people."""
    staff = house.person("staff", "王小明")
    first, second = house.applicant("林雅婷"), house.applicant("某某股份有限公司")
    unconfirmed = house.applicant("還沒確認", confirmed=False)
    home = house.browser.get("/account")
    assert "審核與權限管理 2筆待審核" in home.text
    assert house.town.issuer + "/group/users" in home.links
    page = house.open("/users")
    assert "群組管理員具有管理貴公司帳號審核與修改權限等功能。" in page.text
    assert "貴公司其他帳號即由您負責審核。" in page.text
    assert "審核與權限管理 使用者管理 2筆待審核 邀請 鏈結帳號綁定 登入要求 群組紀錄" in page.text
    assert counts(page) == [("pending", "2"), ("active", "2"), ("suspended", "0"), ("all", "4")]
    names = [page.text.find(name) for name in (first.username, second.username, house.admin.username, staff.username)]
    assert -1 not in names
    assert names == sorted(names), "who waits comes first, the oldest before the others"
    assert unconfirmed.username not in page.text
    assert "陳美惠（您）" in page.text
    assert "姓名像是公司名稱" in page.text
    assert "0912-345-678" in page.text
    assert "第 1–4 筆，共 4 筆" in page.text
    assert f'href="/group/users/{first.account_id}" aria-label="修改 林雅婷"' in page.html
    assert f'href="/group/users/{first.account_id}/menus" aria-label="林雅婷的選單權限"' in page.html
    for words in ("小明", staff.username.upper(), staff.email[:-5]):
        found = house.browser.submit(page, "do-filter", q=words)
        assert staff.username in found.text
        assert first.username not in found.text
        assert "第 1–1 筆，共 1 筆" in found.text
    assert "找不到符合條件的帳號。" in house.open("/users?q=%25").text, "no wildcard"
    assert first.username not in house.open("/users?role=staff").text, "who waits has no role yet"
    assert counts(house.open("/users?tab=pending&tab=all&page=99"))[0] == ("pending", "2")


def test_with_nobody_waiting_the_page_says_so(house: House) -> None:
    """Empty lists, and what no list of ours is asked for."""
    assert "目前沒有待審核的帳號。" in house.open("/users?tab=pending").text
    assert "目前沒有這個狀態的帳號。" in house.open("/users?tab=suspended").text
    assert "筆待審核" not in house.browser.get("/account").text
    for odd in ("tab=x", "page=-1", "page=99999999999999999999", "page=x", "role=x", "q=" + "x" * 3000):
        assert house.open(f"/users?{odd}").status == 200


def test_others_are_told_whom_to_ask(provider: Town, house: House) -> None:
    """Who is not signed in comes back afterwards; staff and guests read whose word it needs."""
    for role, label in (("guest", "訪客"), ("staff", "一般人員")):
        browser, person = provider.browser(), house.person(role)
        page = browser.get("/group/users?tab=active")
        assert page.asks_for_password
        page = browser.submit(page, "sign-in", username=person.username, password=person.password)
        assert (page.status, page.path) == (403, "/group/users")
        words = f"您的權限為「{label}」，無法使用「審核與權限管理」。請洽貴公司群組管理員 陳美惠。"
        assert words in page.text
        for path in PAGES:
            assert browser.get("/group" + path.format(id=person.sub)).status == 403
        assert "審核與權限管理" not in browser.get("/account").text
    browser = provider.browser()
    page = browser.get(f"/group/users/{house.admin.sub}?x=1")
    page = browser.submit(page, "sign-in", username=house.admin.username, password=house.admin.password)
    assert page.url.endswith(f"/group/users/{house.admin.sub}?x=1")


def test_signing_in_leads_back_to_no_other_site(house: House) -> None:
    """RFC 9700 4.11: in the address, in the form, and for who is signed in already."""
    for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example", "/\tevil", "x"):
        browser = house.town.browser()
        page = browser.get("/login", {"back": elsewhere})
        credentials = {"username": house.admin.username, "password": house.admin.password}
        assert browser.submit(page, "sign-in", back=elsewhere, **credentials).path == "/account"
        assert browser.get("/login", {"back": elsewhere}).path == "/account"


def test_the_console_of_a_suspended_company_is_closed(provider: Town, house: House) -> None:
    """Nobody of it is signed in any more."""
    provider.suspend_company(house.tax_id)
    assert house.open("/users").asks_for_password
    assert "帳號或公司目前停用" in enter(house.browser, house.admin.username, house.admin.password).text


@pytest.mark.requirement("R-051")
def test_every_page_of_the_console_says_group_admin_in_one_way(house: House) -> None:
    """群組管理員, never the manual's other spellings."""
    staff, applicant = house.person("staff"), house.applicant()
    ids = [house.admin.sub, staff.sub, applicant.account_id]
    paths = ["/users", "/audit", *(f"/users/{one}{more}" for one in ids for more in ("", "/menus", "/menus/preview"))]
    for path in paths:
        page = house.open(path)
        assert page.status == 200
        assert "群組管理員" in page.text, "in the acting bar at least"
        for other in ("群組管理人", "群組管理者", "管理員群組"):
            assert other not in page.html


def test_an_application_to_another_company_is_nobodys_here(house: House) -> None:
    """A list never has another company's people, whatever is asked for (GA02)."""
    other = an_applicant(house.town, name="別家的人")
    for query in ("", "?tab=pending", "?q=別家", "?tax_id=00000016", "?company=00000016&tab=all"):
        assert other.username not in house.open(f"/users{query}").text
    sign_in(house.town.browser(), house.admin)
    assert house.open(f"/users/{other.account_id}").status == 404
