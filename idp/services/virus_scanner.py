"""Ask clamd about a file, by its INSTREAM command; off where no scanner is set (docs/settings.md)."""

import logging
import socket
import struct
import time
from contextlib import closing
from pathlib import Path

from idp.config import settings
from idp.documents.refusals import DocumentRefused, ScannerAway

log = logging.getLogger(__name__)

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 15.0
CHUNK = 64 * 1024
LONGEST_ANSWER = 4096


def is_scanning() -> bool:
    """Whether a scanner is set: what it has not seen is shown to nobody then."""
    return bool(settings().virus_scanner)


def scan(path: Path) -> None:
    """Have a file looked at. Raises DocumentRefused where something was found, ScannerAway where nobody answers, and
    FileNotFoundError."""
    path.stat()
    try:
        with closing(_connected(settings().virus_scanner)) as scanner:
            told = _streamed(scanner, path)
    except OSError as error:
        log.warning("the virus scanner is not to be had: %s", error)
        raise ScannerAway from error
    if told.endswith("FOUND"):
        log.warning("the virus scanner found something in an uploaded file: %s", told.isprintable() and told)
        raise DocumentRefused("document.infected")
    if not told.endswith("OK"):
        log.warning("the virus scanner did not judge a file: %s", told.isprintable() and told)
        raise ScannerAway


def _connected(address: str) -> socket.socket:
    kind, _, where = address.partition(":")
    if kind == "unix":
        scanner = socket.socket(socket.AF_UNIX)
        scanner.settimeout(CONNECT_SECONDS)
        try:
            scanner.connect(where)
        except OSError:
            scanner.close()
            raise
        return scanner
    host, _, port = where.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS)


def _streamed(scanner: socket.socket, path: Path) -> str:
    deadline = time.monotonic() + ANSWER_SECONDS
    scanner.sendall(b"zINSTREAM\0")
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            _wait_until(scanner, deadline)
            scanner.sendall(struct.pack("!L", len(chunk)) + chunk)
    scanner.sendall(struct.pack("!L", 0))
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < LONGEST_ANSWER:
        _wait_until(scanner, deadline)
        part = scanner.recv(LONGEST_ANSWER)
        if not part:
            break
        answer += part
    return answer.rstrip(b"\0\n ").decode("utf-8", "replace")


def _wait_until(scanner: socket.socket, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    scanner.settimeout(left)
