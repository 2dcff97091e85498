"""Run the mailbox: ``python -m clients.mailbox``, by default on 5125 (pages) and 5126 (SMTP)."""

import asyncio
import os
import signal
import socket
import threading
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from clients.mailbox.app import create_app
from clients.mailbox.sink import serve
from clients.mailbox.store import Store

FOLDER = os.environ.get("MAILBOX_FOLDER", "var/demo/mails")
PORT = int(os.environ.get("MAILBOX_PORT", "5125"))
AUTHENTICATOR = os.environ.get("MAILBOX_AUTHENTICATOR")
SMTP_PORT = int(os.environ.get("MAILBOX_SMTP_PORT", "5126"))


class Quiet(WSGIRequestHandler):
    """No line a request: the page asks for new mails every other second."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def loopback_addresses() -> list[str]:
    """127.0.0.1, and ::1 where this machine has it."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return ["127.0.0.1"]
    return ["127.0.0.1", "::1"]


async def run() -> None:
    """Serve pages and SMTP until SIGTERM or Ctrl-C. Raises OSError when a port is taken."""
    store = Store(Path(FOLDER).resolve())
    app = create_app(store, Path(AUTHENTICATOR).resolve() if AUTHENTICATOR else None)
    addresses = loopback_addresses()
    pages: list[BaseWSGIServer] = [
        make_server(address, PORT, app, threaded=True, request_handler=Quiet) for address in addresses
    ]
    sink = await serve(store, addresses, SMTP_PORT)
    for server in pages:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"mailbox on http://localhost:{PORT}, SMTP on {SMTP_PORT}, mails in {store.folder}", flush=True)
    told_to_end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_end.set)
    await told_to_end.wait()
    sink.close()
    for server in pages:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    asyncio.run(run())
