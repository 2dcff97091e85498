"""What every answer carries, and what no answer repeats (HD01, HD02, HD04, HD05, HD07, HH01, cookies)."""

import re
from collections.abc import Iterator
from http.cookies import SimpleCookie

import pytest
import requests

from tests.harness.browser import BOUNDED, Browser, Page
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty
from tests.security.doors import behind_proxy, enter, is_in, sign_in
from tests.security.routes import BEFORE_FLASK, GET_ROUTES, filled

EVIL = "evil.example"
ON_EVERY_ANSWER = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
REFERRER = {"same-origin", "no-referrer"}
NONCE = re.compile(r"script-src 'nonce-([A-Za-z0-9_-]{16,})'")


def check_headers(response: requests.Response, *, of_person: bool = True) -> None:
    """HD01 on one answer, good or bad."""
    where = f"{response.request.method} {response.url} {response.status_code}"
    for name, value in ON_EVERY_ANSWER.items():
        assert response.headers.get(name) == value, f"{where}: {name}"
    assert response.headers.get("Referrer-Policy") in REFERRER, where
    policy = response.headers.get("Content-Security-Policy", "")
    assert "unsafe-" not in policy, where
    for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "style-src 'self'"):
        assert part in policy, f"{where}: {part}"
    assert "*" not in policy, where
    assert "Access-Control-Allow-Origin" not in response.headers, where
    for name in ("Server", "X-Powered-By", "Via"):
        assert not re.search(r"\d|werkzeug|flask|python", response.headers.get(name, ""), re.IGNORECASE), where
    if of_person:
        assert "no-store" in response.headers.get("Cache-Control", ""), where


def check_nonce(page: Page) -> str:
    """The nonce of a page: in its policy, on each of its scripts, and long."""
    found = NONCE.search(page.response.headers["Content-Security-Policy"])
    assert found, page.response.headers["Content-Security-Policy"]
    used = set(re.findall(r'<script[^>]*nonce="([^"]*)"', page.html))
    assert used <= {found[1]}, page.url
    assert "<script>" not in page.html
    return found[1]


def pages_of(app: RelyingParty, town: Town, person: Person) -> Iterator[Page]:
    """Every page of this issue once, as a person meets them."""
    browser = town.browser()
    yield browser.get("/login")
    yield app.open(town.browser(), app.ask())
    yield enter(town.browser(), "nobody-here", "wrong-pass-1")
    yield sign_in(browser, person)
    yield browser.get("/logout")
    asking = town.new_rp(scope="openid profile email")
    yield asking.open(browser, asking.ask())
    yield asking.open(browser, asking.ask(prompt="select_account"))
    yield app.open(browser, app.ask(prompt="login"))
    yield browser.get("/login?other=1")
    yield browser.get("/signed-out")
    yield app.open(browser, app.ask(response_mode="form_post"))
    yield browser.get("/authorize?client_id=nobody")
    yield browser.get("/nowhere")


def test_every_page_has_the_headers_and_a_nonce_of_its_own(app: RelyingParty, provider: Town, staff: Person) -> None:
    """HD01, HD04, HD07."""
    nonces = []
    for page in pages_of(app, provider, staff):
        check_headers(page.response)
        assert "Cookie" in page.response.headers.get("Vary", ""), page.url
        nonces.append(check_nonce(page))
        assert not re.search(r'\son\w+="|javascript:|\sstyle="|<style', page.html), page.url
    assert len(set(nonces)) == len(nonces)


def test_every_redirect_has_the_headers(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """HD02, AZ14."""
    answer = app.authorize(browser, staff)
    hops = [hop for page in [*answer.pages_seen, answer.page] for hop in page.hops]
    hops += browser.submit(browser.get("/account"), "sign-out").hops
    assert len([hop for hop in hops if hop.is_redirect]) >= 4
    for hop in hops:
        check_headers(hop)
        assert hop.status_code != 307


def test_every_error_has_the_headers(app: RelyingParty, provider: Town, browser: Browser, staff: Person) -> None:
    """HD02: 400, 403, 404, 405, 409, 413 of pages and 400, 401, 405, 413 of the protocol."""
    sign_in(browser, staff)
    issuer, http = provider.issuer, browser.http
    own = {"Origin": issuer}
    megabyte = {"username": "y" * 1_000_000}
    answers = {
        400: [browser.get("/login?request_id=%00").response, browser.get("/authorize").response],
        403: [http.post(issuer + "/login", data={"username": "a"}, headers=own, timeout=BOUNDED)],
        404: [
            browser.get("/nowhere").response,
            browser.get("/language/xx").response,
            browser.get("/static/no").response,
        ],
        405: [
            http.delete(issuer + "/login", timeout=BOUNDED),
            http.get(issuer + "/token", timeout=BOUNDED),
            http.put(issuer + "/userinfo", timeout=BOUNDED),
        ],
        413: [
            http.post(issuer + "/login", data=megabyte, headers=own, timeout=BOUNDED),
            http.post(issuer + "/token", data=megabyte, timeout=BOUNDED),
        ],
        401: [app.userinfo("nothing"), app.http.post(issuer + "/introspect", data={"token": "x"}, timeout=BOUNDED)],
    }
    answers[400].append(app.refresh("nothing"))
    for status, several in answers.items():
        for answer in several:
            assert answer.status_code == status, f"{answer.request.method} {answer.url}: {answer.status_code}"
            check_headers(answer)
    assert http.delete(issuer + "/login", timeout=BOUNDED).headers["Allow"]


def test_what_the_protocol_answers_is_for_no_other_site(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """HD05: a foreign origin gets nothing but discovery and keys."""
    tokens = app.sign_in(browser, staff)
    foreign = {"Origin": f"https://{EVIL}"}
    bearer = foreign | {"Authorization": f"Bearer {tokens.access_token}"}
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for path in ("/userinfo", "/token", "/introspect", "/revoke", "/account", "/login"):
        for method, headers in (("GET", bearer), ("POST", bearer), ("OPTIONS", foreign | asked)):
            answer = browser.http.request(
                method, app.issuer + path, headers=headers, allow_redirects=False, timeout=BOUNDED
            )
            assert not [name for name in answer.headers if name.lower().startswith("access-control-")], path
    for path in ("/.well-known/openid-configuration", "/jwks"):
        answer = browser.http.get(app.issuer + path, headers=foreign, timeout=BOUNDED)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Set-Cookie" not in answer.headers
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_only_what_is_the_same_for_all_may_be_kept_by_a_cache(browser: Browser, staff: Person) -> None:
    """HD07."""
    page = sign_in(browser, staff)
    for address in re.findall(r'(?:href|src)="(/(?:static|look)/[^"]+)"', page.html):
        answer = browser.get(address).response
        assert answer.status_code == 200, address
        assert "public" in answer.headers["Cache-Control"], address
        assert "Set-Cookie" not in answer.headers, address


@pytest.mark.parametrize("path", GET_ROUTES)
def test_a_foreign_host_is_answered_by_no_route(bent: Town, path: str) -> None:
    """HH01, for every GET route of the url map."""
    is_fixed = path in BEFORE_FLASK
    for host in (EVIL, f"{EVIL}:80", f"localhost.{EVIL}", f"localhost@{EVIL}", f"{EVIL}/localhost"):
        answer = requests.get(
            bent.issuer + filled(path), headers={"Host": host}, allow_redirects=False, timeout=BOUNDED
        )
        assert EVIL not in answer.text + str(answer.headers), answer.status_code
        assert answer.status_code == (200 if is_fixed else 400)
        if not is_fixed:
            check_headers(answer)


@pytest.mark.parametrize("path", GET_ROUTES)
def test_what_a_proxy_might_say_of_the_host_is_not_believed(bent: Town, path: str) -> None:
    """HH01 (CVE-2025-64101 and its like)."""
    forged = {
        "X-Forwarded-Host": EVIL,
        "X-Forwarded-Server": EVIL,
        "X-Original-Host": EVIL,
        "X-Host": EVIL,
        "Forwarded": f"host={EVIL};proto=https",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": f"//{EVIL}",
        "X-Original-URL": f"https://{EVIL}/",
        "Referer": f"https://{EVIL}/",
    }
    answer = requests.get(bent.issuer + filled(path), headers=forged, allow_redirects=False, timeout=BOUNDED)
    assert EVIL not in answer.text + str(answer.headers)
    assert answer.status_code < 500


def test_a_post_to_a_foreign_host_does_nothing(provider: Town, browser: Browser, staff: Person) -> None:
    """HH01: with everything else in order."""
    page = browser.get("/login")
    form = dict(page.forms[0].fields) | {"username": staff.username, "password": staff.password}
    answer = requests.post(
        provider.issuer + "/login",
        data=form,
        headers={"Host": EVIL, "Origin": provider.issuer},
        cookies=dict(browser.http.cookies),
        allow_redirects=False,
        timeout=BOUNDED,
    )
    assert answer.status_code == 400
    assert "idp_session" not in str(answer.headers)


# Behind a TLS proxy, in production mode.


def test_cookies_of_an_https_provider_are_bound_to_their_host(by_https: Town) -> None:
    """Security.md §3 "Cookies": __Host-, Secure, HttpOnly, SameSite=Lax, Path=/, no Domain, opaque."""
    public = by_https.server.public  # type: ignore[attr-defined]  # the HttpsServer of this folder
    person, browser = by_https.person("staff"), behind_proxy(public)
    page = enter(browser, person.username, person.password)
    assert is_in(page), f"{page!r}"
    set_ = [line for hop in page.hops for line in hop.raw.headers.getlist("Set-Cookie")]
    set_ += browser.get("/language/en").hops[0].raw.headers.getlist("Set-Cookie")
    names = set()
    for line in set_:
        cookie = SimpleCookie(line)
        ((name, morsel),) = cookie.items()
        names.add(name)
        assert name.startswith("__Host-"), line
        assert (morsel["secure"], morsel["httponly"], morsel["path"]) == (True, True, "/"), line
        assert (morsel["samesite"].lower(), morsel["domain"]) == ("lax", ""), line
    assert names == {"__Host-idp_browser", "__Host-idp_session"}
    token = browser.cookie("__Host-idp_session") or ""
    assert len(token) >= 22
    assert token not in {person.sub, person.username}
    browser.submit(browser.get("/account"), "sign-out")
    assert browser.cookie("__Host-idp_session") is None


def test_an_https_provider_says_so_in_every_answer(by_https: Town) -> None:
    """HD01: HSTS for a year or more on pages, errors, redirects and documents alike."""
    public = by_https.server.public  # type: ignore[attr-defined]  # the HttpsServer of this folder
    browser = behind_proxy(public)
    for path in ("/login", "/", "/nowhere", "/authorize", "/jwks", "/.well-known/openid-configuration", "/health"):
        for hop in browser.get(path).hops:
            found = re.search(r"max-age=(\d+)", hop.headers.get("Strict-Transport-Security", ""))
            assert found, path
            assert int(found[1]) >= 31_536_000
    document = browser.get("/.well-known/openid-configuration").response.json()
    for name, value in document.items():
        if name.endswith(("_endpoint", "_uri")) or name == "issuer":
            assert value.startswith(public), name


def test_a_plain_http_cookie_is_nobody_at_an_https_provider(by_https: Town) -> None:
    """A cookie that a neighbour on http could have set does not count."""
    public = by_https.server.public  # type: ignore[attr-defined]  # the HttpsServer of this folder
    person, browser = by_https.person("staff"), behind_proxy(public)
    assert is_in(enter(browser, person.username, person.password))
    token = browser.cookie("__Host-idp_session") or ""
    other = behind_proxy(public)
    other.http.cookies.set("idp_session", token, domain="localhost.local", path="/")
    assert other.get("/account").asks_for_password
