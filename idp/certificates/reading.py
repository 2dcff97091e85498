"""Reading certificates that anybody may have made: strictly, bounded, and with one refusal for whatever is odd."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idp.certificates.refusals import MalformedAnswer

LARGEST_CERTIFICATE = 8_192
ISSUERS_KEPT = 32
SMALLEST_RSA_BITS = 2_048
# Padding is forged where the exponent is small (CD11); the GPKI's is 65537 throughout.
SMALLEST_RSA_EXPONENT = 65_537
SMALLEST_EC_BITS = 224

CardKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass(frozen=True, slots=True)
class ReadCertificate:
    """A certificate as bytes and as its two readers see it. Reading proves nothing yet."""

    der: bytes
    certificate: x509.Certificate
    structure: asn1.Certificate
    key: CardKey

    @property
    def sha256(self) -> str:
        """The fingerprint of the certificate, in hexadecimal digits."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def key_sha256(self) -> str:
        """The fingerprint of the public key, which a card is known by: serials change on renewal."""
        spki = self.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(spki).hexdigest()


def read_certificate(der: bytes) -> ReadCertificate:
    """Read one DER certificate with nothing behind it. Raises MalformedAnswer."""
    if not 0 < len(der) <= LARGEST_CERTIFICATE:
        raise MalformedAnswer(part="certificate")
    try:
        certificate = x509.load_der_x509_certificate(der)
        structure = asn1.Certificate.load(der, strict=True)
        # asn1crypto reads lazily: what is odd inside shows only when it is looked at.
        _ = structure.native
        _ = certificate.extensions
        key = certificate.public_key()
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise MalformedAnswer(part="certificate") from error
    except (x509.InvalidVersion, x509.DuplicateExtension, UnsupportedAlgorithm) as error:
        raise MalformedAnswer(part="certificate") from error
    return ReadCertificate(der, certificate, structure, _strong(key))


@lru_cache(maxsize=ISSUERS_KEPT)
def read_issuer(der: bytes) -> ReadCertificate:
    """As read_certificate, for the few certificates of CAs that are pinned: each is read once a process."""
    read = read_certificate(der)
    # asn1crypto works these out when first asked, step by step: done before a second thread can see the object.
    structure = read.structure
    _ = (structure.critical_extensions, structure.self_signed, structure.key_identifier, structure.sha256)
    _ = (structure.subject.hashable, structure.issuer.hashable, structure.public_key.sha1, structure.public_key.sha256)
    return read


def _strong(key: object) -> CardKey:
    if isinstance(key, rsa.RSAPublicKey) and _is_strong(key):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size >= SMALLEST_EC_BITS:
        return key
    raise MalformedAnswer(part="key")


def _is_strong(key: rsa.RSAPublicKey) -> bool:
    return key.key_size >= SMALLEST_RSA_BITS and key.public_numbers().e >= SMALLEST_RSA_EXPONENT
