"""One person at one browser window: opens, fills in, clicks, and hears every complaint of the browser."""

from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Response

from tests.browser.place import Place
from tests.harness.relying_party import Person

# Chromium logs an answer of 4xx or 5xx as an error of the page; where the page itself is meant it is no complaint.
NO_PAGE = "Failed to load resource: the server responded with a status of"


class Visitor:
    """A window in a context of its own, so with cookies of its own."""

    def __init__(self, context: BrowserContext, place: Place) -> None:
        self.context = context
        self.place = place
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("dialog", self._refuse)
        # Where a window waits for its next use: a page of the same site, for another site is another process.
        self._waiting = place.landing.address + "/waiting"

    def begin_anew(self, cookies: list[Any]) -> None:
        """Be as a new window is, in the process that this one has: a new process is most of what a window costs.

        It must have been used for the provider's and its neighbours' pages alone.
        """
        self.context.unroute_all()
        self.page.goto(self._waiting)
        self.context.clear_cookies()
        self.context.add_cookies(cookies)
        self.page.set_viewport_size({"width": 1280, "height": 900})
        self.page.emulate_media(color_scheme="light")
        self.complaints.clear()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        of_the_page = message.location.get("url", "").split("#")[0] == self.page.url.split("#")[0]
        if not (message.text.startswith(NO_PAGE) and of_the_page):
            self.complaints.append(f"{message.type} at {self.page.url}: {message.text}")

    def _refuse(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open(self, address: str) -> Response | None:
        """Type an address; a path is one of the provider's."""
        return self.page.goto(address if address.startswith("http") else self.place.issuer + address)

    def click(self, selector: str) -> None:
        """Click what leads to another page, and wait for that page; a bare name is an id."""
        target = selector if set(selector) & set("#.[:> ") else f"#{selector}"
        with self.page.expect_navigation():
            self.page.click(target)

    def unfold(self, selector: str) -> None:
        """Click what opens here."""
        self.page.click(selector)

    def fill(self, person: Person, password: str | None = None) -> Self:
        """Fill in the sign-in form."""
        if self.page.get_attribute("#username", "readonly") is None:
            self.page.fill("#username", person.username)
        self.page.fill("#password", password or person.password)
        return self

    def sign_in(self, person: Person) -> None:
        """Sign in at the page one is on, or at the provider's own."""
        if self.page.url in {"about:blank", self._waiting}:
            self.open("/login")
        self.fill(person).click("sign-in")

    @property
    def address(self) -> str:
        """Where one is, without what follows the path."""
        return self.page.url.split("?")[0].split("#")[0]

    @property
    def path(self) -> str:
        """The path one is at."""
        return urlsplit(self.page.url).path

    @property
    def heading(self) -> str:
        """The heading of the page."""
        return " ".join(self.page.inner_text("h1").split())

    @property
    def text(self) -> str:
        """What the page says."""
        return " ".join(self.page.inner_text("body").split())

    def sees(self, identifier: str) -> bool:
        """Whether the thing with that id is there to be seen."""
        return self.page.locator(f"#{identifier}").is_visible()
