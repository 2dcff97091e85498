"""The agent's loopback server: one page in its own window, and the few questions that this page asks.

It listens on 127.0.0.1 and ::1 only, answers to its own host names only (DNS rebinding), and to its own page only:
POSTs are JSON, come with the agent's own Origin and carry the token of the window. No answer has a CORS header.
"""

import html
import json
import secrets
import socket
import socketserver
import sys
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

from idp.cardbridge.cards import forget
from idp.cardbridge.operation import Desk, NotNow

PORT = 61171
LARGEST_BODY = 16_384
READ_SECONDS = 10.0
MOST_CONNECTIONS = 64
FILES = {
    "/agent.css": ("agent.css", "text/css; charset=utf-8"),
    "/agent.js": ("agent.js", "text/javascript; charset=utf-8"),
    "/texts.json": ("texts.json", "application/json"),
}
QUESTIONS = ("begin", "allow", "look", "choose", "sign", "cancel")


class AgentServer(ThreadingHTTPServer):
    """One loopback address."""

    daemon_threads = True
    request_queue_size = MOST_CONNECTIONS
    # On Windows the option would let a second program listen on our port.
    allow_reuse_address = sys.platform != "win32"

    def __init__(self, address: str, port: int, desk: Desk) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.desk = desk
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__((address, port), Handler)
        self.hosts = {f"{name}:{self.server_address[1]}" for name in ("localhost", "127.0.0.1", "[::1]")}

    def server_bind(self) -> None:
        """Bind, and ask no name server what this machine is called, as HTTPServer does."""
        if sys.platform == "win32":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection, or hang up where too many are open."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve it in its own thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: what went wrong may hold a PIN."""


class Handler(BaseHTTPRequestHandler):
    """One request on one connection. What it says is never logged: a body may hold a PIN."""

    server: AgentServer
    server_version = "cardbridge"
    sys_version = ""
    timeout = READ_SECONDS

    def setup(self) -> None:
        """A request has to be here in time, however slowly it is sent."""
        super().setup()
        self._patience = threading.Timer(READ_SECONDS, self._read_no_more)
        self._patience.daemon = True
        self._patience.start()

    def finish(self) -> None:
        """Done."""
        self._patience.cancel()
        super().finish()

    def do_GET(self) -> None:
        """The page and its files."""
        if not self._is_for_us():
            return
        if self.path == "/card":
            self._window()
        elif self.path in FILES:
            name, kind = FILES[self.path]
            self._send(HTTPStatus.OK, _file(name), kind)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "not_found")

    def do_POST(self) -> None:
        """A question of our own page."""
        if not self._is_for_us() or not self._is_from_our_page():
            return
        question = self.path.removeprefix("/api/")
        if question not in QUESTIONS or not self.path.startswith("/api/"):
            self._refuse(HTTPStatus.NOT_FOUND, "not_found")
            return
        body = self._body()
        if body is None:
            return
        try:
            state = self._asked(question, body)
        except NotNow as refusal:
            self._refuse(HTTPStatus.CONFLICT, refusal.code)
        except (ValueError, KeyError, TypeError):
            self._refuse(HTTPStatus.BAD_REQUEST, "request")
        except Exception:
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "accident")
        else:
            self._send(HTTPStatus.OK, json.dumps(state).encode(), "application/json")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server itself refuses, in our own form."""
        self._refuse(HTTPStatus(code), "request")

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""

    def _asked(self, question: str, body: dict[str, Any]) -> dict[str, Any]:
        desk, token = self.server.desk, _words(body["token"])
        if question == "begin":
            return desk.begin(token, body["origin"], body["request"])
        if question == "choose":
            return desk.choose(token, _words(body["card"]))
        if question == "sign":
            pin = bytearray(_words(body.pop("pin")), "utf-8")
            return desk.sign(token, pin, last_try_agreed=body.get("last_try") is True)
        simple = {"allow": desk.allow, "look": desk.look, "cancel": desk.cancel}
        return simple[question](token)

    def _is_for_us(self) -> bool:
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or hosts[0] not in self.server.hosts:
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, "host")
            return False
        return True

    def _is_from_our_page(self) -> bool:
        """A page of another site can send no such request without a question of the browser that we never answer."""
        own, site = f"http://{self.headers.get('Host')}", self.headers.get("Sec-Fetch-Site", "same-origin")
        if self.headers.get_all("Origin") != [own] or site != "same-origin":
            self._refuse(HTTPStatus.FORBIDDEN, "origin")
            return False
        if self.headers.get_all("Content-Type") != ["application/json"]:
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "request")
            return False
        return True

    def _body(self) -> dict[str, Any] | None:
        """What our own page has sent, or None after a refusal."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 6 and int(length) <= LARGEST_BODY):
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request")
            return None
        read = bytearray(self.rfile.read(int(length)))
        self._patience.cancel()
        try:
            told = json.loads(read) if len(read) == int(length) else None
        except (ValueError, RecursionError):
            told = None
        finally:
            forget(read)
        if not isinstance(told, dict):
            self._refuse(HTTPStatus.BAD_REQUEST, "request")
            return None
        return told

    def _window(self) -> None:
        # Browsers say what an address is wanted for: a window, never a picture or a frame of somebody's page.
        if self.headers.get("Sec-Fetch-Dest", "document") != "document":
            self._refuse(HTTPStatus.FORBIDDEN, "window")
            return
        nonce = secrets.token_urlsafe(16)
        told = {"token": self.server.desk.new_window(), "nonce": nonce, "allowed": " ".join(self.server.desk.allowed)}
        page = _file("agent.html").decode()
        for name, value in told.items():
            page = page.replace("{{" + name + "}}", html.escape(value))
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; connect-src 'self';"
            " frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
        )
        self._send(HTTPStatus.OK, page.encode(), "text/html; charset=utf-8", policy)

    def _refuse(self, status: HTTPStatus, code: str) -> None:
        self._send(status, json.dumps({"state": "refused", "code": code}).encode(), "application/json")

    def _send(self, status: HTTPStatus, body: bytes, kind: str, policy: str = "default-src 'none'") -> None:
        self._patience.cancel()
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
            ("Content-Security-Policy", policy),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _read_no_more(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RD)


def _words(told: object) -> str:
    if not isinstance(told, str):
        raise TypeError
    return told


def _file(name: str) -> bytes:
    return files("idp.cardbridge").joinpath("page", name).read_bytes()
