"""The ``idp`` command, many times over: imported once, and each call in a fork of its own.

Run as a program it reads one JSON object a line, ``{"arguments": [...], "stdin": "...", "environment": {...}}``, and
answers each with one line, ``{"status": 0, "stdout": "...", "stderr": "..."}``. With ``"kept": true`` the call runs in
a process that is kept for calls in that environment. ``{"serve": [...], "log": "...", "environment": {...}}`` starts
gunicorn with these arguments and is answered by ``{"pid": 1234}``; ``{"start": [...], ...}`` does so with ``idp``.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, NoReturn


class CommandFailed(AssertionError):
    """The command ended with another status than 0."""


class _Forker:
    """The process that has everything imported; one for each tree of source."""

    def __init__(self, tree: Path) -> None:
        # Where broken builds are tried it is there already (tests/broken_builds/nursery.py).
        of, answers, questions = json.loads(os.environ.get("IDP_TEST_FORKER", "[null, 0, 0]"))
        if of == str(tree):
            self._answers: IO[str] = os.fdopen(answers, encoding="utf-8")
            self._questions: IO[str] = os.fdopen(questions, "w", encoding="utf-8")
        else:
            self._answers, self._questions = _new_process(tree)
        self._turn = threading.Lock()

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """One call."""
        with self._turn:
            self._questions.write(json.dumps(question) + "\n")
            self._questions.flush()
            answer: dict[str, Any] = json.loads(self._answers.readline())
        return answer


def _new_process(tree: Path) -> tuple[IO[str], IO[str]]:
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).resolve())],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    atexit.register(process.kill)
    assert process.stdout is not None
    assert process.stdin is not None
    return process.stdout, process.stdin


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
        return _result(arguments, *self.attempt(*arguments, stdin=stdin))

    def kept(self, *arguments: str, stdin: str = "") -> Any:
        """As calling it, for what only sets a scene: one process runs all of these, at a tenth of the cost."""
        return _result(arguments, *self._ask(arguments, stdin, kept=True))

    def attempt(self, *arguments: str, stdin: str = "") -> tuple[int, str, str]:
        """Run it and give status, output and errors, whatever they are."""
        return self._ask(arguments, stdin, kept=False)

    def serve(self, *arguments: str, log: Path, environment: Mapping[str, str]) -> int:
        """Start gunicorn where all it needs is imported already, in a session of its own, and give its process id."""
        question = {"serve": arguments, "log": str(log), "environment": dict(environment)}
        pid: int = self._forker.ask(question)["pid"]
        return pid

    def start(self, *arguments: str, log: Path, environment: Mapping[str, str]) -> int:
        """The same for a command that goes on until it is ended, such as ``idp worker``."""
        question = {"start": arguments, "log": str(log), "environment": dict(environment)}
        pid: int = self._forker.ask(question)["pid"]
        return pid

    def _ask(self, arguments: tuple[str, ...], stdin: str, *, kept: bool) -> tuple[int, str, str]:
        question = {"arguments": arguments, "stdin": stdin, "environment": self._settings, "kept": kept}
        answer = self._forker.ask(question)
        return answer["status"], answer["stdout"], answer["stderr"]


def _result(arguments: tuple[str, ...], status: int, stdout: str, stderr: str) -> Any:
    if status:
        raise CommandFailed(f"idp {' '.join(arguments)}: status {status}\n{stdout}{stderr}")
    try:
        return json.loads(stdout)
    except ValueError:
        return stdout


HEAVY = ("idp.app", "zxcvbn", "psycopg", "sqlalchemy.dialects.postgresql.psycopg", "alembic.command")
Streams = tuple[IO[bytes], IO[bytes], IO[bytes]]


def serve() -> None:
    """Answer until there are no more questions."""
    # Heavy parts that every command needs: once here, not in each fork. Nothing here may depend on settings.
    for heavy in (*HEAVY, "gunicorn.app.wsgiapp", "gunicorn.workers.gthread"):
        importlib.import_module(heavy)
    main = importlib.import_module("idp.cli").main
    importlib.import_module("sqlalchemy.orm").configure_mappers()
    # The forks need not look through all of it for what is garbage.
    gc.freeze()
    kept: dict[str, _Kept] = {}

    for line in sys.stdin:
        asked = json.loads(line)
        if "serve" in asked:
            answer = json.dumps({"pid": _apart(asked, functools.partial(_gunicorn, asked["serve"]))}) + "\n"
        elif "start" in asked:
            answer = json.dumps({"pid": _apart(asked, functools.partial(main, asked["start"]))}) + "\n"
        elif asked.get("kept"):
            key = json.dumps(asked["environment"])
            if key not in kept:
                kept[key] = _Kept(main, asked["environment"])
            answer = kept[key].ask(line)
        else:
            answer = json.dumps(_answer(asked, functools.partial(_in_a_fork, main, asked))) + "\n"
        sys.__stdout__.write(answer)  # type: ignore[union-attr]
        sys.__stdout__.flush()  # type: ignore[union-attr]


def _answer(asked: dict[str, Any], run: Callable[[Streams], int]) -> dict[str, Any]:
    with (
        tempfile.TemporaryFile() as stdin,
        tempfile.TemporaryFile() as stdout,
        tempfile.TemporaryFile() as stderr,
    ):
        stdin.write(asked["stdin"].encode())
        stdin.seek(0)
        answer: dict[str, Any] = {"status": run((stdin, stdout, stderr))}
        for name, file in (("stdout", stdout), ("stderr", stderr)):
            file.seek(0)
            answer[name] = file.read().decode("utf-8", "replace")
    return answer


def _in_a_fork(main: Any, asked: dict[str, Any], streams: Streams) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.environ.update(asked["environment"])
            status = _run(main, asked["arguments"], streams)
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _run(main: Any, arguments: list[str], streams: Streams) -> int:
    for target, file in enumerate(streams):
        os.dup2(file.fileno(), target)
    # The parent's buffered reader, or the last call's, must not be read again here.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.argv = ["idp", *arguments]
    status = 1
    try:
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
    return status


def _gunicorn(arguments: list[str]) -> None:
    sys.argv = ["gunicorn", *arguments]
    importlib.import_module("gunicorn.app.wsgiapp").run()


def _apart(asked: dict[str, Any], run: Callable[[], object]) -> int:
    child = os.fork()
    if child:
        return child
    os.setsid()
    log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for target, file in enumerate((os.open(os.devnull, os.O_RDONLY), log, log)):
        os.dup2(file, target)
    os.environ.clear()
    os.environ.update(asked["environment"])
    run()
    # It ends as any Python program does: what would hold it up there holds it up here.
    sys.exit()


class _Kept:
    """A process for many calls in one environment. It ends with the process that asks it."""

    def __init__(self, main: Any, environment: dict[str, str]) -> None:
        ours, theirs = socket.socketpair()
        if os.fork() == 0:
            ours.close()
            _keep_answering(main, environment, theirs.makefile("rw", encoding="utf-8"))
        theirs.close()
        self._line = ours.makefile("rw", encoding="utf-8")

    def ask(self, line: str) -> str:
        """One call."""
        self._line.write(line)
        self._line.flush()
        return self._line.readline()


def _keep_answering(main: Any, environment: dict[str, str], line: IO[str]) -> NoReturn:
    os.environ.update(environment)
    room: Any = importlib.import_module("idp.app")
    engine_of = importlib.import_module("idp.db").db
    # The application is most of what a command costs, and the same for each.
    room.create_app = functools.cache(room.create_app)
    for asked in map(json.loads, line):
        answer = _answer(asked, functools.partial(_run, main, asked["arguments"]))
        with room.create_app().app_context():
            # No connection is left open, as when a command has ended.
            engine_of.engine.dispose()
        line.write(json.dumps(answer) + "\n")
        line.flush()
    os._exit(0)


if __name__ == "__main__":
    serve()
