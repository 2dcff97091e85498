"""The account acted as is bound to code, grant and ``sid``, never read from the sign-in (tokens.md)."""

from tests.harness.browser import Browser
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty, Tokens


def switch(provider: Town, person: Person, other: Person) -> None:
    """As if this person's sign-ins now acted as another account: what a switch in another tab will write."""
    provider.server.write(
        "UPDATE sign_ins SET acting_account_id = :other WHERE account_id = :own",
        {"other": other.sub, "own": person.sub},
    )


def test_a_code_stays_with_the_account_it_was_granted_to(
    app: RelyingParty, browser: Browser, staff: Person, other_staff: Person, provider: Town
) -> None:
    """Switching changes no code, token, answer or refresh that exists."""
    answer = app.authorize(browser, staff)
    switch(provider, staff, other_staff)
    tokens = app.tokens(answer)
    assert (tokens.claims["sub"], tokens.claims["company_tax_id"]) == (staff.sub, "00000016")


def test_tokens_and_refreshes_stay_with_it_too(
    app: RelyingParty, browser: Browser, staff: Person, other_staff: Person, provider: Town
) -> None:
    """OpenID Connect Core 12.2."""
    tokens = app.sign_in(browser, staff)
    switch(provider, staff, other_staff)
    assert app.person(tokens.access_token)["company_tax_id"] == "00000016"
    assert app.introspect(tokens.access_token)["sub"] == staff.sub
    newer = Tokens(app.refresh(tokens.refresh_token).json())
    assert app.verified(newer.id_token)["sub"] == staff.sub


def test_secrets_are_kept_as_hashes_only(app: RelyingParty, browser: Browser, staff: Person, provider: Town) -> None:
    """LG01, security.md §5-1: no secret that was used is in the database or the log."""
    answer = app.authorize(browser, staff)
    tokens = app.tokens(answer)
    secrets = [answer.code, tokens.access_token, tokens.refresh_token, app.client.secret, staff.password]
    secrets.append(browser.cookie("idp_session") or "")
    kept = provider.server.dump() + provider.server.log.read_bytes()
    for secret in secrets:
        assert secret
        assert secret.encode() not in kept
        assert secret.encode().hex().encode() not in kept


def test_a_sign_in_makes_a_new_session_and_the_old_cookie_is_dead(
    app: RelyingParty, browser: Browser, staff: Person, other_staff: Person
) -> None:
    """SS01: a cookie fixed before the sign-in is not the one after it."""
    browser.http.cookies.set("idp_session", "fixed-by-somebody", domain="localhost.local", path="/")
    app.sign_in(browser, staff)
    first = browser.cookie("idp_session")
    assert first not in {None, "fixed-by-somebody"}
    thief = browser.copy()
    app.authorize(browser, staff, prompt="login")
    assert browser.cookie("idp_session") != first
    assert app.silently(thief).error == "login_required"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """Security.md §3, "Cookies"."""
    answer = app.authorize(browser, staff)
    set_cookies = [
        line
        for hop in [*answer.page.hops, *[hop for page in answer.pages_seen for hop in page.hops]]
        for line in hop.raw.headers.getlist("Set-Cookie")
    ]
    assert any(line.startswith("idp_session=") for line in set_cookies)
    for line in set_cookies:
        assert "HttpOnly" in line
        assert "SameSite=Lax" in line
        assert "Domain" not in line
