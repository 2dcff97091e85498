"""The programs that ``idp demo`` runs: started, watched, and stopped so that none is left behind."""

import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 60.0
STOP_SECONDS = 6.0
TAIL_LINES = 15
PR_SET_PDEATHSIG = 1


class Stopped(Exception):
    """One of the processes has ended although nobody told it to."""

    def __init__(self, name: str, status: int, log: Path) -> None:
        lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:] if log.exists() else []
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        where = log.relative_to(ROOT)
        super().__init__("\n".join([f"{name} {how}. The last lines of {where}:", *lines]))


class ToldToEnd(Exception):
    """SIGINT, SIGTERM or SIGHUP has come."""


def loopback_addresses() -> list[str]:
    """127.0.0.1, and ::1 where this machine has it."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return ["127.0.0.1"]
    return ["127.0.0.1", "::1"]


class Processes:
    """The processes of the demo. None outlives the ``with`` block, nor this process."""

    def __init__(self, folder: Path) -> None:
        self._logs = folder / "log"
        self._logs.mkdir(exist_ok=True)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for process in self._running.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
            _kill_group(process.pid)
            process.wait()

    def start(self, name: str, arguments: Sequence[str], environment: dict[str, str]) -> None:
        """Start one with its own log, and in its own group: a Ctrl-C in the terminal is ours to pass on."""
        with self._log(name).open("wb") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603  (our own programs with our own words)
                [sys.executable, "-m", *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    def _log(self, name: str) -> Path:
        return self._logs / f"{name.lower().replace(' ', '-')}.log"

    def check(self) -> None:
        """Raise Stopped when one of them has ended."""
        for name, process in self._running.items():
            status = process.poll()
            if status is not None:
                raise Stopped(name, status, self._log(name))

    def wait_for(self, questions: Iterable[tuple[str, int, str]]) -> None:
        """Wait until all answer. Raises Stopped, or ClickException when one stays silent too long."""
        deadline = time.monotonic() + READY_SECONDS
        for name, port, path in questions:
            for address in loopback_addresses():
                while not answers(address, port, path):
                    self.check()
                    if time.monotonic() > deadline:
                        tail = Stopped(name, 0, self._log(name)).args[0].partition("\n")[2]
                        raise click.ClickException(f"{name} does not answer on {address} port {port}.\n{tail}")
                    time.sleep(0.05)
        self.check()

    def watch(self) -> NoReturn:
        """Stay until one of them ends (Stopped) or we are told to."""
        while True:
            self.check()
            time.sleep(0.25)


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _end_with_parent() -> None:
    # Linux only: where this process is killed without a chance to clean up, its children are told to end.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def answers(address: str, port: int, path: str) -> bool:
    """Whether something answers there: HTTP below 500, or any greeting where there is no path."""
    try:
        if not path:
            with socket.create_connection((address, port), timeout=5) as connection:
                return connection.recv(1) != b""
        connection_ = http.client.HTTPConnection(address, port, timeout=5)
        connection_.request("GET", path, headers={"Host": f"localhost:{port}"})
        status = connection_.getresponse().status
        connection_.close()
    except (OSError, http.client.HTTPException):
        return False
    return status < http.client.INTERNAL_SERVER_ERROR


@contextmanager
def told_to_end() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP raise ToldToEnd inside."""

    def tell(_number: int, _frame: FrameType | None) -> None:
        raise ToldToEnd

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, tell)
    try:
        yield
    except ToldToEnd:
        click.echo("\nThe demo is stopped. Its data is kept.")
