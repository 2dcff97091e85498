"""Processes that tests start, and only those: each in a group of its own, ended with its children."""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import psutil

Answer = TypeVar("Answer")
ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port free on both loopback addresses, below the range that outgoing connections draw from."""
    for _ in range(200):
        port = random.randint(18000, 31000)
        if _is_free(port, socket.AF_INET, "127.0.0.1") and _is_free(port, socket.AF_INET6, "::1"):
            return port
    raise AssertionError("no free port on the loopback addresses")


def _is_free(port: int, family: socket.AddressFamily, address: str) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def quickest(act: Callable[[], Answer], seconds: float) -> Answer:
    """What an act gives that takes less than so many seconds. Raises AssertionError, telling what it took.

    It is done up to three times: what is slow by itself is slow each time, and a machine that had much else to do the
    first time seldom has three times.
    """
    took: list[float] = []
    while len(took) < 3:
        began = time.monotonic()
        answer = act()
        took.append(time.monotonic() - began)
        if took[-1] < seconds:
            return answer
    raise AssertionError(f"not within {seconds} s: {took}")


def wait_until(what: str, true: Callable[[], bool], seconds: float = 20.0, pause: float = 0.05) -> float:
    """Wait for a condition and say how long it took. Raises AssertionError, naming it."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"waited {seconds} s in vain until {what}")
        time.sleep(pause)
    return time.monotonic() - began


def is_over(process: psutil.Process) -> bool:
    """Whether it has ended. Who has lost its parent waits to be collected by init, which may take seconds."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class Process:
    """One process of the tests with its log file. ``as_user`` runs it as that system user (root only)."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        log: Path,
        as_user: str | None = None,
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                list(command),
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=as_user,
                group="nogroup" if as_user == "nobody" else None,
            )

    @property
    def pid(self) -> int:
        """The process at the head of the tree."""
        return self._process.pid

    def is_running(self) -> bool:
        """Whether the head of the tree lives."""
        return self._process.poll() is None

    def children(self) -> list[psutil.Process]:
        """The head's own children, such as a server's workers."""
        try:
            return psutil.Process(self.pid).children()
        except psutil.NoSuchProcess:
            return []

    def stop(self, *, kill: bool = False, seconds: float = 10.0) -> None:
        """End the whole tree: politely first, or at once with ``kill``."""
        family = self._family()
        if self.is_running():
            if kill:
                self._signal_group(signal.SIGKILL)
            else:
                os.kill(self.pid, signal.SIGTERM)
            try:
                self._wait(seconds)
            except subprocess.TimeoutExpired:
                self._signal_group(signal.SIGKILL)
                self._wait(seconds)
        for member in family:
            if not is_over(member):
                member.kill()
        wait_until("the whole family has ended", lambda: all(map(is_over, family)), seconds=5, pause=0.01)

    def _wait(self, seconds: float) -> None:
        self._process.wait(seconds)

    def _signal_group(self, number: int) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return

    def _family(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []


class Adopted(Process):
    """A process that another one has started, at the head of a group of its own."""

    def __init__(self, pid: int, log: Path) -> None:
        self.log = log
        self._pid = pid
        self._head = psutil.Process(pid)

    @property
    def pid(self) -> int:
        """The process at the head of the tree."""
        return self._pid

    def is_running(self) -> bool:
        """Whether the head of the tree lives."""
        return not is_over(self._head)

    def _wait(self, seconds: float) -> None:
        try:
            wait_until("it has ended", lambda: not self.is_running(), seconds, pause=0.01)
        except AssertionError as error:
            raise subprocess.TimeoutExpired([str(self.pid)], seconds) from error
