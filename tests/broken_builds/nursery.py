"""Runs of pytest on trees of source that differ from ours, at a third of what a new Python costs for each.

Run as a program it imports what is nobody's fault, other people's packages, and nothing of ours. It reads one JSON
object a line, with ``tests``, ``folder``, ``tree``, ``environment``, ``output`` and ``seconds``, runs these tests in a
fork, where the provider is the one in ``tree``, and answers when they have ended.
"""

import gc
import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

# A name more or less here is time lost or won, and never a test.
OF_OTHERS = (
    *(
        "alembic.command",
        "alembic.context",
        "argon2",
        "authlib.oauth2.rfc7523",
        "authlib.oidc.core",
        "cryptography.x509",
        "email_validator",
        "flask",
        "flask_babel",
    ),
    *("flask_sqlalchemy", "flask_wtf", "gunicorn.app.wsgiapp", "gunicorn.workers.gthread", "joserfc.jwt", "jinja2"),
    *("psutil", "psycopg", "pydantic_settings", "pyhanko_certvalidator", "pytest", "requests", "sqlalchemy.orm"),
    *("sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite", "xml.etree.ElementTree", "zxcvbn"),
)
COMMAND = Path(__file__).resolve().parents[1] / "harness" / "command.py"


class Nursery:
    """The process that has the packages imported."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def pytest(
        self, tests: Sequence[str], *, folder: Path, tree: Path, environment: Mapping[str, str], output: Path
    ) -> None:
        """Run pytest with these arguments in ``folder``, on the provider in ``tree``; it writes to ``output``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"tests": tests, "folder": str(folder), "tree": str(tree), "output": str(output), "seconds": 180}
        self._process.stdin.write(json.dumps({**asked, "environment": dict(environment)}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert answer["status"] >= 0, f"ended by signal {-answer['status']}:\n{output.read_text()[-3000:]}"

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


def _serve() -> None:
    for name in OF_OTHERS:
        importlib.import_module(name)
    # The forks need not look through all of it for what is garbage.
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(asked)
        print(json.dumps({"status": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}), flush=True)


def _run(asked: dict[str, Any]) -> NoReturn:
    signal.alarm(asked["seconds"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    output = os.open(asked["output"], os.O_WRONLY | os.O_CREAT, 0o600)
    for target, file in enumerate((os.open(os.devnull, os.O_RDONLY), output, output)):
        os.dup2(file, target)
    _commands_of(asked["tree"])
    os.chdir(asked["folder"])
    # The folder of this program would give its modules other names.
    sys.path[0] = asked["folder"]
    sys.exit(importlib.import_module("pytest").main(asked["tests"]))


def _commands_of(tree: str) -> None:
    """Have a fork wait for the commands of the provider in that tree, as tests/harness/command.py has a process."""
    questions, answers = os.pipe(), os.pipe()
    if os.fork():
        os.close(questions[0])
        os.close(answers[1])
        os.environ["IDP_TEST_FORKER"] = json.dumps([tree, answers[0], questions[1]])
        return
    signal.alarm(0)
    os.setsid()
    os.close(questions[1])
    os.close(answers[0])
    for file, target in ((questions[0], 0), (answers[1], 1)):
        os.dup2(file, target)
        os.close(file)
    os.chdir(tree)
    os.environ["PYTHONPATH"] = sys.path[0] = tree
    _module_of(COMMAND).serve()
    os._exit(0)


def _module_of(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("command_of_a_tree", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    _serve()
