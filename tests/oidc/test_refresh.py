"""Refresh tokens: rotation, a short grace, reuse detection for the family (tokens.md, TK08, TK10)."""

import time
from collections.abc import Callable

import pytest

from tests.harness.browser import Browser
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty, Tokens


def is_over(party: RelyingParty, tokens: Tokens) -> bool:
    """Whether nothing is left of a grant: refresh, userinfo and introspection all say so."""
    response = party.refresh(tokens.refresh_token)
    assert (response.status_code, response.json().get("error")) == (400, "invalid_grant"), response.text
    assert party.userinfo(tokens.access_token).status_code == 401
    assert party.introspect(tokens.access_token) == {"active": False}
    return True


def test_a_refresh_rotates_the_token_and_changes_nobody(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """OpenID Connect Core 12.2: neither company nor person nor time of sign-in."""
    first = app.sign_in(browser, staff)
    time.sleep(1.1)
    response = app.refresh(first.refresh_token)
    app.check_token_answer(response)
    second = Tokens(response.json())
    assert second.refresh_token != first.refresh_token
    claims = app.verified(second.id_token)
    for name in ("iss", "sub", "aud", "auth_time", "sid", "acr", "amr", "tenant", "session_expiry"):
        assert claims[name] == first.claims[name], name
    assert claims["iat"] > first.claims["iat"]
    assert claims.get("nonce") in {None, first.claims["nonce"]}
    assert "act" not in claims


def test_a_repeat_within_the_grace_gets_the_identical_answer(
    app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """TK08: the answer was lost on its way, so the client asks again."""
    first = app.sign_in(browser, staff)
    one, two = app.refresh(first.refresh_token), app.refresh(first.refresh_token)
    assert one.status_code == two.status_code == 200
    for name in ("access_token", "refresh_token", "id_token"):
        assert one.json()[name] == two.json()[name], name
    assert app.userinfo(two.json()["access_token"]).status_code == 200


def test_a_repeat_after_the_grace_ends_the_family(hasty: Town) -> None:
    """TK08: one second here in place of ten."""
    app = hasty.rp("app")
    first = app.sign_in(hasty.browser(), hasty.person("staff"))
    second = Tokens(app.refresh(first.refresh_token).json())
    time.sleep(1.2)
    again = app.refresh(first.refresh_token)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert is_over(app, second)


def test_a_stranger_who_presents_a_used_token_does_not_end_the_family(
    app: RelyingParty, browser: Browser, staff: Person, provider: Town
) -> None:
    """Ecosystem 1.3-3: the client is looked at before the reuse."""
    first = app.sign_in(browser, staff)
    second = Tokens(app.refresh(first.refresh_token).json())
    assert provider.rp("other").refresh(first.refresh_token).json()["error"] == "invalid_grant"
    assert app.refresh(second.refresh_token).status_code == 200


def test_the_grandparent_of_a_token_is_a_reuse_at_once(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """The grace is for the last answer only: once its successor was used, a repeat is a theft."""
    first = app.sign_in(browser, staff)
    second = Tokens(app.refresh(first.refresh_token).json())
    third = Tokens(app.refresh(second.refresh_token).json())
    again = app.refresh(first.refresh_token)
    if again.status_code == 200:
        assert again.json()["refresh_token"] == second.refresh_token
    else:
        assert is_over(app, third)


def test_a_narrower_scope_narrows_that_answer_and_not_the_family(
    app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """RFC 6749 6, ecosystem 1.3-4."""
    first = app.sign_in(browser, staff, scope="openid profile company")
    narrow = Tokens(app.refresh(first.refresh_token, scope="openid").json())
    assert narrow.answer["scope"] == "openid"
    assert "tenant" not in app.person(narrow.access_token)
    wide = Tokens(app.refresh(narrow.refresh_token).json())
    assert app.person(wide.access_token)["tenant"] == first.claims["tenant"]


def test_revoking_a_refresh_token_ends_its_family(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """RFC 7009 2.1."""
    first = app.sign_in(browser, staff)
    second = Tokens(app.refresh(first.refresh_token).json())
    assert app.revoke(second.refresh_token, token_type_hint="unheard-of").status_code == 200
    assert is_over(app, second)


def test_revoking_an_access_token_leaves_the_family(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """RFC 7009 2.1: the server may leave the refresh token alone; here it does."""
    first = app.sign_in(browser, staff)
    assert app.revoke(first.access_token, token_type_hint="access_token").status_code == 200
    assert app.refresh(first.refresh_token).status_code == 200


def _suspended(provider: Town, person: Person) -> None:
    provider.suspend(person)


def _company_suspended(provider: Town, person: Person) -> None:
    provider.suspend_company(person.tax_id)


@pytest.mark.parametrize("happens", [_suspended, _company_suspended])
def test_what_ends_the_account_ends_its_tokens_at_once(
    provider: Town, browser: Browser, app: RelyingParty, happens: Callable[[Town, Person], None]
) -> None:
    """TK10: account disabled, company suspended."""
    person = provider.person("staff", tax_id=provider.new_company()["tax_id"])
    bystander = app.sign_in(provider.browser(), provider.person("staff"))
    tokens = app.sign_in(browser, person)
    happens(provider, person)
    assert is_over(app, tokens)
    assert app.silently(browser).error in {"login_required", "interaction_required"}
    assert app.userinfo(bystander.access_token).status_code == 200


def test_a_restored_account_gets_nothing_old_back(
    provider: Town, browser: Browser, app: RelyingParty, staff: Person
) -> None:
    """tokens.md: suspended and then restored, nothing old comes back."""
    tokens = app.sign_in(browser, staff)
    provider.suspend(staff)
    assert app.userinfo(tokens.access_token).status_code == 401
    provider.restore(staff)
    assert is_over(app, tokens)
    assert app.sign_in(browser, staff).claims["sub"] == staff.sub


def test_a_changed_role_is_seen_at_once_and_perm_ver_grows(
    provider: Town, browser: Browser, app: RelyingParty, staff: Person
) -> None:
    """Narrowing bites at introspection, userinfo and refresh."""
    tokens = app.sign_in(browser, staff)
    before = app.person(tokens.access_token)
    provider.set_role(staff, "guest")
    after = app.person(tokens.access_token)
    assert (after["roles"], after["entitlements"]) == (["guest"], ["site.list"])
    assert after["perm_ver"] > before["perm_ver"]
    assert app.introspect(tokens.access_token)["roles"] == ["guest"]
    assert app.verified(app.refresh(tokens.refresh_token).json()["id_token"])["roles"] == ["guest"]


def test_a_refresh_token_ends_with_its_sign_in_unless_it_is_offline(hasty: Town) -> None:
    """A sign-in ends here after 3.6 s at the latest; ``offline_access`` of a confidential client goes on."""
    app, browser = hasty.rp("app"), hasty.browser()
    tokens = app.sign_in(browser, hasty.person("staff"))
    offline = app.sign_in(browser, scope="openid offline_access")
    time.sleep(3.7)
    response = app.refresh(tokens.refresh_token)
    assert (response.status_code, response.json().get("error")) == (400, "invalid_grant")
    assert app.silently(browser).error == "login_required"
    assert app.refresh(offline.refresh_token).status_code == 200


def test_refreshing_does_not_keep_a_sign_in_from_idling_out(hasty: Town) -> None:
    """tokens.md: here 2.4 s without a visit of the browser."""
    app, browser = hasty.rp("app"), hasty.browser()
    tokens = app.sign_in(browser, hasty.person("staff"))
    time.sleep(1.3)
    assert app.refresh(tokens.refresh_token).status_code == 200
    time.sleep(1.3)
    assert app.silently(browser).error == "login_required"


def test_signing_out_ends_refresh_tokens(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """tokens.md: it ends with its sign-in."""
    tokens = app.sign_in(browser, staff)
    browser.submit(browser.get(app.logout_address()), "sign-out-everywhere")
    assert is_over(app, tokens)


def test_a_public_client_never_gets_offline_access(provider: Town, browser: Browser, staff: Person) -> None:
    """tokens.md: public clients rotate and have no ``offline_access``."""
    party = provider.rp("public")
    answer = party.authorize(browser, staff, scope="openid offline_access")
    if answer.error:
        assert answer.error == "invalid_scope"
    else:
        assert "offline_access" not in party.tokens(answer).answer.get("scope", "openid").split()


def test_a_public_client_rotates(provider: Town, browser: Browser, staff: Person) -> None:
    """RFC 9700 4.14."""
    party = provider.rp("public")
    first = party.sign_in(browser, staff)
    second = Tokens(party.refresh(first.refresh_token).json())
    assert second.refresh_token != first.refresh_token
    assert party.person(second.access_token)["sub"] == staff.sub


@pytest.mark.parametrize("token", ["", "x", "a" * 100_000, "有", "\x00"])
def test_a_refresh_token_that_is_none_is_refused(app: RelyingParty, token: str) -> None:
    """RFC 6749 5.2."""
    response = app.refresh(token)
    assert response.status_code == 400
    assert response.json()["error"] in {"invalid_grant", "invalid_request"}
