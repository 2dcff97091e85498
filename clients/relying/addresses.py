"""Addresses that name a seat: ``/~<id>/passes`` is ``/passes`` for the session ``<id>`` of this browser.

Two tabs may hold two companies, and a tab's company stands in its address. Without such a beginning an address is for
the only session of the browser.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import g, request

NAMED = re.compile(r"/~([0-9a-f]{12})(/.*)?", re.ASCII)
PLACE = "relying.seat"
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class SeatAddresses:
    """WSGI in front of Flask: takes the seat out of the path, so that every page is at its usual address."""

    def __init__(self, inner: Wsgi) -> None:
        self.inner = inner

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        found = NAMED.fullmatch(environ.get("PATH_INFO", ""))
        if found:
            environ[PLACE] = found[1]
            environ["SCRIPT_NAME"] = f"{environ.get('SCRIPT_NAME', '')}/~{found[1]}"
            environ["PATH_INFO"] = found[2] or "/"
        return self.inner(environ, start)


def seat_named() -> str | None:
    """The seat that the address of this request names."""
    return request.environ.get(PLACE)


def bare_path(path: str) -> str:
    """A path without the seat it may begin with."""
    before, found, rest = path.partition("?")
    named = NAMED.fullmatch(before)
    return (named[2] or "/") + found + rest if named else path


def here(path: str) -> str:
    """A path of ours as an address for the person at this page."""
    held = g.get("held")
    return (held.root if held else "") + path
