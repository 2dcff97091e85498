"""Any byte in any field of any endpoint gets a sentence or a 400: UN05, LG03, "Bad input"."""

import base64
from urllib.parse import quote_from_bytes, urlencode

import pytest
import requests

from tests.harness.browser import BOUNDED, Browser
from tests.harness.databases import kinds_of_bytes
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty

VALUES: dict[str, bytes] = {
    "nul": b"a\x00b",
    "lone surrogate": b"\xed\xa0\x80",
    "not utf-8": b"\xff\xfe\x80",
    "half a character": "公".encode()[:2],
    "full-width digits": "１２３４５６７８".encode(),
    "right-to-left mark": "\u200f\u202eabc".encode(),
    "line breaks": b"a\r\nb: c\r\n\r\n",
    "quotes": b"\"'\\`<>{}[]%",
    "format": b"%s%n{0}{{7*7}}${x}",
    "control": bytes(range(1, 32)),
    "long": b"x" * 6000,
    "emoji": "😀👩\u200d👩\u200d👧\u200d👦".encode(),
    "brackets": b"[" * 2000,
    "number": b"9" * 400,
    "negative": b"-1",
    "empty": b"",
}
MEGABYTE = b"y" * 1_000_000
PARAMETERS = {
    "/authorize": [
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "response_mode",
        "prompt",
        "max_age",
        "login_hint",
        "id_token_hint",
        "acr_values",
        "ui_locales",
        "claims_locales",
        "display",
        "claims",
        "request",
        "request_uri",
        "code_challenge",
        "code_challenge_method",
        "tenant",
        "resource",
        "unheard_of",
    ],
    "/token": [
        "grant_type",
        "code",
        "redirect_uri",
        "code_verifier",
        "refresh_token",
        "scope",
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "resource",
        "unheard_of",
    ],
    "/introspect": ["token", "token_type_hint", "client_id", "client_secret", "client_assertion"],
    "/revoke": ["token", "token_type_hint", "client_id", "client_secret", "client_assertion"],
    "/userinfo": ["access_token", "unheard_of"],
    "/logout": [
        "id_token_hint",
        "post_logout_redirect_uri",
        "state",
        "client_id",
        "logout_hint",
        "ui_locales",
        "csrf_token",
        "which",
    ],
    "/login": ["username", "password", "request_id", "csrf_token", "method"],
}
PATHS = [
    "/authorize/{}",
    "/consent/{}",
    "/sign-out/{}",
    "/language/{}",
    "/language/en?next={}",
    "/{}",
    "/static/{}",
    "/look/{}",
    "/.well-known/{}",
    "/login?request_id={}",
    "/account?x={}",
]


def encoded(pairs: dict[str, bytes]) -> str:
    """A query or form body with every byte as it is."""
    return "&".join(f"{name}={quote_from_bytes(value, safe='')}" for name, value in pairs.items())


def is_an_answer(response: requests.Response) -> bool:
    """A status that somebody decided on, and no trace of the machinery."""
    assert response.status_code < 500, f"{response.status_code} for {response.request.url!r:.300}"
    for word in ("Traceback", "sqlalchemy", "sqlite3", "psycopg"):
        assert word not in response.text
    return True


@pytest.mark.parametrize("kind", kinds_of_bytes(VALUES))
def test_any_byte_in_any_parameter_gets_an_answer(
    app: RelyingParty, browser: Browser, provider: Town, kind: str
) -> None:
    """UN05: a sweep over every endpoint and parameter."""
    value = VALUES[kind]
    for path, names in PARAMETERS.items():
        base = good_form(app, path)
        for name in names:
            body = encoded({n: v.encode() for n, v in base.items()} | {name: value})
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            if path in {"/token", "/introspect", "/revoke"}:
                headers |= app.authenticated({})[0]
            answers = [
                app.http.post(
                    provider.issuer + path, data=body, headers=headers, timeout=BOUNDED, allow_redirects=False
                )
            ]
            if path in {"/authorize", "/logout", "/login"} and len(body) < 7000:
                answers.append(
                    browser.http.get(f"{provider.issuer}{path}?{body}", timeout=BOUNDED, allow_redirects=False)
                )
            for response in answers:
                assert is_an_answer(response), f"{path} {name}"


def good_form(app: RelyingParty, path: str) -> dict[str, str]:
    """A request in which only one field will be bad."""
    if path == "/authorize":
        return app.ask().parameters
    if path == "/token":
        return {"grant_type": "refresh_token", "refresh_token": "r" * 43}
    if path in {"/introspect", "/revoke"}:
        return {"token": "t" * 43}
    return {}


@pytest.mark.parametrize("kind", kinds_of_bytes(VALUES))
def test_any_byte_in_a_path_gets_an_answer(browser: Browser, provider: Town, kind: str) -> None:
    """UN05."""
    for path in PATHS:
        url = provider.issuer + path.format(quote_from_bytes(VALUES[kind], safe=""))
        assert is_an_answer(browser.http.get(url, timeout=BOUNDED, allow_redirects=False)), path
        assert is_an_answer(browser.http.post(url, timeout=BOUNDED, allow_redirects=False)), path


@pytest.mark.parametrize("kind", kinds_of_bytes(VALUES))
def test_any_byte_in_the_sign_in_form_gets_a_sentence(
    app: RelyingParty, provider: Town, kind: str, staff: Person
) -> None:
    """UN05: with a good CSRF token, so that the field itself is looked at."""
    for name in ("username", "password"):
        browser = provider.browser()
        page = app.open(browser, app.ask())
        found = page.button("sign-in")
        assert found is not None
        form = {n: v.encode() for n, v in found[0].fields} | {
            "username": staff.username.encode(),
            "password": b"wrong-Passw0rd",
        }
        form |= {name: VALUES[kind], "method": b"password"}
        response = browser.http.post(
            found[0].action,
            data=encoded(form),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            timeout=BOUNDED,
            allow_redirects=False,
        )
        assert is_an_answer(response)
        assert response.status_code != 302 or "code=" not in response.headers["Location"]


@pytest.mark.parametrize("kind", kinds_of_bytes(VALUES))
def test_any_byte_in_a_header_gets_an_answer(browser: Browser, app: RelyingParty, kind: str) -> None:
    """Cookies, languages, credentials."""
    value = VALUES[kind].replace(b"\r", b"").replace(b"\n", b"").replace(b"\x00", b"").strip(b"\t\x0b\x0c ")
    text = value.decode("latin-1")
    basic = "Basic " + base64.b64encode(VALUES[kind] + b":" + VALUES[kind]).decode()
    for header in (
        {"Accept-Language": text},
        {"Cookie": f"idp_session={text}; idp_browser={text}"},
        {"User-Agent": text},
        {"Authorization": f"Bearer {text}"},
        {"Authorization": basic},
        {"Referer": text},
        {"Origin": text},
    ):
        for path in ("/account", "/login", "/userinfo"):
            try:
                response = browser.http.get(app.issuer + path, headers=header, timeout=BOUNDED, allow_redirects=False)
            except (requests.exceptions.InvalidHeader, requests.ConnectionError):
                continue
            assert is_an_answer(response)
        try:
            is_an_answer(app.http.post(app.metadata["token_endpoint"], headers=header, timeout=BOUNDED))
        except requests.exceptions.InvalidHeader:
            continue


@pytest.mark.parametrize("path", list(PARAMETERS))
def test_a_megabyte_in_a_field_is_refused(app: RelyingParty, provider: Town, path: str) -> None:
    """Issue 2, "Bad input": 400 or 413, at once."""
    for name in PARAMETERS[path][:3]:
        try:
            response = app.http.post(
                provider.issuer + path,
                data=encoded({name: MEGABYTE}),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                timeout=BOUNDED,
                allow_redirects=False,
            )
        except requests.ConnectionError:
            continue  # the server closed the door while the body still came in
        assert response.status_code in {400, 401, 403, 413}, f"{path} {name}: {response.status_code}"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n\xff\r\n--x--',
        ),
        ("multipart/form-data", b"--x"),
        ("application/json", b"{"),
        ("application/x-www-form-urlencoded; charset=utf-7", b"token=+AAA-"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=b" % n for n in range(5000))),
        ("application/x-www-form-urlencoded", b"=&&=&%&%zz=%zz"),
        ("text/plain", b"\x00" * 1000),
    ],
)
def test_a_body_of_another_kind_gets_an_answer(app: RelyingParty, kind: str, body: bytes) -> None:
    """DU03's little sister: what is no form is refused, not tripped over."""
    headers = app.authenticated({})[0] | {"Content-Type": kind}
    for path in PARAMETERS:
        response = app.http.post(app.issuer + path, data=body, headers=headers, timeout=BOUNDED, allow_redirects=False)
        assert is_an_answer(response), path


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "HEAD", "NONSENSE"])
def test_any_verb_gets_an_answer(app: RelyingParty, method: str) -> None:
    """Verbs nobody asked for are 405, or 501 of the server itself; never an accident."""
    for path in [*PARAMETERS, "/", "/jwks", "/account", "/health"]:
        response = app.http.request(method, app.issuer + path, timeout=BOUNDED, allow_redirects=False)
        assert response.status_code < 500 or response.status_code == 501, f"{method} {path}"


def test_a_name_that_looks_like_another_is_not_it(app: RelyingParty, provider: Town, staff: Person) -> None:
    """UN01, UN02: full-width and upper case are the same name; look-alikes are unknown, with one answer."""
    for name in (staff.username.upper(), f" {staff.username} "):
        answer = app.authorize(provider.browser(), Person(name, staff.password))
        assert answer.code
    sentences = set()
    for name in (
        staff.username.replace("a", "\u0430"),
        staff.username + "\u200b",
        "\u202e" + staff.username,
        "nobody",
    ):
        browser = provider.browser()
        page = app.open(browser, app.ask())
        page = browser.submit(page, "sign-in", username=name, password=staff.password)
        assert page.asks_for_password
        sentences.add(page.text.replace(name, ""))
    assert len(sentences) == 1


def test_an_unknown_address_is_a_page_in_words(browser: Browser) -> None:
    """AD07, LG03."""
    for path in ("/nowhere", "/.git/config", "/console", "/metrics", "/debug", "/static/../idp/config.py"):
        page = browser.get(path)
        assert page.status == 404, path
        assert page.text
        assert "Werkzeug" not in page.html


def test_a_next_address_leads_nowhere_else(browser: Browser) -> None:
    """RFC 9700 4.11: no open redirector."""
    for target in (
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "https:evil.example",
        "/%09/evil.example",
    ):
        page = browser.get(f"/language/en?{urlencode({'next': target})}")
        assert page.left_to is None, target
