"""Signing keys: made, published before first use, rotated, retired; private parts under the master key (KR01, KR03)."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwk
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from sqlalchemy import select, update

from idp.config import settings
from idp.db import now, session
from idp.errors import InvalidInput, NotFound
from idp.models import SigningKey
from idp.services.audit import record

IMPORT: dict[str, Callable[[bytes], Key]] = {
    "RS256": RSAKey.import_key,
    "ES256": ECKey.import_key,
    "EdDSA": OKPKey.import_key,
}
ALGORITHMS = ("RS256", "ES256", "EdDSA")
RSA_BITS = 2048
NONCE_BYTES = 12
NEXT, ACTIVE, RETIRED = "next", "active", "retired"
KEPT_AFTER_RETIREMENT = timedelta(hours=25)  # longest token and a day (security.md §3 "Keys")


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A key as clients and this process need it: its public JWK and its state."""

    kid: str
    alg: str
    state: str
    public: dict[str, Any]
    retired_at: datetime | None


def list_keys() -> list[PublishedKey]:
    """Every key there ever was, oldest first."""
    rows = session.scalars(select(SigningKey).order_by(SigningKey.created_at, SigningKey.kid))
    return [PublishedKey(r.kid, r.alg, r.state, r.public, r.retired_at) for r in rows]


def published_keys() -> list[PublishedKey]:
    """The keys that belong into the JWKS now: next, active, and retired ones whose tokens may still live."""
    oldest = now() - KEPT_AFTER_RETIREMENT
    return [k for k in list_keys() if k.state != RETIRED or (k.retired_at or oldest) > oldest]


def ensure_keys() -> None:
    """See to it that each algorithm has an active key and a published next one (`idp init`)."""
    for alg in ALGORITHMS:
        states = set(session.scalars(select(SigningKey.state).where(SigningKey.alg == alg)))
        if ACTIVE not in states:
            _make(alg, ACTIVE)
        if NEXT not in states:
            _make(alg, NEXT)


def rotate(alg: str, *, force: bool = False) -> str:
    """Make the next key of an algorithm the active one and publish a new next; the new active key's id.

    Raises InvalidInput when the next key has not been published for ``key_publish_hours`` (clients cache the JWKS),
    unless forced, as after a leak.
    """
    upcoming = session.scalar(select(SigningKey).where(SigningKey.alg == alg, SigningKey.state == NEXT))
    if upcoming is None:
        raise NotFound
    if not force and upcoming.created_at > now() - timedelta(hours=settings().key_publish_hours):
        raise InvalidInput(field="alg", problem="key.too_young")
    session.execute(
        update(SigningKey)
        .where(SigningKey.alg == alg, SigningKey.state == ACTIVE)
        .values(state=RETIRED, retired_at=now())
    )
    upcoming.state = ACTIVE
    upcoming.activated_at = now()
    _make(alg, NEXT)
    session.flush()
    record("operator:key:rotated", alg=alg, kid=upcoming.kid)
    return upcoming.kid


def retire(kid: str) -> None:
    """Take a key out of use; an active one is followed by its next at once. Raises NotFound."""
    key = session.get(SigningKey, kid)
    if key is None or key.state == RETIRED:
        raise NotFound
    if key.state == ACTIVE:
        rotate(key.alg, force=True)
    else:
        key.state = RETIRED
        key.retired_at = now()
        session.flush()
        _make(key.alg, NEXT)
    record("operator:key:retired", alg=key.alg, kid=kid)


def private_key(kid: str) -> bytes:
    """The private key of this id as PKCS#8 PEM. Raises NotFound."""
    row = session.execute(select(SigningKey.private).where(SigningKey.kid == kid)).scalar()
    if row is None:
        raise NotFound
    return AESGCM(settings().master_secret).decrypt(row[:NONCE_BYTES], row[NONCE_BYTES:], kid.encode())


def _make(alg: str, state: str) -> None:
    private = _generate(alg)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = IMPORT[alg](pem).as_dict(private=False)
    kid = jwk.thumbprint(public)
    if kid.startswith("-"):
        _make(alg, state)  # a command line would take such an id for an option
        return
    nonce = os.urandom(NONCE_BYTES)
    moment = now()
    session.add(
        SigningKey(
            kid=kid,
            alg=alg,
            state=state,
            public={**public, "kid": kid, "alg": alg, "use": "sig"},
            private=nonce + AESGCM(settings().master_secret).encrypt(nonce, pem, kid.encode()),
            created_at=moment,
            activated_at=moment if state == ACTIVE else None,
        )
    )
    session.flush()
    record("operator:key:made", alg=alg, kid=kid, state=state)


def _generate(alg: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey:
    if alg == "RS256":
        return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    if alg == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if alg == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    raise InvalidInput(field="alg", problem="alg.unknown")
