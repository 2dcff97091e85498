"""The two forms in which a signature comes: bare (PKCS#1) with its certificate, or a signed message (PKCS#7, CMS).

Both give the certificate whose key has signed the expected statement. It is still to be judged as a certificate: of
1916 changed bits of a good message 739 lie in the certificate and change nothing here (card.md B).
"""

import hashlib
import hmac
from typing import Any

from asn1crypto import cms
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from idp.certificates.reading import CardKey, ReadCertificate, read_certificate
from idp.certificates.refusals import MalformedAnswer, StatementNotSigned

LARGEST_SIGNATURE = 1_024
LARGEST_MESSAGE = 32_768
DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
RSA_NAMES = frozenset({"rsassa_pkcs1v15", "sha256_rsa", "sha384_rsa", "sha512_rsa"})
EC_NAMES = frozenset({"sha256_ecdsa", "sha384_ecdsa", "sha512_ecdsa"})
SIGNED_ONCE = ("content_type", "message_digest")


def signer_of_bare_signature(*, certificate: bytes, signature: bytes, statement: str) -> ReadCertificate:
    """The certificate whose key has made this signature (SHA-256) over the statement.

    Raises MalformedAnswer or StatementNotSigned.
    """
    if not 0 < len(signature) <= LARGEST_SIGNATURE:
        raise MalformedAnswer(part="signature")
    read = read_certificate(certificate)
    _check(read.key, signature, statement.encode("ascii"), hashes.SHA256())
    return read


def signer_of_message(*, message: bytes, statement: str) -> ReadCertificate:
    """The certificate enclosed in a signed message whose key has signed the statement.

    The message holds the statement itself, one signer with signed attributes, and the signer's certificate. What it
    holds is compared with what we expect and never used. Raises MalformedAnswer or StatementNotSigned.
    """
    if not 0 < len(message) <= LARGEST_MESSAGE:
        raise MalformedAnswer(part="message")
    try:
        content, signer, enclosed = _opened(message)
        attributes = _attributes(signer)
        digest = DIGESTS[signer["digest_algorithm"]["algorithm"].native]
        scheme = signer["signature_algorithm"]["algorithm"].native
        signature = signer["signature"].native
        # RFC 5652 §5.4: what is signed is the set of attributes as a SET OF, not as the [0] it is sent as.
        signed = signer["signed_attrs"].untag().dump()
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError) as error:
        raise MalformedAnswer(part="message") from error
    expected = statement.encode("ascii")
    hashed = hashlib.new(digest().name, expected).digest()
    if not hmac.compare_digest(content, expected) or not hmac.compare_digest(attributes["message_digest"], hashed):
        raise StatementNotSigned(part="content")
    read = read_certificate(enclosed)
    if scheme not in (RSA_NAMES if isinstance(read.key, rsa.RSAPublicKey) else EC_NAMES):
        raise MalformedAnswer(part="algorithm")
    _check(read.key, signature, signed, digest())
    return read


def _opened(message: bytes) -> tuple[bytes, Any, bytes]:
    """The content, the one signer and the signer's certificate of a message."""
    envelope = cms.ContentInfo.load(message, strict=True)
    if envelope["content_type"].native != "signed_data":
        raise ValueError("no signed data")
    signed = envelope["content"]
    inside = signed["encap_content_info"]
    signers = signed["signer_infos"]
    if inside["content_type"].native != "data" or len(signers) != 1:
        raise ValueError("not one signer of plain data")
    signer = signers[0]
    if signer["sid"].name != "issuer_and_serial_number":
        raise ValueError("the signer is not named by issuer and serial number")
    named = signer["sid"].chosen
    for choice in signed["certificates"]:
        certificate = choice.chosen
        same_serial = certificate.serial_number == named["serial_number"].native
        if choice.name == "certificate" and same_serial and certificate.issuer.dump() == named["issuer"].dump():
            return bytes(inside["content"].native), signer, certificate.dump()
    raise ValueError("the signer's certificate is not enclosed")


def _attributes(signer: Any) -> dict[str, Any]:
    """The signed attributes by name, each once and with one value."""
    found: dict[str, Any] = {}
    for attribute in signer["signed_attrs"]:
        name = attribute["type"].native
        if name in found:
            raise ValueError("an attribute is there twice")
        values = attribute["values"].native
        if name in SIGNED_ONCE and len(values) != 1:
            raise ValueError("an attribute has not one value")
        found[name] = values[0] if values else None
    if found["content_type"] != "data" or not isinstance(found["message_digest"], bytes):
        raise ValueError("the attributes do not tell of the content")
    return found


def _check(key: CardKey, signature: bytes, signed: bytes, digest: hashes.HashAlgorithm) -> None:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), digest)
        else:
            key.verify(signature, signed, ec.ECDSA(digest))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError) as error:
        raise StatementNotSigned(part="signature") from error
