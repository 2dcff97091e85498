"""Revocation lists (CRL), judged by us with cryptography's reader.

The library that judges paths reads a list entry by entry in Python: 0.4 s for 50,000 entries, at each sign-in. What is
checked is RFC 5280 §6.3.3 for the one kind of list this PKI has: whole, direct, by the certificate's own issuer.
"""

from collections.abc import Iterator
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtensionOID

from idp.certificates.reading import ReadCertificate, read_issuer

WEAK = frozenset({"md5", "sha1"})
# Lists are megabytes: a process keeps those that it uses most.
LISTS_KEPT = 4
# What cryptography's reader raises at bytes that somebody has made up.
UNREADABLE = (
    ValueError, TypeError, KeyError, OverflowError, UnsupportedAlgorithm,
    x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType,
)  # fmt: skip


@lru_cache(maxsize=LISTS_KEPT)
def verified_list(der: bytes, issuer: bytes) -> x509.CertificateRevocationList | None:
    """A list that this issuer has signed and may sign, or None. Its dates are not judged."""
    parent = read_issuer(issuer).certificate
    try:
        found = x509.load_der_x509_crl(der)
        algorithm = found.signature_hash_algorithm
        if algorithm is None or algorithm.name in WEAK or found.issuer != parent.subject or not _may_sign(parent):
            return None
        key = parent.public_key()
        if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) or not found.is_signature_valid(key):
            return None
        return found if _is_of_its_key(found, parent) and _is_whole(found) else None
    except UNREADABLE:
        return None


def is_within(read: ReadCertificate, listed: x509.CertificateRevocationList) -> bool:
    """Whether the list speaks of this certificate: it is of the partition that the certificate names, or of all."""
    try:
        scope = listed.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return True
    if scope.full_name is None:
        return scope.relative_name is None
    return not set(_points_of(read.certificate)).isdisjoint(scope.full_name)


def is_listed(read: ReadCertificate, listed: x509.CertificateRevocationList) -> bool:
    """Whether the certificate is on the list, for whatever reason."""
    return listed.get_revoked_certificate_by_serial_number(read.certificate.serial_number) is not None


def _may_sign(issuer: x509.Certificate) -> bool:
    try:
        return issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return False


def _is_of_its_key(listed: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    # All generations of one CA have the same name: their keys tell them apart.
    try:
        named = listed.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return True
    return named is None or named == own


def _is_whole(listed: x509.CertificateRevocationList) -> bool:
    """Not a delta list, nor an indirect one, nor one of some reasons or of CAs alone, nor one we don't understand."""
    for extension in listed.extensions:
        if extension.oid == ExtensionOID.ISSUING_DISTRIBUTION_POINT:
            scope = extension.value
            if not isinstance(scope, x509.IssuingDistributionPoint) or scope.indirect_crl or scope.only_some_reasons:
                return False
            if scope.only_contains_ca_certs or scope.only_contains_attribute_certs:
                return False
        elif extension.critical:
            return False
    return True


def _points_of(certificate: x509.Certificate) -> Iterator[x509.GeneralName]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return
    for point in points:
        # A point for some reasons alone, or of another issuer's list, leads to no list that answers here.
        if point.reasons is None and point.crl_issuer is None:
            yield from point.full_name or []
