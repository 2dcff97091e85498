"""The public keys a client registers for ``private_key_jwt`` (RFC 7517; security.md KR)."""

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
        known = jwk.import_key(key)
        if isinstance(known, jwk.RSAKey):
            return None if known.public_key.key_size >= SHORTEST_RSA_BITS else "jwks.weak"
    except (JoseError, ValueError, TypeError, KeyError):
        return "jwks.form"
    return None if key.get("crv") in CURVES else "jwks.form"
