"""Which addresses a client may register (RFC 9700 §4.1, AD04). At use they are compared byte by byte."""

import ipaddress
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def address_problem(address: str, *, production: bool) -> str | None:
    """Why an address can't be registered (a key of the texts), or None.

    https alone; http for loopback while developing. No fragment, wildcard, user, IP number or control character.
    """
    if any(ord(c) < 0x21 or ord(c) > 0x7E or c in '"<>\\^`{|}*' for c in address):
        return "redirect.characters"
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "redirect.form"
    if not host or parts.scheme not in {"http", "https"}:
        return "redirect.form"
    if "#" in address or "@" in parts.netloc:
        return "redirect.form"
    return _host_problem(parts.scheme, host, production=production)


def _host_problem(scheme: str, host: str, *, production: bool) -> str | None:
    if host in LOOPBACK:
        return "redirect.loopback" if production else None
    if scheme != "https":
        return "redirect.https"
    return "redirect.ip" if _is_ip(host) else None


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
