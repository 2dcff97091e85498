"""Where a certificate says one may ask is believed only of hosts on our list: anybody can write an address into one."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID

from clients.testca.cards import Gpki
from idp.certificates.reading import ReadCertificate, read_certificate
from idp.certificates.refusals import MalformedAnswer
from idp.certificates.revocation import RevocationSources, sources_of

HOSTS = frozenset({"moeaca.nat.gov.tw", "127.0.0.1:8099"})


def made(*extensions: x509.ExtensionType) -> ReadCertificate:
    """A certificate with these extensions alone."""
    ca = Gpki().companies
    begin, end = ca.certificate.not_valid_before_utc, ca.certificate.not_valid_after_utc
    builder = x509.CertificateBuilder(ca.subject, ca.subject, ca.key.public_key(), 7, begin, end)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return read_certificate(builder.sign(ca.key, SHA256()).public_bytes(Encoding.DER))


def naming(url: str) -> ReadCertificate:
    """A certificate that names this address as its responder and for its list."""
    name, other = x509.UniformResourceIdentifier(url), x509.DirectoryName(Gpki().companies.subject)
    kinds = (AuthorityInformationAccessOID.CA_ISSUERS, AuthorityInformationAccessOID.OCSP)
    return made(
        x509.AuthorityInformationAccess([x509.AccessDescription(kind, name) for kind in kinds]),
        x509.CRLDistributionPoints([x509.DistributionPoint([other, name], None, None, None)]),
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://moeaca.nat.gov.tw/cgi-bin/OCSP2/ocsp_server.exe",
        "https://MOEACA.nat.gov.tw/OCSP?a=b",
        "http://127.0.0.1:8099/moeaca/ocsp",
    ],
)
def test_a_host_on_the_list_is_asked(url: str) -> None:
    assert sources_of(naming(url), hosts=HOSTS) == RevocationSources((url,), (url,))


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/OCSP",
        "http://moeaca.nat.gov.tw.evil.example/OCSP",
        "http://moeaca.nat.gov.tw@evil.example/OCSP",
        "http://chen:geheim@moeaca.nat.gov.tw/OCSP",
        "http://moeaca.nat.gov.tw:8080/OCSP",
        "http://127.0.0.1/OCSP",
        "http://169.254.169.254/latest/meta-data",
        "ldap://moeaca.nat.gov.tw/OCSP",
        "file://moeaca.nat.gov.tw/etc/passwd",
        "http://moeaca.nat.gov.tw/OCSP#a",
        "http://moeaca.nat.gov.tw/a b\r\nHost: evil.example",
        "http://moeaca.nat.gov.tw/" + "a" * 500,
        "moeaca.nat.gov.tw",
        "",
    ],
)
def test_whatever_else_is_named_is_asked_by_nobody(url: str) -> None:
    assert sources_of(naming(url), hosts=HOSTS) == RevocationSources((), ())


@pytest.mark.parametrize("url", ["http://moeaca.nat.gov.tw:99999/OCSP", "http://[moeaca.nat.gov.tw/OCSP"])
def test_what_is_no_address_makes_the_certificate_malformed(url: str) -> None:
    with pytest.raises(MalformedAnswer):
        naming(url)


def test_a_certificate_that_names_nothing_leads_nowhere() -> None:
    assert sources_of(made(), hosts=HOSTS) == RevocationSources((), ())
    point = x509.DistributionPoint(None, x509.RelativeDistinguishedName(Gpki().root.subject), None, None)
    relative = made(x509.CRLDistributionPoints([point]))
    assert sources_of(relative, hosts=HOSTS) == RevocationSources((), ())
