"""A tiny application on loopback: takes the answers of all test clients and shows where one has arrived."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from tests.harness.processes import free_port

ARRIVED = '<!doctype html><html lang="en"><title>{path}</title><h1>Arrived at {path}</h1>'
FRAME = '<!doctype html><html lang="en"><title>frame</title><h1>Somebody else</h1><iframe src="{src}"></iframe>'


class Landing:
    """One server for all of them; ``visits`` is what was received, oldest first."""

    def __init__(self) -> None:
        self.visits: list[tuple[str, dict[str, str]]] = []
        landing = self

        class Handler(BaseHTTPRequestHandler):
            """Answers whatever comes."""

            def do_GET(self) -> None:
                landing._take(self, urlsplit(self.path).query)

            def do_POST(self) -> None:
                landing._take(self, self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.port = free_port()
        self.address = f"http://localhost:{self.port}"
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def _take(self, request: BaseHTTPRequestHandler, text: str) -> None:
        path, values = urlsplit(request.path).path, dict(parse_qsl(text))
        known = not path.endswith("favicon.ico")
        if known:
            self.visits.append((path, values))
        page = (FRAME.format(src=values["src"]) if path == "/frame" else ARRIVED.format(path=path)).encode()
        request.send_response(200 if known else 204)
        request.send_header("Content-Type", "text/html; charset=utf-8")
        request.end_headers()
        if known:
            request.wfile.write(page)

    def arrivals(self, client_id: str) -> list[dict[str, str]]:
        """What came to the redirect URI of that client."""
        return [values for path, values in self.visits if path == f"/{client_id}/callback"]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
