"""The agent's tests: a PKI of cards, a real PC/SC service with a virtual reader, agents that run, and Chromium."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from clients.testca.authority import Card
from clients.testca.cards import Gpki
from clients.testca.drawer import put_in_drawer
from tests.browser.conftest import start_options
from tests.harness.running_agent import RunningAgent
from tests.harness.virtual_card.piv_card import VirtualPivCard
from tests.harness.virtual_card.reader import VirtualReader, is_taken, the_only_user, why_not

PIN = "246810"
Insert = Callable[..., VirtualPivCard]
Start = Callable[..., RunningAgent]


@pytest.fixture(scope="session")
def pki() -> Gpki:
    """A PKI with cards."""
    return Gpki()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualReader]:
    """The machine's PC/SC service with a virtual reader; other processes of the tests wait until this one is done."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    with the_only_user():
        if is_taken():
            pytest.skip("another PC/SC service runs: systemctl stop pcscd.socket pcscd.service")
        running = VirtualReader(tmp_path_factory.mktemp("pcscd"))
        try:
            yield running
        finally:
            running.close()


@pytest.fixture
def insert(reader: VirtualReader) -> Iterator[Insert]:
    """Put a card of the PKI into the reader: ``insert(card, tries=…)``. Its PIN is PIN."""

    def put_in(card: Card, **more: Any) -> VirtualPivCard:
        return reader.insert(VirtualPivCard({0x9A: card}, pin=PIN, **more))

    yield put_in
    reader.pull_out()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start agents: ``start("piv", "--allow", origin)``. What they say must not hold the PIN."""
    running: list[RunningAgent] = []

    def begin(*words: str) -> RunningAgent:
        running.append(RunningAgent(tmp_path, *words))
        return running[-1]

    yield begin
    for agent in running:
        agent.stop()
    for path in tmp_path.iterdir():
        if path.suffix in {".log", ".json"}:
            assert PIN not in path.read_text()


@pytest.fixture
def drawer(tmp_path: Path, pki: Gpki) -> Path:
    """A drawer with the software card of one company."""
    put_in_drawer(tmp_path / "drawer", "00000016", pki.company(), PIN)
    return tmp_path / "drawer"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One Chromium for the tests of a file."""
    with sync_playwright() as playwright:
        options = start_options()
        if options["executable_path"] is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("no Chromium: neither the system nor Playwright has one")
        try:
            browser = playwright.chromium.launch(**options)
        except Error as error:
            pytest.fail(f"Chromium does not start: {error}")
        yield browser
        browser.close()
