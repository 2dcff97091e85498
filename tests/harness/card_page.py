"""A provider's page, as small as can be, that asks the card agent by popup and postMessage; and a page of nobody's."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

PAGE = """<!doctype html>
<meta charset="utf-8"><title>a page</title>
<button id="card">card</button>
<script>
const agent = AGENT, request = REQUEST, heard = [];
let popup = null;
document.getElementById("card").addEventListener("click", () => {
  popup = window.open(`${agent}/card`, "_blank", "popup,width=480,height=640");
});
window.addEventListener("message", (event) => {
  if (event.source !== popup || event.origin !== agent) return;
  heard.push(event.data);
  if (event.data.state === "ready") popup.postMessage({ from: "card-page", request }, agent);
});
</script>
"""


def html_of(page: "CardPage") -> bytes:
    """The page as it is served now."""
    return PAGE.replace("AGENT", json.dumps(page.agent)).replace("REQUEST", json.dumps(page.request)).encode()


class CardPage:
    """A page at an origin of its own. ``agent`` is where it looks for one, ``opener`` its opener policy (COOP)."""

    def __init__(
        self, request: dict[str, Any], *, host: str = "127.0.0.1", opener: str = "same-origin-allow-popups"
    ) -> None:
        self.agent = ""
        self.request = request

        class Handler(BaseHTTPRequestHandler):
            card_page = self
            headers_sent: ClassVar[list[tuple[str, str]]] = [
                ("Content-Type", "text/html; charset=utf-8"),
                ("Cross-Origin-Opener-Policy", opener),
            ]

            def do_GET(self) -> None:
                self.send_response(200)
                for name, value in self.headers_sent:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(html_of(self.card_page))

            def log_message(self, format: str, *arguments: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.origin = f"http://{host}:{self.port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
