"""Settings are refused by name, the worker and the server end when told to, a damaged audit log is told."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.harness.command import Command
from tests.harness.processes import ROOT, free_port, wait_until
from tests.harness.server import new_key


def run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    status, shown, said = Command(ROOT, environment).attempt(*words)
    return subprocess.CompletedProcess(words, status, shown, said)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"IDP_SECRET_KEY": None}, "IDP_SECRET_KEY"),
        ({"IDP_MASTER_KEY": "changeme"}, "IDP_MASTER_KEY"),
        ({"IDP_ISSUER": "http://idp.example"}, "IDP_ISSUER"),
        ({"IDP_ISSUER": "https://idp.example/"}, "IDP_ISSUER"),
        ({"IDP_DATABASE_URL": "mysql://x"}, "IDP_DATABASE_URL"),
        ({"IDP_WORKERS": "many"}, "IDP_WORKERS"),
        ({"IDP_MODE": "production"}, "IDP_ISSUER"),
        ({"IDP_MODE": "production", "IDP_ISSUER": "https://idp.example", "IDP_DEBUG": "1"}, "IDP_DEBUG"),
        ({"IDP_SETTINGS_FILE": "/nowhere.toml"}, "IDP_SETTINGS_FILE"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(
    surroundings: dict[str, str], changed: dict[str, str | None], told: str
) -> None:
    environment = {k: v for k, v in {**surroundings, **changed}.items() if v is not None}
    status, shown, said = Command(ROOT, environment).attempt("keys", "list")
    assert (status, shown) == (2, "")
    assert told in said
    assert "Traceback" not in said
    assert "changeme" not in said


def test_a_database_without_tables_says_what_to_do(surroundings: dict[str, str], tmp_path: Path) -> None:
    ended = run({**surroundings, "IDP_DATABASE_URL": f"sqlite:///{tmp_path / 'x.db'}"}, "client", "list")
    assert ended.returncode == 1
    assert "idp init" in ended.stderr


def test_a_database_that_is_away_gets_a_sentence(surroundings: dict[str, str]) -> None:
    address = "postgresql+psycopg://u:secret-of-mine@127.0.0.1:1/x"
    for words in (("client", "list"), ("init",)):
        ended = run({**surroundings, "IDP_DATABASE_URL": address}, *words)
        assert ended.returncode == 1
        assert "database could not be used" in ended.stderr
        assert "secret-of-mine" not in ended.stderr


def test_a_fresh_key_is_one_the_settings_take(surroundings: dict[str, str]) -> None:
    first, second = (run(surroundings, "secret").stdout.strip() for _ in range(2))
    assert first != second
    assert len(first) == len(new_key())


def test_the_worker_seals_the_log_and_ends_when_told(
    idp: Command, surroundings: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with log.open("w") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", "idp.cli", "worker"], env=surroundings, stdout=output, stderr=output
        )
    try:
        wait_until("the log is sealed", lambda: idp("audit", "verify", "--json")["sealed"] > 0)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=10) == 0
    finally:
        worker.kill()
        worker.wait()
    assert "Traceback" not in log.read_text()


def test_one_round_of_the_worker_does_what_is_due(idp: Command, surroundings: dict[str, str]) -> None:
    assert run(surroundings, "worker", "--once").returncode == 0
    report = idp("audit", "verify", "--json")
    assert report["intact"]
    assert report["head"]


def test_a_damaged_audit_log_is_told_by_the_status(
    surroundings: dict[str, str], database: Path, tmp_path: Path, idp: Command
) -> None:
    run(surroundings, "worker", "--once")
    copy = tmp_path / "copy.db"
    with sqlite3.connect(database) as original, sqlite3.connect(copy) as damaged:
        original.backup(damaged)
        damaged.execute("UPDATE audit_log SET actor = 'somebody else' WHERE id = 2")
    original.close()
    damaged.close()
    ended = run({**surroundings, "IDP_DATABASE_URL": f"sqlite:///{copy}"}, "audit", "verify")
    assert ended.returncode == 1
    assert "broken_at  2" in ended.stdout


def test_the_server_runs_until_it_is_told_to_end(idp: Command, surroundings: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    environment = {**surroundings, "IDP_BIND": f"127.0.0.1:{port}", "IDP_ISSUER": f"http://localhost:{port}"}
    with (tmp_path / "log").open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "idp.cli", "serve"], env=environment, cwd="/", stdout=output, stderr=output
        )
    try:
        wait_until("/health answers", lambda: _answers(f"http://localhost:{port}/health"))
        started = time.monotonic()
        os.kill(server.pid, signal.SIGTERM)
        assert server.wait(timeout=40) == 0
        assert time.monotonic() - started < 35
    finally:
        server.kill()
        server.wait()


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).status_code == 200
    except requests.RequestException:
        return False


def test_the_command_is_installed_under_its_name() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    assert 'idp = "idp.cli:main"' in text
