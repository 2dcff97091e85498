"""A certificate authority in the profile of the GPKI: it issues cards, revokes, lists and answers.

The profile follows real certificates: a company card of GTestCA2 (2023) and of MOEACA G2 (2013), citizens' cards of
MOICA. All names of CAs bear 「(測試用)」, as the government's own test CAs do.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

MARK = "(測試用) "
LEVEL_3, TEST_POLICY = "2.16.886.101.0.3.3", "2.16.886.101.0.3.0"
COMPANY, BRANCH, BUSINESS = "2.16.886.1.100.3.2.2.1.1", "2.16.886.1.100.3.2.3.3.1", "2.16.886.1.100.3.2.3.1"
CITIZEN = "2.16.886.1.100.3.1.1"
TYPE, RANK, LAST_FOUR, TAX_ID = (f"2.16.886.1.100.2.{n}" for n in (1, 2, 51, 101))
USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip
PARTITION, COMPLETE = "CRL_0001.crl", "complete.crl"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
Hours = tuple[float, float]


def new_key() -> rsa.RSAPrivateKey:
    """A key as a card has it."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def rsa_key(number: int) -> rsa.RSAPrivateKey:
    """One of a few keys of this process: making them is slow, and no test cares which it gets."""
    return new_key()


def usage(*on: str) -> x509.KeyUsage:
    """A key usage with these bits."""
    return x509.KeyUsage(**{name: name in on for name in USAGES})


def named(**parts: str) -> x509.Name:
    """A DN in the order of the GPKI."""
    order = {
        "C": NameOID.COUNTRY_NAME,
        "O": NameOID.ORGANIZATION_NAME,
        "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
        "CN": NameOID.COMMON_NAME,
        "serial": NameOID.SERIAL_NUMBER,
    }
    return x509.Name([x509.NameAttribute(oid, parts[key]) for key, oid in order.items() if key in parts])


class _Attribute(core.Sequence):
    _fields = [("type", core.ObjectIdentifier), ("values", core.SetOf, {"spec": core.Any})]  # noqa: RUF012  (its own form)


class _Attributes(core.SequenceOf):
    _child_spec = _Attribute


def directory_attributes(*pairs: tuple[str, Any]) -> x509.UnrecognizedExtension:
    """Subject directory attributes: ``(type, asn1crypto value)``."""
    told = _Attributes([_Attribute({"type": name, "values": [core.Any(value)]}) for name, value in pairs])
    return x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.9"), told.dump())


def company_attributes(tax_id: str, rank: str = "primary", kind: str = COMPANY) -> x509.UnrecognizedExtension:
    """What a company card says of its subject."""
    return directory_attributes(
        (TYPE, core.ObjectIdentifier(kind)), (RANK, core.PrintableString(rank)), (TAX_ID, core.UTF8String(tax_id))
    )


@dataclass
class Card:
    """A card made of software: it signs for real."""

    certificate: x509.Certificate
    key: Key

    @property
    def der(self) -> bytes:
        """The certificate as the card hands it out."""
        return self.certificate.public_bytes(Encoding.DER)

    def sign(self, statement: str | bytes) -> bytes:
        """A signature over SHA-256 of these bytes."""
        text = statement.encode() if isinstance(statement, str) else statement
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(text, ec.ECDSA(hashes.SHA256()))


@dataclass
class Authority:
    """A CA. ``held`` is its certificate where it has one already; ``base`` is where it can be asked."""

    slug: str
    subject: x509.Name
    key: rsa.RSAPrivateKey
    parent: "Authority | None" = None
    base: str = "http://127.0.0.1:8099"
    held: x509.Certificate | None = None
    issued: set[int] = field(default_factory=set)
    revoked: set[int] = field(default_factory=set)

    @cached_property
    def certificate(self) -> x509.Certificate:
        """Its certificate, signed by its parent or by itself."""
        if self.held:
            return self.held
        signer = self.parent or self
        builder = (
            _builder(self.subject, signer.subject, self.key.public_key(), _now() - timedelta(days=400), 7300)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0 if self.parent else None), critical=True)
            .add_extension(usage("key_cert_sign", "crl_sign"), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
        )
        if self.parent:
            policies = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(LEVEL_3), None)])
            builder = builder.add_extension(self.parent.key_identifier, critical=False)
            builder = builder.add_extension(policies, critical=False)
        return builder.sign(signer.key, hashes.SHA256())

    @property
    def der(self) -> bytes:
        """The CA's certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def key_identifier(self) -> x509.AuthorityKeyIdentifier:
        """How this CA's certificates name their issuer."""
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())

    def issue(
        self,
        subject: x509.Name,
        attributes: x509.UnrecognizedExtension | None,
        *,
        key: Key | None = None,
        use: x509.KeyUsage | None = None,
        policy: str = LEVEL_3,
        days: tuple[int, int] = (-30, 1825),
        more: Sequence[x509.ExtensionType] = (),
    ) -> Card:
        """A card of this CA. The order of extensions is that of the real ones."""
        key = key or rsa_key(9)
        url = f"{self.base}/{self.slug}"
        builder = (
            _builder(subject, self.subject, key.public_key(), _now() + timedelta(days=days[0]), days[1] - days[0])
            .add_extension(self.key_identifier, critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(use or usage("digital_signature"), critical=True)
            .add_extension(
                x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(policy), None)]), critical=False
            )
        )
        if attributes is not None:
            builder = builder.add_extension(attributes, critical=False)
        points = x509.CRLDistributionPoints([_point(f"{url}/{PARTITION}"), _point(f"{url}/{COMPLETE}")])
        answers = x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(f"{url}/ocsp")
        )
        for extension in (points, x509.AuthorityInformationAccess([answers]), *more):
            builder = builder.add_extension(extension, critical=False)
        card = Card(builder.sign(self.key, hashes.SHA256()), key)
        self.issued.add(card.certificate.serial_number)
        return card

    def revoke(self, card: Card) -> None:
        """From now on lists and answers say that this card is revoked."""
        self.revoked.add(card.certificate.serial_number)

    def crl(self, *, partition: str | None = PARTITION, hours: Hours = (-1, 24)) -> bytes:
        """The list of what is revoked; a partition names itself (RFC 5280 §5.2.5)."""
        moment = _now()
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.subject)
            .last_update(moment + timedelta(hours=hours[0]))
            .next_update(moment + timedelta(hours=hours[1]))
            .add_extension(self.key_identifier, critical=False)
            .add_extension(x509.CRLNumber(1), critical=False)
        )
        if partition:
            names = [x509.UniformResourceIdentifier(f"{self.base}/{self.slug}/{partition}")]
            builder = builder.add_extension(
                x509.IssuingDistributionPoint(names, None, False, False, None, False, False), critical=True
            )
        for serial in sorted(self.revoked):
            entry = x509.RevokedCertificateBuilder().serial_number(serial)
            builder = builder.add_revoked_certificate(entry.revocation_date(moment - timedelta(days=2)).build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)

    @cached_property
    def responder(self) -> Card:
        """The delegated OCSP signer of this CA."""
        subject = named(C="TW", O="行政院", OU=f"{MARK}{self.slug} OCSP")
        eku = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
        return self.issue(subject, None, key=rsa_key(8), more=(eku, x509.OCSPNoCheck()))

    def key_hash(self, algorithm: hashes.HashAlgorithm) -> bytes:
        """How OCSP names this CA (RFC 6960 §4.1.1): a hash of its key."""
        key = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
        return hashlib.new(algorithm.name, key).digest()

    def ocsp(
        self,
        certificate: x509.Certificate | int,
        *,
        hours: Hours = (0, 1),
        algorithm: hashes.HashAlgorithm | None = None,
        nonce: bytes | None = None,
    ) -> bytes:
        """An answer about one certificate, or a serial, signed by the delegated responder. It knows what it issued."""
        serial = certificate if isinstance(certificate, int) else certificate.serial_number
        named_by, moment, is_revoked = algorithm or hashes.SHA1(), _now(), serial in self.revoked
        status = ocsp.OCSPCertStatus.GOOD if serial in self.issued else ocsp.OCSPCertStatus.UNKNOWN
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                issuer_name_hash=hashlib.new(named_by.name, self.subject.public_bytes()).digest(),
                issuer_key_hash=self.key_hash(named_by),
                serial_number=serial,
                algorithm=named_by,
                cert_status=ocsp.OCSPCertStatus.REVOKED if is_revoked else status,
                this_update=moment + timedelta(hours=hours[0]),
                next_update=moment + timedelta(hours=hours[1]),
                revocation_time=moment - timedelta(days=2) if is_revoked else None,
                revocation_reason=x509.ReasonFlags.key_compromise if is_revoked else None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.responder.certificate)
            .certificates([self.responder.certificate])
        )
        if nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return builder.sign(self.responder.key, hashes.SHA256()).public_bytes(Encoding.DER)


def answer_to(authorities: Sequence[Authority], question: bytes, *, hours: Hours = (0, 1)) -> bytes:
    """The answer to an OCSP request (RFC 6960): the CA is found by the hash of its key, one serial is answered.

    A CA that is not ours is "unauthorized", several serials in one request are "malformed": real ones ask for one.
    """
    try:
        asked = ocsp.load_der_ocsp_request(question)
        algorithm, key_hash, serial = asked.hash_algorithm, asked.issuer_key_hash, asked.serial_number
        nonce = next((e.value.nonce for e in asked.extensions if isinstance(e.value, x509.OCSPNonce)), None)
    except (ValueError, NotImplementedError):
        return _refusal(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
    for authority in authorities:
        if authority.key_hash(algorithm) == key_hash:
            return authority.ocsp(serial, hours=hours, algorithm=algorithm, nonce=nonce)
    return _refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED)


def _refusal(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _builder(subject: x509.Name, issuer: x509.Name, key: Any, start: datetime, days: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
    )


def _point(url: str) -> x509.DistributionPoint:
    return x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
