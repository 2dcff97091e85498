"""The pages between a request and its answer: whose they are, and what they let nobody do."""

from urllib.parse import quote

import requests

from tests.harness.browser import Browser
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty


def test_pages_with_forms_send_their_origin_along(app: RelyingParty, browser: Browser) -> None:
    """AZ14: with ``no-referrer`` a browser would post ``Origin: null``."""
    page = app.open(browser, app.ask())
    assert page.response.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in page.response.headers["Cache-Control"]


def test_a_resumed_request_belongs_to_the_browser_that_began_it(
    app: RelyingParty, provider: Town, browser: Browser, staff: Person
) -> None:
    """Login CSRF: the address of a page in the middle of a request is worth nothing in another browser."""
    page = app.open(browser, app.ask())
    found = page.button("sign-in")
    assert found is not None
    request_id = found[0].value("request_id")
    assert request_id
    other = provider.browser()
    app.sign_in(other, staff)
    for path in (f"/authorize/{request_id}", f"/consent/{request_id}"):
        stolen = other.get(path)
        assert stolen.left_to is None
        assert stolen.status in {400, 403, 404}


def test_a_request_that_was_answered_cannot_be_answered_again(
    app: RelyingParty, browser: Browser, staff: Person
) -> None:
    """A back button after the sign-in makes no second code from the same request."""
    asked = app.ask()
    page = app.open(browser, asked)
    found = page.button("sign-in")
    assert found is not None
    request_id = found[0].value("request_id")
    assert app.finish(browser, page, asked, staff).code
    again = browser.get(f"/authorize/{request_id}")
    assert again.left_to is None
    assert again.status in {400, 404, 410}


def test_a_form_post_page_has_one_form_and_needs_no_script(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """Conformance.md, Form Post: ``text/html``, one form to the redirect_uri, no cache; works without script."""
    answer = app.authorize(browser, staff, response_mode="form_post")
    assert len(answer.page.forms) == 1
    form = answer.page.posts_itself_to
    assert form is not None
    assert form.buttons
    assert set(form.kinds.values()) == {"hidden"}
    assert "form-action" not in answer.page.response.headers["Content-Security-Policy"]


def test_no_page_of_the_provider_may_be_framed(app: RelyingParty, browser: Browser) -> None:
    """HD04, HD01."""
    page = app.open(browser, app.ask())
    policy = page.response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_host_that_is_not_ours_is_answered_nowhere(provider: Town) -> None:
    """HH01."""
    for path in ("/.well-known/openid-configuration", "/jwks", "/authorize", "/login", "/account", "/logout"):
        answer = requests.get(
            provider.issuer + path,
            headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"},
            allow_redirects=False,
            timeout=10,
        )
        assert "evil.example" not in answer.text + str(answer.headers), path


def test_refusing_consent_goes_back_as_access_denied(provider: Town, browser: Browser, staff: Person) -> None:
    """The person's Cancel: ``access_denied`` with state and issuer."""
    party = provider.rp("first")
    asked = party.ask()
    page = party.open(browser, asked)
    page = browser.submit(page, "sign-in", username=staff.username, password=staff.password)
    assert page.asks_for_consent
    answer = party.finish(browser, browser.submit(page, "consent-refuse"), asked, None)
    assert answer.error == "access_denied"


def test_a_form_without_its_csrf_token_does_nothing(app: RelyingParty, browser: Browser, staff: Person) -> None:
    """HD03."""
    page = app.open(browser, app.ask())
    found = page.button("sign-in")
    assert found is not None
    form = {name: value for name, value in found[0].fields if name != "csrf_token"}
    form |= {"username": staff.username, "password": staff.password, "method": "password"}
    refused = browser.post("/login", form)
    assert refused.status in {400, 403}
    refused = browser.post("/login", form | {"csrf_token": "x"}, headers={"Origin": "null"})
    assert refused.status in {400, 403}
    assert app.silently(browser).error == "login_required"


def test_a_long_query_is_refused_with_a_page(app: RelyingParty, browser: Browser) -> None:
    """Issue 2, "Bad input": length is no accident."""
    url = f"/authorize?client_id={app.client.client_id}&state={quote('x' * 100_000)}"
    assert browser.get(url).status in {400, 414}


def test_the_application_may_ask_for_a_language(app: RelyingParty, provider: Town) -> None:
    """OIDC Core §3.1.2.1 ``ui_locales``: the first language that we speak, unless the person has chosen one."""
    english = app.open(provider.browser(), app.ask(ui_locales="fr en"))
    assert 'lang="en"' in english.response.text
    chooser = provider.browser()
    chooser.get("/language/zh-TW?next=/login")
    assert 'lang="zh-Hant-TW"' in app.open(chooser, app.ask(ui_locales="en")).response.text
