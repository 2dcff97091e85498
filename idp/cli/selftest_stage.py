"""Where `idp client selftest` plays: one application, reached by its address alone, and the way into it."""

import time
from dataclasses import dataclass
from urllib.parse import urlencode, urljoin, urlsplit

from idp.cli.selftest_browser import Browser, Page, Stuck
from idp.cli.selftest_cast import Cast, Seat, notice_of
from idp.cli.selftest_pages import Button, Form

MOST_PAGES = 8


@dataclass(frozen=True)
class Application:
    """The application as its address and its registration tell it."""

    address: str  # a page that only signed-in people see, and that says for which company it is
    client_id: str
    initiate_login_uri: str
    issuer: str
    authorize: str


@dataclass(frozen=True)
class Wanted:
    """What the operator knows of the application: a form of records, how to fill it in, its switcher, patience."""

    form: str
    fields: dict[str, str]
    switch: str
    wait: float

    def filled(self, mark: str) -> dict[str, str]:
        """The form's values, with the mark of one record in them."""
        return {name: value.replace("{mark}", mark) for name, value in self.fields.items()}

    @property
    def is_marked(self) -> bool:
        """Whether a record can be told by what was written into it."""
        return bool(self.form) and any("{mark}" in value for value in self.fields.values())


@dataclass
class Stage:
    """The application, the people, and how a browser goes from one page to the next."""

    application: Application
    cast: Cast
    wanted: Wanted

    def browser(self) -> Browser:
        """A fresh browser."""
        there = self.application
        return Browser(there.issuer, there.authorize, there.address)

    def signed_in(self) -> Browser:
        """A browser in which the linked account is signed in at the provider, and nowhere else. Raises Stuck."""
        browser = self.browser()
        page = self.walk(browser, browser.get(f"{self.application.issuer}/linked"), self.cast.first)
        if page.button("sign-in") is not None:
            raise Stuck(f"The test's linked account can't sign in: {page}")
        return browser

    def enter(
        self, browser: Browser, seat: Seat, address: str = "", *, choose: Seat | None = None, who: str = ""
    ) -> Page:
        """Come in by the provider's way (OIDC Core §4: third-party initiated login) as a seat; the page one ends at.

        ``choose`` is the seat taken where a page asks, ``who`` signs in where one is asked to. Raises Stuck.
        """
        there = self.application
        target = address or there.address
        wishes = {"iss": there.issuer, "target_link_uri": target, "tenant": seat.tenant, "login_hint": seat.sub}
        begin = f"{there.initiate_login_uri}?{urlencode(wishes)}" if there.initiate_login_uri else target
        page = self.walk(browser, browser.get(begin), choose or seat, who)
        if browser.is_at_provider(page):
            raise Stuck(f"The provider shows a page that the test can't answer: {page}")
        return page

    def walk(self, browser: Browser, page: Page, seat: Seat, who: str = "") -> Page:
        """Answer the provider's pages until there is none that asks something."""
        for _ in range(MOST_PAGES):
            following = self._answered(browser, page, seat, who) if browser.is_at_provider(page) else None
            if following is None:
                return page
            page = following
        raise Stuck(f"The provider asks and asks: {page}")

    def _answered(self, browser: Browser, page: Page, seat: Seat, who: str) -> Page | None:
        if found := page.button("sign-in"):
            values = {"password": self.cast.password}
            if "username" in dict(found[0].fields):
                values["username"] = who or self.cast.username
            following = browser.press(page, found, **values)
            if following.status >= 400:
                raise Stuck(f"The test's people can't sign in: {following}")
            return following
        if found := page.button("agree-all"):
            return browser.press(page, found, **dict(found[0].ticks))
        for identifier in (f"seat-{seat.binding_id}", "consent-accept", "continue"):
            if found := page.button(identifier):
                return browser.press(page, found)
        return None

    def shown(self, page: Page) -> Seat | None:
        """For whom a page is: the one company of the two that it names outside of links, buttons and choices."""
        if page.left_to or page.status >= 400:
            return None
        first, second = self.cast.first, self.cast.second
        for one, other in ((first.company, second.company), (first.tax_id, second.tax_id)):
            named = (one in page.said, other in page.said)
            if any(named):
                return {(True, False): first, (False, True): second}.get(named)
        return None

    def now_at(self, browser: Browser, address: str) -> Seat | None:
        """For whom the page at an address is now; None also where one would have to sign in."""
        return self.shown(browser.get(address, stay=True))

    def form_of(self, browser: Browser, tab: str) -> tuple[Page, Form] | None:
        """The form of records as a tab opens it: where a link of the tab leads to it, by that link."""
        page = browser.get(tab, stay=True)
        if self.wanted.form:
            path = urlsplit(urljoin(self.application.address, self.wanted.form)).path
            ours = [link.address for link in page.links if urlsplit(link.address).path.endswith(path)]
            page = browser.get(next(iter(ours), urljoin(self.application.address, self.wanted.form)), stay=True)
        form = next((form for form in page.forms if form.is_for_a_person()), None)
        return None if form is None else (page, form)

    def control_for(self, page: Page, seat: Seat) -> tuple[Form, Button] | None:
        """The application's own way to a seat: a button that names it, or the one the operator named."""
        marks = seat.marks
        return page.first_button(lambda _, button: button.names(marks)) or page.button(self.wanted.switch)

    def link_for(self, page: Page, seat: Seat) -> str | None:
        """A link of the application that names a seat."""
        origin = urlsplit(self.application.address)[:2]
        for link in page.links:
            named = any(mark in link.address or mark in link.text for mark in seat.marks)
            if named and urlsplit(link.address)[:2] == origin:
                return link.address
        return None

    def told(self, sids: set[str]) -> tuple[bool, str]:
        """Whether the application has taken the logout tokens of these, as soon as it has, and what is wrong if not."""
        until = time.monotonic() + self.wanted.wait
        while True:
            notices = [notice_of(sid) for sid in sids]
            if all(taken for taken, _ in notices) or time.monotonic() > until:
                return all(taken for taken, _ in notices), next((error for _, error in notices if error), "")
            time.sleep(0.1)


def swapped(asked: dict[str, str], one: Seat, other: Seat) -> dict[str, str]:
    """An authorization request as somebody could write it anew who would rather be another company's."""
    anew = {}
    for name, value in asked.items():
        for mine, others in ((one.tenant, other.tenant), (one.sub, other.sub), (one.tax_id, other.tax_id)):
            # The application's own secrets of the request stay as they are: they are not ours to write.
            value = value if name in {"state", "nonce", "code_challenge"} else value.replace(mine, others)
        anew[name] = value
    anew.pop("id_token_hint", None)
    return anew
