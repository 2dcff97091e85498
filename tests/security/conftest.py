"""Providers of their own for tests that break something, bend the limits or need other settings."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harness.cards import settings_for_cards
from tests.harness.command import Command
from tests.harness.people import Town
from tests.harness.server import Server

NewServer = Callable[..., Server]


class HttpsServer(Server):
    """A provider in production mode whose people come by https through one proxy."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, f"sqlite:///{folder / 'idp.db'}")
        self.address = self.issuer
        self.public = self.issuer.replace("http:", "https:")
        self.environment |= {"IDP_MODE": "production", "IDP_ISSUER": self.public, "IDP_TRUSTED_PROXIES": "1"}
        # Production refuses the quick hashes of the other tests.
        self.environment |= {"IDP_ARGON2_TIME": "2", "IDP_ARGON2_MEMORY_KIB": "19456"}
        self.idp = Command(self.tree, self.environment)


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[NewServer]:
    """Makes providers on SQLite files of their own, running, with further settings; ended with the test."""
    running: list[Server] = []

    def make(*, start: bool = True, **settings: str) -> Server:
        folder = tmp_path / f"provider-{len(running)}"
        folder.mkdir()
        server = Server(folder, f"sqlite:///{folder / 'idp.db'}", settings=settings)
        running.append(server)
        if start:
            server.start()
        return server

    yield make
    for server in running:
        server.close()


@pytest.fixture
def own(new_server: NewServer) -> Town:
    """A provider that this test alone uses and may break."""
    return Town(new_server())


def _running(folder: Path, **settings: str) -> Iterator[Server]:
    server = Server(folder, f"sqlite:///{folder / 'idp.db'}", settings=settings)
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def _bent_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _running(tmp_path_factory.mktemp("bent"), **settings_for_cards(software=False))


@pytest.fixture(scope="session")
def bent(_bent_server: Server) -> Town:
    """A provider whose counters of failures the tests change behind its back. Hashes cost little."""
    return Town(_bent_server)


@pytest.fixture(scope="session")
def _honest_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"IDP_ARGON2_TIME": "2", "IDP_ARGON2_MEMORY_KIB": "19456", "IDP_CARD_AGENT": "", "IDP_CARD_HIPKI": ""}
    yield from _running(tmp_path_factory.mktemp("honest"), **settings)


@pytest.fixture(scope="session")
def honest(_honest_server: Server) -> Town:
    """A provider whose hashes cost what they cost in production, where time is measured; and no card component."""
    return Town(_honest_server)


@pytest.fixture(scope="session")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A provider with one process, so one cache, that says how many SQL statements each answer took."""
    settings = {"IDP_COUNT_STATEMENTS": "1", "IDP_WORKERS": "1"}
    for server in _running(tmp_path_factory.mktemp("counted"), **settings):
        yield Town(server)


@pytest.fixture(scope="session")
def by_https(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A provider in production mode behind a TLS proxy."""
    server = HttpsServer(tmp_path_factory.mktemp("https"))
    try:
        server.start()
        yield Town(server)
    finally:
        server.close()
