"""Forms: whose they are, what they take, and that they need no script (HD03, UN05, "Bad input")."""

import re
from collections.abc import Iterator
from functools import partial
from urllib.parse import quote_from_bytes

import pytest
import requests

from tests.harness.browser import BOUNDED, Browser, Form, Page
from tests.harness.databases import kinds_of_bytes
from tests.harness.people import Town
from tests.harness.processes import quickest
from tests.harness.relying_party import Person, RelyingParty
from tests.security.doors import is_signed_in, sign_in
from tests.security.form_table import OF_PAGES
from tests.security.routes import OTHER_METHODS, POST_ROUTES, filled

BY_CREDENTIALS = {"/token", "/introspect", "/revoke", "/userinfo"}  # no cookie counts there
ONLY_ASKS = {"/authorize", "/logout"}  # other sites' forms by their specifications; a page comes before any effect


def test_every_route_that_takes_a_form_is_in_the_table() -> None:
    """HD03: a route without a row fails the build."""
    assert set(POST_ROUTES) == OF_PAGES | BY_CREDENTIALS | ONLY_ASKS
    assert OTHER_METHODS == []


FOREIGN = {
    "no token": ({}, {}),
    "no token, no origin": ({}, {"Origin": None}),
    "made-up token": ({"csrf_token": "x" * 60}, {}),
    "empty token": ({"csrf_token": ""}, {}),
    "good token, foreign origin": (None, {"Origin": "https://evil.example"}),
    "good token, origin null": (None, {"Origin": "null"}),
    "good token, other port": (None, {"Origin": "http://localhost:1"}),
    "good token, other scheme": (None, {"Origin": "https://localhost"}),
    "text/plain": (None, {"Content-Type": "text/plain"}),
    "json": (None, {"Content-Type": "application/json"}),
}


@pytest.mark.parametrize("route", sorted(OF_PAGES))
def test_a_form_that_is_not_ours_is_403(bent: Town, route: str) -> None:
    """HD03: without or with a foreign token, Origin: null, a body of text."""
    browser = bent.browser()
    token = browser.get("/login").forms[0].value("csrf_token") or ""
    for kind, (changed, headers) in FOREIGN.items():
        data = {"csrf_token": token} if changed is None else changed
        sent = {"Origin": bent.issuer} | headers
        body: object = data
        if "Content-Type" in headers:
            body = "&".join(f"{name}={value}" for name, value in data.items())
        answer = browser.http.post(
            bent.issuer + filled(route),
            data=body,
            headers={name: value for name, value in sent.items() if value is not None},
            allow_redirects=False,
            timeout=BOUNDED,
        )
        assert answer.status_code == 403, f"{kind}: {answer.status_code} {answer.headers.get('Location')}"


@pytest.mark.parametrize("route", sorted(OF_PAGES))
def test_the_token_of_another_browser_is_403(bent: Town, route: str) -> None:
    """HD03: an attacker's own good token."""
    browser = bent.browser()
    token = bent.browser().get("/login").forms[0].value("csrf_token")
    browser.get("/login")
    answer = browser.http.post(
        bent.issuer + filled(route),
        data={"csrf_token": token},
        headers={"Origin": bent.issuer},
        allow_redirects=False,
        timeout=BOUNDED,
    )
    assert answer.status_code == 403


def test_a_foreign_form_has_no_effect(provider: Town, browser: Browser, staff: Person) -> None:
    """HD03: signing out, ending a sign-in and signing in by another site's form."""
    page = sign_in(browser, staff)
    found = page.button("end-1")
    assert found is not None
    for path, data in (
        ("/sign-out", {"logout": "1", "account": staff.sub}),
        ("/account/sign-ins/end", {"sign_in": found[1].value, "account": staff.sub}),
    ):
        browser.http.post(
            provider.issuer + path, data=data, headers={"Origin": "https://evil.example"}, timeout=BOUNDED
        )
    assert is_signed_in(browser)
    stranger = provider.browser()
    stranger.http.post(
        provider.issuer + "/login",
        data={"username": staff.username, "password": staff.password, "method": "password"},
        headers={"Origin": "https://evil.example"},
        timeout=BOUNDED,
    )
    assert not is_signed_in(stranger), "login CSRF"


@pytest.mark.parametrize("route", sorted(BY_CREDENTIALS))
def test_a_cookie_opens_nothing_at_the_protocol(provider: Town, browser: Browser, staff: Person, route: str) -> None:
    """HD03: those endpoints look at credentials only, so no other site's form can use a sign-in."""
    sign_in(browser, staff)
    answer = browser.http.post(provider.issuer + route, data={"token": "x"}, timeout=BOUNDED)
    assert answer.status_code in {400, 401}
    assert staff.sub not in answer.text


# Without script.


def forms_of(app: RelyingParty, town: Town, person: Person) -> Iterator[Page]:
    """Every page of ours that has a form."""
    browser = town.browser()
    yield app.open(browser, app.ask())
    yield sign_in(browser, person)
    yield browser.get("/logout")
    asking = town.new_rp(scope="openid profile")
    yield asking.open(browser, asking.ask())
    yield asking.open(browser, asking.ask(prompt="select_account"))
    yield app.open(browser, app.ask(prompt="login"))
    yield browser.get("/login?other=1")


def test_every_form_works_without_script(app: RelyingParty, provider: Town, staff: Person) -> None:
    """Issue 2 §5: buttons and fields with stable id and name, sent by POST to us, with token and stamp."""
    seen = set()
    for page in forms_of(app, provider, staff):
        assert page.status == 200
        assert page.forms, page.url
        assert not page.controls_without_id, f"{page.url}: {page.controls_without_id}"
        assert len(page.ids) == len(set(page.ids)), f"{page.url}: an id twice"
        assert "<noscript" not in page.html
        for form in page.forms:
            assert form.method == "post", page.url
            assert form.action.startswith(provider.issuer), form.action
            assert form.value("csrf_token"), page.url
            assert form.value("account") is not None, page.url
            assert form.buttons, f"{page.url}: a form without a button"
            assert all(button.name for button in form.buttons), page.url
            seen |= {button.id or "" for button in form.buttons}
    expected = {"sign-in", "sign-out", "end-1", "sign-out-everywhere", "sign-out-cancel"}
    assert expected | {"consent-accept", "consent-refuse"} <= seen


def test_a_tile_opens_its_application_without_script(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """OIDC Core §4, third-party initiated login."""
    page = sign_in(browser, staff)
    page = browser.submit(page, f"open-{app.client.client_id}")
    assert page.left_to is not None
    assert page.left_to.startswith(f"https://{app.client.client_id}.example/login?")
    assert "iss=" in page.left_to


@pytest.mark.parametrize("client", ["nobody", "", "'", "x" * 4000, "\u202e"])
def test_a_tile_that_is_not_there_leads_nowhere(browser: Browser, staff: Person, client: str) -> None:
    """RFC 9700 4.11."""
    page = sign_in(browser, staff)
    form = next(form for form in page.forms if form.action.endswith("/account/open"))
    answer = browser.post(form.action, [*form.fields, ("client", client)], headers={"Origin": browser.origin})
    assert (answer.status, answer.left_to) == (404, None)


# Any byte in any field of any page's form.

BYTES: dict[str, bytes] = {
    "nul": b"a\x00b",
    "lone surrogate": b"\xed\xa0\x80",
    "not utf-8": b"\xff\xfe\x80",
    "half a character": "公".encode()[:2],
    "full-width digits": "１２３４５６７８".encode(),
    "right-to-left": "\u200f\u202eabc".encode(),
    "line breaks": b"a\r\nSet-Cookie: x=y\r\n\r\n",
    "markup": b"\"'><script>alert(1)</script>{{7*7}}${7*7}%s",
    "long": b"x" * 20_000,
    "private use": "\ue000\uffff\U0010ffff".encode(),
    "empty": b"",
}
MEGABYTE = b"y" * 1_000_000


def send_raw(browser: Browser, form: Form, name: str, value: bytes) -> requests.Response:
    """Send a form with these bytes in one of its fields."""
    fields = {n: v.encode() for n, v in form.fields}
    pressed = form.buttons[0]
    if pressed.name:
        fields[pressed.name] = pressed.value.encode()
    fields |= (
        {"username": fields.get("username") or b"nobody", "password": b"wrong-1"} if "password" in form.kinds else {}
    )
    fields[name] = value
    return browser.http.post(
        form.action,
        data="&".join(f"{n}={quote_from_bytes(v, safe='')}" for n, v in fields.items()),
        headers={"Content-Type": "application/x-www-form-urlencoded", "Origin": browser.origin},
        allow_redirects=False,
        timeout=BOUNDED,
    )


def check_answer(answer: requests.Response, where: str) -> None:
    """A sentence, a redirect of ours or a 4xx; nothing of the machinery, and nothing unescaped."""
    assert answer.status_code < 500, f"{where}: {answer.status_code}"
    assert "<script>alert" not in answer.text, where
    assert ">49<" not in answer.text, where
    assert "x=y" not in answer.headers.get("Set-Cookie", ""), where
    assert not re.search(r"Traceback|sqlalchemy|sqlite3|psycopg|jinja2", answer.text), where
    assert answer.headers.get("Location", "/").startswith(("/", "https://t-")), where


@pytest.mark.parametrize("kind", kinds_of_bytes(BYTES))
def test_any_byte_in_any_field_gets_a_sentence(app: RelyingParty, provider: Town, staff: Person, kind: str) -> None:
    """UN05: every field of every form of every page, those that nobody sees too."""
    for page in forms_of(app, provider, staff):
        for form in page.forms:
            names = {name for name, _ in form.fields} | form.kinds.keys() | {b.name for b in form.buttons if b.name}
            for name in sorted(names - {"csrf_token"} if kind != "nul" else names):
                browser = provider.browser()
                token = browser.get("/login").forms[0].value("csrf_token") or ""
                fields = [(n, token if n == "csrf_token" else v) for n, v in form.fields]
                own = Form(form.action, form.method, fields, form.kinds, form.buttons)
                check_answer(send_raw(browser, own, name, BYTES[kind]), f"{form.action} {name} {kind}")


@pytest.mark.parametrize("kind", kinds_of_bytes(BYTES))
def test_any_byte_in_the_forms_of_who_is_signed_in_gets_a_sentence(
    app: RelyingParty, provider: Town, staff: Person, kind: str
) -> None:
    """UN05: past the CSRF token and the stamp, where values reach the database."""
    browser = provider.browser()
    home = sign_in(browser, staff)
    asking = provider.new_rp(scope="openid profile")
    targets = [
        (home, "/account/open", "client"),
        (home, "/account/sign-ins/end", "sign_in"),
        (asking.open(browser, asking.ask()), "/consent/", "decision"),
        (asking.open(browser, asking.ask(prompt="select_account")), "/account", "choice"),
        (browser.get("/logout"), "/sign-out/", "which"),
        (app.open(browser, app.ask(prompt="login")), "/login", "request_id"),
        (home, "/sign-out", "account"),
    ]
    for page, action, name in targets:
        form = next(f for f in page.forms if action in f.action and f.value("csrf_token"))
        check_answer(send_raw(browser, form, name, BYTES[kind]), f"{action} {name} {kind}")


@pytest.mark.parametrize("route", sorted(OF_PAGES))
def test_a_megabyte_in_a_form_is_refused_at_once(bent: Town, route: str) -> None:
    """UN05, "Bad input": 413 before anything is done with it."""
    browser = bent.browser()
    form = browser.get("/login").forms[0]
    own = Form(bent.issuer + filled(route), "post", form.fields, {}, form.buttons)
    try:
        answer = send_raw(browser, own, "account", MEGABYTE)
    except requests.ConnectionError:
        return  # the server closed the door while the body still came in
    assert answer.status_code == 413
    assert "太大" in answer.text


PILED_MARKS = "a" + "\u0315\u0300" * 60_000  # 240 KB, within what a request may hold


@pytest.mark.parametrize("where", ["form", "name"])
def test_marks_piled_upon_a_letter_are_refused_before_they_are_read(bent: Town, where: str) -> None:
    """UN05: bringing them into order takes time by the square of their number, and stops every thread."""
    browser = bent.browser()
    token = browser.get("/login").forms[0].value("csrf_token") or ""
    names = ("username", "number", "phone", "who", "email", "q", "password", "tax_id")
    for route in sorted(OF_PAGES):
        typed = dict.fromkeys(names, "x") | (
            {"number": PILED_MARKS} if where == "form" else {PILED_MARKS[:60_000]: "x"}
        )
        send = partial(
            browser.http.post,
            bent.issuer + filled(route),
            files={name: (None, value.encode()) for name, value in (typed | {"csrf_token": token}).items()},
            headers={"Origin": bent.issuer},
            allow_redirects=False,
            timeout=BOUNDED,
        )
        assert quickest(send, 1).status_code == 400, route
    assert browser.get("/group/users", params={"q": "x" * 5000}).status == 400


@pytest.mark.parametrize("route", [route for route in POST_ROUTES if "<" in route])
def test_any_byte_in_the_address_of_a_form_gets_a_sentence(
    provider: Town, browser: Browser, staff: Person, route: str
) -> None:
    """UN05: with a good token, so that the id itself is looked up."""
    home = sign_in(browser, staff)
    fields = next(form for form in home.forms if form.action.endswith("/sign-out")).fields
    for value in ("%00", "a%00b", "%ED%A0%80", "%FF", "..%2f..", "x" * 3000, "%F0%9F%98%80"):
        address = provider.issuer + re.sub(r"<[^>]+>", value, route)
        answer = browser.http.post(
            address, data=dict(fields), headers={"Origin": browser.origin}, allow_redirects=False, timeout=BOUNDED
        )
        check_answer(answer, address)
        check_answer(browser.http.get(address, allow_redirects=False, timeout=BOUNDED), address)
