"""Userinfo and introspection: security.md §2, rows UI, and the claims of tokens.md."""

import time
from typing import Any

import pytest
import requests

from tests.harness.browser import Browser
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty

COMPANY_CLAIMS = {"tenant", "company_tax_id", "company_name", "company", "roles"}


def is_challenged(response: requests.Response) -> bool:
    """401 with the challenge of RFC 6750 3."""
    assert response.status_code == 401, response.text
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert "no-store" in response.headers["Cache-Control"]
    return True


def test_a_token_past_its_time_is_challenged(hasty: Town) -> None:
    """UI01: two seconds here in place of ten minutes."""
    app = hasty.rp("app")
    tokens = app.sign_in(hasty.browser(), hasty.person("staff"))
    assert tokens.answer["expires_in"] <= 2
    assert app.userinfo(tokens.access_token).status_code == 200
    time.sleep(2.1)
    assert is_challenged(app.userinfo(tokens.access_token))
    assert app.introspect(tokens.access_token) == {"active": False}


def test_a_revoked_token_is_challenged(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """UI01."""
    tokens = app.sign_in(browser, staff)
    assert app.revoke(tokens.access_token).status_code == 200
    response = app.userinfo(tokens.access_token)
    assert is_challenged(response)
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize("token", ["x", "", "a" * 43, "a" * 100_000, "有".encode().decode("latin-1"), "a.b.c", "a b"])
def test_a_token_that_is_none_is_challenged(app: RelyingParty, token: str) -> None:
    """UI01."""
    response = app.userinfo(token)
    assert response.status_code in {400, 401, 431}
    if response.status_code == 401:
        assert is_challenged(response)


def test_no_token_at_all_is_challenged_without_an_error(app: RelyingParty) -> None:
    """RFC 6750 3.1: no error code where no authentication was tried."""
    response = app.http.get(app.metadata["userinfo_endpoint"], timeout=10)
    assert is_challenged(response)
    assert "error=" not in response.headers["WWW-Authenticate"]


def test_a_token_in_the_address_is_refused(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """UI02."""
    tokens = app.sign_in(browser, staff)
    url = app.metadata["userinfo_endpoint"]
    for method in ("GET", "POST"):
        response = app.http.request(method, url, params={"access_token": tokens.access_token}, timeout=10)
        assert response.status_code in {400, 401}


def test_an_id_token_or_a_refresh_token_is_no_access_token(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """UI03."""
    tokens = app.sign_in(browser, staff)
    assert is_challenged(app.userinfo(tokens.id_token))
    assert is_challenged(app.userinfo(tokens.refresh_token))


def test_a_token_sent_in_header_and_body_at_once_is_refused(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """RFC 6750 2: one method a request."""
    token = app.sign_in(browser, staff).access_token
    response = app.http.post(
        app.metadata["userinfo_endpoint"],
        data={"access_token": token},
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    assert response.status_code in {400, 401}


def test_without_the_scope_company_nothing_is_told_of_the_company(
    app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """UI05: the same subject as in the ID token, and no tax ID, role or menu."""
    tokens = app.sign_in(browser, staff, scope="openid profile")
    info = app.person(tokens.access_token)
    assert info["sub"] == tokens.claims["sub"] == staff.sub
    for told in (info, tokens.claims):
        assert not (COMPANY_CLAIMS | {"entitlements", "perm_ver", "electronic_id", "email"}) & told.keys()
        assert staff.tax_id not in str(told)


def test_userinfo_and_introspection_answer_the_same(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """tokens.md: computed by the same one function."""
    tokens = app.sign_in(browser, staff)
    info, answer = app.person(tokens.access_token), app.introspect(tokens.access_token)
    assert answer["active"] is True
    assert answer["client_id"] == app.client.client_id
    assert answer["token_type"].lower() == "bearer"
    assert answer["exp"] > answer["iat"]
    for name, value in info.items():
        assert answer[name] == value, name


def test_the_scheme_may_be_written_in_any_case(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """RFC 9110 11.1."""
    token = app.sign_in(browser, staff).access_token
    for scheme in ("bearer", "BEARER"):
        response = app.http.get(
            app.metadata["userinfo_endpoint"], headers={"Authorization": f"{scheme} {token}"}, timeout=10
        )
        assert response.status_code == 200


def test_a_staff_sees_what_tokens_md_shows(app: RelyingParty, browser: Browser, staff: Person, provider: Town) -> None:
    """The example of tokens.md, claim by claim."""
    company = provider.company(staff.tax_id)
    tokens = app.sign_in(browser, staff)
    info = app.person(tokens.access_token)
    assert info["tenant"] == info["company"]["id"] == company["id"]
    assert info["tenant"].startswith("co_")
    assert info["sub"].startswith("ga_")
    assert (info["company_tax_id"], info["company_name"]) == ("00000016", "測試一號有限公司")
    described = info["company"]
    assert described.keys() <= {"id", "id_type", "tax_id", "name", "status", "proof", "verified_at"}
    assert (described["id_type"], described["tax_id"], described["status"]) == ("ubn", "00000016", "active")
    assert described["proof"] == "document"
    assert type(described["verified_at"]) is int
    assert info["roles"] == ["staff"]
    assert info["entitlements"] == ["site.list", "site.new"]
    assert type(info["perm_ver"]) is int
    assert info["electronic_id"].startswith("IC")
    assert (info["email"], info["name"]) == (staff.email, staff.name)
    assert "act" not in info
    assert "act" not in tokens.claims
    for name in ("tenant", "company_tax_id", "company_name", "roles", "entitlements", "perm_ver", "email"):
        assert tokens.claims[name] == info[name], name
    for name in ("electronic_id", "address", "phone_number"):
        assert name not in tokens.claims, f"{name} is for userinfo only"


def test_the_id_token_says_how_and_until_when(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """``acr``, ``amr``, ``auth_time``, ``sid``, ``session_expiry``, lifetimes (tokens.md)."""
    claims = app.sign_in(browser, staff).claims
    assert claims["acr"] == "urn:company-idp:acr:password"
    assert claims["amr"] == ["pwd"]
    assert abs(claims["auth_time"] - time.time()) < 30
    assert claims["exp"] - claims["iat"] == 600
    assert abs(claims["session_expiry"] - claims["auth_time"] - 12 * 3600) < 60
    assert len(claims["sid"]) >= 16
    assert "at_hash" in claims


@pytest.mark.parametrize(
    ("role", "codes"),
    [
        ("guest", ["site.list"]),
        ("staff", ["site.list", "site.new"]),
        ("group_admin", ["site.list", "site.new", "site.review"]),
    ],
)
def test_entitlements_are_those_of_the_role_at_this_client_only(
    provider: Town, browser: Browser, role: str, codes: list[str]
) -> None:
    """tokens.md: codes of the menu items of this client only."""
    person = provider.person(role)
    here = provider.rp("app").sign_in(browser, person)
    assert provider.rp("app").person(here.access_token)["entitlements"] == codes
    assert here.claims["roles"] == [role]
    there = provider.rp("other").sign_in(browser)
    assert provider.rp("other").person(there.access_token)["entitlements"] == ["port.pass"]
    assert there.claims["sid"] != here.claims["sid"]


def test_a_client_with_many_menu_items_gets_them_from_userinfo_only(
    provider: Town, browser: Browser, staff: Person
) -> None:
    """tokens.md: more than 40."""
    items: list[dict[str, Any]] = [
        {
            "code": f"item.{number:02}",
            "label_zh": f"項目{number}",
            "label_en": f"Item {number}",
            "parent": None,
            "default_roles": ["staff"],
        }
        for number in range(41)
    ]
    party = provider.new_rp(scope="openid menus", consent=False, menus=items)
    tokens = party.sign_in(browser, staff)
    assert "entitlements" not in tokens.claims
    assert len(party.person(tokens.access_token)["entitlements"]) == 41


@pytest.mark.parametrize("name", ["es256", "eddsa"])
def test_a_client_gets_the_algorithm_it_registered(provider: Town, browser: Browser, staff: Person, name: str) -> None:
    """Issue 2, 4: ES256 and EdDSA per client."""
    party = provider.rp(name)
    tokens = party.sign_in(browser, staff)
    expected = {"es256": {"ES256"}, "eddsa": {"EdDSA", "Ed25519"}}[name]
    assert party.header(tokens.id_token)["alg"] in expected
