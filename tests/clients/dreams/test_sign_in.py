"""Signing in to DREAMS: what is believed of the provider's answer, and who may enter."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask

from clients.dreams.application import DREAMS
from clients.relying.menus import entitled
from clients.relying.sign_in import own_path
from tests.clients.dreams.people import GUEST, HERE, SITE, STAFF, at_dreams
from tests.clients.issuer import Person, SmallIssuer


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"answer": {"iss": "https://evil.example"}}, "another_issuer"),
        ({"answer": {"iss": None}}, "another_issuer"),
        ({"answer": {"state": "forged"}}, "unknown_state"),
        ({"answer": {"error": "login_required", "code": None}}, "login_required"),
        ({"answer": {"error": "access_denied", "code": None}}, "您沒有同意提供資料"),
        ({"id_token": {"nonce": "another"}}, "bad_id_token"),
        ({"id_token": {"aud": "another"}}, "bad_id_token"),
        ({"id_token": {"aud": ["another"], "azp": "dreams"}}, "bad_id_token"),
        ({"id_token": {"iss": "https://evil.example"}}, "bad_id_token"),
        ({"id_token": {"exp": 1}}, "bad_id_token"),
        ({"id_token": {"sid": ""}}, "missing_claim"),
        ({"id_token": {"session_expiry": 1}}, "missing_claim"),
        ({"userinfo": {"sub": "ga_other"}}, "another_person"),
        ({"userinfo": {"tenant": "co_two"}}, "another_person"),
    ],
)
def test_a_faulty_answer_signs_nobody_in(
    person: Person, issuer: SmallIssuer, fault: dict[str, Any], words: str
) -> None:
    issuer.faults = fault
    assert words in person.sign_in().text
    assert "dreams_session" not in str(person.browser._cookies)
    assert person.get("/claims").status_code == 302


def test_a_provider_that_calls_itself_otherwise_is_not_ours(person: Person, issuer: SmallIssuer) -> None:
    issuer.faults = {"metadata_issuer": "https://evil.example"}
    assert person.get("/login").status_code == 503
    issuer.faults = {}
    assert "王小明" in person.sign_in().text


def test_the_company_asked_for_is_the_company_entered(person: Person) -> None:
    assert dict(parse_qsl(urlsplit(person.get("/login?tenant=co_one").headers["Location"]).query))["tenant"]
    assert "王小明" in person.sign_in("/login?tenant=co_one").text
    assert "another_company" in person.sign_in("/login?tenant=co_two").text


def test_a_sign_in_is_asked_for_with_pkce_nonce_and_state(person: Person) -> None:
    asked = dict(parse_qsl(urlsplit(person.get("/login?lang=en&login_hint=staff1").headers["Location"]).query))
    assert asked["code_challenge_method"] == "S256"
    assert "offline_access" not in asked["scope"]
    assert {"code_challenge", "nonce", "state"} <= asked.keys()
    assert (asked["ui_locales"], asked["login_hint"]) == ("en", "staff1")
    assert asked["redirect_uri"] == f"{HERE}/callback"


def test_a_foreign_issuer_starts_no_sign_in(person: Person, issuer: SmallIssuer) -> None:
    assert person.get("/login?iss=https://evil.example").status_code == 400
    assert person.get(f"/login?iss={issuer.address}").status_code == 302


@pytest.mark.parametrize(
    ("wished", "target"),
    [
        (f"{HERE}/sites?x=1", "/sites?x=1"),
        ("/cases", "/cases"),
        ("https://evil.example/sites", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        (f"{HERE}.evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/login", "/"),
        ("/sites\r\nX: y", "/"),
        (None, "/"),
    ],
)
def test_only_our_own_pages_are_targets(wished: str | None, target: str) -> None:
    assert own_path(wished, HERE) == target


def test_a_stranger_sees_what_it_is_and_a_way_in(person: Person) -> None:
    page = person.get("/")
    assert page.status_code == 200
    assert 'id="sign-in" href="/login"' in page.text


def test_staff_adds_a_site_that_is_stored_for_the_company(person: Person, issuer: SmallIssuer, app: Flask) -> None:
    assert "王小明（測試一號有限公司）" in person.sign_in().text
    page = person.follow(person.send("/sites/new", **SITE))
    assert "已收到您的申請" in page.text
    assert "永康屋頂" in person.get("/sites").text
    issuer.be("staff2", "李大華", "staff", STAFF, company="two")
    other = at_dreams(app)
    other.sign_in()
    assert "永康屋頂" not in other.get("/sites").text


def test_another_companys_site_is_as_good_as_unknown(person: Person, issuer: SmallIssuer, app: Flask) -> None:
    person.sign_in()
    number = person.send("/sites/new", **SITE).headers["Location"].partition("?")[0]
    assert person.get(number).status_code == 200
    issuer.be("staff2", "李大華", "staff", STAFF, company="two")
    other = at_dreams(app)
    other.sign_in()
    assert other.get(number).status_code == 404


@pytest.mark.requirement("R-041")
def test_a_guest_is_refused_the_typed_address(person: Person, issuer: SmallIssuer) -> None:
    issuer.be("guest1", "林小玉", "guest", GUEST)
    assert 'id="menu-site-new"' not in person.sign_in("/sites").text
    page = person.get("/sites/new")
    assert page.status_code == 403
    assert "您的權限為「訪客」，無法使用「申請新案場」。請洽貴公司群組管理員。" in page.text
    assert person.post("/sites/new", SITE).status_code == 403


@pytest.mark.requirement("R-043")
def test_only_a_group_admin_gets_the_user_menu(person: Person, issuer: SmallIssuer) -> None:
    person.sign_in()
    assert person.get("/group/users").status_code == 403
    issuer.be("admin1", "陳美惠", "group_admin", [*STAFF, "group", "group.users"])
    person.sign_in()
    page = person.get("/group/users")
    assert page.status_code == 303
    assert page.headers["Location"] == f"{issuer.address}/group/users"


@pytest.mark.requirement("R-005")
def test_who_has_no_account_yet_is_led_to_the_providers_registration(person: Person, issuer: SmallIssuer) -> None:
    welcome = person.get("/")
    assert '<a id="apply" href="/apply">申請新帳號</a>' in welcome.text
    answer = person.get("/apply")
    assert answer.status_code == 302
    assert "prompt=create" in answer.headers["Location"]


def test_a_role_without_the_menu_code_opens_nothing(person: Person, issuer: SmallIssuer) -> None:
    issuer.be("admin1", "陳美惠", "group_admin", [])
    person.sign_in()
    guarded = [item.path for item in DREAMS.menus.items.values() if item.path] + [
        "/sites/S-115-0101",
        "/reports/sites.csv",
    ]
    assert [person.get(path).status_code for path in guarded] == [403] * len(guarded)


def test_every_view_says_whom_it_admits(app: Flask) -> None:
    silent = [name for name, view in app.view_functions.items() if not hasattr(view, "admits")]
    assert silent == ["static"]


@pytest.mark.parametrize("claim", [None, "site.new", {"site.new": True}, [["site.new"]], ["SITE.NEW"]])
def test_a_malformed_entitlement_is_none(claim: Any) -> None:
    assert not DREAMS.menus.may({"entitlements": claim}, "site.new")
    assert "site.new" not in entitled({"entitlements": claim})


def test_who_typed_an_address_arrives_there_after_signing_in(person: Person) -> None:
    assert "案場名稱" in person.sign_in("/sites/new").text
