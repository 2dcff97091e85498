"""What somebody decides on a page on the way binds that person, in that browser, and nobody else."""

from urllib.parse import parse_qsl, urlsplit

import requests

from tests.harness.browser import Browser
from tests.harness.people import Town
from tests.harness.relying_party import Person, RelyingParty


def request_posted_by_a_stranger(app: RelyingParty, **changes: str | None) -> str:
    """The path of a request that came by POST and that no browser has followed yet."""
    address = urlsplit(app.url(app.ask(**changes)))
    answer = requests.post(
        f"{app.issuer}{address.path}", data=parse_qsl(address.query), allow_redirects=False, timeout=10
    )
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_nobody_agrees_on_a_request_that_no_browser_has_yet(
    app: RelyingParty, provider: Town, staff: Person, other_staff: Person
) -> None:
    """A stranger can't prepare a request with his own consent and have somebody else open it."""
    path = request_posted_by_a_stranger(app, prompt="consent")
    request_id = path.rpartition("/")[2]
    stranger, person = provider.browser(), provider.browser()
    app.sign_in(stranger, other_staff)
    app.sign_in(person, staff)
    assert stranger.get(f"/consent/{request_id}").status == 400
    assert person.get(path).asks_for_consent


def test_a_strangers_sign_in_is_not_the_fresh_one_that_was_asked_for(
    app: RelyingParty, provider: Town, browser: Browser, staff: Person
) -> None:
    """``prompt=login`` is met by this browser's person signing in again, by nothing else."""
    app.sign_in(browser, staff)
    path = request_posted_by_a_stranger(app, prompt="login")
    assert not provider.browser().get(f"/login?request_id={path.rpartition('/')[2]}").ids.count("choose-back")
    assert browser.get(path).asks_for_password


def test_a_client_without_companies_can_not_ask_whose_they_are(provider: Town, browser: Browser, staff: Person) -> None:
    """Without the scope ``company`` a wish for one is refused, whether it would fit or not."""
    app = provider.rp("app")
    app.sign_in(browser, staff)
    plain = provider.rp("plain")
    for number in ("00000016", "00000022"):
        assert plain.silently(browser, tenant=number).error == "invalid_scope"
