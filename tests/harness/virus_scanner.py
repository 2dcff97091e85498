"""A small clamd: answers INSTREAM on loopback, finds EICAR anywhere, and misbehaves as told."""

import socketserver
import struct
import threading
from pathlib import Path
from typing import Self

from tests.harness.documents import EICAR


class _Handler(socketserver.StreamRequestHandler):
    server: "VirusScanner"

    def handle(self) -> None:
        command = b""
        while not command.endswith(b"\0"):
            command += self.rfile.read(1)
        assert command == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack("!L", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
        self.server.seen.append(content)
        found = b"stream: Eicar-Test-Signature FOUND" if EICAR in content else b"stream: OK"
        self.wfile.write((self.server.says or found) + b"\0")


class VirusScanner(socketserver.ThreadingUnixStreamServer):
    """``with VirusScanner(folder) as scanner``: it answers at ``scanner.address``; ``says`` is its answer to all."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        self.path = folder / "clamd"
        self.seen: list[bytes] = []
        self.says: bytes | None = None
        super().__init__(str(self.path), _Handler)

    @property
    def address(self) -> str:
        """As IDP_VIRUS_SCANNER takes it."""
        return f"unix:{self.path}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self.path.unlink(missing_ok=True)
