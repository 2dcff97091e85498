"""The SQLite file of an application: sessions, sign-ins under way, logout tokens already seen, and its own records."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS companies_seen (tenant TEXT PRIMARY KEY);
DROP TABLE IF EXISTS sessions;
CREATE TABLE IF NOT EXISTS seats (
    id TEXT PRIMARY KEY,
    browser_hash TEXT NOT NULL,
    iss TEXT NOT NULL,
    tenant TEXT NOT NULL,
    sub TEXT NOT NULL,
    human TEXT NOT NULL,
    sid TEXT NOT NULL,
    accounts TEXT NOT NULL DEFAULT '[]',
    claims TEXT NOT NULL,
    userinfo TEXT NOT NULL,
    id_token TEXT NOT NULL,
    access_token TEXT NOT NULL,
    access_expires_at INTEGER NOT NULL,
    refresh_token TEXT,
    checked_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    ended_because TEXT
);
CREATE INDEX IF NOT EXISTS seats_by_sid ON seats (sid);
CREATE INDEX IF NOT EXISTS seats_by_browser ON seats (browser_hash);
CREATE TABLE IF NOT EXISTS ended_sids (sid TEXT PRIMARY KEY, ended_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS logout_tokens (jti TEXT PRIMARY KEY, expires_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS pending (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER NOT NULL);
"""


Clock = Callable[[], int]  # seconds since 1970 in UTC, as the claims have them


class Database:
    """A file of its own for one application; every use opens a connection and closes it."""

    def __init__(self, folder: Path, key: str, schema: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / f"{key}.sqlite"
        with self._connected() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(SCHEMA + schema)
        # The file holds access and refresh tokens of people who are signed in.
        self.path.chmod(0o600)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for reading."""
        with self._connected() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the write lock from its start; an error rolls it back."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=5, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous=FULL")
        try:
            yield connection
        finally:
            connection.close()


class Pending:
    """Things kept for a short while under a key; Authlib keeps the state of a sign-in under way here."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock

    def get(self, key: str) -> str | None:
        """What is kept under the key, or None once it has expired."""
        with self.database.reading() as connection:
            row = connection.execute(
                "SELECT value FROM pending WHERE key = ? AND expires_at > ?", (key, self.clock())
            ).fetchone()
        return row["value"] if row else None

    def set(self, key: str, value: str, expires_in: int) -> None:
        """Keep a text for so many seconds, and sweep what has expired."""
        with self.database.writing() as connection:
            connection.execute("DELETE FROM pending WHERE expires_at <= ?", (self.clock(),))
            connection.execute(
                "INSERT OR REPLACE INTO pending VALUES (?, ?, ?)", (key, value, self.clock() + expires_in)
            )

    def delete(self, key: str) -> None:
        """Forget what is kept under the key."""
        with self.database.writing() as connection:
            connection.execute("DELETE FROM pending WHERE key = ?", (key,))
