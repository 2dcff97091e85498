"""Signing out at the provider ends DREAMS within a moment: provider, worker and DREAMS as they are run."""

import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.harness.browser import Browser, Page
from tests.harness.people import Town
from tests.harness.processes import ROOT, Process, free_port, wait_until
from tests.harness.relying_party import Person
from tests.harness.server import Server

A_MOMENT = 8.0  # a second or two, on a machine that is busy with other tests


class Here:
    """The three programs, and people's browsers."""

    def __init__(self, folder: Path) -> None:
        self.server = Server(folder, f"sqlite:///{folder / 'idp.db'}")
        port = free_port()
        self.dreams = f"http://localhost:{port}"
        bare = {name: value for name, value in self.server.environment.items() if not name.startswith("IDP_")}
        secret = secrets.token_urlsafe(32)
        settings = {
            "DREAMS_ISSUER": self.server.issuer,
            "DREAMS_CLIENT_ID": "dreams",
            "DREAMS_CLIENT_SECRET": secret,
            "DREAMS_DATA": str(folder / "dreams"),
            "DREAMS_PORT": str(port),
            "DREAMS_SECRET_KEY": secrets.token_urlsafe(32),
        }
        self.server.start()
        self.town = Town(self.server)
        self.town.idp(
            *("client", "add", "--client-id", "dreams", "--secret-stdin", "--name", "DREAMS", "--no-consent"),
            *("--redirect-uri", f"{self.dreams}/callback", "--initiate-login-uri", f"{self.dreams}/login"),
            *("--backchannel-logout-uri", f"{self.dreams}/backchannel-logout"),
            *("--grant-type", "authorization_code", "--grant-type", "refresh_token"),
            *("--scope", "openid profile email company menus"),
            stdin=secret,
        )
        self.town.idp("menu", "import", str(ROOT / "clients" / "dreams" / "menus.json"))
        words = [sys.executable, "-m", "clients.dreams"]
        self.processes = [
            Process(words, folder=ROOT, environment=bare | settings, log=folder / "dreams.log"),
            self.server.start_worker(folder / "worker.log"),
        ]

    def close(self) -> None:
        for process in self.processes:
            process.stop(kill=True)
        self.server.close()

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.dreams}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def browser(self) -> Browser:
        return Browser(self.server.issuer, others=(self.dreams,))

    def enter(self, browser: Browser, person: Person | None = None) -> Page:
        """Open DREAMS, and sign in where the provider asks."""
        page = browser.get(f"{self.dreams}/sites")
        if page.asks_for_password:
            assert person is not None
            page = browser.submit(page, "sign-in", username=person.username, password=person.password)
        assert page.url.startswith(self.dreams), page
        return page

    def is_in(self, browser: Browser) -> bool:
        """Whether DREAMS still knows this browser."""
        answer = browser.http.get(f"{self.dreams}/sites", allow_redirects=False, timeout=20)
        return answer.status_code == 200


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    place = Here(tmp_path_factory.mktemp("here"))
    try:
        wait_until("DREAMS answers", place.answers)
        yield place
    finally:
        place.close()


def test_signing_out_everywhere_at_the_provider_ends_dreams(here: Here) -> None:
    person = here.town.person("staff")
    browser, elsewhere = here.browser(), here.browser()
    here.enter(browser, person)
    here.enter(elsewhere, person)
    began = time.monotonic()
    page = browser.submit(browser.get("/account"), "sign-out")
    assert page.asks_for_password
    assert time.monotonic() - began < A_MOMENT
    wait_until("DREAMS has ended", lambda: not here.is_in(browser), A_MOMENT)
    assert here.is_in(elsewhere)
    assert browser.get(f"{here.dreams}/sites").asks_for_password


def test_who_is_suspended_is_out_of_dreams_at_once(here: Here) -> None:
    person, bystander = here.town.person("staff"), here.town.person("staff")
    browser, other = here.browser(), here.browser()
    here.enter(browser, person)
    here.enter(other, bystander)
    here.town.suspend(person)
    wait_until("DREAMS has ended", lambda: not here.is_in(browser), A_MOMENT)
    assert here.is_in(other)


def test_who_loses_rights_enters_dreams_again_without_a_password_and_sees_less(here: Here) -> None:
    person, browser = here.town.person("staff"), here.browser()
    assert "/sites/new" in here.enter(browser, person).html
    here.town.set_role(person, "guest")
    wait_until("DREAMS has ended", lambda: not here.is_in(browser), A_MOMENT)
    page = here.enter(browser) if browser.get(f"{here.dreams}/login").status == 200 else None
    assert page is not None
    assert "/sites/new" not in page.html
