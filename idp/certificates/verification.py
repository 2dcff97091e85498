"""One entry: what a card answered in, whom it names out, or one refusal (house.md example 9, card.md plan 1).

The order is fixed: statement and signature, chain to a pinned issuer, validity, key usage, policy, subject type and tax
ID, whether that issuer may name such subjects, revocation, rank. Before the chain is good nothing is read from a
certificate but its key.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from idp.certificates.answers import check_revocation
from idp.certificates.chain import check_chain, issuer_of
from idp.certificates.reading import ReadCertificate, read_certificate
from idp.certificates.refusals import CertificateNotTrusted, WrongKeyUsage, WrongPolicy, WrongRank
from idp.certificates.revocation import RevocationData
from idp.certificates.signatures import signer_of_bare_signature, signer_of_message
from idp.certificates.subject import COMPANIES, CitizenHolder, Holder, SubjectType, holder_of
from idp.policies.cards import CardRank

LEVEL_3 = "2.16.886.101.0.3.3"
TEST_POLICY = "2.16.886.101.0.3.0"
ANY_RANK = frozenset(CardRank)


@dataclass(frozen=True, slots=True)
class BareSignature:
    """PKCS#1: a signature over the statement, and the certificate beside it."""

    certificate: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """PKCS#7: a message that holds statement, signature and certificate."""

    message: bytes


CardAnswer = BareSignature | SignedMessage


@dataclass(frozen=True, slots=True)
class JudgedCard:
    """A card that has signed our statement, whose chain is good and whose holder is known; not yet asked for
    revocation."""

    read: ReadCertificate
    issuer: bytes
    holder: Holder


def judge_card_answer(
    answer: CardAnswer,
    *,
    expected_statement: str,
    trusted_issuers: Sequence[bytes],
    now: datetime,
    policies: frozenset[str] = frozenset({LEVEL_3}),
    subject_types: frozenset[SubjectType] = COMPANIES,
    citizen_issuers: Collection[bytes] = (),
) -> JudgedCard:
    """All that can be judged without asking anybody, or a CardRefused that says why not.

    ``expected_statement`` is composed from the session whose nonce was just used up; ``trusted_issuers`` are the DER
    certificates that the operator has pinned, ``citizen_issuers`` those among them that name persons, as the others
    name companies; ``now`` is aware and in UTC.
    """
    read = _signer_of(answer, expected_statement)
    return _judged(read, trusted_issuers, now, policies, subject_types, citizen_issuers)


def judge_certificate(
    der: bytes,
    *,
    trusted_issuers: Sequence[bytes],
    now: datetime,
    policies: frozenset[str] = frozenset({LEVEL_3}),
    subject_types: frozenset[SubjectType] = COMPANIES,
    citizen_issuers: Collection[bytes] = (),
) -> JudgedCard:
    """As judge_card_answer, for a certificate that has signed nothing: it tells what a card is, and proves nothing."""
    return _judged(read_certificate(der), trusted_issuers, now, policies, subject_types, citizen_issuers)


def finish_verification(
    judged: JudgedCard,
    *,
    trusted_issuers: Sequence[bytes],
    revocation: RevocationData,
    now: datetime,
    ranks: frozenset[CardRank] = ANY_RANK,
) -> Holder:
    """The last two judgements: something fresh says that the card is good, and a company's is of a rank that is taken.

    Raises CertificateRevoked, RevocationUnknown or WrongRank.
    """
    check_revocation(judged.read, judged.issuer, trusted_issuers, revocation, now=now)
    holder = judged.holder
    if not isinstance(holder, CitizenHolder) and holder.rank not in ranks:
        raise WrongRank(rank=holder.rank)
    return holder


def verify_card_answer(
    answer: CardAnswer,
    *,
    expected_statement: str,
    trusted_issuers: Sequence[bytes],
    revocation: RevocationData,
    now: datetime,
    policies: frozenset[str] = frozenset({LEVEL_3}),
    subject_types: frozenset[SubjectType] = COMPANIES,
    citizen_issuers: Collection[bytes] = (),
    ranks: frozenset[CardRank] = ANY_RANK,
) -> Holder:
    """The company or person that has signed our statement with its card, or a CardRefused that says why not.

    The arguments are those of judge_card_answer and finish_verification.
    """
    judged = judge_card_answer(
        answer,
        expected_statement=expected_statement,
        trusted_issuers=trusted_issuers,
        now=now,
        policies=policies,
        subject_types=subject_types,
        citizen_issuers=citizen_issuers,
    )
    return finish_verification(judged, trusted_issuers=trusted_issuers, revocation=revocation, now=now, ranks=ranks)


def _signer_of(answer: CardAnswer, expected_statement: str) -> ReadCertificate:
    if isinstance(answer, SignedMessage):
        return signer_of_message(message=answer.message, statement=expected_statement)
    return signer_of_bare_signature(
        certificate=answer.certificate, signature=answer.signature, statement=expected_statement
    )


def _judged(
    read: ReadCertificate,
    trusted_issuers: Sequence[bytes],
    now: datetime,
    policies: frozenset[str],
    subject_types: frozenset[SubjectType],
    citizen_issuers: Collection[bytes],
) -> JudgedCard:
    issuer = issuer_of(read, trusted_issuers)
    check_chain(read, issuer, trusted_issuers, now=now)
    _check_key_usage(read.certificate)
    _check_policy(read.certificate, policies)
    holder = holder_of(read, subject_types=subject_types)
    # The citizens' CA names no company, and the companies' CA no person, whatever their certificates say.
    if isinstance(holder, CitizenHolder) != (issuer in citizen_issuers):
        raise CertificateNotTrusted
    return JudgedCard(read, issuer, holder)


def _check_key_usage(certificate: x509.Certificate) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound as error:
        raise WrongKeyUsage from error
    if not usage.digital_signature or usage.key_cert_sign or usage.key_encipherment or usage.data_encipherment:
        raise WrongKeyUsage


def _check_policy(certificate: x509.Certificate, policies: frozenset[str]) -> None:
    try:
        told = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound as error:
        raise WrongPolicy from error
    if not policies & {policy.policy_identifier.dotted_string for policy in told}:
        raise WrongPolicy
