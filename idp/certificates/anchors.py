"""Certificates of CAs that an operator pins: what is taken for one, and what is a test's."""

import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from idp.certificates.chain import WEAK, is_made_by
from idp.certificates.reading import ReadCertificate, read_certificate
from idp.certificates.refusals import MalformedAnswer
from idp.certificates.verification import TEST_POLICY
from idp.errors import InvalidInput

TEST_MARK = "測試"
HEX_DIGITS = 64
SEPARATORS = re.compile(r"[\s:]+")
PEM_BEGIN = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A CA's certificate that may be pinned. A root has signed itself."""

    read: ReadCertificate
    subject: str
    is_root: bool
    is_test: bool

    @property
    def not_after(self) -> datetime:
        """When it is over."""
        return self.read.certificate.not_valid_after_utc


def certificate_in(content: bytes) -> bytes:
    """The one certificate in a file, PEM or DER, as DER. Raises InvalidInput."""
    if PEM_BEGIN not in content:
        return content
    try:
        found = x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise InvalidInput(field="certificate", problem="anchor.form") from error
    if len(found) != 1:
        raise InvalidInput(field="certificate", problem="anchor.form")
    return found[0].public_bytes(Encoding.DER)


def typed_fingerprint(text: str) -> str:
    """A SHA-256 fingerprint as people type or copy it: with colons, spaces, capitals. Raises InvalidInput."""
    digits = SEPARATORS.sub("", text).lower()
    if len(digits) != HEX_DIGITS or not set(digits) <= set("0123456789abcdef"):
        raise InvalidInput(field="sha256", problem="anchor.fingerprint_form")
    return digits


def read_anchor(content: bytes, *, now: datetime) -> Anchor:
    """A certificate that may be pinned: of a CA, strong, and not over. Raises InvalidInput with what is wrong."""
    try:
        read = read_certificate(certificate_in(content))
    except MalformedAnswer as error:
        raise InvalidInput(field="certificate", problem=_problem_of(error)) from error
    problem = _use_problem(read.certificate) or _time_problem(read.certificate, now)
    if problem:
        raise InvalidInput(field="certificate", problem=problem)
    subject = read.certificate.subject
    is_root = subject == read.certificate.issuer and is_made_by(read, read)
    return Anchor(read, subject.rfc4514_string(), is_root, _is_test(read.certificate))


def _problem_of(error: MalformedAnswer) -> str:
    return "anchor.weak" if error.details.get("part") == "key" else "anchor.form"


def _use_problem(certificate: x509.Certificate) -> str | None:
    try:
        is_ca = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        signs = certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
        certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        algorithm = certificate.signature_hash_algorithm
    except x509.ExtensionNotFound:
        return "anchor.not_ca"
    except UnsupportedAlgorithm:
        return "anchor.weak"
    if not is_ca or not signs:
        return "anchor.not_ca"
    return "anchor.weak" if algorithm is None or algorithm.name in WEAK else None


def _time_problem(certificate: x509.Certificate, now: datetime) -> str | None:
    if certificate.not_valid_after_utc <= now:
        return "anchor.over"
    return "anchor.early" if certificate.not_valid_before_utc > now else None


def _is_test(certificate: x509.Certificate) -> bool:
    """Whether its name says 測試, or it vouches for the test policy alone."""
    if any(TEST_MARK in str(attribute.value) for attribute in certificate.subject):
        return True
    try:
        told = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return False
    return {policy.policy_identifier.dotted_string for policy in told} == {TEST_POLICY}
