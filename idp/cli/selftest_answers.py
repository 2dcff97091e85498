"""What `idp client selftest` takes from an application that it knows nothing of: so much, so long, in plain words."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from urllib.parse import urlsplit

import requests

MOST_BYTES = 5_000_000
PORTS = {"http": 80, "https": 443}


def printable(text: str) -> str:
    """A text of an application without what a terminal would obey: its control characters are spaces."""
    return "".join(one if one.isprintable() else " " for one in text)


def origin_of(address: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address, however it is written. Raises ValueError for no address."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port or PORTS.get(parts.scheme)


def told_by(response: requests.Response) -> str:
    """What an answer that is being read says. Raises RequestException where it is too long or breaks off."""
    told = b""
    for part in response.iter_content(65536):
        told += part
        if len(told) > MOST_BYTES:
            raise AnswerTooLong
    try:
        return told.decode(response.encoding or "utf-8", "replace")
    except LookupError:
        return told.decode("utf-8", "replace")


class AnswerTooLong(requests.RequestException):
    """An answer has more than MOST_BYTES."""


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Raise TimeoutError where what happens inside takes longer, whatever it waits for. In the main thread."""
    before = signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError
