"""Requests of ours to addresses that others named (clients, certificates): short, small, only where we may call.

The number that is connected to is the one that was checked, so a name that changes its mind leads nowhere new
(DNS rebinding). Redirects are not followed and proxies of the environment are not asked.
"""

import contextlib
import functools
import io
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, TypeVar, cast
from urllib.parse import SplitResult, urlencode, urlsplit

from idp.policies.addresses import may_be_called

PORTS = {"https": 443, "http": 80}
LONGEST_TEXT = 2048
MOST_NUMBERS = 4

T = TypeVar("T")
Found = tuple[socket.AddressFamily, Any]


class Unreachable(Exception):
    """Nobody answered in time at a number that may be called; the text says what happened."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The status, and of an answer that is no success the beginning of its text."""

    status: int
    text: str


def post_form(address: str, form: Mapping[str, str], *, seconds: float, loopback: bool) -> Answer:
    """POST a form; all of it, from the name's look-up to the answer, takes at most ``seconds``.

    ``loopback`` allows this very machine. Raises Unreachable.
    """
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}

    def read(response: HTTPResponse) -> Answer:
        text = b""
        if not 200 <= response.status < 300:
            # Only operators read it, so what can't be had is left out.
            with contextlib.suppress(OSError, HTTPException):
                text = response.read(LONGEST_TEXT)
        return Answer(response.status, text.decode("utf-8", "replace"))

    return _exchange(address, urlencode(form).encode(), kind, read, seconds=seconds, loopback=loopback)


def fetch(
    address: str, *, body: bytes | None, content_type: str, seconds: float, largest: int, loopback: bool
) -> bytes:
    """The content at an http(s) address (GET), or what it answers to ``body`` (POST), all of it within ``seconds``.

    Raises Unreachable, also for any answer but 200 and for one of more than ``largest`` bytes, which is not read on.
    """
    kind = {"Accept": "*/*", "Accept-Encoding": "identity"}
    if body is not None:
        kind["Content-Type"] = content_type

    def read(response: HTTPResponse) -> bytes:
        if response.status != HTTPStatus.OK:
            raise Unreachable(f"answered {response.status}")
        content = response.read(largest + 1)
        if len(content) > largest:
            raise Unreachable(f"the answer has more than {largest} bytes")
        # http.client gives what came where a connection ends before its time and a size was asked for.
        if response.length:
            raise Unreachable("the answer broke off")
        return content

    return _exchange(address, body, kind, read, seconds=seconds, loopback=loopback)


def _exchange(
    address: str,
    body: bytes | None,
    kind: Mapping[str, str],
    read: Callable[[HTTPResponse], T],
    *,
    seconds: float,
    loopback: bool,
) -> T:
    deadline = time.monotonic() + seconds
    parts = urlsplit(address)
    try:
        with contextlib.closing(_connected(parts, deadline, loopback)) as connection:
            http = HTTPConnection(parts.netloc)
            http.sock = cast(Any, _Bounded(connection, deadline))
            headers = {"Host": parts.netloc, **kind, "User-Agent": "company-idp", "Connection": "close"}
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            http.request("GET" if body is None else "POST", path, body, headers)
            return read(http.getresponse())
    except (OSError, HTTPException) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    return left


def _connected(parts: SplitResult, deadline: float, loopback: bool) -> socket.socket:
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    allowed = [found for found in _numbers_of(host, port, deadline) if may_be_called(found[1][0], loopback=loopback)]
    if not allowed:
        raise Unreachable("the name leads to no number that may be called")
    connection = _first_that_answers(allowed[:MOST_NUMBERS], deadline)
    if parts.scheme == "http":
        return connection
    try:
        connection.settimeout(_left(deadline))
        return _tls().wrap_socket(connection, server_hostname=host)
    except BaseException:
        connection.close()
        raise


def _first_that_answers(places: list[Found], deadline: float) -> socket.socket:
    refusal: OSError = TimeoutError("no answer in time")
    for tried, (family, place) in enumerate(places):
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(_left(deadline) / (len(places) - tried))
            connection.connect(place)
        except OSError as error:
            connection.close()
            refusal = error
        else:
            return connection
    raise refusal


def _numbers_of(host: str, port: int, deadline: float) -> list[Found]:
    answers: queue.SimpleQueue[list[Found] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([(family, place) for family, _, _, _, place in found])
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError(str(error)))

    # The system's look-up knows no time limit, so it is left behind where it takes too long.
    threading.Thread(target=look_up, daemon=True, name="look-up").start()
    try:
        answer = answers.get(timeout=_left(deadline))
    except queue.Empty:
        raise TimeoutError("the name was not found in time") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


@functools.cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Bounded:
    """A socket for http.client, every operation of which ends by the same moment."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        self._connection.settimeout(_left(self._deadline))
        self._connection.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._connection, self._deadline))

    def close(self) -> None:
        """Nothing: who opened the connection closes it, after the answer was read."""


class _Reader(io.RawIOBase):
    def __init__(self, connection: socket.socket, deadline: float) -> None:
        super().__init__()
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(_left(self._deadline))
        return self._connection.recv_into(buffer)
