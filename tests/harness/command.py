"""The ``idp`` command, many times over: imported once, and each call in a fork of its own.

Run as a program it reads one JSON object a line, ``{"arguments": [...], "stdin": "...", "environment": {...}}``, and
answers each with one line, ``{"status": 0, "stdout": "...", "stderr": "..."}``.
"""

import atexit
import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class CommandFailed(AssertionError):
    """The command ended with another status than 0."""


class _Forker:
    """The process that has everything imported; one for each tree of source."""

    def __init__(self, tree: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve())],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self._turn = threading.Lock()
        atexit.register(self._process.kill)

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """One call."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


_forkers: dict[Path, _Forker] = {}


class Command:
    """The ``idp`` command of one provider, with that provider's settings."""

    def __init__(self, tree: Path, environment: Mapping[str, str]) -> None:
        self._settings = {name: value for name, value in environment.items() if name.startswith("IDP_")}
        if tree not in _forkers:
            _forkers[tree] = _Forker(tree)
        self._forker = _forkers[tree]

    def __call__(self, *arguments: str, stdin: str = "") -> Any:
        """Run it and give its JSON answer, or its text. Raises CommandFailed with what it said."""
        status, stdout, stderr = self.attempt(*arguments, stdin=stdin)
        if status:
            raise CommandFailed(f"idp {' '.join(arguments)}: status {status}\n{stdout}{stderr}")
        try:
            return json.loads(stdout)
        except ValueError:
            return stdout

    def attempt(self, *arguments: str, stdin: str = "") -> tuple[int, str, str]:
        """Run it and give status, output and errors, whatever they are."""
        answer = self._forker.ask({"arguments": arguments, "stdin": stdin, "environment": self._settings})
        return answer["status"], answer["stdout"], answer["stderr"]


def _serve() -> None:
    # Heavy parts that every command needs: once here, not in each fork.
    for heavy in ("idp.app", "zxcvbn", "psycopg", "sqlalchemy.dialects.postgresql.psycopg", "alembic.command"):
        importlib.import_module(heavy)
    main = importlib.import_module("idp.cli").main

    for line in sys.stdin:
        asked = json.loads(line)
        with (
            tempfile.TemporaryFile() as stdin,
            tempfile.TemporaryFile() as stdout,
            tempfile.TemporaryFile() as stderr,
        ):
            stdin.write(asked["stdin"].encode())
            stdin.seek(0)
            child = os.fork()
            if child == 0:
                for target, file in enumerate((stdin, stdout, stderr)):
                    os.dup2(file.fileno(), target)
                # The parent's buffered reader must not be read again here.
                sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
                os.environ.update(asked["environment"])
                _run_and_exit(main, asked["arguments"])
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            answer = {"status": status}
            for name, file in (("stdout", stdout), ("stderr", stderr)):
                file.seek(0)
                answer[name] = file.read().decode("utf-8", "replace")
        sys.__stdout__.write(json.dumps(answer) + "\n")  # type: ignore[union-attr]
        sys.__stdout__.flush()  # type: ignore[union-attr]


def _run_and_exit(main: Any, arguments: list[str]) -> None:
    status = 1
    try:
        sys.argv = ["idp", *arguments]
        status = int(main(arguments) or 0)
    except SystemExit as exit_:
        status = exit_.code if isinstance(exit_.code, int) else int(bool(exit_.code))
        if isinstance(exit_.code, str):
            print(exit_.code, file=sys.stderr)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
