"""Start the agent: ``python -m idp.cardbridge``, or the one file that ``make agent`` builds."""

import argparse
import errno
import os
import sys
import threading
from pathlib import Path
from typing import TextIO

from idp.cardbridge.cards import Backend, CardTrouble
from idp.cardbridge.operation import Desk
from idp.cardbridge.origins import Origins
from idp.cardbridge.server import PORT, AgentServer


def settings_file() -> Path:
    """Where the list of origins is kept: beside the person's other settings."""
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA", str(Path.home())))
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME", str(Path.home() / ".config")))
    return base / "company-idp-agent" / "origins.json"


def backend_of(chosen: argparse.Namespace) -> Backend:
    """The backend that was chosen. Raises CardTrouble where its module is missing."""
    if chosen.backend == "software":
        from idp.cardbridge.software import SoftwareBackend

        return SoftwareBackend(chosen.drawer)
    if chosen.backend == "pkcs11":
        from idp.cardbridge.pkcs11 import Pkcs11Backend

        return Pkcs11Backend(chosen.module)
    from idp.cardbridge.piv import PivBackend

    return PivBackend()


def read_arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="card-agent", description=__doc__)
    parser.add_argument("--backend", choices=("pkcs11", "piv", "software"), default="pkcs11")
    parser.add_argument("--module", type=Path, help="a PKCS#11 module other than those of HiCOS and OpenSC")
    parser.add_argument("--drawer", type=Path, help="the folder of software cards")
    parser.add_argument("--allow", action="append", default=[], metavar="ORIGIN", help="a provider that may ask")
    parser.add_argument("--origins", type=Path, default=settings_file(), help="the file with the list of them")
    parser.add_argument("--port", type=int, default=PORT)
    chosen = parser.parse_args(words)
    if chosen.backend == "software" and chosen.drawer is None:
        parser.error("--backend software needs --drawer FOLDER")
    return chosen


def say(sentence: str, where: TextIO = sys.stdout) -> None:
    """Tell the person at the terminal."""
    where.write(sentence + "\n")
    where.flush()


def main(words: list[str] | None = None) -> int:
    """Listen until told to end. 1 when a module is missing or the port is taken."""
    chosen = read_arguments(words)
    _leave_no_core()
    try:
        origins = Origins(chosen.origins)
        for origin in chosen.allow:
            origins.allow(origin)
        desk = Desk(backend_of(chosen), origins)
        servers = _listening(chosen.port, desk)
    except CardTrouble:
        say("No card module was found: install HiCOS or OpenSC, or name one with --module.", sys.stderr)
        return 1
    except (ValueError, OSError) as error:
        say(f"The agent can't start: {error}", sys.stderr)
        return 1
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    say(f"The card agent listens on port {chosen.port} of this machine. Allowed: {', '.join(origins.allowed) or '-'}")
    try:
        servers[0].serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0


def _listening(port: int, desk: Desk) -> list[AgentServer]:
    """On 127.0.0.1 and, where this machine has it, on ::1. Raises OSError where somebody else listens there."""
    servers = [AgentServer("127.0.0.1", port, desk)]
    try:
        servers.append(AgentServer("::1", servers[0].server_port, desk))
    except OSError as error:
        if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            raise
    return servers


def _leave_no_core() -> None:
    """Have the system write no image of our memory, where a PIN may be, when the agent crashes."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main())
