"""Who walks docs/tour.md: people at their own windows, whose words on screen are noted, and who take pictures."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from idp.cli.demo import PASSWORD
from idp.cli.demo_data import Ports
from tests.browser.tour_steps import Step

WIDTH, HEIGHT = 1280, 800
COLOURS = 256
PIN = "123456"
SECONDS_FOR_A_MAIL = 30


class Tour:
    """The demo that runs on these ports, the windows that are open there, and the words seen since the step began."""

    def __init__(self, browser: Browser, ports: Ports, pictures: Path | None = None) -> None:
        self._browser, self._pictures = browser, pictures
        self.ports = ports
        self.said: set[str] = set()
        self.complaints: list[str] = []
        self.shot = b""
        self._windows: dict[str, Window] = {}

    def begin(self) -> None:
        """Begin a step: nothing has been read of it, and no picture taken."""
        self.said.clear()
        self.shot = b""

    def window(self, who: str) -> "Window":
        """The window of somebody: with cookies of its own, and kept from step to step."""
        if who not in self._windows:
            context = self._browser.new_context(
                locale="zh-TW", timezone_id="Asia/Taipei", viewport={"width": WIDTH, "height": HEIGHT}
            )
            context.set_default_timeout(15_000)
            page = context.new_page()
            page.on("pageerror", lambda error: self.complaints.append(f"{who} at {page.url}: {error}"))
            self._windows[who] = Window(self, page)
        return self._windows[who]

    def address(self, place: str) -> str:
        """Where that is: ``dreams/sites`` is the page ``/sites`` of DREAMS."""
        name, slash, path = place.partition("/")
        return f"http://localhost:{getattr(self.ports, name)}{slash}{path}"

    def take(self, step: Step, window: "Window") -> None:
        """Keep what the window shows as the step's picture, where pictures are asked for."""
        if self._pictures is None:
            return
        if not self.shot:
            window.pose()
        with Image.open(io.BytesIO(self.shot)) as image:
            image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
                self._pictures / step.picture, optimize=True
            )

    def close(self) -> None:
        """Close all windows."""
        for window in self._windows.values():
            window.page.context.close()


class Window:
    """One person at one window."""

    def __init__(self, tour: Tour, page: Page) -> None:
        self.tour, self.page = tour, page

    def pose(self) -> None:
        """Be what the step's picture shows as one is now, not as one is at its end."""
        self.tour.shot = self.page.screenshot(animations="disabled", caret="hide")

    def open(self, place: str) -> None:
        """Type an address."""
        self.page.goto(self.tour.address(place) if "://" not in place else place)

    def sees(self, *words: str) -> None:
        """Read these words on the page."""
        text = _flat(self.page.inner_text("body"))
        assert [one for one in words if one not in text] == [], f"{self.page.url}: {text}"
        self.tour.said.update(words)

    def finds(self, identifier: str, words: str) -> Locator:
        """The thing with that id, on which these words stand."""
        thing = self.page.locator(identifier if set(identifier) & set("#.[: ") else f"#{identifier}")
        read = _flat(f"{thing.inner_text()} {thing.get_attribute('title') or ''}")
        assert words in read, f"{self.page.url}: {read}"
        self.tour.said.add(words)
        return thing

    def press(self, identifier: str, words: str) -> None:
        """Press what these words stand on, and wait for the page it leads to."""
        thing = self.finds(identifier, words)
        with self.page.expect_navigation():
            thing.click()

    def unfold(self, identifier: str) -> None:
        """Press what opens here."""
        self.page.click(f"#{identifier}")

    def fill(self, **fields: str) -> None:
        """Fill in fields by their ids."""
        for field, value in fields.items():
            self.page.fill(f"#{field}", value)

    def sign_in(self, username: str) -> None:
        """Fill in the form for name and password, and send it."""
        self.fill(username=username, password=PASSWORD)
        self.press("sign-in", "登入")

    def read_the_texts(self) -> None:
        """Read each to its end, and tick it."""
        for box in self.page.locator("input[id^=agree-]").all():
            name = box.get_attribute("id") or ""
            self.page.locator(f"#text-{name.removeprefix('agree-')}").evaluate("one => one.scrollTo(0, 1e6)")
            self.page.locator(f"#{name}:enabled").check()

    def agree(self) -> None:
        """Agree to what an application asks at a first sign-in. It is done on the way, and noted in no step."""
        for way, button in (("/agreements/", "agree-all"), ("/consent/", "consent-accept")):
            if way in self.page.url:
                self.read_the_texts()
                with self.page.expect_navigation():
                    self.page.click(f"#{button}")

    def is_at(self, place: str) -> None:
        """Be at this page, whatever follows its path."""
        assert re.split(r"[?#]", self.page.url)[0] == self.tour.address(place), self.page.url

    def present(self, card: str, *, words: str = "讀取憑證") -> None:
        """Let the agent's own window open, choose a card there, type its PIN, and see the page go on."""
        with self.card_window(card, words) as popup:
            popup.fill("#pin", PIN)
            with self.page.expect_navigation():
                popup.click("button.go")

    @contextmanager
    def card_window(self, card: str, words: str) -> Iterator[Page]:
        """The agent's window where it asks for the PIN of a card."""
        button = self.finds("card-agent", words)
        with self.page.expect_popup() as opened:
            button.click()
        opened.value.get_by_role("button", name=card).click()
        opened.value.wait_for_selector("#pin")
        yield opened.value

    def mail(self, to: str, subject: str) -> str:
        """Open that mail in the mailbox, wait until it is there; the link in it."""
        for _ in range(SECONDS_FOR_A_MAIL * 4):
            self.open(f"mailbox/?to={to}@example.test")
            found = self.page.locator("h2 a", has_text=subject)
            if found.count():
                found.first.click()
                self.sees(subject)
                return self.page.locator("#text a").first.get_attribute("href") or ""
            self.page.wait_for_timeout(250)
        raise AssertionError(f"no mail 「{subject}」 to {to}: {self.page.inner_text('body')}")


def _flat(text: str) -> str:
    return " ".join(text.split())
