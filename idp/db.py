"""The database: a session a request, one write transaction an act.

Reading needs nothing: the first statement begins. Writing happens inside ``with transaction():``, which on SQLite
takes the writers' file lock and begins IMMEDIATE, so that no write ever fails for a stale snapshot (ecosystem.md 2.1).
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    Connection,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Executable,
    MetaData,
    Table,
    TypeDecorator,
    event,
    text,
)
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.pool import ConnectionPoolEntry

from idp.config import Settings
from idp.errors import DatabaseBusy, Refused

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


WRITER_LOOKS_EVERY = 0.0004  # seconds; a write takes two to five times as long


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware and in UTC, in Python and out. SQLite forgets zones; naive moments are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive moment was given to the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The tables' base: plain SQLAlchemy, so that Flask-SQLAlchemy stays only the session."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={
            datetime: UtcDateTime(),
            dict[str, Any]: JSON(),
            list[str]: JSON(),
            list[dict[str, Any]]: JSON(),
        },
    )


db = SQLAlchemy(session_options={"expire_on_commit": False})
session = db.session

_writing: ContextVar[bool] = ContextVar("writing", default=False)
_statements: ContextVar[list[int] | None] = ContextVar("statements", default=None)


def table_of(model: type[Base]) -> Table:
    """The table of a model, for statements on busy paths: without the mapper they cost half as much."""
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} has no table of its own")
    return table


def run(statement: Executable, parameters: Any = None) -> CursorResult[*tuple[Any, ...]]:
    """Run a prepared statement in the current transaction, past the mapper."""
    return session.connection().execute(statement, parameters)


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


class WritersLock:
    """One writer at a time over all processes on this SQLite file, in turn and without SQLite's long naps.

    Two files: who waits for ``.writer`` holds ``.next``, so that no process passes its turn on among its own threads.
    """

    def __init__(self, path: Path, wait: float) -> None:
        self._path = path
        self._wait = wait
        self._threads = threading.Lock()
        self._files: tuple[int, int, int] | None = None

    def acquire(self) -> None:
        """Wait for the lock. Raises DatabaseBusy when it is not had in time."""
        deadline = time.monotonic() + self._wait
        if not self._threads.acquire(timeout=self._wait):
            raise DatabaseBusy
        try:
            writer, upcoming = self._descriptors()
            _flock(upcoming, deadline)
            try:
                _flock(writer, deadline)
            finally:
                fcntl.flock(upcoming, fcntl.LOCK_UN)
        except BaseException:
            self._threads.release()
            raise

    def _descriptors(self) -> tuple[int, int]:
        # Descriptors inherited over fork would share their locks with the parent.
        if self._files is None or self._files[0] != os.getpid():
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            upcoming = self._path.with_name(self._path.name + ".next")
            self._files = (os.getpid(), os.open(self._path, flags, 0o600), os.open(upcoming, flags, 0o600))
        return self._files[1:]

    def release(self) -> None:
        """Let the next writer in."""
        fcntl.flock(self._descriptors()[0], fcntl.LOCK_UN)
        self._threads.release()


def _flock(descriptor: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise DatabaseBusy from None
            time.sleep(WRITER_LOOKS_EVERY)
        else:
            return


_locks: dict[str, WritersLock] = {}


def _lock() -> WritersLock | None:
    return _locks.get(str(db.engine.url.database)) if db.engine.dialect.name == "sqlite" else None


@contextmanager
def transaction() -> Iterator[None]:
    """One write transaction: everything in it happens, or nothing.

    It commits at the end and on a Refused (a refusal is an answer: counters and audit rows stay), and rolls back on
    anything else. Inside another one it joins it. Raises DatabaseBusy when the database can't be written in time.
    """
    if _writing.get():
        yield
        return
    session.commit()  # ends the snapshot read so far; nothing was written outside a transaction
    lock = _lock()
    if lock:
        lock.acquire()
    token = _writing.set(True)
    try:
        try:
            yield
        except Refused:
            session.commit()
            raise
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        _writing.reset(token)
        if lock:
            lock.release()


def one_at_a_time(key: bytes) -> None:
    """Let only one transaction with this key go on from here (PostgreSQL; SQLite has one writer anyway)."""
    if db.engine.dialect.name == "postgresql":
        number = int.from_bytes(key[:8], "big", signed=True)
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def end_reading() -> None:
    """End what was read by a commit: after a rollback psycopg forgets its prepared statements and plans all anew."""
    if session.registry.has() and session().in_transaction():
        session.commit()


def count_statements_from_here() -> list[int]:
    """Begin to count the SQL statements of this context (a request): ``[number]``, growing."""
    counter = [0]
    _statements.set(counter)
    return counter


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its engine. The pool is opened lazily, so a preloaded parent hands down no connection."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(settings)
    db.init_app(app)
    with app.app_context():
        engine = db.engine
    if settings.sqlite_path is not None:
        settings.sqlite_path.parent.mkdir(parents=True, exist_ok=True)
        path = settings.sqlite_path
        _locks[str(path)] = WritersLock(path.with_name(path.name + ".writer"), _one_wait(settings))
        _prepare_sqlite(engine, settings)
    if settings.count_statements:
        event.listen(engine, "before_cursor_execute", _count)


def _one_wait(settings: Settings) -> float:
    """How long one wait may take: for a connection, the writers' turn and the database come one after another."""
    return settings.database_wait_seconds / 2


def _engine_options(settings: Settings) -> dict[str, Any]:
    wait = _one_wait(settings)
    # Parameters hold what no log may keep.
    common: dict[str, Any] = {
        "hide_parameters": True,
        "pool_size": settings.database_pool,
        "max_overflow": 0,
        "pool_timeout": wait,
    }
    if settings.sqlite_path is not None:
        return common | {"connect_args": {"timeout": wait, "check_same_thread": False}}
    milliseconds = int(wait * 1000)
    options = (
        f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
        " -c idle_in_transaction_session_timeout=30000 -c timezone=UTC"
    )
    return common | {"connect_args": {"connect_timeout": max(2, int(wait)), "options": options}}


def _prepare_sqlite(engine: Engine, settings: Settings) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _entry: ConnectionPoolEntry) -> None:
        # The driver's own transactions begin deferred and too late; ours begin by the event below.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-8000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.execute(f"PRAGMA busy_timeout={int(_one_wait(settings) * 1000)}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _writing.get() else "BEGIN")


def _count(*_: object) -> None:
    counter = _statements.get()
    if counter is not None:
        counter[0] += 1
