"""The 11 modules of the RP-initiated logout plan: conformance.md, by name."""

import base64
import json
import secrets
from dataclasses import dataclass

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.harness.browser import Browser, Page
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty, Tokens


@dataclass
class SignedIn:
    """A person who is signed in at one application."""

    party: RelyingParty
    browser: Browser
    tokens: Tokens

    def go(self, **parameters: str | None) -> Page:
        """Open the logout address and press "everywhere" where a page asks."""
        page = self.browser.get(self.party.logout_address(**parameters))
        if page.left_to is None and page.button("sign-out-everywhere"):
            page = self.browser.submit(page, "sign-out-everywhere")
        return page

    @property
    def after(self) -> str:
        return self.party.client.post_logout_redirect_uri

    def is_out(self) -> bool:
        """Whether ``prompt=none`` now says ``login_required``."""
        return self.party.silently(self.browser).error == "login_required"


@pytest.fixture
def signed_in(provider: Town, browser: Browser, staff: Person) -> SignedIn:
    """A staff who has just signed in."""
    party = provider.rp("app")
    return SignedIn(party, browser, party.sign_in(browser, staff))


def came_back(page: Page, address: str) -> bool:
    """Whether the page is at the client's address, with whatever parameters."""
    return page.left_to is not None and page.left_to.split("?", 1)[0] == address


def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(app: RelyingParty) -> None:
    assert app.metadata["end_session_endpoint"].startswith(app.issuer + "/")


def test_oidcc_rp_initiated_logout(signed_in: SignedIn) -> None:
    state = secrets.token_urlsafe(8)
    page = signed_in.go(id_token_hint=signed_in.tokens.id_token, post_logout_redirect_uri=signed_in.after, state=state)
    assert page.left_to == f"{signed_in.after}?state={state}"
    assert signed_in.is_out()


def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(signed_in: SignedIn) -> None:
    """Also SS04."""
    page = signed_in.go(
        id_token_hint=signed_in.tokens.id_token,
        post_logout_redirect_uri="https://stranger.example/",
        state="s",
    )
    assert page.left_to is None
    assert not page.leads_to("stranger.example")


def test_oidcc_rp_initiated_logout_modified_id_token_hint(signed_in: SignedIn) -> None:
    payload = signed_in.tokens.id_token.split(".")[1]
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    page = signed_in.go(id_token_hint=f"{header}.{payload}.", post_logout_redirect_uri=signed_in.after, state="s")
    assert page.left_to is None


def test_oidcc_rp_initiated_logout_no_id_token_hint(signed_in: SignedIn) -> None:
    page = signed_in.browser.get(signed_in.party.logout_address(post_logout_redirect_uri=signed_in.after))
    assert page.left_to is None
    assert not signed_in.is_out()
    assert signed_in.go(post_logout_redirect_uri=signed_in.after).left_to is None


def test_oidcc_rp_initiated_logout_no_params(signed_in: SignedIn) -> None:
    page = signed_in.go()
    assert (page.left_to, page.status) == (None, 200)
    assert "登出" in page.text
    assert signed_in.is_out()


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(signed_in: SignedIn) -> None:
    page = signed_in.go(id_token_hint=signed_in.tokens.id_token)
    assert (page.left_to, page.status) == (None, 200)
    assert "登出" in page.text
    assert signed_in.is_out()


def test_oidcc_rp_initiated_logout_no_state(signed_in: SignedIn) -> None:
    page = signed_in.go(id_token_hint=signed_in.tokens.id_token, post_logout_redirect_uri=signed_in.after)
    assert page.left_to == signed_in.after
    assert signed_in.is_out()


def test_oidcc_rp_initiated_logout_only_state(signed_in: SignedIn) -> None:
    page = signed_in.go(state="alone")
    assert (page.left_to, page.status) == (None, 200)
    assert "登出" in page.text
    assert signed_in.is_out()


def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(signed_in: SignedIn) -> None:
    page = signed_in.go(id_token_hint=signed_in.tokens.id_token, post_logout_redirect_uri=signed_in.after + "?extra=1")
    assert page.left_to is None


def test_oidcc_rp_initiated_logout_bad_id_token_hint(signed_in: SignedIn) -> None:
    foreign = jwt.encode(
        signed_in.party.header(signed_in.tokens.id_token),
        signed_in.tokens.claims,
        RSAKey.generate_key(2048),
        algorithms=["RS256"],
    )
    page = signed_in.go(id_token_hint=foreign, post_logout_redirect_uri=signed_in.after, state="s")
    assert page.left_to is None


# What tokens.md and security.md add to the plan.


def test_a_get_from_another_site_signs_nobody_out_without_a_page(signed_in: SignedIn) -> None:
    """SS03."""
    page = signed_in.browser.get("/logout", headers={"Referer": "https://evil.example/"})
    assert page.left_to is None
    assert page.has("sign-out-everywhere")
    assert not signed_in.is_out()


def test_cancel_keeps_the_person_signed_in(signed_in: SignedIn) -> None:
    page = signed_in.browser.get("/logout")
    signed_in.browser.submit(page, "sign-out-cancel")
    assert not signed_in.is_out()


def test_this_application_ends_its_own_sids_only_and_its_next_request_shows_a_page(
    signed_in: SignedIn, provider: Town
) -> None:
    other = provider.rp("other")
    other.sign_in(signed_in.browser)
    page = signed_in.browser.get(
        signed_in.party.logout_address(
            id_token_hint=signed_in.tokens.id_token, post_logout_redirect_uri=signed_in.after
        )
    )
    page = signed_in.browser.submit(page, "sign-out-application")
    assert came_back(page, signed_in.after)
    assert signed_in.party.silently(signed_in.browser).error == "login_required"
    assert other.silently(signed_in.browser).code
    page = signed_in.party.open(signed_in.browser, signed_in.party.ask())
    assert page.left_to is None, "the next request of the application has to show a page"


def test_the_page_asks_everywhere_first(signed_in: SignedIn) -> None:
    page = signed_in.browser.get(
        signed_in.party.logout_address(
            id_token_hint=signed_in.tokens.id_token, post_logout_redirect_uri=signed_in.after
        )
    )
    order = [identifier for identifier in page.ids if identifier.startswith("sign-out-")]
    assert order[:2] == ["sign-out-everywhere", "sign-out-application"]


def test_who_is_signed_out_already_goes_straight_back(signed_in: SignedIn) -> None:
    signed_in.go()
    page = signed_in.browser.get(
        signed_in.party.logout_address(
            id_token_hint=signed_in.tokens.id_token, post_logout_redirect_uri=signed_in.after, state="again"
        )
    )
    assert page.left_to == f"{signed_in.after}?state=again"


def test_logout_by_post_and_with_client_id_works_too(signed_in: SignedIn) -> None:
    page = signed_in.browser.post(
        "/logout",
        {
            "client_id": signed_in.party.client.client_id,
            "post_logout_redirect_uri": signed_in.after,
            "state": "posted",
        },
        headers={"Origin": "https://rp.example"},
    )
    assert page.has("sign-out-everywhere")
    page = signed_in.browser.submit(page, "sign-out-everywhere")
    assert page.left_to == f"{signed_in.after}?state=posted"
    assert signed_in.is_out()


def test_a_hint_of_another_client_than_client_id_never_redirects(signed_in: SignedIn, provider: Town) -> None:
    page = signed_in.go(
        id_token_hint=signed_in.tokens.id_token,
        client_id=provider.rp("other").client.client_id,
        post_logout_redirect_uri=signed_in.after,
    )
    assert page.left_to is None


def test_an_address_of_another_client_never_redirects(signed_in: SignedIn, provider: Town) -> None:
    """SS04."""
    page = signed_in.go(
        id_token_hint=signed_in.tokens.id_token,
        post_logout_redirect_uri=provider.rp("other").client.post_logout_redirect_uri,
    )
    assert page.left_to is None


def test_a_hint_about_somebody_else_does_not_sign_this_person_out_unasked(
    signed_in: SignedIn, provider: Town, other_staff: Person
) -> None:
    """Ecosystem 1.3-29: the hint is compared with who is signed in here."""
    theirs = signed_in.party.sign_in(provider.browser(), other_staff)
    signed_in.browser.get(
        signed_in.party.logout_address(id_token_hint=theirs.id_token, post_logout_redirect_uri=signed_in.after)
    )
    assert not signed_in.is_out()


def test_signing_out_everywhere_ends_tokens_and_copied_cookies(signed_in: SignedIn) -> None:
    """SS02, and tokens.md: a refresh token ends with its sign-in."""
    thief = signed_in.browser.copy()
    signed_in.go()
    assert signed_in.party.userinfo(signed_in.tokens.access_token).status_code == 401
    assert signed_in.party.introspect(signed_in.tokens.access_token) == {"active": False}
    assert signed_in.party.silently(thief).error == "login_required"
