"""The chain of a certificate to a pinned issuer, judged by pyhanko-certvalidator, offline.

The operator pins the root and each issuing CA. All generations of one CA have the same name, so an issuer is chosen by
its key (authority and subject key identifier) and never by its name (card.md A1). What is pinned is trusted until the
operator takes it away: the revocation that is asked for is the card's.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography import x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    ExpiredError,
    NotYetValidError,
    PathError,
    ValidationError,
)
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    FreshnessReqType,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)

from idp.certificates.reading import ReadCertificate, read_issuer
from idp.certificates.refusals import (
    CertificateExpired,
    CertificateNotTrusted,
    CertificateNotYetValid,
    MalformedAnswer,
)

AT_ANY_TIME = timedelta(days=36500)
WEAK = frozenset({"md2", "md5", "sha1"})


def issuer_of(read: ReadCertificate, trusted_issuers: Sequence[bytes]) -> bytes:
    """The pinned issuer whose key has made this certificate, by its key identifier. Raises CertificateNotTrusted."""
    wanted = _key_identifier(read.certificate)
    for der in trusted_issuers:
        issuer = read_issuer(der)
        if wanted is not None and issuer.structure.key_identifier == wanted and is_made_by(read, issuer):
            return der
    raise CertificateNotTrusted


def check_chain(read: ReadCertificate, issuer: bytes, trusted_issuers: Sequence[bytes], *, now: datetime) -> None:
    """Raise unless the issuer, itself made by a pinned root, has made this certificate and all are valid now.

    Raises CertificateNotTrusted, CertificateExpired or CertificateNotYetValid.
    """
    try:
        validate_path(read, issuer, trusted_issuers, now)
    except ExpiredError as error:
        raise CertificateExpired(since=read.certificate.not_valid_after_utc) from error
    except NotYetValidError as error:
        raise CertificateNotYetValid(from_=read.certificate.not_valid_before_utc) from error
    except (ValidationError, PathError) as error:
        raise CertificateNotTrusted from error


def validate_path(
    read: ReadCertificate,
    issuer: bytes,
    trusted: Sequence[bytes],
    now: datetime,
    *,
    ocsps: Sequence[bytes] | None = None,
) -> None:
    """Have the library judge the path, and with ``ocsps`` what these say of the certificate; it raises its own errors.

    It judges who may answer and what was said. Whether an answer is fresh its caller has judged: to the library an
    answer without an end is over after half an hour.
    """
    pinned = [read_issuer(der).structure for der in trusted]
    context = ValidationContext(
        trust_roots=[certificate for certificate in pinned if certificate.self_signed != "no"],
        other_certs=[read_issuer(issuer).structure],
        allow_fetching=False,
        moment=now,
        crls=[],
        ocsps=list(ocsps or ()),
        revinfo_policy=CertRevTrustPolicy(
            RevocationCheckingPolicy(
                ee_certificate_rule=RevocationCheckingRule.NO_CHECK
                if ocsps is None
                else RevocationCheckingRule.OCSP_REQUIRED,
                intermediate_ca_cert_rule=RevocationCheckingRule.NO_CHECK,
            ),
            freshness=AT_ANY_TIME,
            freshness_req_type=FreshnessReqType.MAX_DIFF_REVOCATION_VALIDATION,
        ),
        weak_hash_algos=WEAK,
    )
    validator = CertificateValidator(read.structure, validation_context=context)
    asyncio.run(validator.async_validate_path())


def _key_identifier(certificate: x509.Certificate) -> bytes | None:
    try:
        told = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    except x509.ExtensionNotFound:
        return None
    return told.key_identifier


def is_made_by(read: ReadCertificate, issuer: ReadCertificate) -> bool:
    """Whether the issuer's name and key are those that have signed this certificate."""
    try:
        read.certificate.verify_directly_issued_by(issuer.certificate)
    except Exception as error:  # whatever a hostile certificate makes the library raise means: not by this issuer
        if isinstance(error, MemoryError):
            raise MalformedAnswer(part="certificate") from error
        return False
    return True
