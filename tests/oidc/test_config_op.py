"""The one module of the Config OP plan, and what it looks at in the discovery document and the key set."""

import base64
import re
from typing import Any

import pytest
import requests

from tests.harness.people import Town

SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
ENDPOINTS = [
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "end_session_endpoint",
    "introspection_endpoint",
    "revocation_endpoint",
]
FLAGS = [
    "claims_parameter_supported",
    "request_parameter_supported",
    "request_uri_parameter_supported",
    "authorization_response_iss_parameter_supported",
]


@pytest.fixture
def document(provider: Town) -> dict[str, Any]:
    """The discovery document."""
    response = requests.get(f"{provider.issuer}/.well-known/openid-configuration", timeout=10)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("application/json")
    found: dict[str, Any] = response.json()
    return found


def test_oidcc_discovery_endpoint_verification(provider: Town, document: dict[str, Any]) -> None:
    assert document["issuer"] == provider.issuer
    for name in ENDPOINTS:
        assert document[name].startswith(provider.issuer + "/"), name
    assert document["response_types_supported"] == ["code"]
    assert document["subject_types_supported"] == ["public"]
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    assert "none" not in document["id_token_signing_alg_values_supported"]
    assert "openid" in document["scopes_supported"]
    assert "sub" in document["claims_supported"]


def test_the_document_has_the_types_of_its_specification(document: dict[str, Any]) -> None:
    for name, value in document.items():
        if name.endswith(("_supported", "_values_supported")) and name not in FLAGS:
            assert isinstance(value, bool | list), name
    for name in FLAGS:
        assert type(document[name]) is bool, name
    assert all(SCOPE_TOKEN.fullmatch(scope) for scope in document["scopes_supported"])
    assert all(LANGUAGE.fullmatch(tag) for tag in document["ui_locales_supported"])


def test_the_document_says_what_this_provider_does(document: dict[str, Any]) -> None:
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert set(document["response_modes_supported"]) == {"query", "form_post"}
    assert set(document["grant_types_supported"]) == {
        "authorization_code",
        "refresh_token",
        "client_credentials",
    }
    methods = {"client_secret_basic", "client_secret_post", "private_key_jwt", "none"}
    assert methods <= set(document["token_endpoint_auth_methods_supported"])
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["claims_parameter_supported"] is True
    assert document["request_parameter_supported"] is False
    assert document["request_uri_parameter_supported"] is False
    assert {"none", "login", "consent", "select_account"} <= set(document["prompt_values_supported"])
    assert document["acr_values_supported"] == [f"urn:company-idp:acr:{one}" for one in ("password", "mfa", "card")]
    scopes = {"openid", "profile", "email", "phone", "address", "company", "menus", "offline_access"}
    assert scopes <= set(document["scopes_supported"])
    assert not [scope for scope in document["scopes_supported"] if scope.startswith("company:")]
    claims = {
        "sub",
        "sid",
        "auth_time",
        "acr",
        "amr",
        "session_expiry",
        "tenant",
        "company_tax_id",
        "company",
    }
    assert claims | {"roles", "entitlements", "perm_ver"} <= set(document["claims_supported"])


def test_what_is_not_offered_is_not_advertised(document: dict[str, Any]) -> None:
    later = {
        "pushed_authorization_request_endpoint",
        "require_pushed_authorization_requests",
        "dpop_signing_alg_values_supported",
        "registration_endpoint",
        "check_session_iframe",
        "frontchannel_logout_supported",
    }
    assert not later & document.keys()
    assert "linked_accounts" in document["scopes_supported"]


def test_the_key_set_holds_public_keys_of_good_size_only(provider: Town, document: dict[str, Any]) -> None:
    """KR03."""
    response = requests.get(document["jwks_uri"], timeout=10)
    assert response.status_code == 200
    assert "max-age" in response.headers["Cache-Control"]
    keys = response.json()["keys"]
    assert len({key["kid"] for key in keys}) == len(keys) > 0
    for key in keys:
        assert key["use"] == "sig"
        assert key["alg"]
        assert not {"d", "p", "q", "dp", "dq", "qi", "oth", "k"} & key.keys()
        for name in {"n", "e", "x", "y"} & key.keys():
            assert re.fullmatch(r"[A-Za-z0-9_-]+", key[name])
        if key["kty"] == "RSA":
            number = base64.urlsafe_b64decode(key["n"] + "=" * (-len(key["n"]) % 4))
            assert len(number) * 8 >= 2048
            assert number[0] != 0


def test_documents_may_be_read_by_any_page_and_head_is_answered(document: dict[str, Any]) -> None:
    """HD05: discovery and key set alone are open to every origin."""
    for address in (f"{document['issuer']}/.well-known/openid-configuration", document["jwks_uri"]):
        response = requests.get(address, headers={"Origin": "https://evil.example"}, timeout=10)
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert requests.head(address, timeout=10).status_code == 200
        assert requests.post(address, timeout=10).status_code in {404, 405}
