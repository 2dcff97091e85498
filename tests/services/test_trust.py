"""Whom we trust about cards is pinned by an operator, by fingerprint; a test CA counts in no production."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Flask
from sqlalchemy import select, update

from clients.testca.authority import LEVEL_3, TEST_POLICY, Authority, named, rsa_key, usage
from clients.testca.cards import Gpki
from idp.certificates.refusals import CertificateNotTrusted
from idp.certificates.verification import judge_certificate
from idp.config import Mode
from idp.db import now, session, transaction
from idp.errors import InvalidInput, NotFound, Refused
from idp.models import AuditEntry, TrustAnchor
from idp.services.trust import add_anchor, list_anchors, remove_anchor, trusted_issuers
from tests.services.asking import with_settings

ROOT = named(C="TW", O="行政院", CN="Government Root Certification Authority - G3")
COMPANIES = named(C="TW", O="行政院", OU="工商憑證管理中心")


@pytest.fixture(scope="module")
def root() -> Authority:
    """A root that bears no mark of a test."""
    return Authority("grca", ROOT, rsa_key(0))


@pytest.fixture(scope="module")
def issuing(root: Authority) -> Authority:
    """A CA under it that issues cards."""
    return Authority("moeaca", COMPANIES, rsa_key(1), root)


def fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def pin(certificate: x509.Certificate | Authority) -> TrustAnchor:
    told = certificate.certificate if isinstance(certificate, Authority) else certificate
    with transaction():
        return add_anchor(told.public_bytes(Encoding.DER), fingerprint(told), "cli:chen")


def problem_of(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        act()
    assert isinstance(caught.value, InvalidInput)
    return str(caught.value.details["problem"])


def test_a_root_is_pinned_and_then_the_ca_under_it(database: Flask, root: Authority, issuing: Authority) -> None:
    assert problem_of(lambda: pin(issuing)) == "anchor.no_root"
    pinned = pin(root)
    assert (pinned.is_root, pinned.is_test, pinned.added_by) == (True, False, "cli:chen")
    assert pinned.subject == ROOT.rfc4514_string()
    under = pin(issuing)
    assert (under.is_root, under.is_test, under.sha256) == (False, False, fingerprint(issuing.certificate))
    assert sorted(trusted_issuers()) == sorted([root.der, issuing.der])
    assert [(each.row.sha256, each.because) for each in list_anchors()] == [
        (pinned.sha256, None), (under.sha256, None)
    ]  # fmt: skip
    added = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "trust:anchor:added").order_by(AuditEntry.id)
    ).all()
    assert [row.details["sha256"] for row in added] == [pinned.sha256, under.sha256]
    assert problem_of(lambda: pin(root)) == "anchor.there"
    judge_certificate(Gpki().company(issuer=issuing).der, trusted_issuers=trusted_issuers(), now=now())


def test_without_its_root_a_ca_counts_no_more(database: Flask, root: Authority, issuing: Authority) -> None:
    for each in (root, issuing):
        pin(each)
    typed = fingerprint(root.certificate).upper()
    with transaction():
        assert remove_anchor(":".join(typed[i : i + 2] for i in range(0, 64, 2))).is_root
    assert trusted_issuers() == [issuing.der]
    assert [each.because for each in list_anchors()] == ["no_root"]
    with pytest.raises(CertificateNotTrusted):
        judge_certificate(Gpki().company(issuer=issuing).der, trusted_issuers=trusted_issuers(), now=now())
    assert session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()[-1] == "trust:anchor:removed"
    with pytest.raises(NotFound):
        remove_anchor(typed)


def test_the_fingerprint_is_taken_as_people_type_it_and_must_be_the_files(database: Flask, root: Authority) -> None:
    right = fingerprint(root.certificate)
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    pem = root.certificate.public_bytes(Encoding.PEM)
    assert problem_of(lambda: add_anchor(pem, wrong, None)) == "anchor.fingerprint"
    for typed in ("", "grca", right[:-1], right + "0", "g" * 64, "０" * 64):
        assert problem_of(lambda typed=typed: add_anchor(pem, typed, None)) == "anchor.fingerprint_form"  # type: ignore[misc]
    assert problem_of(lambda: add_anchor(pem + pem, right, None)) == "anchor.form"
    assert trusted_issuers() == []
    spaced = " ".join(right.upper()[i : i + 4] for i in range(0, 64, 4))
    with transaction():
        assert add_anchor(b"GRCA G3\n" + pem, f" {spaced}\n", None).sha256 == right
    assert trusted_issuers() == [root.der]


def made(
    root: Authority,
    *,
    ca: bool | None = True,
    use: x509.KeyUsage | None = None,
    days: tuple[int, int] = (-1, 300),
    bits: int = 2048,
    signed_as: str | None = None,
) -> x509.Certificate:
    """A certificate under this root, in which one thing is another."""
    key = rsa_key(1) if bits == 2048 else rsa.generate_private_key(public_exponent=65537, key_size=bits)
    builder = x509.CertificateBuilder(
        root.subject, COMPANIES, key.public_key(), x509.random_serial_number(),
        now() + timedelta(days=days[0]), now() + timedelta(days=days[1]),
    ).add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)  # fmt: skip
    builder = builder.add_extension(use or usage("key_cert_sign", "crl_sign"), critical=True)
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca, None), critical=True)
    certificate = builder.sign(root.key, hashes.SHA256())
    return signed_otherwise(certificate, root.key, signed_as) if signed_as else certificate


def signed_otherwise(certificate: x509.Certificate, key: rsa.RSAPrivateKey, how: str) -> x509.Certificate:
    """The same certificate signed in a way that the builder does not take."""
    weak = asn1.Certificate.load(certificate.public_bytes(Encoding.DER))
    weak["tbs_certificate"]["signature"]["algorithm"] = weak["signature_algorithm"]["algorithm"] = how
    signature = key.sign(weak["tbs_certificate"].dump(force=True), padding.PKCS1v15(), hashes.SHA1())
    weak["signature_value"] = signature
    return x509.load_der_x509_certificate(weak.dump(force=True))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"ca": False}, "anchor.not_ca"),
        ({"ca": None}, "anchor.not_ca"),
        ({"use": usage("digital_signature", "crl_sign")}, "anchor.not_ca"),
        ({"days": (-30, -1)}, "anchor.over"),
        ({"days": (1, 30)}, "anchor.early"),
        ({"bits": 1024}, "anchor.weak"),
        ({"signed_as": "sha1_rsa"}, "anchor.weak"),
        ({"signed_as": "1.2.840.113549.1.1.99"}, "anchor.weak"),
        ({}, None),
    ],
)
def test_only_the_strong_certificate_of_a_ca_that_is_valid_now_is_pinned(
    database: Flask, root: Authority, changes: dict[str, object], problem: str | None
) -> None:
    pin(root)
    certificate = made(root, **changes)  # type: ignore[arg-type]
    if problem is None:
        pin(certificate)
    else:
        assert problem_of(lambda: pin(certificate)) == problem
        assert trusted_issuers() == [root.der]


def test_what_is_no_certificate_is_told(database: Flask) -> None:
    for content in (b"", b"0" * 9000, b"\x30\x03\x02\x01\x05", b"-----BEGIN CERTIFICATE-----\nx"):
        assert problem_of(lambda content=content: add_anchor(content, "0" * 64, None)) == "anchor.form"  # type: ignore[misc]


def test_a_root_that_another_has_signed_under_its_name_is_none(database: Flask, root: Authority) -> None:
    forger = Authority("grca", ROOT, rsa_key(4))
    forged = Authority("moeaca", COMPANIES, rsa_key(1), forger)
    pin(root)
    assert problem_of(lambda: pin(forged)) == "anchor.no_root"
    crossed = Authority("grca", ROOT, rsa_key(4), root)
    assert pin(crossed).is_root is False


def with_policies(root: Authority, *policies: str) -> x509.Certificate:
    told = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(oid), None) for oid in policies])
    key = rsa_key(2)
    builder = x509.CertificateBuilder(
        root.subject, named(C="TW", O="甲機構"), key.public_key(), x509.random_serial_number(),
        now() - timedelta(days=1), now() + timedelta(days=300),
    ).add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)  # fmt: skip
    builder = builder.add_extension(usage("key_cert_sign", "crl_sign"), critical=True)
    return (
        builder.add_extension(x509.BasicConstraints(True, None), critical=True)
        .add_extension(told, critical=False)
        .sign(root.key, hashes.SHA256())
    )


def test_a_test_ca_is_refused_in_production_and_one_that_is_there_does_not_count(
    database: Flask, root: Authority
) -> None:
    test_root = Gpki().root
    policy_only, both = with_policies(root, TEST_POLICY), with_policies(root, TEST_POLICY, LEVEL_3)
    assert pin(test_root).is_test
    pin(root)
    assert pin(policy_only).is_test
    assert pin(both).is_test is False
    assert len(trusted_issuers()) == 4
    with_settings(mode=Mode.PRODUCTION)
    assert sorted(trusted_issuers()) == sorted([root.der, both.public_bytes(Encoding.DER)])
    assert {(each.row.is_test, each.because) for each in list_anchors()} == {(True, "test"), (False, None)}
    for each in (Gpki().companies.certificate, Gpki().root.certificate, policy_only):
        assert problem_of(lambda each=each: pin(each)) == "anchor.test"  # type: ignore[misc]


def test_what_is_over_is_told_by_the_list(database: Flask, root: Authority, issuing: Authority) -> None:
    for each in (root, issuing):
        pin(each)
    with transaction():
        session.execute(update(TrustAnchor).where(TrustAnchor.is_root).values(not_after=now() - timedelta(seconds=1)))
    session.expire_all()
    assert [each.because for each in list_anchors()] == ["over", "no_root"]
