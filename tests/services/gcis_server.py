"""A small server that behaves as GCIS does, with its quirks, on loopback."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

EXISTS = "673F0FC0-B3A7-429F-9041-E9866836B66D"
COMPANY = "5F64D864-61CB-4D0D-8AD9-492047CC1EA6"
BRANCH = "23632BB3-5DB7-4423-9643-1D4AC140D479"
SLOW_SECONDS = 6.0


def three_rows(*exist: str) -> bytes:
    """What exists under a number: company, branch, business, in this order."""
    return json.dumps(
        [{"exist": e, "TYPE": t} for e, t in zip(exist, ("公司", "分公司", "商業"), strict=True)]
    ).encode()


def company(name: str = "測試一號有限公司", status: str = "核准設立") -> bytes:
    return json.dumps(
        [{"Company_Name": name, "Company_Location": "高雄市測試路1號", "Company_Status_Desc": status}]
    ).encode()


class Gcis(ThreadingHTTPServer):
    """Answers by data set and number; ``asked`` keeps what came in."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[tuple[str, str], bytes | int | str] = {}
        self.asked: list[tuple[str, str]] = []
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/od/data/api"

    def end(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Gcis

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, strict_parsing=True)
        assert query["$format"] == ["json"]
        assert "%20eq%20" in parts.query
        _field, _eq, number = query["$filter"][0].split(" ")
        asked = (parts.path.rsplit("/", 1)[1], number)
        self.server.asked.append(asked)
        self._answer(self.server.answers.get(asked, b""))

    def _answer(self, answer: bytes | int | str) -> None:
        if answer == "hang":
            time.sleep(SLOW_SECONDS)
        elif answer == "drip":
            self._drip()
        elif answer == "endless":
            self._send(200, b"[" + b" " * 1_000_000)
        elif isinstance(answer, int):
            self._send(answer, b"<html>error</html>")
        else:
            assert isinstance(answer, bytes)
            self._send(200, answer)

    def _drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(int(SLOW_SECONDS / 0.1)):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.1)
        except OSError:
            pass  # the asker has gone

    def _send(self, status: int, body: bytes) -> None:
        try:
            self.send_response(status)
            if status in {301, 302}:
                self.send_header("Location", "/elsewhere?$format=json&$filter=No%20eq%200")
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""
