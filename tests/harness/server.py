"""The provider as it is run: gunicorn with two workers on a loopback port, with its own database."""

import base64
import os
import re
import secrets
import signal
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests

from tests.harness.command import Command
from tests.harness.processes import ROOT, Adopted, Process, free_port, wait_until

TREE = Path(os.environ.get("IDP_TEST_TREE", str(ROOT)))
FAST = {"IDP_ARGON2_TIME": "1", "IDP_ARGON2_MEMORY_KIB": "1024"}
ACCIDENT = re.compile(r"^Traceback \(most recent call last\)|\bWORKER TIMEOUT\b", re.MULTILINE)


def new_key() -> str:
    """32 random bytes as the settings take them."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


class Server:
    """One running provider. ``settings`` are further ``IDP_…`` variables."""

    def __init__(
        self, folder: Path, database_url: str, *, settings: Mapping[str, str] | None = None, tree: Path = TREE
    ) -> None:
        self.folder = folder
        self.tree = tree
        self.port = free_port()
        self.issuer = f"http://localhost:{self.port}"
        self.database_url = database_url
        self.log = folder / "server.log"
        self._read_to = 0
        self._process: Process | None = None
        own = {
            "IDP_MODE": "test",
            "IDP_ISSUER": self.issuer,
            "IDP_DATABASE_URL": database_url,
            "IDP_SECRET_KEY": new_key(),
            "IDP_MASTER_KEY": new_key(),
            "IDP_BIND": f"127.0.0.1:{self.port},[::1]:{self.port}",
            "IDP_WORKERS": "2",
            "IDP_THREADS": "4",
            "IDP_KEY_PUBLISH_HOURS": "0",
            "IDP_DOCUMENTS_FOLDER": str(folder / "documents"),
            "IDP_REGISTER_FOLDER": str(folder / "register"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        outside = {name: value for name, value in os.environ.items() if not name.startswith("IDP_")}
        self.environment = {**outside, **own, **FAST, **(settings or {})}
        self.idp = Command(tree, self.environment)
        self.idp("init")

    @property
    def kind(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.database_url.split(":", 1)[0].split("+", 1)[0]

    def start(self) -> None:
        """Start the server and wait until it answers."""
        environment = {**self.environment, "PYTHONPATH": str(self.tree)}
        arguments = ("-c", "gunicorn.conf.py", "wsgi:app")
        self._process = Adopted(self.idp.serve(*arguments, log=self.log, environment=environment), self.log)
        try:
            wait_until("the provider answers /health", self.is_ready)
        except AssertionError as error:
            self.stop()
            raise AssertionError(f"{error}\n{self.log.read_text()[-4000:]}") from error

    def start_worker(self, log: Path, **settings: str) -> Process:
        """Start one more ``idp worker``, with further settings."""
        environment = {**self.environment, "PYTHONPATH": str(self.tree), **settings}
        return Adopted(self.idp.start("worker", log=log, environment=environment), log)

    def is_ready(self) -> bool:
        """Whether /health answers 200."""
        if self._process is not None and not self._process.is_running():
            raise AssertionError(f"the provider ended:\n{self.log.read_text()[-4000:]}")
        try:
            return requests.get(f"{self.issuer}/health", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def stop(self) -> None:
        """End the server with all its workers."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def close(self) -> None:
        """End the server at once: a polite stop waits for connections that the tests keep open."""
        if self._process is not None:
            self._process.stop(kill=True)
            self._process = None

    def workers(self) -> list[psutil.Process]:
        """The worker processes."""
        assert self._process is not None
        return self._process.children()

    def kill_a_worker(self, number: int = 0) -> int:
        """SIGKILL to one worker; gives its process id."""
        worker = sorted(self.workers(), key=lambda process: process.pid)[number]
        os.kill(worker.pid, signal.SIGKILL)
        return worker.pid

    def new_log(self) -> str:
        """What was logged since the last call."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(self._read_to)
            text = file.read()
            self._read_to += len(text)
        return text.decode("utf-8", "replace")

    def accidents(self) -> str | None:
        """The log since the last call when a traceback is in it, else None."""
        text = self.new_log()
        return text if ACCIDENT.search(text) else None

    def write(self, statement: str, values: Mapping[str, str]) -> int:
        """Change rows behind the provider's back, and give how many. Parameters are written ``:name``."""
        if self.kind == "sqlite":
            with closing(sqlite3.connect(self._sqlite_file(), timeout=5)) as own, own:
                return own.execute(statement, dict(values)).rowcount
        with psycopg.connect(self._postgresql_address()) as connection:
            named = re.sub(r":(\w+)", r"%(\1)s", statement)
            return connection.execute(named, dict(values)).rowcount

    def read(self, statement: str, values: Mapping[str, str]) -> list[tuple[Any, ...]]:
        """Rows as they are now. Parameters are written ``:name``."""
        if self.kind == "sqlite":
            with closing(sqlite3.connect(self._sqlite_file(), timeout=5)) as own:
                return own.execute(statement, dict(values)).fetchall()
        with psycopg.connect(self._postgresql_address()) as connection:
            return connection.execute(re.sub(r":(\w+)", r"%(\1)s", statement), dict(values)).fetchall()

    def dump(self) -> bytes:
        """Everything the database holds, as bytes to search in."""
        if self.kind == "sqlite":
            with closing(sqlite3.connect(self._sqlite_file(), timeout=5)) as own:
                own.text_factory = bytes
                tables = own.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
                rows = [row for (name,) in tables for row in own.execute(f'SELECT * FROM "{name.decode()}"')]
        else:
            with psycopg.connect(self._postgresql_address()) as connection:
                tables = connection.execute(
                    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
                ).fetchall()
                rows = [row for (name,) in tables for row in connection.execute(f'SELECT * FROM "{name}"')]
        cells = (cell for row in rows for cell in row)
        return b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in cells)

    def _sqlite_file(self) -> str:
        return self.database_url.removeprefix("sqlite:///")

    def _postgresql_address(self) -> str:
        return self.database_url.replace("postgresql+psycopg", "postgresql")

    @contextmanager
    def accidents_expected(self) -> Iterator[None]:
        """Tracebacks logged inside are part of the test."""
        yield
        time.sleep(0.1)
        self.new_log()
