"""Where certificates say that one may ask: CRLs and live OCSP over HTTP, on this machine alone."""

import socket
import threading
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Callable
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from clients.testca.authority import COMPLETE, PARTITION, Hours, answer_to
from clients.testca.cards import Gpki

LARGEST_QUESTION = 65_536
STALE_LIST, STALE_ANSWER = (-48, -24), (-48, -47)
OCSP, CRL, TEXT = "application/ocsp-response", "application/pkix-crl", "text/plain; charset=utf-8"


class State(Enum):
    """How a service of the CA is. AWAY ends the connection without a word, SILENT holds it and says nothing."""

    UP = "up"
    AWAY = "away"
    STALE = "stale"
    SILENT = "silent"


class CaServer(ThreadingHTTPServer):
    """The server of a PKI; ``base`` is its address. Tests set ``ocsp`` and ``crl``, and read in ``asked`` who came.

    ``make`` gets the address and gives the PKI whose certificates bear it. Raises OSError when the port is taken.
    """

    daemon_threads = True
    request_queue_size = 64
    pki: Gpki

    def __init__(
        self, make: Callable[[str], Gpki] = Gpki, *, port: int = 0, address: str = "127.0.0.1", welcome: str = ""
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), _Handler)
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self.base = f"http://{self.host}"
        self.ocsp = self.crl = State.UP
        self.asked: list[str] = []
        self.welcome = welcome
        self.closing = threading.Event()
        try:
            self.pki = make(self.base)
        except BaseException:
            self.server_close()
            raise

    def start(self) -> "CaServer":
        """Serve in a thread."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def close(self) -> None:
        """Stop serving what ``start`` has begun."""
        self.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: who asked has gone away."""

    def list_of(self, slug: str, name: str) -> bytes | None:
        """The CRL at an address, or None where there is none."""
        hours: Hours = STALE_LIST if self.crl is State.STALE else (-1, 24)
        for authority in self.pki.authorities:
            if authority.slug == slug and name in (PARTITION, COMPLETE):
                return authority.crl(partition=PARTITION if name == PARTITION else None, hours=hours)
        return None

    def answer_to(self, question: bytes) -> bytes:
        """The OCSP answer to a question."""
        return answer_to(self.pki.authorities, question, hours=STALE_ANSWER if self.ocsp is State.STALE else (0, 1))


class _Handler(BaseHTTPRequestHandler):
    server: CaServer

    def do_GET(self) -> None:
        parts = self.path.split("/", 3)[1:]
        if len(parts) == 1 and self.server.welcome:
            self._say(200, TEXT, self.server.welcome.encode())
        elif len(parts) == 3 and parts[1] == "ocsp":
            # RFC 6960 A.1: the request in base64, percent-encoded
            try:
                question = b64decode(unquote(parts[2]), validate=True)
            except NoBase64:
                question = b""
            self._answer(question)
        else:
            self._list(*parts[:2], *[""] * (2 - len(parts)))

    def do_POST(self) -> None:
        size = self.headers.get("Content-Length", "")
        if not (size.isascii() and size.isdigit()) or int(size) > LARGEST_QUESTION:
            self._say(413, TEXT, b"")
            return
        question = self.rfile.read(int(size))
        if self.path.split("/")[2:] == ["ocsp"]:
            self._answer(question)
        else:
            self._say(404, TEXT, b"")

    def log_message(self, format: str, *arguments: object) -> None:
        return

    def _answer(self, question: bytes) -> None:
        if self._is_up(self.server.ocsp):
            self._say(200, OCSP, self.server.answer_to(question))

    def _list(self, slug: str, name: str) -> None:
        if self._is_up(self.server.crl):
            found = self.server.list_of(slug, name)
            self._say(200, CRL, found) if found is not None else self._say(404, TEXT, b"")

    def _is_up(self, state: State) -> bool:
        self.server.asked.append(self.path)
        if state is State.SILENT:
            self.server.closing.wait()
        return state in (State.UP, State.STALE)

    def _say(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
