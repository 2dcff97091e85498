"""Keys in this process: private ones imported once, the choice of the active one a few seconds old at most."""

import base64
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

from idp.services import signing_keys

CACHE_SECONDS = 5.0
IMPORT: dict[str, Callable[[bytes], Key]] = {
    "RS256": RSAKey.import_key,
    "ES256": ECKey.import_key,
    "EdDSA": OKPKey.import_key,
}
ALGORITHMS = ["RS256", "ES256", "EdDSA"]


@dataclass
class _Cached:
    imported: dict[str, Key] = field(default_factory=dict)
    active: dict[str, str] = field(default_factory=dict)
    known: KeySet | None = None
    jwks: dict[str, Any] = field(default_factory=dict)
    good_until: float = 0.0


_cached = _Cached()


def forget_cached_keys() -> None:
    """Read the keys anew in this process."""
    _cached.good_until = 0.0


def _read() -> None:
    if _cached.good_until > time.monotonic():
        return
    every = signing_keys.list_keys()
    published = {k.kid for k in signing_keys.published_keys()}
    _cached.active = {k.alg: k.kid for k in every if k.state == signing_keys.ACTIVE}
    _cached.jwks = {"keys": [k.public for k in every if k.kid in published]}
    # An id_token_hint may be of any age, so retired keys verify for ever.
    _cached.known = KeySet.import_key_set({"keys": [k.public for k in every]}) if every else None
    _cached.good_until = time.monotonic() + CACHE_SECONDS


def public_keys() -> dict[str, Any]:
    """The JWKS: next, active and lately retired keys, public parts only."""
    _read()
    return _cached.jwks


def header_of(alg: str) -> dict[str, str]:
    """The header of a JWT by the active key of an algorithm."""
    _read()
    return {"alg": alg, "kid": _cached.active[alg]}


def sign(claims: dict[str, Any], alg: str, *, typ: str | None = None) -> str:
    """A JWT over these claims by the active key of an algorithm, with its ``kid``."""
    _read()
    kid = _cached.active[alg]
    key = _cached.imported.get(kid)
    if key is None:
        # Importing an RSA key takes 40 ms, so it is done once per key and process.
        key = IMPORT[alg](signing_keys.private_key(kid))
        _cached.imported[kid] = key
    header = header_of(alg)
    if typ is not None:
        header["typ"] = typ
    return jwt.encode(header, claims, key, algorithms=[alg])


def claims_of_hint(token: str) -> dict[str, Any] | None:
    """The claims of an ID token of ours of any age, or None when we did not sign it (Core §3.1.2.1)."""
    _read()
    if _cached.known is None:
        return None
    try:
        decoded = jwt.decode(token, _cached.known, algorithms=ALGORITHMS)
    except (JoseError, ValueError, TypeError):
        return None
    # A logout token bears the same signature and is no ID token.
    is_id_token = "auth_time" in decoded.claims and decoded.header.get("typ", "JWT").upper() == "JWT"
    return dict(decoded.claims) if is_id_token else None


def half_hash(value: str, alg: str) -> str:
    """``at_hash`` of an access token (OIDC Core §3.1.3.6): the left half of the hash that belongs to the algorithm."""
    # Ed25519 hashes with SHA-512 inside, and clients take that for EdDSA.
    hashed = hashlib.sha512(value.encode()) if alg == "EdDSA" else hashlib.sha256(value.encode())
    raw = hashed.digest()
    return base64.urlsafe_b64encode(raw[: len(raw) // 2]).rstrip(b"=").decode()
