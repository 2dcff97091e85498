"""No secret that was used is kept or logged in the clear (LG01)."""

import base64
import json
from urllib.parse import quote

from tests.harness.browser import Browser
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty
from tests.security.doors import WRONG, enter, sign_in


def ways_to_write(secret: str) -> set[bytes]:
    """A secret as a log, a dump or a debugger would show it."""
    raw = secret.encode()
    forms = {raw, raw.hex().encode(), base64.b64encode(raw), base64.urlsafe_b64encode(raw).rstrip(b"=")}
    return forms | {quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode()}


def test_no_secret_of_a_whole_day_is_kept_in_the_clear(
    provider: Town, app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """LG01, security.md §5-1: sessions, codes, tokens, verifiers, passwords (wrong ones too), client secrets."""
    secrets: dict[str, str | None] = {"password": staff.password, "client secret": app.client.secret}
    secrets |= {"wrong password": WRONG + "-never-seen", "password typed as name": "Typed-As-Name-" + staff.password}
    enter(provider.browser(), staff.username, secrets["wrong password"] or "")
    enter(provider.browser(), secrets["password typed as name"] or "", staff.password)
    page = app.open(browser, app.ask())
    secrets["csrf token"] = page.forms[0].value("csrf_token")
    answer = app.authorize(browser, staff)
    secrets["code"], secrets["verifier"] = answer.code, answer.asked.verifier
    tokens = app.tokens(answer)
    refreshed = app.refresh(tokens.refresh_token).json()
    app.refresh(tokens.refresh_token)
    secrets |= {"access token": tokens.access_token, "refresh token": tokens.refresh_token}
    secrets |= {"second access token": refreshed["access_token"], "second refresh token": refreshed["refresh_token"]}
    secrets |= {"ID token": tokens.id_token, "second ID token": refreshed["id_token"]}
    secrets |= {"session": browser.cookie("idp_session"), "browser cookie": browser.cookie("idp_browser")}
    for bad in ("not-a-secret-but-a-try", "x" * 43):
        app.http.post(
            app.metadata["token_endpoint"],
            data={"grant_type": "authorization_code", "code": bad, "client_id": app.client.client_id}
            | {"client_secret": bad + "-tried"},
            timeout=10,
        )
        secrets[f"tried {bad}"] = bad + "-tried"
    app.introspect(tokens.access_token)
    app.revoke(refreshed["access_token"])
    browser.submit(browser.get("/logout"), "sign-out-everywhere")
    sign_in(browser, staff)
    secrets["later session"] = browser.cookie("idp_session")
    secrets |= {name: provider.server.environment[name] for name in ("IDP_SECRET_KEY", "IDP_MASTER_KEY")}
    kept = provider.server.dump()
    logged = provider.server.log.read_bytes()
    assert staff.username.encode() in kept, "the dump is no dump"
    for name, secret in secrets.items():
        assert secret, name
        for form in ways_to_write(secret):
            assert form not in kept, f"{name} is in the database"
            assert form not in logged, f"{name} is in the log"


def test_addresses_with_codes_and_states_are_not_logged(
    provider: Town, app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """LG01, TK18: no access log keeps what stands in an address."""
    answer = app.authorize(browser, staff)
    browser.http.post(f"{app.issuer}/token?code={answer.code}&client_secret={app.client.secret}", timeout=10)
    browser.get(f"/login?password={staff.password}")
    browser.get(f"/nowhere/{staff.password}")
    logged = provider.server.log.read_text()
    for secret in (answer.code, app.client.secret, staff.password, answer.asked.state or ""):
        assert secret not in logged


def test_a_private_signing_key_is_kept_encrypted(provider: Town) -> None:
    """Issue 2 §4: under the master key of the settings."""
    kept = provider.server.dump()
    for word in (b"PRIVATE KEY", b'"d":', b"'d':", b'"p":'):
        assert word not in kept


def test_a_secret_sent_to_the_wrong_endpoint_is_not_kept(provider: Town, app: RelyingParty, browser: Browser) -> None:
    """LG01: a client that sends its secret or somebody's password to /authorize is not taken at its word."""
    app.open(browser, app.ask(client_secret=app.client.secret, password="Never-Kept-77", code_verifier="v" * 50))
    kept = provider.server.dump()
    assert app.client.secret.encode() not in kept
    assert b"Never-Kept-77" not in kept
