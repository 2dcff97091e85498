"""The 38 modules of the OpenID Foundation's Basic OP plan, then again with form_post."""

import base64
import json
import time
from typing import Any

import pytest

from tests.harness.browser import Browser, Page
from tests.harness.people import Town
from tests.harness.relying_party import Answer, Asked, Person, RelyingParty, Tokens, challenge_of

PROFILE = {"name": str, "preferred_username": str, "locale": str, "updated_at": int}


class Plan:
    """A module's surroundings: one client, one person, one browser, one response mode."""

    def __init__(self, provider: Town, mode: str, party: RelyingParty, person: Person) -> None:
        self.provider = provider
        self.mode = mode
        self.party = party
        self.person = person
        self.browser: Browser = provider.browser()

    def ask(self, **changes: str | None) -> Asked:
        """A request as the suite sends it; without a scope, ``openid`` alone."""
        more: dict[str, str | None] = {} if self.mode == "query" else {"response_mode": "form_post"}
        return self.party.ask(**({"scope": "openid"} | more | changes))

    def authorize(self, **changes: str | None) -> Answer:
        """Send the request and let the person sign in where asked."""
        answer = self.party.authorize(self.browser, self.person, asked=self.ask(**changes))
        self.check_mode(answer)
        return answer

    def check_mode(self, answer: Answer) -> None:
        """The answer came in the mode asked for, whatever it says."""
        assert (answer.page.left_to is None) == (self.mode == "form_post")

    def silently(self, **changes: str | None) -> Answer:
        """``prompt=none``."""
        answer = self.authorize(prompt="none", **changes)
        assert not answer.pages_seen, answer.pages_seen
        return answer

    def tokens(self, **changes: str | None) -> Tokens:
        """A whole sign-in."""
        return self.party.tokens(self.authorize(**changes))

    def open(self, asked: Asked) -> Page:
        """The page a request leads to."""
        return self.party.open(self.browser, asked)


@pytest.fixture(params=["query", "form_post"])
def plan(request: pytest.FixtureRequest, provider: Town, staff: Person) -> Plan:
    """The plan with the first of the suite's two clients."""
    return Plan(provider, request.param, provider.rp("first"), staff)


def with_client(plan: Plan, name: str) -> Plan:
    """The same plan with another client."""
    other = Plan(plan.provider, plan.mode, plan.provider.rp(name), plan.person)
    other.browser = plan.browser
    return other


def test_oidcc_server(plan: Plan) -> None:
    first = plan.tokens()
    assert plan.party.person(first.access_token)["sub"] == first.claims["sub"]
    assert {"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr"} <= first.claims.keys()
    assert first.answer.get("scope", "openid") == "openid"
    second = with_client(plan, "second").tokens()
    assert second.claims["sub"] == first.claims["sub"]


def test_oidcc_response_type_missing(plan: Plan) -> None:
    answer = plan.authorize(response_type=None)
    assert answer.error in {"invalid_request", "unsupported_response_type"}


def test_oidcc_idtoken_signature(plan: Plan) -> None:
    header = plan.party.header(plan.tokens().id_token)
    assert header["alg"] == "RS256"
    assert header["kid"]


def test_oidcc_idtoken_unsigned(plan: Plan) -> None:
    assert "none" not in plan.party.metadata["id_token_signing_alg_values_supported"]
    header = plan.party.header(plan.tokens().id_token)
    assert header["alg"] != "none"


def test_oidcc_userinfo_get(plan: Plan) -> None:
    tokens = plan.tokens()
    response = plan.party.userinfo(tokens.access_token)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("application/json")
    assert response.json()["sub"] == tokens.claims["sub"]


def test_oidcc_userinfo_post_header(plan: Plan) -> None:
    tokens = plan.tokens()
    response = plan.party.userinfo(tokens.access_token, method="POST")
    assert response.status_code == 200
    assert response.json()["sub"] == tokens.claims["sub"]


def test_oidcc_userinfo_post_body(plan: Plan) -> None:
    tokens = plan.tokens()
    response = plan.party.userinfo(tokens.access_token, body=True)
    assert response.status_code == 200
    assert response.json()["sub"] == tokens.claims["sub"]


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(plan: Plan) -> None:
    assert "nonce" not in plan.tokens(nonce=None).claims


def test_oidcc_scope_profile(plan: Plan) -> None:
    claims = plan.party.person(plan.tokens(scope="openid profile").access_token)
    for name, kind in PROFILE.items():
        assert type(claims[name]) is kind, name
    assert (claims["name"], claims["preferred_username"]) == (plan.person.name, plan.person.username)


def test_oidcc_scope_email(plan: Plan) -> None:
    claims = plan.party.person(plan.tokens(scope="openid email").access_token)
    assert claims["email"] == plan.person.email
    assert type(claims["email_verified"]) is bool


def check_address(claims: dict[str, Any]) -> None:
    """An address is an object of texts; a company whose address nobody gave has none."""
    if "address" in claims:
        assert isinstance(claims["address"]["formatted"], str)


def check_phone(claims: dict[str, Any]) -> None:
    """A telephone number is E.164 and says whether it was tried; who gave none has none."""
    if "phone_number" in claims:
        assert claims["phone_number"].startswith("+")
        assert type(claims["phone_number_verified"]) is bool


def test_oidcc_scope_address(plan: Plan) -> None:
    tokens = plan.tokens(scope="openid address")
    check_address(plan.party.person(tokens.access_token))
    assert "address" not in tokens.claims


def test_oidcc_scope_phone(plan: Plan) -> None:
    tokens = plan.tokens(scope="openid phone")
    check_phone(plan.party.person(tokens.access_token))
    assert "phone_number" not in tokens.claims


def test_oidcc_scope_all(plan: Plan) -> None:
    claims = plan.party.person(plan.tokens(scope="openid profile email address phone").access_token)
    assert claims["name"] == plan.person.name
    assert claims["email"] == plan.person.email
    check_address(claims)
    check_phone(claims)


def test_oidcc_alternate_happy_flow(plan: Plan) -> None:
    asked = plan.ask(scope="phone email openid profile")
    turned = Asked(dict(reversed(asked.parameters.items())), asked.verifier)
    tokens = plan.party.tokens(plan.party.authorize(plan.browser, plan.person, asked=turned))
    assert plan.party.person(tokens.access_token)["email"] == plan.person.email


def test_oidcc_display_page(plan: Plan) -> None:
    plan.tokens(display="page")


def test_oidcc_display_popup(plan: Plan) -> None:
    plan.tokens(display="popup")


def test_oidcc_prompt_login(plan: Plan) -> None:
    first = plan.tokens()
    time.sleep(1.1)
    answer = plan.authorize(prompt="login")
    assert answer.asked_for_password
    second = plan.party.tokens(answer)
    assert second.claims["auth_time"] > first.claims["auth_time"]
    assert second.claims["sub"] == first.claims["sub"]


def test_oidcc_prompt_none_not_logged_in(plan: Plan) -> None:
    assert plan.silently().error == "login_required"


def test_oidcc_prompt_none_logged_in(plan: Plan) -> None:
    first = plan.tokens()
    second = plan.party.tokens(plan.silently())
    for name in ("sub", "auth_time", "sid"):
        assert second.claims[name] == first.claims[name], name


def test_oidcc_max_age_1(plan: Plan) -> None:
    first = plan.tokens()
    time.sleep(2.1)
    answer = plan.authorize(max_age="1")
    assert answer.asked_for_password
    assert plan.party.tokens(answer).claims["auth_time"] > first.claims["auth_time"]


def test_oidcc_max_age_10000(plan: Plan) -> None:
    first = plan.tokens()
    answer = plan.authorize(max_age="10000")
    assert not answer.asked_for_password
    assert plan.party.tokens(answer).claims["auth_time"] == first.claims["auth_time"]


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(plan: Plan) -> None:
    plan.tokens(extra="foobar")


def test_oidcc_id_token_hint(plan: Plan) -> None:
    first = plan.tokens()
    second = plan.party.tokens(plan.silently(id_token_hint=first.id_token))
    assert second.claims["sub"] == first.claims["sub"]


def test_oidcc_login_hint(plan: Plan) -> None:
    asked = plan.ask(login_hint=plan.person.username)
    page = plan.open(asked)
    found = page.button("sign-in")
    assert found is not None
    assert found[0].value("username") == plan.person.username
    plan.party.tokens(plan.party.finish(plan.browser, page, asked, plan.person))


def test_oidcc_ui_locales(plan: Plan) -> None:
    plan.tokens(ui_locales="se")


def test_oidcc_claims_locales(plan: Plan) -> None:
    plan.tokens(claims_locales="se")


def test_oidcc_ensure_request_with_acr_values_succeeds(plan: Plan) -> None:
    offered = plan.party.metadata["acr_values_supported"]
    assert plan.tokens(acr_values=" ".join(offered)).claims["acr"] in offered


def test_oidcc_codereuse(plan: Plan) -> None:
    answer = plan.authorize()
    assert plan.party.exchange(answer).status_code == 200
    again = plan.party.exchange(answer)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_oidcc_codereuse_30seconds(plan: Plan) -> None:
    """The suite waits 30 s; what it looks for is that a used code stays used and its tokens end."""
    answer = plan.authorize()
    tokens = plan.party.tokens(answer)
    time.sleep(1)
    again = plan.party.exchange(answer)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert plan.party.userinfo(tokens.access_token).status_code == 401


def test_oidcc_ensure_registered_redirect_uri(plan: Plan) -> None:
    page = plan.open(plan.ask(redirect_uri="https://stranger.example/callback"))
    assert page.left_to is None
    assert page.status == 400
    assert not page.leads_to("stranger.example")


def test_oidcc_ensure_post_request_succeeds(plan: Plan) -> None:
    asked = plan.ask()
    first = plan.party.authorize(plan.browser, plan.person, asked=asked, post=True)
    assert first.asked_for_password
    plan.party.tokens(first)
    second = plan.party.authorize(plan.browser, asked=plan.ask(prompt="none"), post=True)
    assert not second.pages_seen
    plan.party.tokens(second)


def test_oidcc_server_client_secret_post(plan: Plan) -> None:
    with_client(plan, "post").tokens()


def unsigned_object(plan: Plan, asked: Asked, **changes: str) -> str:
    """A request object with ``alg`` none (OpenID Connect Core 6.1)."""

    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    claims = {"iss": plan.party.client.client_id, "aud": plan.party.issuer} | asked.parameters | changes
    return f"{part({'alg': 'none'})}.{part(claims)}."


def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(plan: Plan) -> None:
    assert plan.party.metadata["request_uri_parameter_supported"] is False
    answer = plan.authorize(request_uri="https://rp.example/object.jwt")
    assert answer.error == "request_uri_not_supported"


def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(plan: Plan) -> None:
    answer = plan.authorize(request=unsigned_object(plan, plan.ask()))
    assert answer.error == "request_not_supported"


def test_oidcc_claims_essential(plan: Plan) -> None:
    tokens = plan.tokens(claims=json.dumps({"userinfo": {"name": {"essential": True}}}))
    assert plan.party.person(tokens.access_token)["name"] == plan.person.name


def test_oidcc_ensure_request_object_with_redirect_uri(plan: Plan) -> None:
    asked = plan.ask()
    inner = unsigned_object(plan, asked, redirect_uri="https://stranger.example/callback")
    assert plan.authorize(request=inner).error == "request_not_supported"


def test_oidcc_refresh_token(plan: Plan) -> None:
    first = plan.tokens()
    assert first.refresh_token.isascii()
    assert first.refresh_token.isprintable()
    stranger = plan.provider.rp("second").refresh(first.refresh_token)
    assert (stranger.status_code, stranger.json()["error"]) == (400, "invalid_grant")
    response = plan.party.refresh(first.refresh_token)
    assert response.status_code == 200, response.text
    second = Tokens(response.json())
    assert second.access_token != first.access_token
    claims = plan.party.verified(second.id_token)
    for name in ("iss", "sub", "aud", "auth_time", "sid"):
        assert claims[name] == first.claims[name], name
    assert plan.party.person(second.access_token)["sub"] == first.claims["sub"]


def test_oidcc_ensure_request_with_valid_pkce_succeeds(plan: Plan) -> None:
    verifier = "a-verifier-of-forty-three-characters-or-more-0123456789"
    answer = plan.authorize(code_challenge=challenge_of(verifier), code_challenge_method="S256")
    response = plan.party.exchange(answer, code_verifier=verifier)
    assert response.status_code == 200, response.text
