"""What is sent to the authorization endpoint in bad faith: security.md §2, rows AZ."""

import time
from urllib.parse import urlsplit

import pytest

from tests.harness.browser import Browser, Page
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty, challenge_of


def is_an_error_page(page: Page) -> bool:
    """A page of the provider with status 400 that leads nowhere and posts nothing outside."""
    elsewhere = {urlsplit(link).hostname for link in page.links} - {"localhost"}
    redirects = page.left_to is not None or "Location" in page.response.headers
    return page.status == 400 and not redirects and not elsewhere and page.posts_itself_to is None


def twisted(address: str) -> list[str]:
    """Addresses that a loose comparison takes for the registered one."""
    host = address.split("/")[2]
    return [
        address + "/",
        address.upper(),
        address.replace("/callback", "/Callback"),
        address + "?a=b",
        address + "#f",
        address + "%00",
        address.replace(host, host + ":443"),
        address.replace(host, host + "."),
        address.replace("/callback", "/..;/callback"),
        address.replace("/callback", "/x/../callback"),
        address.replace("/callback", "/%2e/callback"),
        address.replace("/callback", "//callback"),
        f"https://{host}@evil.example/callback",
        f"https://evil.example@{host}/callback",
        f"https://a@b@{host}/callback",
        f"https://evil.example/{host}/callback",
        address.replace(host, host + ".evil.example"),
        address.replace("https", "http"),
        address + " ",
        " " + address,
        address + "\\@evil.example",
        address + '"',
        "javascript:alert(1)",
        "//" + host + "/callback",
        "",
    ]


def test_an_address_that_differs_by_a_byte_is_never_redirected_to(app: RelyingParty, browser: Browser) -> None:
    """AZ01: redirect_uri is compared byte by byte."""
    for address in twisted(app.client.redirect_uri):
        page = app.open(browser, app.ask(redirect_uri=address))
        assert is_an_error_page(page), f"{address!r}: {page!r}"


def test_an_address_left_out_is_not_guessed(app: RelyingParty, browser: Browser) -> None:
    """AZ01, ecosystem 1.3-11: one registered address does not stand in for a missing one."""
    assert is_an_error_page(app.open(browser, app.ask(redirect_uri=None)))


def test_an_address_of_another_client_is_refused(app: RelyingParty, browser: Browser, provider: Town) -> None:
    """AZ01."""
    page = app.open(browser, app.ask(redirect_uri=provider.rp("other").client.redirect_uri))
    assert is_an_error_page(page)


def test_an_unknown_client_gets_a_page(app: RelyingParty, browser: Browser) -> None:
    """Issue 2, "Bad input": a page, no link back."""
    for client_id in ("nobody", "", None, "ga_x", "\x00", "a" * 5000, "用戶端"):
        page = app.open(browser, app.ask(client_id=client_id))
        assert is_an_error_page(page), f"{client_id!r}: {page!r}"


@pytest.mark.parametrize(
    "change",
    [
        {"response_type": "token"},
        {"response_type": "unheard-of"},
        {"scope": "openid nonsense"},
        {"scope": 'openid "quoted"'},
        {"prompt": "none login"},
    ],
)
def test_a_bad_request_to_a_foreign_address_stays_here(
    app: RelyingParty, browser: Browser, change: dict[str, str]
) -> None:
    """AZ02: no error of the request opens a way to an unregistered address."""
    page = app.open(browser, app.ask(redirect_uri="https://evil.example/", **change))
    assert is_an_error_page(page)


@pytest.mark.parametrize("response_type", ["token", "code id_token", "id_token", "none", "code token", "Code"])
def test_other_response_types_than_code_are_refused(app: RelyingParty, browser: Browser, response_type: str) -> None:
    """AZ03."""
    answer = app.authorize(browser, response_type=response_type)
    assert answer.error == "unsupported_response_type"


@pytest.mark.parametrize("response_mode", ["fragment", "web_message", "jwt", ""])
def test_other_response_modes_are_refused(app: RelyingParty, browser: Browser, response_mode: str) -> None:
    """Issue 2, 4: ``query`` and ``form_post``; an unknown mode is answered by query or by a page."""
    asked = app.ask(response_mode=response_mode)
    page = app.open(browser, asked)
    if page.left_to is None:
        assert page.status == 400 or response_mode == ""
    else:
        answer = app.arrival(page, asked)
        assert answer is not None
        assert answer.error in {"invalid_request", "unsupported_response_mode"}


def test_a_confidential_client_without_a_code_challenge_is_refused(app: RelyingParty, browser: Browser) -> None:
    """AZ04: PKCE is demanded of every client that is not flagged."""
    answer = app.authorize(browser, code_challenge=None, code_challenge_method=None)
    assert answer.error == "invalid_request"


@pytest.mark.parametrize("method", ["plain", None, "s256", "S512", ""])
def test_any_other_challenge_method_than_s256_is_refused(
    app: RelyingParty, browser: Browser, method: str | None
) -> None:
    """AZ05: ``plain``, and a challenge without a method, which would mean plain."""
    assert app.authorize(browser, code_challenge_method=method).error == "invalid_request"


@pytest.mark.parametrize("challenge", ["short", "a" * 42, "a" * 129, "有" * 43, "a" * 42 + "=", "a b" * 15])
def test_a_malformed_challenge_is_refused(app: RelyingParty, browser: Browser, challenge: str) -> None:
    """RFC 7636 4.2: the base64url of a SHA-256 and nothing else."""
    assert app.authorize(browser, code_challenge=challenge).error == "invalid_request"


def test_a_flagged_client_may_not_use_plain_either(provider: Town, browser: Browser) -> None:
    """AZ05 with ``require_pkce=false``."""
    party = provider.rp("first")
    answer = party.authorize(browser, code_challenge="a" * 43, code_challenge_method="plain")
    assert answer.error == "invalid_request"


@pytest.mark.parametrize("max_age", ["-1", "abc", "1.5", "１", " 1", "1e3", "9" * 400])
def test_a_max_age_that_is_no_number_is_refused(app: RelyingParty, browser: Browser, max_age: str) -> None:
    """AZ08."""
    assert app.authorize(browser, max_age=max_age).error == "invalid_request"


def test_max_age_zero_asks_for_the_password_and_makes_a_fresh_auth_time(
    app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """AZ08: ``max_age=0`` is ``prompt=login``."""
    first = app.sign_in(browser, staff)
    time.sleep(1.1)
    answer = app.authorize(browser, staff, max_age="0")
    assert answer.asked_for_password
    assert app.tokens(answer).claims["auth_time"] > first.claims["auth_time"]


@pytest.mark.parametrize(
    "address",
    ["http://169.254.169.254/latest", "file:///etc/passwd", "urn:ietf:params:oauth:request_uri:x", "x"],
)
def test_a_request_uri_is_refused_and_never_fetched(app: RelyingParty, browser: Browser, address: str) -> None:
    """AZ10."""
    assert app.authorize(browser, request_uri=address).error == "request_uri_not_supported"


def test_every_answer_names_its_issuer(app: RelyingParty, browser: Browser, staff: Person, provider: Town) -> None:
    """AZ12, ecosystem 1.3-12: good or bad, by query or by form_post."""
    for mode in ("query", "form_post"):
        errors = [
            app.authorize(browser, response_mode=mode, **change)
            for change in (
                {"response_type": "token"},
                {"scope": "profile"},
                {"prompt": "none"},
                {"code_challenge": None},
                {"request": "x.y.z"},
                {"max_age": "x"},
            )
        ]
        assert all(answer.error and answer.parameters["iss"] == provider.issuer for answer in errors)
    good = app.authorize(browser, staff)
    assert good.parameters["iss"] == provider.issuer


@pytest.mark.parametrize(
    "state",
    [
        "s" * 4096,
        "中文狀態 與 空白",
        "a\r\nSet-Cookie: evil=1",
        '"><script>alert(1)</script>',
        "'; DROP TABLE codes; --",
        "%0d%0a%00",
        "\u202e\u200f",
        "+&=?#/\\",
    ],
)
@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_a_state_comes_back_byte_by_byte_or_is_refused(
    app: RelyingParty, browser: Browser, staff: Person, state: str, mode: str
) -> None:
    """AZ13: no header is split and no byte changed."""
    asked = app.ask(state=state, response_mode=mode)
    page = app.open(browser, asked)
    if page.left_to is None and page.status == 400:
        return
    if page.asks_for_password:
        answer = app.finish(browser, page, asked, staff)
        assert answer.parameters["state"] == state
        last = answer.page.response.headers
    else:
        assert page.left_to is not None or page.posts_itself_to is not None
        last = page.response.headers
    assert "evil" not in str(last.get("Set-Cookie", ""))


def test_a_nonce_of_a_kilobyte_comes_back_whole_or_is_refused(
    app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """AZ13."""
    for nonce in ("n" * 64, "n" * 384, "n" * 1024, "中文"):
        answer = app.authorize(browser, staff, nonce=nonce)
        if answer.error:
            assert answer.error == "invalid_request"
            assert len(nonce) > 384 or not nonce.isascii()
        else:
            assert app.tokens(answer).claims["nonce"] == nonce


def test_the_redirect_back_is_never_a_307_and_leaves_no_trace(
    app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """AZ14: 302 or 303, not stored, and no Referer for whoever comes next."""
    answer = app.authorize(browser, staff)
    for hop in answer.page.hops:
        assert hop.status_code in {302, 303}, hop.url
        assert "no-store" in hop.headers["Cache-Control"]
    assert answer.page.response.headers["Referrer-Policy"] == "no-referrer"


def test_a_scope_the_client_is_not_registered_for_is_never_granted(
    provider: Town, browser: Browser, staff: Person
) -> None:
    """AZ17."""
    party = provider.rp("plain")
    answer = party.authorize(browser, staff, scope="openid company menus email")
    if answer.error:
        assert answer.error == "invalid_scope"
        return
    tokens = party.tokens(answer)
    assert set(tokens.answer["scope"].split()) == {"openid"}
    assert not {"company", "tenant", "roles", "email", "entitlements"} & party.person(tokens.access_token).keys()


@pytest.mark.parametrize(
    "name",
    [
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "prompt",
        "response_type",
        "max_age",
        "code_challenge",
        "id_token_hint",
        "login_hint",
        "claims",
        "tenant",
    ],
)
def test_a_parameter_sent_twice_is_refused(app: RelyingParty, browser: Browser, name: str) -> None:
    """RFC 6749 3.1, ecosystem 1.3-13: every parameter, not five of them."""
    asked = app.ask()
    pairs = [*asked.parameters.items(), (name, asked.parameters.get(name, "1")), (name, "2")]
    page = browser.get("/authorize", pairs)
    assert is_an_error_page(page) or "error=invalid_request" in (page.left_to or "")
    if name in {"client_id", "redirect_uri"}:
        assert is_an_error_page(page)


def test_an_empty_parameter_counts_as_left_out(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """RFC 6749 3.1: parameters sent without a value are treated as omitted."""
    answer = app.authorize(browser, staff, prompt="", max_age="", login_hint="", acr_values="", display="")
    assert answer.code


@pytest.mark.parametrize("prompt", ["none login", "none consent", "nonsense", "login none"])
def test_a_prompt_that_contradicts_itself_is_refused(app: RelyingParty, browser: Browser, prompt: str) -> None:
    """OpenID Connect Core 3.1.2.1: ``none`` stands alone."""
    assert app.authorize(browser, prompt=prompt).error == "invalid_request"


@pytest.mark.parametrize("claims", ["{", "[]", "1", '{"id_token": 3}', '{"userinfo": []}', "[" * 1500, '""', "null"])
def test_a_claims_parameter_that_is_no_object_is_refused(app: RelyingParty, browser: Browser, claims: str) -> None:
    """OpenID Connect Core 5.5."""
    assert app.authorize(browser, claims=claims).error == "invalid_request"


def test_scope_without_openid_is_refused_or_gives_no_id_token(
    app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """OpenID Connect Core 3.1.2.1."""
    answer = app.authorize(browser, staff, scope="profile")
    if answer.error:
        assert answer.error == "invalid_scope"
    else:
        assert "id_token" not in app.exchange(answer).json()


def test_the_challenge_of_one_request_does_not_open_another(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """RFC 9700 4.5: a code injected into another session fails at the verifier."""
    stolen = app.authorize(browser, staff)
    mine = app.authorize(browser, staff)
    assert challenge_of(stolen.asked.verifier or "") != challenge_of(mine.asked.verifier or "")
    response = app.exchange(stolen, code_verifier=mine.asked.verifier)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")
