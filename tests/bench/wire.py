"""As much of HTTP/1.1 over a plain socket as the load needs, so that the load program costs little itself."""

import json
import re
import socket
from collections.abc import Callable, Iterator
from typing import Any

REQUESTS_PER_CONNECTION = 100
ANSWER_SECONDS = 15.0

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_COOKIE = re.compile(r"\r\nset-cookie: *([^=;\r]+)=([^;\r]*)", re.IGNORECASE)


class Broken(Exception):
    """The connection ended, or did not speak HTTP, before an answer was whole."""


class Answer:
    """One answer of the server: its status, its head as it came and its body."""

    __slots__ = ("body", "head", "status")

    def __init__(self, status: int, head: bytes, body: bytes) -> None:
        self.status = status
        self.head = head
        self.body = body

    def header(self, name: str) -> str | None:
        """The first header of this name, or None."""
        found = re.search(rb"\r\n" + name.encode() + rb": *([^\r]*)", self.head, re.IGNORECASE)
        return found.group(1).decode("latin-1") if found else None

    def cookies(self) -> Iterator[tuple[str, str]]:
        """Name and value of each cookie set, in order."""
        for found in _COOKIE.finditer(self.head.decode("latin-1") + "\r\n"):
            yield found.group(1).strip(), found.group(2)

    def fields(self) -> dict[str, Any]:
        """The body read as a JSON object. Raises Broken when it is none."""
        try:
            value = json.loads(self.body)
        except ValueError as error:
            raise Broken("the body is not JSON") from error
        if not isinstance(value, dict):
            raise Broken("the body is not a JSON object")
        return value


class Connection:
    """A kept-alive connection that is made anew every hundred requests, and when the server closed it."""

    def __init__(self, host: str, port: int, opened: Callable[[int], None] | None = None) -> None:
        self._address = (host, port)
        self._opened = opened
        self._socket: socket.socket | None = None
        self._sent = 0
        self._buffer = b""
        self._request = b""
        self.dropped = 0

    def send(self, request: bytes) -> None:
        """Send one request. Raises Broken when the server can't be reached."""
        self._request = request
        self._buffer = b""
        if self._sent >= REQUESTS_PER_CONNECTION:
            self.close()
        fresh = self._socket is None
        if fresh:
            self._open()
        self._sent += 1
        try:
            self._alive().sendall(request)
        except OSError as error:
            if fresh:
                raise Broken(str(error)) from error
            self._again()

    def receive(self) -> Answer | None:
        """Read what has come: the answer when it is whole, None when more is to come.

        Raises Broken when the server went away within an answer. A kept connection that was closed before the
        first byte is no fault (RFC 9112 §9.3.1): the request is sent again, and counted as dropped.
        """
        try:
            data = self._alive().recv(65536)
        except OSError as error:
            raise Broken(str(error)) from error
        if not data:
            self._ended()
            return None
        self._buffer += data
        answer = self._whole()
        if answer is not None and _CLOSE.search(answer.head):
            self.close()
        return answer

    def close(self) -> None:
        """End the connection; the next request makes another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._sent = 0

    def _open(self) -> None:
        try:
            self._socket = socket.create_connection(self._address, timeout=ANSWER_SECONDS)
        except OSError as error:
            raise Broken(str(error)) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._opened:
            self._opened(self._socket.fileno())

    def _alive(self) -> socket.socket:
        if self._socket is None:
            raise Broken("no connection")
        return self._socket

    def _again(self) -> None:
        self.dropped += 1
        self.close()
        self._open()
        self._sent = 1
        self._alive().sendall(self._request)

    def _ended(self) -> None:
        if self._buffer or self._sent <= 1:
            self.close()
            raise Broken("the server closed the connection")
        self._again()

    def _whole(self) -> Answer | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        head, rest = self._buffer[:end], self._buffer[end + 4 :]
        if not head.startswith(b"HTTP/1.1 "):
            raise Broken("the answer is not HTTP/1.1")
        length = _LENGTH.search(head)
        if length:
            return Answer(int(head[9:12]), head, rest) if len(rest) >= int(length.group(1)) else None
        if _CHUNKED.search(head):
            return Answer(int(head[9:12]), head, _joined(rest)) if rest.endswith(b"0\r\n\r\n") else None
        return Answer(int(head[9:12]), head, rest)


def _joined(chunks: bytes) -> bytes:
    body: list[bytes] = []
    while True:
        size, _, rest = chunks.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if length == 0:
            return b"".join(body)
        body.append(rest[:length])
        chunks = rest[length + 2 :]
