"""The statement that the card signs. The agent composes it; it has no call that signs bytes it is given.

The audience is the origin of the page that asked, as the browser reports it, never as the page says.
"""

import base64
import json
import re
from dataclasses import dataclass

PREFIX = "card-login.v1."
PURPOSES = ("login", "prove", "enrol", "step-up")
NONCE = re.compile(r"[A-Za-z0-9_-]{43,128}", re.ASCII)
LATEST = 1 << 40


@dataclass(frozen=True)
class Asked:
    """What a page asks for: the provider's nonce, purpose and time (seconds since 1970, UTC)."""

    nonce: str
    purpose: str
    issued_at: int


def read_asked(told: object) -> Asked:
    """What a page asks for, checked. Raises ValueError, naming the part that is wrong."""
    if not isinstance(told, dict) or set(told) != {"nonce", "purpose", "iat"}:
        raise ValueError("request")
    nonce, purpose, issued_at = told["nonce"], told["purpose"], told["iat"]
    if not isinstance(nonce, str) or not NONCE.fullmatch(nonce):
        raise ValueError("nonce")
    if purpose not in PURPOSES:
        raise ValueError("purpose")
    if isinstance(issued_at, bool) or not isinstance(issued_at, int) or not 0 < issued_at < LATEST:
        raise ValueError("iat")
    return Asked(nonce, purpose, issued_at)


def compose(asked: Asked, *, origin: str, via: str) -> bytes:
    """The line to sign, as ASCII bytes."""
    told = {"aud": origin, "iat": asked.issued_at, "nonce": asked.nonce, "purpose": asked.purpose, "via": via}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return (PREFIX + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")).encode()
