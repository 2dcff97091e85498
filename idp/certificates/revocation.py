"""Where one may ask whether a certificate was revoked: OCSP first, its partition's CRL second (card.md A1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID

from idp.certificates.reading import ReadCertificate, read_issuer

LARGEST_OCSP_ANSWER = 65_536
# A partition's list is some ten thousand entries; the complete one of the citizens' CA (20 MB) is never asked for.
LARGEST_CRL = 8_388_608
LONGEST_URL = 500


@dataclass(frozen=True, slots=True)
class RevocationData:
    """What was fetched: OCSP answers and CRLs as they came (DER). It is judged with the chain."""

    ocsps: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class RevocationSources:
    """Where a certificate says that one may ask, from allow-listed hosts only; the partition's CRL comes first."""

    ocsp_urls: tuple[str, ...]
    crl_urls: tuple[str, ...]


def sources_of(read: ReadCertificate, *, hosts: frozenset[str]) -> RevocationSources:
    """The addresses in a certificate that lead to these hosts (SSRF: anybody can write an address into one)."""
    return RevocationSources(
        tuple(url for url in _ocsp_urls(read.certificate) if _allowed(url, hosts)),
        tuple(url for url in _crl_urls(read.certificate) if _allowed(url, hosts)),
    )


def ocsp_request(read: ReadCertificate, issuer: bytes) -> bytes:
    """The question for one certificate, without a nonce, so that the answer may be kept until it is over."""
    parent = read_issuer(issuer).certificate
    asked = ocsp.OCSPRequestBuilder().add_certificate(read.certificate, parent, hashes.SHA1())  # noqa: S303  (RFC 6960: a name, no proof)
    return asked.build().public_bytes(Encoding.DER)


def _allowed(url: str, hosts: frozenset[str]) -> bool:
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and host in hosts and not parts.username and not parts.fragment


def _ocsp_urls(certificate: x509.Certificate) -> Iterator[str]:
    try:
        told = certificate.extensions.get_extension_for_oid(ExtensionOID.AUTHORITY_INFORMATION_ACCESS).value
    except x509.ExtensionNotFound:
        return
    if isinstance(told, x509.AuthorityInformationAccess):
        for access in told:
            if access.access_method == AuthorityInformationAccessOID.OCSP:
                yield from _addresses([access.access_location])


def _crl_urls(certificate: x509.Certificate) -> Iterator[str]:
    try:
        told = certificate.extensions.get_extension_for_oid(ExtensionOID.CRL_DISTRIBUTION_POINTS).value
    except x509.ExtensionNotFound:
        return
    if isinstance(told, x509.CRLDistributionPoints):
        for point in told:
            yield from _addresses(point.full_name or [])


def _addresses(names: list[x509.GeneralName]) -> Iterator[str]:
    for name in names:
        if isinstance(name, x509.UniformResourceIdentifier):
            yield name.value
