"""The public keys a client registers for ``private_key_jwt`` (RFC 7517; security.md KR)."""

import base64
from typing import Any

from joserfc import jwk
from joserfc.errors import JoseError

ASYMMETRIC = frozenset({"RSA", "EC", "OKP"})
CURVES = frozenset({"P-256", "P-384", "P-521", "Ed25519"})
PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
SHORTEST_RSA_BITS = 2048
MOST_KEYS = 20


def jwks_problem(jwks: Any) -> str | None:
    """Why this can't be a client's JWK Set, or None: public keys only, asymmetric ones, none of them weak."""
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS:
        return "jwks.form"
    for key in keys:
        problem = _key_problem(key)
        if problem:
            return problem
    return None


def _key_problem(key: Any) -> str | None:
    if not isinstance(key, dict) or key.get("kty") not in ASYMMETRIC:
        return "jwks.form"
    if PRIVATE & set(key):
        return "jwks.private"
    try:
        if key["kty"] == "RSA" and _bits(key["n"]) < SHORTEST_RSA_BITS:
            return "jwks.weak"
        jwk.import_key(key)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return "jwks.form"
    return None if key["kty"] == "RSA" or key.get("crv") in CURVES else "jwks.form"


def _bits(number: str) -> int:
    """The length of a number in base64url (RFC 7518 §6.3.1.1)."""
    return int.from_bytes(base64.urlsafe_b64decode(number + "=" * (-len(number) % 4))).bit_length()
