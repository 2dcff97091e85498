"""The machine's PC/SC service with a virtual reader, on loopback only, started and ended by the tests.

There is one such service per machine (its socket's path is compiled in), so whoever uses it holds a lock.
"""

import fcntl
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.harness.processes import Process, wait_until
from tests.harness.virtual_card.piv_card import VirtualPivCard

DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
SERVICE = Path("/usr/sbin/pcscd")
SOCKET = Path("/run/pcscd/pcscd.comm")
PORT = 35963
LOCK = Path(tempfile.gettempdir()) / "company-idp-pcscd.lock"
POWER_OFF, POWER_ON, RESET, ASK_ATR = 0, 1, 2, 4


def why_not() -> str | None:
    """Why there can be no virtual reader here, or None."""
    missing = [
        name
        for name, is_here in (
            ("pcscd", SERVICE.exists()),
            ("vsmartcard-vpcd", DRIVER.exists()),
            ("gcc", shutil.which("gcc") is not None),
            ("pyscard", importlib.util.find_spec("smartcard") is not None),
            ("PyKCS11", importlib.util.find_spec("PyKCS11") is not None),
        )
        if not is_here
    ]
    if missing:
        return f"no virtual card reader: {', '.join(missing)} missing"
    if os.geteuid() != 0 and not os.access(SOCKET.parent, os.W_OK):
        return "no virtual card reader: only root may start pcscd here"
    return None


def is_taken() -> bool:
    """Whether a PC/SC service runs already that is not of the tests: a person's own, or systemd's socket for it."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(SOCKET)) == 0


@contextmanager
def the_only_user() -> Iterator[None]:
    """Hold the lock of this machine's PC/SC service."""
    with LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class VirtualReader:
    """pcscd, its driver of the virtual reader, and a card that can be put in and pulled out."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "pcscd.log"
        preload = folder / "lo_bind.so"
        source = Path(__file__).with_name("lo_bind.c")
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", preload, source, "-ldl"], check=True, capture_output=True)
        readers = folder / "reader.conf.d"
        readers.mkdir()
        (readers / "vpcd").write_text(
            f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x{PORT:X}\nLIBPATH {DRIVER}\nCHANNELID 0x{PORT:X}\n'
        )
        self._service = Process(
            [str(SERVICE), "--foreground", "--info", "--config", str(readers)],
            folder=folder,
            environment={"PATH": os.environ["PATH"], "LD_PRELOAD": str(preload)},
            log=self.log,
        )
        self._card: VirtualPivCard | None = None
        self._line: socket.socket | None = None
        self._seen = threading.Event()
        self._closed = self._left_by_itself = False
        self._thread = threading.Thread(target=self._hold_card, daemon=True)
        try:
            wait_until("pcscd listens", SOCKET.exists, 10)
        except AssertionError as error:
            self._service.stop()
            raise AssertionError(f"pcscd did not come up: {self.log.read_text(errors='replace')[-500:]}") from error
        self._thread.start()

    def insert(self, card: VirtualPivCard) -> VirtualPivCard:
        """Put a card in and wait until programs see it."""
        self.pull_out()
        self._seen.clear()
        self._card = card
        assert self._seen.wait(10), f"the reader saw no card: {self.log.read_text(errors='replace')[-500:]}"
        wait_until("programs see the card", lambda: _state() == "in", 10)
        card.commands.clear()
        return card

    def pull_out(self) -> None:
        """Pull the card out and wait until programs miss it."""
        self._card = None
        self._hang_up()
        if self._left_by_itself:
            # The service says so before its poll (each 0.4 s) has noticed, and would miss a card put in meanwhile.
            time.sleep(1)
            self._left_by_itself = False
        wait_until("programs miss the card", lambda: _state() in ("out", None), 10)

    def close(self) -> None:
        """End card and service."""
        self._closed = True
        self._card = None
        self._hang_up()
        self._thread.join(5)
        self._service.stop()

    def listens_on(self) -> set[str]:
        """The addresses on which the service listens for cards."""
        found = set()
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            address, port = line.split()[1].split(":")
            if int(port, 16) in (PORT, PORT + 1) and line.split()[3] == "0A":
                found.add(socket.inet_ntoa(bytes.fromhex(address)[::-1]))
        return found

    def _hang_up(self) -> None:
        line = self._line
        if line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _hold_card(self) -> None:
        while not self._closed:
            card = self._card
            if card is not None:
                with suppress(EOFError, OSError), socket.create_connection(("127.0.0.1", PORT), 2) as line:
                    self._line = line
                    line.settimeout(None)
                    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._serve(line, card)
                self._line = None
                card.reset()
            time.sleep(0.02)

    def _serve(self, line: socket.socket, card: VirtualPivCard) -> None:
        """Messages of two bytes of length and a payload; a payload of one byte is a control code."""
        while self._card is card:
            message = _read(line, int.from_bytes(_read(line, 2)))
            if len(message) > 1:
                if card.pulled_out_at == message[1]:
                    self._card, self._left_by_itself = None, True
                    return
                answer = card.transmit(message)
            elif message[0] == ASK_ATR:
                answer = card.atr
                self._seen.set()
            else:
                card.reset()
                continue
            line.sendall(len(answer).to_bytes(2) + answer)


def _read(line: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        # vpcd sends length and payload apart: without this each command waits 40 ms for an acknowledgement.
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = line.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def _state() -> str | None:
    """What the PC/SC service tells programs of the card: in, out, mute; None where it does not tell yet."""
    from smartcard.scard import (
        SCARD_S_SUCCESS,
        SCARD_SCOPE_USER,
        SCARD_STATE_MUTE,
        SCARD_STATE_PRESENT,
        SCARD_STATE_UNAWARE,
        SCardEstablishContext,
        SCardGetStatusChange,
        SCardListReaders,
        SCardReleaseContext,
    )

    done, context = SCardEstablishContext(SCARD_SCOPE_USER)
    if done != SCARD_S_SUCCESS:
        return None
    try:
        done, readers = SCardListReaders(context, [])
        if done != SCARD_S_SUCCESS or not readers:
            return None
        done, states = SCardGetStatusChange(context, 0, [(name, SCARD_STATE_UNAWARE) for name in readers])
        if done != SCARD_S_SUCCESS:
            return None
        seen = [state for _, state, _ in states if state & SCARD_STATE_PRESENT]
        return "out" if not seen else "mute" if seen[0] & SCARD_STATE_MUTE else "in"
    finally:
        SCardReleaseContext(context)
