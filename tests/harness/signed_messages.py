"""PKCS#7 messages as HiPKI's MakeSignature returns them, and forgeries of them."""

import hashlib
from datetime import UTC, datetime

from asn1crypto import cms, core, x509

from clients.testca.authority import Card


def signed_message(card: Card, statement: str, *, content: bytes | None = None, enclosed: bytes | None = None) -> bytes:
    """The shape of the real component: content attached, SHA-256, signed attributes, only the leaf enclosed.

    ``content`` and ``enclosed`` put something else in place of the statement and of the card's certificate.
    """
    leaf = x509.Certificate.load(card.der)
    scheme = "rsassa_pkcs1v15" if leaf.public_key.algorithm == "rsa" else "sha256_ecdsa"
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            cms.CMSAttribute(
                {"type": "signing_time", "values": [cms.Time({"utc_time": core.UTCTime(datetime.now(UTC))})]}
            ),
            cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(statement.encode()).digest()]}),
        ]
    )
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                        {"issuer": leaf.issuer, "serial_number": leaf.serial_number}
                    )
                }
            ),
            "digest_algorithm": {"algorithm": "sha256"},
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": scheme},
            "signature": card.sign(attributes.dump()),
        }
    )
    signed = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": "data", "content": content or statement.encode()},
            "certificates": [cms.CertificateChoices("certificate", x509.Certificate.load(enclosed or card.der))],
            "signer_infos": [signer],
        }
    )
    return cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()
