"""An authenticator made of software: it signs for real, and lies about its flags, counter, handle or page when told to.

A small real thing in place of a phone or a security key (WebAuthn L3 §6); Chromium's own virtual one is used in
tests/browser/test_a_passkey_is_used.py.
"""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, ATTESTED = 0x01, 0x04, 0x08, 0x40
ES256 = -7


def text_of(content: bytes) -> str:
    """Bytes as base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def bytes_of(text: str) -> bytes:
    """And back."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class SoftPasskey:
    """One passkey, for one origin. ``count`` is told with the next signature; 0 stays 0, as synced ones do."""

    origin: str
    is_synced: bool = False
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user_handle: bytes = b""

    def make(self, options: dict[str, Any], **lies: Any) -> dict[str, str]:
        """What ``navigator.credentials.create()`` gives, as the fields of our form."""
        self.user_handle = bytes_of(options["user"]["id"])
        data = self._data(options["rp"]["id"], flags=ATTESTED, **lies) + self._attested()
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client_data = self._client_data("webauthn.create", options["challenge"], **lies)
        return self._fields(client_data, attestation=attestation) | {"transports": "internal hybrid"}

    def use(self, options: dict[str, Any], **lies: Any) -> dict[str, str]:
        """What ``navigator.credentials.get()`` gives; ``lies`` are origin, rp_id, verified, handle, key …"""
        client_data = self._client_data("webauthn.get", options["challenge"], **lies)
        data = self._data(options["rpId"], **lies)
        signature = lies.get("key", self.key).sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        handle = lies.get("handle", self.user_handle)
        return self._fields(client_data, authenticator_data=data, signature=signature, user_handle=handle)

    def _client_data(self, kind: str, challenge: str, **lies: Any) -> bytes:
        told = {"type": lies.get("type", kind), "challenge": challenge, "origin": lies.get("origin", self.origin)}
        return json.dumps(told | {"crossOrigin": lies.get("cross_origin", False)}).encode()

    def _data(self, asked_id: str, *, flags: int = 0, **lies: Any) -> bytes:
        flags |= USER_PRESENT | (USER_VERIFIED if lies.get("verified", True) else 0)
        flags |= BACKUP_ELIGIBLE if lies.get("synced", self.is_synced) else 0
        count = lies.get("count", self.count)
        return hashlib.sha256(lies.get("rp_id", asked_id).encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")

    def _attested(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        point = {-2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        length = len(self.credential_id).to_bytes(2, "big")
        return bytes(16) + length + self.credential_id + cbor2.dumps({1: 2, 3: ES256, -1: 1} | point)

    def _fields(self, client_data: bytes, **parts: bytes) -> dict[str, str]:
        sent = {"credential_id": self.credential_id, "client_data": client_data} | parts
        return {name: text_of(content) for name, content in sent.items()}
