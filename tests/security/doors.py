"""Steps that the tests of this folder share: the sign-in page by hand, and a browser behind a TLS proxy."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urljoin

import requests

from tests.harness.browser import BOUNDED, Browser, FromAddress, Page
from tests.harness.relying_party import Person

SESSION = "idp_session"
WRONG = "wrong-Passw0rd-0"
NEVER_SAME = re.compile(
    r'nonce="[^"]*"|name="csrf_token" value="[^"]*"|id="username"[^>]*value="[^"]*"|name="username"[^>]*value="[^"]*"'
    # The next second may begin before the next page (templates/errors/page.html).
    r'|發生時間</dt><dd class="num">[^<]*'
)
WHEN = re.compile(r"發生時間\D*\d+年\d+月\d+日 [\d:]+（[\d-]+）")


def enter(browser: Browser, username: str, password: str) -> Page:
    """Open the sign-in page and send it."""
    return browser.submit(browser.get("/login"), "sign-in", username=username, password=password)


def sign_in(browser: Browser, person: Person) -> Page:
    """Sign a person in at the provider itself; the account page."""
    page = enter(browser, person.username, person.password)
    assert is_in(page), f"{page!r}"
    return page


def is_in(page: Page) -> bool:
    """Whether the page is somebody's account page."""
    return page.status == 200 and page.path == "/account" and page.has("sign-out")


def is_signed_in(browser: Browser) -> bool:
    """Whether this browser is somebody to the provider."""
    return is_in(browser.get("/account"))


def send_by_hand(browser: Browser, page: Page, button: str, **values: str) -> requests.Response:
    """Send a form without following where it leads, and without changing the browser's cookies."""
    found = page.button(button)
    assert found is not None, f"no button {button} on {page!r}"
    form, pressed = found
    data = {name: values.get(name, value) for name, value in form.fields} | values
    if pressed.name:
        data[pressed.name] = pressed.value
    return requests.post(
        form.action,
        data=data,
        headers={"Origin": browser.origin},
        cookies=dict(browser.http.cookies),
        allow_redirects=False,
        timeout=BOUNDED,
    )


def but_when(page: Page) -> str:
    """What a page says, without the moment at which something went wrong."""
    return WHEN.sub("", page.text)


def told(page: Page, *names: str) -> str:
    """The page as its reader gets it, without what is never twice the same."""
    html = NEVER_SAME.sub("", page.html)
    for name in names:
        html = html.replace(name, "")
    return html


def at_once(acts: list[Any]) -> list[Any]:
    """Run these at the same moment, each in a thread, and give what each gave."""
    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(act) for act in acts]]


def seconds_of(act: Any) -> tuple[float, Any]:
    """How long something took, and what it gave."""
    began = time.perf_counter()
    result = act()
    return time.perf_counter() - began, result


class TlsProxy(FromAddress):
    """What stands before the provider in a real house: it takes https and tells who came."""

    def __init__(self, address: str = "127.0.0.9", *, client: str = "203.0.113.7", forged: str = "") -> None:
        self._forwarded = ", ".join(part for part in (forged, client) if part)
        super().__init__(address)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Pass one request on, over plain http inside the house."""
        inside = request.copy()
        inside.url = "http" + (request.url or "").removeprefix("https")
        inside.headers["X-Forwarded-Proto"] = "https"
        inside.headers["X-Forwarded-For"] = self._forwarded
        response = super().send(inside, *args, **kwargs)
        response.url = request.url or ""
        response.request = request
        return response


def behind_proxy(origin: str, **who: str) -> Browser:
    """A browser that comes by https through that proxy."""
    browser = Browser(origin)
    browser.http.mount("https://", TlsProxy(**who))
    return browser


def link(browser: Browser, path: str) -> str:
    """An address of the provider as this browser writes it."""
    return urljoin(browser.origin, path)
