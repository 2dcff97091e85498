"""HiPKI's LocalSignServer as its documents and the sites that use it describe it (card.md A2), with a software card.

``/popupForm`` is a page that asks its opener ``{"func":"getTbs"}``, sends what it gets to ``/sign`` and hands the
answer back as text; then it closes itself. It signs whatever it is given, shows nothing and knows no origin, as HiPKI
does. ``/pkcs11info`` is the same for ``GetUserCert``. ``trouble`` (ret_code, last_error) is answered instead.
"""

import base64
import json
import threading
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from clients.testca.authority import Card

PIN = "246810"
# As the component's page does it: a form field, and JSON as text in both directions.
POPUP = """<!doctype html>
<meta charset="utf-8"><title>popupForm</title>
<script>
const silent = SILENT;
window.addEventListener("message", async (event) => {
  if (event.source !== window.opener) return;
  const asked = JSON.parse(event.data).func;
  const body = "tbsPackage=" + encodeURIComponent(event.data);
  const form = { method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" }, body };
  const path = asked === "MakeSignature" ? "/sign" : "/pkcs11info?withcert=true";
  const answer = await fetch(path, asked === "MakeSignature" ? form : {}).then((told) => told.text());
  if (answer === "") return;
  window.opener.postMessage(answer, "*");
  window.close();
});
if (!silent) window.opener.postMessage('{"func":"getTbs"}', "*");
</script>
"""


NO_CARD, LOCKED = (0x76000006, 0), (0x76100006, 0xA4)
# By the tries that are left.
WRONG_PIN = {2: (0x76100006, -2147483646), 1: (0x76100006, -2147483647), 0: LOCKED}


class Mood(Enum):
    """What goes wrong without a code."""

    SILENT = "its page asks for nothing"
    MUTE = "it never answers"
    RUBBISH = "what it answers is no JSON"


class LocalSignServer:
    """The component on a port of this machine. ``card`` is in its reader; three wrong PINs lock it."""

    def __init__(self, port: int, card: Card | None) -> None:
        self.card = card
        self.trouble: tuple[int, int] | None = None
        self.mood: Mood | None = None
        self.has_reader = True
        self.tries = 3
        self.requests: list[dict[str, Any]] = []

        class Handler(BaseHTTPRequestHandler):
            local_sign_server = self

            def do_GET(self) -> None:
                self.local_sign_server.answer_get(self)

            def do_POST(self) -> None:
                self.local_sign_server.answer_post(self)

            def log_message(self, format: str, *arguments: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.address = f"http://localhost:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def answer_get(self, handler: BaseHTTPRequestHandler) -> None:
        """The popup's page, or what is in the readers."""
        path = urlsplit(handler.path).path
        if path == "/popupForm":
            silent = json.dumps(self.mood is Mood.SILENT)
            _send(handler, POPUP.replace("SILENT", silent), "text/html; charset=utf-8")
        elif path == "/pkcs11info":
            self._answer(handler, self._failed("pkcs11info") or self._info())
        else:
            handler.send_error(404)

    def answer_post(self, handler: BaseHTTPRequestHandler) -> None:
        """Sign what is given."""
        body = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
        request = json.loads(parse_qs(body)["tbsPackage"][0])
        self.requests.append(request)
        self._answer(handler, self._failed("sign") or self._signed(request))

    def _answer(self, handler: BaseHTTPRequestHandler, told: dict[str, Any]) -> None:
        instead: dict[Mood | None, str] = {Mood.MUTE: "", Mood.RUBBISH: "<html>500</html>"}
        text = instead.get(self.mood, json.dumps(told))
        _send(handler, text, "application/json")

    def _failed(self, function: str) -> dict[str, Any] | None:
        return None if self.trouble is None else _no(function, self.trouble)

    def _signed(self, request: dict[str, Any]) -> dict[str, Any]:
        if self.card is None:
            return _no("sign", NO_CARD)
        if not self.tries:
            return _no("sign", LOCKED)
        if request["pin"] != PIN:
            self.tries -= 1
            return _no("sign", WRONG_PIN[self.tries])
        self.tries = 3
        signature = self.card.sign(request["tbs"].encode())
        told = {"signature": _text(signature), "certb64": _text(self.card.der), "cardSN": "TP00000000000001"}
        return {"func": "sign", "ret_code": 0, "last_error": 0, "version": "1.3.4.103", **told}

    def _info(self) -> dict[str, Any]:
        slot: dict[str, Any] = {"slotID": 0, "slotDescription": "Virtual PCD 00 00", "token": ""}
        if self.card is not None:
            ends = int(self.card.certificate.not_valid_after_utc.timestamp())
            certificate = {"certb64": _text(self.card.der), "usage": "digitalSignature", "notAfterT": ends}
            slot["token"] = {"label": "MOEACA", "serialNumber": "TP00000000000001", "certs": [certificate]}
        slots = [slot] if self.has_reader else []
        return {"func": "pkcs11info", "ret_code": 0, "last_error": 0, "serverVersion": "1.3.4.103", "slots": slots}


def _no(function: str, trouble: tuple[int, int]) -> dict[str, Any]:
    return {"func": function, "ret_code": trouble[0], "last_error": trouble[1]}


def _send(handler: BaseHTTPRequestHandler, text: str, kind: str) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", kind)
    handler.end_headers()
    handler.wfile.write(text.encode())


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
