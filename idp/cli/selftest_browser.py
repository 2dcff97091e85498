"""A browser without script for `idp client selftest`, which notes each authorization request that passes through."""

from collections.abc import Callable
from html import escape
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import requests

from idp.cli.selftest_answers import bounded, printable, told_by
from idp.cli.selftest_pages import Button, Form, Reader, to_send

BOUNDED = 20.0  # seconds of silence
LONGEST = 60.0  # seconds until an answer has come whole
MOST_HOPS = 15
LOOPBACK = ("localhost", "127.0.0.1", "::1")
Parameters = dict[str, str]


class Stuck(Exception):
    """The test can't go on from here: where, and why, in a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(printable(why))


class Page:
    """Where a chain of redirects ended; ``left_to`` is the provider's address where it was not followed there."""

    def __init__(self, response: requests.Response, left_to: str = "", told: str = "") -> None:
        self.address = response.url
        self.status = response.status_code
        self.left_to = left_to
        kind = response.headers.get("Content-Type", "")
        # An application that answers its own script tells in JSON for whom it is.
        self._read = Reader(self.address, escape(told) if "json" in kind or "text/plain" in kind else told)
        self.forms, self.links = self._read.forms, self._read.links

    @property
    def text(self) -> str:
        """All its words."""
        return " ".join("".join(self._read.text).split())

    @property
    def said(self) -> str:
        """Its words without those of links, buttons and choices."""
        return " ".join("".join(self._read.said).split())

    def button(self, identifier: str) -> tuple[Form, Button] | None:
        """The form and the button with that id."""
        return self.first_button(lambda _, button: button.id == identifier)

    def first_button(self, fits: Callable[[Form, Button], bool]) -> tuple[Form, Button] | None:
        """The first form and button that fit."""
        for form in self.forms:
            for button in form.buttons:
                if fits(form, button):
                    return to_send(form, button, self.address), button
        return None

    def __str__(self) -> str:
        return f"{self.status} {self.left_to or self.address}: {self.text[:160]}"


class Browser:
    """One browser, held to the provider and one application.

    ``asked`` are the authorization requests so far; ``turn`` may write the next one anew, as somebody at the keyboard
    could.
    """

    def __init__(self, issuer: str, authorize: str, application: str) -> None:
        self.issuer, self.authorize = issuer, authorize
        self._origins = {urlsplit(issuer)[:2], urlsplit(application)[:2]}
        self._issuer_origin = urlsplit(issuer)[:2]
        self.longest = LONGEST
        self.asked: list[Parameters] = []
        self.turn: Callable[[Parameters], Parameters] | None = None
        self._http = requests.Session()
        # A proxy from the environment knows nothing of this machine's own ports.
        self._http.trust_env = urlsplit(issuer).hostname not in LOOPBACK
        self._http.headers.update({"Accept": "text/html", "Accept-Language": "zh-TW", "User-Agent": "idp-selftest"})

    def get(self, address: str, *, stay: bool = False, headers: Parameters | None = None) -> Page:
        """Open an address and follow where it leads; with ``stay`` not to the provider."""
        return self._follow("GET", address, None, stay, headers or {})

    def send(self, form: Form, data: list[tuple[str, str]], origin: str = "", *, stay: bool = False) -> Page:
        """Send a form with these fields, as from a page of ``origin``."""
        if form.method != "post":
            return self.get(f"{form.action.partition('?')[0]}?{urlencode(data)}", stay=stay)
        headers = {"Origin": origin or "{0.scheme}://{0.netloc}".format(urlsplit(form.action))}
        return self._follow("POST", form.action, data, stay, headers)

    def press(self, page: Page, found: tuple[Form, Button], **values: str) -> Page:
        """Press a button of a page, with fields filled in by name."""
        form, button = found
        data = form.named(values)
        return self.send(form, [*data, (button.name, button.value)] if button.name else data)

    def is_at_provider(self, page: Page) -> bool:
        """Whether a page is one of the provider's."""
        return urlsplit(page.address)[:2] == self._issuer_origin

    def _follow(
        self, method: str, address: str, data: list[tuple[str, str]] | None, stay: bool, headers: Parameters
    ) -> Page:
        for _ in range(MOST_HOPS):
            address = self._noted(address)
            response, told = self._once(method, address, data, headers)
            if "Location" not in response.headers or not response.is_redirect:
                return Page(response, told=told)
            target = urljoin(address, response.headers["Location"])
            if urlsplit(target)[:2] not in self._origins:
                raise Stuck(f"{address} sends the browser to {target.partition('?')[0]}, which is neither side's.")
            if stay and urlsplit(target)[:2] == self._issuer_origin:
                return Page(response, target)
            if response.status_code not in {307, 308}:
                method, data = "GET", None
            address = target
        raise Stuck(f"Redirects without end at {address.partition('?')[0]}.")

    def _once(
        self, method: str, address: str, data: list[tuple[str, str]] | None, headers: Parameters
    ) -> tuple[requests.Response, str]:
        where = address.partition("?")[0]
        try:
            with (
                bounded(self.longest),
                self._http.request(
                    method, address, data=data, headers=headers, allow_redirects=False, timeout=BOUNDED, stream=True
                ) as response,
            ):
                return response, told_by(response)
        except (requests.RequestException, TimeoutError) as error:
            raise Stuck(f"{where} does not answer: {type(error).__name__}.") from error

    def _noted(self, address: str) -> str:
        before, _, query = address.partition("?")
        if before != self.authorize:
            return address
        asked = dict(parse_qsl(query, keep_blank_values=True))
        if self.turn is not None:
            asked, self.turn = self.turn(asked), None
            address = f"{before}?{urlencode(asked)}"
        self.asked.append(asked)
        return address
