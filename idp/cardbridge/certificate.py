"""What the agent reads in a card's certificate: which key, whether it signs, whom it seems to name.

Nothing here is judged: a name is shown to the person to compare, and only the provider decides what a card proves.
"""

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from idp.cardbridge.cards import CardTrouble

# Subject directory attribute 2.16.886.1.100.2.101 (the tax ID), as DER, and what is before its text: SET, UTF8String.
TAX_ID = bytes.fromhex("06076086760164026531 0A 0C 08")
DIRECTORY_ATTRIBUTES = x509.ObjectIdentifier("2.5.29.9")


def key_of(certificate: bytes) -> tuple[str, int]:
    """The kind of key and its size in bytes: ``("rsa", 256)`` or ``("ec", 32)``. Raises CardTrouble."""
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except Exception as error:
        raise CardTrouble("unreadable") from error
    if isinstance(key, rsa.RSAPublicKey):
        return "rsa", key.key_size // 8
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "ec", key.curve.key_size // 8
    raise CardTrouble("unreadable")


def may_sign(certificate: bytes) -> bool:
    """Whether its key usage says that it is for signing: cards hold CAs and an encryption certificate, too."""
    try:
        read = x509.load_der_x509_certificate(certificate)
        usage = read.extensions.get_extension_for_class(x509.KeyUsage).value
    except Exception:
        return False
    return usage.digital_signature and not usage.key_cert_sign and not usage.key_encipherment


def holder_shown(certificate: bytes) -> dict[str, str]:
    """Whom a certificate seems to name: ``name``, ``number`` (a tax ID, or nothing) and ``until``."""
    try:
        read = x509.load_der_x509_certificate(certificate)
        names = read.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        names = names or read.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return {
            "name": str(names[0].value)[:200] if names else "",
            "number": _tax_id(read),
            "until": read.not_valid_after_utc.strftime("%Y-%m-%d"),
        }
    except Exception:
        return {"name": "", "number": "", "until": ""}


def last_moment(certificate: bytes) -> datetime | None:
    """When a certificate that may sign ends, or None where it can't be read."""
    try:
        return x509.load_der_x509_certificate(certificate).not_valid_after_utc if may_sign(certificate) else None
    except Exception:
        return None


def _tax_id(read: x509.Certificate) -> str:
    numbers = [str(found.value) for found in read.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)]
    for extension in read.extensions:
        if extension.oid == DIRECTORY_ATTRIBUTES and isinstance(extension.value, x509.UnrecognizedExtension):
            _, marker, after = extension.value.value.partition(TAX_ID)
            numbers += [after[:8].decode("ascii", "replace")] if marker else []
    return next((number for number in numbers if len(number) == 8 and number.isascii() and number.isdigit()), "")
