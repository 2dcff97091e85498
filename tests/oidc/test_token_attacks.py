"""What is sent to the token endpoint in bad faith: security.md §2, rows TK for bearer clients."""

import json
import time

import pytest
import requests

from tests.harness.browser import Browser
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty, Tokens

TOKEN = "token_endpoint"


def refused(response: requests.Response, *errors: str, status: int = 400) -> bool:
    """A JSON error of that kind, never stored."""
    assert response.headers["Content-Type"].startswith("application/json"), response.text
    assert "no-store" in response.headers["Cache-Control"]
    body = response.json()
    assert response.status_code == status, f"{response.status_code}: {body}"
    assert body["error"] in errors, body
    assert body.keys() <= {"error", "error_description", "error_uri"}
    return True


def test_a_code_used_again_ends_everything_that_came_from_it(
    app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """TK01."""
    answer = app.authorize(browser, staff)
    tokens = app.tokens(answer)
    newer = Tokens(app.refresh(tokens.refresh_token).json())
    assert refused(app.exchange(answer), "invalid_grant")
    for token in (tokens.access_token, newer.access_token):
        assert app.userinfo(token).status_code == 401
        assert app.introspect(token) == {"active": False}
    assert refused(app.refresh(newer.refresh_token), "invalid_grant")


def test_a_code_of_one_client_is_nothing_to_another_and_stays_good(
    app: RelyingParty, browser: Browser, staff: Person, provider: Town
) -> None:
    """TK03: the stranger gets nothing and spoils nothing."""
    answer = app.authorize(browser, staff)
    other = provider.rp("other")
    assert refused(other.post(TOKEN, app.code_form(answer)), "invalid_grant")
    assert app.exchange(answer).status_code == 200


def test_a_code_is_too_old_after_its_time(hasty: Town) -> None:
    """TK04: good within its seconds (here 1 in place of 60), worth nothing after them."""
    app, browser, person = hasty.rp("app"), hasty.browser(), hasty.person("staff")
    assert app.exchange(app.authorize(browser, person)).status_code == 200
    late = app.authorize(browser, person)
    time.sleep(1.3)
    assert refused(app.exchange(late), "invalid_grant")


def test_a_verifier_without_a_challenge_is_refused(provider: Town, browser: Browser, staff: Person) -> None:
    """TK06: the downgrade of RFC 9700 4.8."""
    party = provider.rp("first")
    answer = party.authorize(browser, staff)
    assert refused(party.exchange(answer, code_verifier="v" * 43), "invalid_grant", "invalid_request")


@pytest.mark.parametrize("verifier", [None, "", "w" * 43, "short", "有" * 43])
def test_a_missing_or_wrong_verifier_is_refused(
    app: RelyingParty, browser: Browser, staff: Person, verifier: str | None
) -> None:
    """RFC 7636 4.6."""
    answer = app.authorize(browser, staff)
    response = app.exchange(answer, code_verifier=verifier)
    assert refused(response, "invalid_grant", "invalid_request")


@pytest.mark.parametrize("address", [None, "", "https://evil.example/", "callback/"])
def test_a_missing_or_other_redirect_uri_is_refused(
    app: RelyingParty, browser: Browser, staff: Person, address: str | None
) -> None:
    """TK07."""
    answer = app.authorize(browser, staff)
    if address == "callback/":
        address = answer.asked.redirect_uri + "/"
    assert refused(app.exchange(answer, redirect_uri=address), "invalid_grant", "invalid_request")


def test_a_refresh_for_more_than_was_granted_is_refused(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """TK11."""
    tokens = app.sign_in(browser, staff, scope="openid profile")
    assert refused(app.refresh(tokens.refresh_token, scope="openid profile company"), "invalid_scope")
    assert refused(app.refresh(tokens.refresh_token, scope="openid nonsense"), "invalid_scope")


@pytest.mark.parametrize(
    ("grant", "errors"),
    [
        ("password", {"unsupported_grant_type"}),
        ("implicit", {"unsupported_grant_type"}),
        ("urn:ietf:params:oauth:grant-type:token-exchange", {"unsupported_grant_type"}),
        ("urn:ietf:params:oauth:grant-type:device_code", {"unsupported_grant_type"}),
        ("client_credentials", {"unauthorized_client"}),
        ("", {"invalid_request", "unsupported_grant_type"}),
        ('"\\', {"invalid_request", "unsupported_grant_type"}),
    ],
)
def test_grants_that_are_not_the_clients_are_refused(app: RelyingParty, grant: str, errors: set[str]) -> None:
    """TK16."""
    form = {"grant_type": grant, "username": "u", "password": "p", "subject_token": "t", "scope": "openid"}
    assert refused(app.post(TOKEN, form), *errors)


def test_a_client_without_the_refresh_grant_gets_no_refresh_token(
    provider: Town, browser: Browser, staff: Person
) -> None:
    """Issue 2, 4: refresh tokens for clients registered for that grant."""
    party = provider.rp("plain")
    tokens = party.sign_in(browser, staff)
    assert "refresh_token" not in tokens.answer
    assert refused(party.refresh("x"), "unauthorized_client")


def test_a_machine_gets_a_token_of_its_own(provider: Town) -> None:
    """tokens.md: ``sub`` is the client, and there is no ID token, no company and no refresh token."""
    party = provider.rp("machine")
    response = party.post(TOKEN, {"grant_type": "client_credentials", "scope": "sites.read"})
    assert response.status_code == 200, response.text
    assert not {"id_token", "refresh_token"} & response.json().keys()
    claims = party.introspect(response.json()["access_token"])
    assert (claims["active"], claims["sub"]) == (True, party.client.client_id)
    assert not {"tenant", "company", "roles", "act"} & claims.keys()
    assert party.userinfo(response.json()["access_token"]).status_code in {401, 403}


def test_a_machine_may_not_ask_for_what_is_a_persons(provider: Town) -> None:
    """``openid`` and scopes beyond its own are refused."""
    party = provider.rp("machine")
    for scope in ("openid", "profile", "nonsense", "offline_access"):
        form = {"grant_type": "client_credentials", "scope": scope}
        assert refused(party.post(TOKEN, form), "invalid_scope")


@pytest.mark.parametrize("name", ["client_secret", "code", "refresh_token", "grant_type", "client_assertion"])
def test_what_is_secret_is_not_taken_from_the_address_nor_logged(
    app: RelyingParty, browser: Browser, staff: Person, provider: Town, name: str
) -> None:
    """TK18."""
    answer = app.authorize(browser, staff)
    form = app.code_form(answer) | {"refresh_token": "r" * 43, "client_assertion": "x.y.z"}
    form |= {"client_secret": app.client.secret}
    moved = {name: form[name]}
    kept = app.code_form(answer)
    kept.pop(name, None)
    headers, body = app.authenticated(kept)
    if name == "client_secret":
        headers.pop("Authorization")
        moved["client_id"] = app.client.client_id
    response = app.http.post(app.metadata[TOKEN], params=moved, data=body, headers=headers, timeout=10)
    assert response.status_code in {400, 401}
    time.sleep(0.05)
    log = provider.server.log.read_text(errors="replace")
    assert name == "grant_type" or moved[name] not in log


def test_token_answers_are_open_to_no_other_origin(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """TK19, HD05."""
    answer = app.authorize(browser, staff)
    app.http.headers["Origin"] = "https://evil.example"
    try:
        good = app.exchange(answer)
        bad = app.exchange(answer)
        info = app.userinfo(good.json()["access_token"])
    finally:
        del app.http.headers["Origin"]
    for response in (good, bad, info):
        assert "Access-Control-Allow-Origin" not in response.headers
        assert "no-store" in response.headers["Cache-Control"]
        assert response.headers["Content-Type"].startswith("application/json")


def test_one_clients_tokens_are_nothing_to_another(
    app: RelyingParty, browser: Browser, staff: Person, provider: Town
) -> None:
    """TK22."""
    other = provider.rp("other")
    tokens = app.sign_in(browser, staff)
    for token in (tokens.access_token, tokens.refresh_token):
        assert other.introspect(token) == {"active": False}
        assert other.revoke(token).status_code == 200
    assert app.userinfo(tokens.access_token).status_code == 200
    assert app.refresh(tokens.refresh_token).status_code == 200


def test_a_public_client_revokes_its_own_token_but_may_not_introspect(
    provider: Town, browser: Browser, staff: Person
) -> None:
    """RFC 7662 2.1: introspection wants authentication; RFC 7009 2.1 takes a public client."""
    party = provider.rp("public")
    tokens = party.sign_in(browser, staff)
    response = party.post("introspection_endpoint", {"token": tokens.access_token})
    assert response.status_code == 401
    assert party.revoke(tokens.access_token).status_code == 200
    assert party.userinfo(tokens.access_token).status_code == 401


def test_a_get_of_an_endpoint_that_takes_forms_is_refused(app: RelyingParty) -> None:
    """RFC 6749 3.2: the token endpoint is POST only."""
    for endpoint in (TOKEN, "introspection_endpoint", "revocation_endpoint"):
        assert app.http.get(app.metadata[endpoint], timeout=10).status_code == 405


def test_a_body_that_is_no_form_is_refused(app: RelyingParty) -> None:
    """JSON, nothing, and a form with a parameter twice."""
    headers, body = app.authenticated({"grant_type": "refresh_token", "refresh_token": "x"})
    for data, kind in (
        (json.dumps(body), "application/json"),
        ("", "application/x-www-form-urlencoded"),
        (
            "grant_type=refresh_token&grant_type=refresh_token&refresh_token=x",
            "application/x-www-form-urlencoded",
        ),
        (b"\xff\xfe", "text/plain"),
    ):
        response = app.http.post(app.metadata[TOKEN], data=data, headers=headers | {"Content-Type": kind}, timeout=10)
        assert response.status_code == 400, data
        assert response.json()["error"] == "invalid_request"
