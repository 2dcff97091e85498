"""The back-channel ends of small applications: one real server that keeps what it is sent and behaves as told."""

import contextlib
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from tests.harness.processes import free_port

LARGE = 10 * 1024 * 1024


@dataclass
class Heard:
    """One request that came: to which path, when, with which content type and form."""

    path: str
    at: float
    content_type: str
    form: list[tuple[str, str]]

    @property
    def token(self) -> str:
        """The logout token, which is all there may be."""
        assert self.content_type == "application/x-www-form-urlencoded"
        [(name, value)] = self.form
        assert name == "logout_token"
        return value


class Listener:
    """``behaviour`` says by path what is answered: a status, ``hang``, ``drip``, ``redirect`` or ``large``.

    Whatever is not named is answered 200. Use it as a context manager.
    """

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.behaviour: dict[str, int | str] = {}
        self.cut_off: list[float] = []
        self.port = free_port()
        self.address = f"http://localhost:{self.port}"
        self._stop = threading.Event()
        self._server: ThreadingHTTPServer | None = None

    def of(self, path: str) -> list[Heard]:
        """What came to that path, oldest first."""
        return [heard for heard in self.heard if heard.path == path]

    def open(self) -> None:
        """Listen, at the same port as before."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
                path = urlsplit(self.path).path
                listener.heard.append(
                    Heard(path, time.monotonic(), self.headers.get("Content-Type", ""), parse_qsl(body))
                )
                # Who asked may be gone before the answer is out.
                with contextlib.suppress(OSError):
                    listener._answer(self, listener.behaviour.get(path, 200))

            def do_GET(self) -> None:
                listener.heard.append(Heard(self.path, time.monotonic(), "GET", []))
                self.send_error(405)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler

    def _answer(self, request: BaseHTTPRequestHandler, how: int | str) -> None:
        if isinstance(how, int):
            request.send_response(how)
            request.send_header("Content-Length", "0")
            request.end_headers()
        elif how == "redirect":
            request.send_response(307)
            request.send_header("Location", f"{self.address}/elsewhere")
            request.end_headers()
        elif how == "large":
            request.send_response(500)
            request.send_header("Content-Length", str(LARGE))
            request.end_headers()
            request.wfile.write(b"x" * LARGE)
        else:
            self._make_wait(request, b"" if how == "hang" else b"HTTP/1.1 200 OK\r\n" + b"X-Slow: 1\r\n" * 100)

    def _make_wait(self, request: BaseHTTPRequestHandler, drops: bytes) -> None:
        began = time.monotonic()
        request.connection.settimeout(0.1)
        sent = 0
        while not self._stop.is_set():
            if sent < len(drops):
                request.connection.sendall(drops[sent : sent + 1])
                sent += 1
            try:
                if request.connection.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        self.cut_off.append(time.monotonic() - began)
