"""Which addresses a client may register (RFC 9700 §4.1, AD04). At use they are compared byte by byte."""

import re
from urllib.parse import SplitResult, urlsplit

NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def address_problem(address: str, *, production: bool) -> str | None:
    """Why an address can't be registered (a key of the texts), or None.

    https alone; http for loopback while developing. No fragment, wildcard, user, IP number or control character.
    """
    if "*" in address:
        return "redirect.wildcard"
    if any(ord(c) < 0x21 or ord(c) > 0x7E or c in '"<>\\^`{|}' for c in address):
        return "redirect.characters"
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "redirect.form"
    return _form_problem(address, parts, host) or _host_problem(parts.scheme, host or "", production=production)


def _form_problem(address: str, parts: SplitResult, host: str | None) -> str | None:
    if parts.scheme not in {"", "http", "https"}:
        return "redirect.scheme"
    if not host or not parts.scheme:
        return "redirect.form"
    if "#" in address:
        return "redirect.fragment"
    return "redirect.user" if "@" in parts.netloc else None


def _host_problem(scheme: str, named: str, *, production: bool) -> str | None:
    host = named.rstrip(".")
    if host in LOOPBACK:
        return "redirect.loopback" if production else None
    if scheme != "https":
        return "redirect.https"
    return "redirect.ip" if _is_ip(host) else None


def _is_ip(host: str) -> bool:
    """Whether a browser takes a host for a number: IPv6, or what ends in a number however written (WHATWG URL §3.5)."""
    return ":" in host or NUMBER.fullmatch(host.rpartition(".")[2]) is not None
