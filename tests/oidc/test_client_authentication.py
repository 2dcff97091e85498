"""How a client proves who it is, and how one may try to pretend: security.md §2, rows TK12 to TK17."""

import base64
import hashlib
import hmac
import json
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
import requests
from joserfc import jwt

from tests.harness.browser import Browser
from tests.harness.people import Town, new_ec_key
from tests.harness.processes import quickest
from tests.harness.relying_party import Person, RelyingParty
from tests.oidc.test_token_attacks import TOKEN, refused


def test_two_ways_to_authenticate_at_once_are_refused(
    app: RelyingParty, browser: Browser, staff: Person, provider: Town
) -> None:
    """TK12."""
    answer = app.authorize(browser, staff)
    form = app.code_form(answer) | {"client_id": app.client.client_id, "client_secret": app.client.secret}
    assert app.post(TOKEN, form).status_code in {400, 401}
    party = provider.rp("jwt")
    headers = {"Authorization": "Basic " + base64.b64encode(b"jwt:wrong").decode()}
    body = party.authenticated({"grant_type": "authorization_code", "code": "x"})[1]
    response = party.http.post(party.metadata[TOKEN], data=body, headers=headers, timeout=10)
    assert response.json()["error"] in {"invalid_request", "invalid_client"}


def test_a_client_id_in_the_body_must_be_the_authenticated_one(
    app: RelyingParty, browser: Browser, staff: Person, provider: Town
) -> None:
    """Ecosystem 1.3-20."""
    answer = app.authorize(browser, staff)
    response = app.exchange(answer, client_id=provider.rp("other").client.client_id)
    assert response.json()["error"] in {"invalid_request", "invalid_client", "invalid_grant"}


def test_a_client_uses_the_method_it_is_registered_for(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """A secret sent by post where basic is registered is refused, at every endpoint."""
    answer = app.authorize(browser, staff)
    own = {"client_id": app.client.client_id, "client_secret": app.client.secret}
    for endpoint, form in (
        (TOKEN, app.code_form(answer)),
        ("introspection_endpoint", {"token": "x"}),
        ("revocation_endpoint", {"token": "x"}),
    ):
        response = app.http.post(app.metadata[endpoint], data=form | own, timeout=10)
        assert response.json()["error"] == "invalid_client", endpoint


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no-colon").decode(),
        "Basic /////w==",
        "Bearer x",
        "Basic " + base64.b64encode("用戶:密碼".encode()).decode(),
        "Basic " + base64.b64encode(b"\xff:\xfe").decode(),
    ],
)
def test_a_bad_basic_header_is_a_bad_client(provider: Town, header: str) -> None:
    """RFC 6749 5.2: 401 with a challenge, never an accident (ecosystem 1.3-26)."""
    response = provider.rp("app").http.post(
        f"{provider.issuer}/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": header},
        timeout=10,
    )
    assert refused(response, "invalid_client", status=401)
    assert "WWW-Authenticate" in response.headers


@pytest.mark.parametrize("secret", ["", "wrong", "x" * 5000, "\u6709"])
def test_a_wrong_secret_is_refused(
    app: RelyingParty, browser: Browser, staff: Person, provider: Town, secret: str
) -> None:
    """RFC 6749 5.2; and the code is not used up by who could not prove to be its client."""
    answer = app.authorize(browser, staff)
    stranger = RelyingParty(provider.issuer, replace(app.client, secret=secret))
    assert refused(stranger.exchange(answer), "invalid_client", status=401)
    for endpoint in ("introspection_endpoint", "revocation_endpoint"):
        assert refused(stranger.post(endpoint, {"token": "x"}), "invalid_client", status=401)
    assert app.exchange(answer).status_code == 200


def test_a_secret_with_odd_characters_is_taken_percent_encoded(provider: Town, browser: Browser, staff: Person) -> None:
    """RFC 6749 2.3.1: basic credentials are form-encoded first, as openid-client sends them."""
    party = provider.new_rp(scope="openid", consent=False, secret="a:b%2F+c/d&=?#-0123456789-abcdefghijklm")
    assert party.sign_in(browser, staff).claims["sub"] == staff.sub


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": -30},
        {"iat": 61, "exp": 120},
        {"nbf": 61, "exp": 120},
        {"sub": None},
        {"iss": None},
        {"sub": "somebody-else"},
        {"iss": "somebody-else"},
        {"aud": "https://elsewhere.example"},
        {"aud": None},
        {"exp": None},
        {"jti": None},
        {"exp": 86400 * 365},
        {"aud": ["https://elsewhere.example"]},
    ],
)
def test_an_assertion_that_does_not_hold_is_refused(provider: Town, changes: dict[str, Any]) -> None:
    """TK13: times are relative to now."""
    party = provider.rp("jwt")
    now = int(time.time())
    moved = {
        name: now + value if name in {"exp", "iat", "nbf"} and value is not None else value
        for name, value in changes.items()
    }
    assert _asserted(party, party.assertion(**moved)).json()["error"] == "invalid_client"


def _asserted(party: RelyingParty, assertion: str, **form: str) -> requests.Response:
    body = {
        "grant_type": "authorization_code",
        "code": "no-such-code",
        "redirect_uri": party.client.redirect_uri,
        "code_verifier": "v" * 43,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    } | form
    return party.http.post(party.metadata[TOKEN], data=body, timeout=10)


@pytest.mark.parametrize("audience", ["issuer", "token endpoint"])
def test_an_assertion_for_the_issuer_or_the_token_endpoint_signs_in(
    provider: Town, browser: Browser, staff: Person, audience: str
) -> None:
    """Conformance.md, last lines: an ordinary client may name either."""
    party = provider.rp("jwt")
    answer = party.authorize(browser, staff)
    aud = party.issuer if audience == "issuer" else party.metadata[TOKEN]
    response = _asserted(party, party.assertion(aud=aud), **party.code_form(answer))
    assert response.status_code == 200, response.text


def test_an_assertion_is_good_for_one_time(provider: Town, browser: Browser, staff: Person) -> None:
    """Ecosystem 1.3-21: ``jti`` is kept."""
    party = provider.rp("jwt")
    assertion = party.assertion()
    first = party.authorize(browser, staff)
    assert _asserted(party, assertion, **party.code_form(first)).status_code == 200
    second = party.authorize(browser, staff)
    again = _asserted(party, assertion, **party.code_form(second))
    assert again.json()["error"] == "invalid_client"


def test_an_assertion_with_a_doctored_header_is_refused(provider: Town) -> None:
    """TK15: key and algorithm come from the registration, never from the token."""
    party = provider.rp("jwt")
    key = party.client.key
    assert key is not None
    evil = new_ec_key()
    now = int(time.time())
    claims = {
        "iss": party.client.client_id,
        "sub": party.client.client_id,
        "aud": party.issuer,
        "jti": "j",
        "iat": now,
        "exp": now + 60,
    }
    forged = [
        jwt.encode({"alg": "ES256", "jwk": evil.as_dict(private=False)}, claims, evil, algorithms=["ES256"]),
        jwt.encode({"alg": "ES256", "kid": key.kid}, claims, evil, algorithms=["ES256"]),
        _keyed_with({"alg": "HS256", "kid": key.kid}, claims, key.as_pem(private=False)),
        _keyed_with({"alg": "HS256"}, claims, json.dumps(key.as_dict(private=False)).encode()),
        party.assertion(header={"jku": "http://169.254.169.254/"}),
        party.assertion(header={"x5u": "http://169.254.169.254/"}),
        party.assertion(header={"kid": "nobody's"}),
        party.assertion() + "==",
        _with_header(party.assertion(), {"alg": "none"}, signature=""),
        _with_header(party.assertion(), {"alg": "RS256", "crit": ["x"], "x": 1}),
        _with_header(party.assertion(), {"alg": 'RS"256', "kid": '"'}),
        _with_header(party.assertion(), {"alg": ["RS256"]}),
        "a.b.c",
        "..",
        "",
        "not a token",
        "e30.e30.",
    ]
    for assertion in forged[:4] + forged[6:]:
        response = _asserted(party, assertion)
        assert response.json()["error"] in {"invalid_client", "invalid_request"}, assertion
    # A good signature beside an address to fetch keys from: refused, or taken with the address unread.
    for assertion in forged[4:6]:
        assert _asserted(party, assertion).json()["error"] in {"invalid_client", "invalid_grant"}


def _keyed_with(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    """An HS256 token by hand: no library signs with a public key, which is what a forger does."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signature = hmac.new(secret, b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def _with_header(token: str, header: dict[str, Any], signature: str | None = None) -> str:
    _, payload, signed = token.split(".")
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return f"{head}.{payload}.{signed if signature is None else signature}"


@pytest.mark.parametrize("size", [1_000_000, 50_000_000])
def test_a_huge_token_is_refused_at_once(provider: Town, size: int) -> None:
    """TK17: 400 or 413 in less than a second, and the workers stay as small as they were."""
    before = sum(worker.memory_info().rss for worker in provider.server.workers())
    party = provider.rp("jwt")
    body = b"grant_type=authorization_code&code=x&client_assertion=e30." + b"A" * size + b".x"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    def send() -> None:
        # The server may close the door while the body still comes in.
        with suppress(requests.ConnectionError):
            response = party.http.post(party.metadata[TOKEN], data=body, headers=headers, timeout=10)
            assert response.status_code in {400, 401, 413}

    quickest(send, 1)
    after = sum(worker.memory_info().rss for worker in provider.server.workers())
    assert after - before < 60_000_000


def test_json_nested_ten_thousand_deep_is_refused(provider: Town) -> None:
    """TK17."""
    deep = base64.urlsafe_b64encode(("[" * 10_000 + "]" * 10_000).encode()).decode().rstrip("=")
    party = provider.rp("jwt")
    for assertion in (f"{deep}.e30.x", f"{_with_header('a.b.c', {'alg': 'RS256'}).split('.')[0]}.{deep}.x"):
        assert _asserted(party, assertion).status_code in {400, 401}
