"""Run the test CA: ``python -m clients.testca``, by default on 5172. Its keys and cards stay in a folder."""

import os
import signal
import socket
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType

from clients.testca.drawer import readme
from clients.testca.keeping import MadeForAnotherAddress, kept_pki
from clients.testca.server import CaServer

FOLDER = os.environ.get("TESTCA_FOLDER", "var/demo/testca")
PORT = os.environ.get("TESTCA_PORT", "5172")


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def main() -> None:
    """Serve until SIGTERM or Ctrl-C. Ends with a sentence where the port is taken or the folder another's."""
    if not (PORT.isascii() and PORT.isdigit()) or not 0 < int(PORT) < 65536:
        sys.exit("The test CA does not start: TESTCA_PORT must be a number between 1 and 65535.")
    folder = Path(FOLDER).resolve()
    try:
        server = CaServer(partial(kept_pki, folder), port=int(PORT), welcome=readme())
    except (MadeForAnotherAddress, OSError) as error:
        sys.exit(f"The test CA does not start: {error}")
    if socket.has_ipv6:
        # Certificates name 127.0.0.1; who types localhost may come by ::1.
        with suppress(OSError):
            CaServer(lambda _: server.pki, port=int(PORT), address="::1", welcome=readme()).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    print(f"test CA on {server.base}, cards in {folder / 'drawer'}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
