"""A production start with an unsafe setting is refused with the setting's name (AD01)."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.command import Command
from tests.harness.processes import ROOT, free_port
from tests.harness.server import new_key

KEY = new_key()
REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "no secret key": ({"IDP_SECRET_KEY": ""}, "IDP_SECRET_KEY"),
    "no master key": ({"IDP_MASTER_KEY": ""}, "IDP_MASTER_KEY"),
    "no secret key at all": ({"IDP_SECRET_KEY": "(unset)"}, "IDP_SECRET_KEY"),
    "no master key at all": ({"IDP_MASTER_KEY": "(unset)"}, "IDP_MASTER_KEY"),
    "default secret": ({"IDP_SECRET_KEY": "changeme"}, "IDP_SECRET_KEY"),
    "default master": ({"IDP_MASTER_KEY": "secret"}, "IDP_MASTER_KEY"),
    "a secret of zeros": ({"IDP_SECRET_KEY": "A" * 43}, "IDP_SECRET_KEY"),
    "a short secret": ({"IDP_SECRET_KEY": "c2hvcnQtb25lLTEyMzQ"}, "IDP_SECRET_KEY"),
    "no base64": ({"IDP_SECRET_KEY": "!" + "abcdefgh" * 5 + "??"}, "IDP_SECRET_KEY"),
    "the same key twice": ({"IDP_SECRET_KEY": KEY, "IDP_MASTER_KEY": KEY}, "IDP_MASTER_KEY"),
    "the same key, padded": ({"IDP_SECRET_KEY": KEY, "IDP_MASTER_KEY": KEY + "="}, "IDP_MASTER_KEY"),
    "http issuer": ({"IDP_ISSUER": "http://idp.example.tw"}, "IDP_ISSUER"),
    "http on localhost": ({"IDP_ISSUER": "http://localhost:5100"}, "IDP_ISSUER"),
    "no issuer": ({"IDP_ISSUER": "(unset)"}, "IDP_ISSUER"),
    "issuer with a path": ({"IDP_ISSUER": "https://idp.example.tw/"}, "IDP_ISSUER"),
    "issuer with a user": ({"IDP_ISSUER": "https://me@idp.example.tw"}, "IDP_ISSUER"),
    "debug": ({"IDP_DEBUG": "true"}, "IDP_DEBUG"),
    "no database": ({"IDP_DATABASE_URL": "(unset)"}, "IDP_DATABASE_URL"),
    "database in memory": ({"IDP_DATABASE_URL": "sqlite://"}, "IDP_DATABASE_URL"),
    "an unknown mode": ({"IDP_MODE": "staging"}, "IDP_MODE"),
    "a lifetime too long": ({"IDP_CODE_SECONDS": "600"}, "IDP_CODE_SECONDS"),
    "no number": ({"IDP_WORKERS": "two"}, "IDP_WORKERS"),
    "software cards": ({"IDP_CARD_SOFTWARE": "true"}, "IDP_CARD_SOFTWARE"),
    "cards of the test policy": ({"IDP_CARD_POLICIES": "2.16.886.101.0.3.0"}, "IDP_CARD_POLICIES"),
    "hashes for nothing": ({"IDP_ARGON2_MEMORY_KIB": "8", "IDP_ARGON2_TIME": "1"}, "IDP_ARGON2"),
}


def settings_with(folder: Path, changes: dict[str, str]) -> dict[str, str]:
    """Good production settings with these changes."""
    good = {
        "IDP_ISSUER": "https://idp.example.tw",
        "IDP_DATABASE_URL": f"sqlite:///{folder / 'idp.db'}",
        "IDP_SECRET_KEY": new_key(),
        "IDP_MASTER_KEY": new_key(),
        "IDP_BIND": f"127.0.0.1:{free_port()}",
    } | changes
    return {name: value for name, value in good.items() if value != "(unset)"}


def start(folder: Path, changes: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Start with good production settings and these changes."""
    machine = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=machine | settings_with(folder, changes),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


# One of each setting; each is a start of its own, and the rest of the settings is read by the same lines.
STARTED = (
    "no secret key",
    "default master",
    "http issuer",
    "debug",
    "no database",
    "software cards",
    "hashes for nothing",
)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=() if kind in STARTED else pytest.mark.soak) for kind in REFUSED]
)
def test_a_production_server_does_not_start_with_this(tmp_path: Path, kind: str) -> None:
    """AD01, issue 2 §2: refused, by the name of the setting, and never with its value."""
    changes, name = REFUSED[kind]
    done = start(tmp_path, changes, "-m", "gunicorn", "-c", "gunicorn.conf.py", "--check-config", "wsgi:app")
    said = done.stdout + done.stderr
    assert done.returncode != 0, "it started"
    assert name in said
    assert "Traceback" not in said
    for setting, value in changes.items():
        if "KEY" in setting and len(value) > 7:
            assert value not in said, "the value of a secret is shown"


def test_a_good_production_server_starts(tmp_path: Path) -> None:
    """AD01's other side: the settings that the cases above change are good."""
    done = start(tmp_path, {}, "-m", "gunicorn", "-c", "gunicorn.conf.py", "--check-config", "wsgi:app")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", REFUSED)
def test_the_command_refuses_the_same_with_a_sentence(tmp_path: Path, kind: str) -> None:
    """AD01 for `idp init` and with it every other command."""
    changes, name = REFUSED[kind]
    status, shown, said = Command(ROOT, settings_with(tmp_path, changes)).attempt("init")
    assert (status, shown) == (2, "")
    assert name in said
    assert "Traceback" not in said
    for setting, value in changes.items():
        assert "KEY" not in setting or len(value) <= 7 or value not in said, "the value of a secret is shown"
    assert not (tmp_path / "idp.db").exists()


def test_a_new_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Security.md §5-14: file modes; what the server makes beside it too."""
    done = start(tmp_path, {}, "-m", "idp.cli", "init")
    assert done.returncode == 0, done.stderr
    for file in tmp_path.iterdir():
        assert file.stat().st_mode & 0o077 == 0, f"{file.name}: {oct(file.stat().st_mode)}"
