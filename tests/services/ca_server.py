"""A CA on 127.0.0.1 that answers, or misbehaves as told: one real server a test, reached as its cards say."""

import contextlib
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

from clients.testca.authority import answer_to
from clients.testca.cards import Gpki

Behaviour = bytes | str | int | Callable[[bytes], bytes]
OCSP, LIST, COMPLETE = "ocsp", "CRL_0001.crl", "complete.crl"


class Ca(ThreadingHTTPServer):
    """``behave`` says by the last part of a path what is answered; what is not named is answered as it should be.

    Bytes, a function of the question, a status, or "hang", "drip", "redirect", "breaks off", "away".
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self.pki = Gpki(f"http://{self.host}")
        self.behave: dict[str, Behaviour] = {}
        self.asked: list[str] = []
        self.stopping = threading.Event()

    def times(self, what: str) -> int:
        """How often the responder or a list was asked for."""
        return self.asked.count(what)

    def usual(self, name: str) -> Behaviour:
        """What is answered where nothing else was told."""
        if name == OCSP:
            return lambda question: answer_to(self.pki.authorities, question)
        if name == LIST:
            return self.pki.companies.crl()
        return self.pki.companies.crl(partition=None) if name == COMPLETE else 404

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Ca

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        assert self.headers["Content-Type"] == "application/ocsp-request"
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, question: bytes) -> None:
        name = urlsplit(self.path).path.rsplit("/", 1)[1]
        self.server.asked.append(name)
        how = self.server.behave.get(name) or self.server.usual(name)
        # Who asked may have gone.
        with contextlib.suppress(OSError):
            self._act(how(question) if callable(how) else how)

    def _act(self, how: bytes | str | int) -> None:
        if isinstance(how, bytes):
            self._send(200, how)
        elif isinstance(how, int):
            self._send(how, b"no")
        elif how == "breaks off":
            self._send(200, b"0" * 1000, said=2000)
        elif how == "redirect":
            self.send_response(302)
            self.send_header("Location", f"http://{self.server.host}/moeaca/elsewhere")
            self.end_headers()
        elif how == "hang":
            self.server.stopping.wait(10)
        elif how == "drip":
            self._drip()

    def _send(self, status: int, body: bytes, said: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if said is None else said))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "4000")
        self.end_headers()
        while not self.server.stopping.is_set():
            self.wfile.write(b"0")
            time.sleep(0.05)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""
