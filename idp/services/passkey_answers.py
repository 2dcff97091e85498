"""What an authenticator answers, read from a form and judged by WebAuthn's rules (W3C WebAuthn Level 3 §7).

The library judges origin, relying party, flags and signature; what it does not is judged here: frames of other sites,
the backup flag that never changes, and that only the keys we asked for are taken. It knows no account.
"""

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_client_data_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    CredentialDeviceType,
    RegistrationCredential,
)

from idp.config import settings
from idp.models.passkeys import LONGEST_CREDENTIAL_ID
from idp.services.passkey_refusals import PasskeyRefused

# In the order we like them; RS256 for Windows Hello in older TPMs.
ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
TRANSPORTS = frozenset({"ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"})


@dataclass(frozen=True, slots=True)
class PasskeyAnswer:
    """An answer as its page sent it; nothing of it is believed yet."""

    credential_id: bytes
    client_data: bytes
    challenge: str
    is_cross_origin: bool
    attestation: bytes
    authenticator_data: bytes
    signature: bytes
    user_handle: bytes
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MadePasskey:
    """A passkey that was just made, proven to be what it says."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    aaguid: str
    is_synced: bool


@dataclass(frozen=True, slots=True)
class PasskeyUse:
    """A passkey that has just signed: its counter, and whether its provider may copy it."""

    sign_count: int
    is_synced: bool


def relying_party_id() -> str:
    """The host that passkeys are bound to: the issuer's, without its port (WebAuthn §5.1.3)."""
    return urlsplit(settings().issuer).hostname or ""


def offers_passkeys() -> bool:
    """Whether there can be passkeys here: they are bound to a name, never to an IP address."""
    host = relying_party_id()
    return ":" not in host and not host.replace(".", "").isdigit()


def read_passkey_answer(form: Mapping[str, str]) -> PasskeyAnswer:
    """The answer in a form. Raises PasskeyRefused for what is none."""
    try:
        client_data = _bytes(form, "client_data")
        told = parse_client_data_json(client_data)
        return PasskeyAnswer(
            credential_id=_bytes(form, "credential_id"),
            client_data=client_data,
            challenge=bytes_to_base64url(told.challenge),
            is_cross_origin=bool(told.cross_origin),
            attestation=_bytes(form, "attestation"),
            authenticator_data=_bytes(form, "authenticator_data"),
            signature=_bytes(form, "signature"),
            user_handle=_bytes(form, "user_handle"),
            transports=tuple(sorted(TRANSPORTS.intersection(form.get("transports", "").split()))),
        )
    except Exception as error:
        raise PasskeyRefused(because="malformed") from error


def judge_made(answer: PasskeyAnswer) -> MadePasskey:
    """A passkey as its authenticator made it (§7.1), with user verification. Raises PasskeyRefused."""
    _refuse_frames(answer)
    credential = RegistrationCredential(
        id=bytes_to_base64url(answer.credential_id),
        raw_id=answer.credential_id,
        response=AuthenticatorAttestationResponse(
            client_data_json=answer.client_data, attestation_object=answer.attestation
        ),
    )
    try:
        made = verify_registration_response(
            credential=credential,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
            **_expected(answer),
        )
    except Exception as error:
        # The library's own errors, and whatever a bent CBOR makes it run into.
        raise PasskeyRefused(because=type(error).__name__) from error
    if made.credential_id != answer.credential_id or len(made.credential_id) > LONGEST_CREDENTIAL_ID:
        raise PasskeyRefused(because="credential_id")
    is_synced = made.credential_device_type is CredentialDeviceType.MULTI_DEVICE
    return MadePasskey(made.credential_id, made.credential_public_key, made.sign_count, made.aaguid, is_synced)


def judge_use(answer: PasskeyAnswer, *, public_key: bytes) -> PasskeyUse:
    """What a passkey has signed (§7.2), with user verification; its counter is the caller's. Raises PasskeyRefused."""
    _refuse_frames(answer)
    credential = AuthenticationCredential(
        id=bytes_to_base64url(answer.credential_id),
        raw_id=answer.credential_id,
        response=AuthenticatorAssertionResponse(
            client_data_json=answer.client_data,
            authenticator_data=answer.authenticator_data,
            signature=answer.signature,
            user_handle=answer.user_handle or None,
        ),
    )
    try:
        used = verify_authentication_response(
            credential=credential,
            credential_public_key=public_key,
            credential_current_sign_count=NOT_JUDGED,
            require_user_verification=True,
            **_expected(answer),
        )
    except Exception as error:
        raise PasskeyRefused(because=type(error).__name__) from error
    return PasskeyUse(used.new_sign_count, used.credential_device_type is CredentialDeviceType.MULTI_DEVICE)


# A counter that fell is told to the account's owner, so it is judged apart, after the signature.
NOT_JUDGED = 0


def _expected(answer: PasskeyAnswer) -> dict[str, Any]:
    # The challenge is the answer's own: that we asked it, here and for this, its row has said.
    return {
        "expected_challenge": base64url_to_bytes(answer.challenge),
        "expected_rp_id": relying_party_id(),
        "expected_origin": settings().issuer,
    }


def _refuse_frames(answer: PasskeyAnswer) -> None:
    if answer.is_cross_origin:
        raise PasskeyRefused(because="cross_origin")


def _bytes(form: Mapping[str, str], name: str) -> bytes:
    text = form.get(name, "")
    if not text.isascii():
        raise binascii.Error
    return base64url_to_bytes(text)
