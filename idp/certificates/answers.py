"""What an OCSP responder or a list says of one certificate: judged before it is kept, and again whenever it is used.

Of several words the newest counts, so that an old "good" takes no "revoked" back.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.x509 import ocsp
from pyhanko_certvalidator.errors import PathError, RevokedError, ValidationError

from idp.certificates.chain import validate_path
from idp.certificates.lists import UNREADABLE, is_listed, is_within, verified_list
from idp.certificates.reading import ReadCertificate, read_issuer
from idp.certificates.refusals import CertificateRevoked, RevocationUnknown
from idp.certificates.revocation import RevocationData

CLOCKS_DIFFER = timedelta(minutes=5)
# RFC 6960 §2.4: without an end, newer information is there at any time.
KEPT_WITHOUT_END = timedelta(hours=1)
TROUBLES = (*UNREADABLE, ValidationError, PathError, AttributeError, RecursionError, NotImplementedError)


class UselessAnswer(Exception):
    """What came says nothing of the certificate that counts; the text says why."""


@dataclass(frozen=True, slots=True)
class Word:
    """What was said of one certificate, at what time, and until when it counts."""

    is_revoked: bool
    this_update: datetime
    next_update: datetime


def judge_ocsp(der: bytes, read: ReadCertificate, issuer: bytes, trusted: Sequence[bytes], *, now: datetime) -> Word:
    """What an OCSP answer says of this certificate, signed by its issuer or a responder which that has authorised.

    Raises UselessAnswer.
    """
    try:
        single = _single_answer(der, read, issuer)
        begin, end = single.this_update_utc, single.next_update_utc
    except UNREADABLE as error:
        raise UselessAnswer("it is no OCSP answer") from error
    until = _in_time(begin, end or begin + KEPT_WITHOUT_END, now)
    try:
        validate_path(read, issuer, trusted, now, ocsps=(der,))
    except RevokedError:
        return Word(True, begin, until)
    except TROUBLES as error:
        raise UselessAnswer("it does not say, or not by who may") from error
    return Word(False, begin, until)


def judge_list(der: bytes, read: ReadCertificate, issuer: bytes, *, now: datetime) -> Word:
    """What a list says of this certificate, which its issuer has signed. Raises UselessAnswer."""
    listed = verified_list(der, issuer)
    if listed is None:
        raise UselessAnswer("it is no list of this issuer's")
    end = listed.next_update_utc
    if end is None:
        raise UselessAnswer("it does not say until when it counts")
    until = _in_time(listed.last_update_utc, end, now)
    if not is_within(read, listed):
        raise UselessAnswer("it is the list of another partition")
    return Word(is_listed(read, listed), listed.last_update_utc, until)


def check_revocation(
    read: ReadCertificate, issuer: bytes, trusted_issuers: Sequence[bytes], data: RevocationData, *, now: datetime
) -> None:
    """Raise unless the newest thing that is fresh and signed by the issuer says that the certificate is good.

    Raises CertificateRevoked or RevocationUnknown, also when nothing was given: it fails closed.
    """
    newest = max(_words(read, issuer, trusted_issuers, data, now), key=_rank, default=None)
    if newest is None:
        raise RevocationUnknown
    if newest.is_revoked:
        raise CertificateRevoked


def may_follow(word: Word, kept: Word, *, now: datetime) -> bool:
    """Whether a word takes the place of the one that is kept: an older one only of a "good" that is over."""
    if word.this_update == kept.this_update:
        return word.is_revoked or not kept.is_revoked
    return word.this_update > kept.this_update or (kept.next_update <= now and not kept.is_revoked)


def _rank(word: Word) -> tuple[datetime, bool]:
    return word.this_update, word.is_revoked


def _words(
    read: ReadCertificate, issuer: bytes, trusted: Sequence[bytes], data: RevocationData, now: datetime
) -> Iterator[Word]:
    for answer in data.ocsps:
        try:
            yield judge_ocsp(answer, read, issuer, trusted, now=now)
        except UselessAnswer:
            continue
    for listed in data.crls:
        try:
            yield judge_list(listed, read, issuer, now=now)
        except UselessAnswer:
            continue


def _single_answer(der: bytes, read: ReadCertificate, issuer: bytes) -> ocsp.OCSPSingleResponse:
    answer = ocsp.load_der_ocsp_response(der)
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise UselessAnswer(f"the responder says {answer.response_status.name.lower()}")
    serial, key = read.certificate.serial_number, _key_bits(issuer)
    about = [
        each
        for each in answer.responses
        if each.serial_number == serial
        and each.issuer_key_hash == hashlib.new(each.hash_algorithm.name, key, usedforsecurity=False).digest()
    ]
    if len(about) != 1:
        raise UselessAnswer("it is about another certificate")
    return about[0]


def _key_bits(issuer: bytes) -> bytes:
    return bytes(read_issuer(issuer).structure.public_key["public_key"])


def _in_time(begin: datetime, end: datetime, now: datetime) -> datetime:
    if begin > now + CLOCKS_DIFFER:
        raise UselessAnswer("it is of the future")
    if end <= now:
        raise UselessAnswer("it is over")
    return end
