"""What a card answered: read, judged in the order of card.md's plan, kept as evidence, refusals told to the audit log.

read_answer --> use_challenge (a transaction) --> judge (no transaction: revocation may be asked for) --> keep
                                              --> CardRefused --> note_refusal (a transaction)
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert

from idp.certificates.reading import read_certificate
from idp.certificates.refusals import CardRefused, MalformedAnswer
from idp.certificates.revocation import RevocationData
from idp.certificates.statement import CardPurpose, Transport
from idp.certificates.subject import CardHolder, CitizenHolder, SubjectType, citizen_of, company_of
from idp.certificates.verification import (
    BareSignature,
    CardAnswer,
    SignedMessage,
    finish_verification,
    judge_card_answer,
)
from idp.config import settings
from idp.db import now, session
from idp.errors import CardTransportRefused
from idp.models import CardEvidence
from idp.policies.assurance import Method
from idp.services.audit import record
from idp.services.card_challenges import Challenge
from idp.services.revocation import revocation_data
from idp.services.secrets import new_id
from idp.services.trust import citizen_issuers, trusted_issuers

METHODS = {
    Transport.AGENT: Method.CARD_AGENT,
    Transport.HIPKI: Method.CARD_HIPKI,
    Transport.SOFTWARE: Method.CARD_SOFTWARE,
}


@dataclass(frozen=True, slots=True)
class SentAnswer:
    """An answer as a page sent it: nothing of it is believed. ``signed`` is a signature with its certificate, or a
    signed message."""

    nonce: str
    transport: Transport
    signed: CardAnswer


@dataclass(frozen=True, slots=True)
class Shown:
    """A card that has signed our question and is good: how it was reached, and what shows it."""

    purpose: CardPurpose
    transport: Transport
    statement: str
    certificate: bytes
    signature: bytes
    revocation: RevocationData

    @property
    def method(self) -> Method:
        """The way of signing in that this is."""
        return METHODS[self.transport]


@dataclass(frozen=True, slots=True)
class PresentedCard(Shown):
    """A company's card (工商憑證), and the company that it names."""

    holder: CardHolder


@dataclass(frozen=True, slots=True)
class PresentedCitizen(Shown):
    """A person's own card (自然人憑證), and the person whom it names: it proves no company (R-187)."""

    holder: CitizenHolder


AnyPresented = PresentedCard | PresentedCitizen


def read_answer(form: Mapping[str, str]) -> SentAnswer:
    """The answer in a form: ``nonce``, ``via``, and ``certificate`` with ``signature``, or ``message`` (base64, DER).

    Raises MalformedAnswer, and CardTransportRefused for a software card where none is taken.
    """
    try:
        transport = Transport(form.get("via", ""))
    except ValueError as error:
        raise MalformedAnswer(part="via") from error
    if transport is Transport.SOFTWARE and not settings().card_software:
        raise CardTransportRefused
    if form.get("message"):
        signed: CardAnswer = SignedMessage(_bytes(form, "message"))
    else:
        signed = BareSignature(certificate=_bytes(form, "certificate"), signature=_bytes(form, "signature"))
    return SentAnswer(form.get("nonce", ""), transport, signed)


def judge(sent: SentAnswer, challenge: Challenge, *, subject_types: frozenset[SubjectType]) -> AnyPresented:
    """Judge an answer to a question that was just used up. Call it outside a transaction: revocation may be asked for.

    ``subject_types``: whose card would do here. Raises a CardRefused that says why not.
    """
    statement = challenge.statement(sent.transport)
    trusted = trusted_issuers()
    moment = now()
    judged = judge_card_answer(
        sent.signed,
        expected_statement=statement,
        trusted_issuers=trusted,
        now=moment,
        policies=frozenset(settings().card_policies),
        subject_types=subject_types,
        citizen_issuers=citizen_issuers(),
    )
    data = revocation_data(judged.read, judged.issuer, trusted=trusted)
    holder = finish_verification(judged, trusted_issuers=trusted, revocation=data, now=moment)
    shown: dict[str, Any] = {
        "purpose": challenge.purpose,
        "transport": sent.transport,
        "statement": statement,
        "certificate": judged.read.der,
        "signature": sent.signed.message if isinstance(sent.signed, SignedMessage) else sent.signed.signature,
        "revocation": data,
    }
    if isinstance(holder, CitizenHolder):
        return PresentedCitizen(holder=holder, **shown)
    return PresentedCard(holder=holder, **shown)


def keep_evidence(
    card: AnyPresented, *, account_id: str | None = None, company_id: str | None = None, purpose: str | None = None
) -> str:
    """Keep what a card proved, for whom it is known; the id that the audit row names.

    ``purpose`` where it is narrower than what the statement was signed for.
    """
    evidence_id = new_id("ce_")
    session.execute(
        insert(CardEvidence).values(
            id=evidence_id,
            at=now(),
            purpose=purpose or card.purpose.value,
            transport=card.transport.value,
            account_id=account_id,
            company_id=company_id,
            key_sha256=card.holder.key_sha256,
            statement=card.statement,
            certificate=card.certificate,
            signature=card.signature,
            revocation=_told(card.revocation),
        )
    )
    return evidence_id


def holder_in(evidence: CardEvidence) -> CardHolder:
    """The company that the card of this evidence names: it was judged when it was kept. Raises WrongSubjectType."""
    return company_of(read_certificate(evidence.certificate))


def citizen_in(evidence: CardEvidence) -> CitizenHolder:
    """The person whom the card of this evidence names, as holder_in. Raises NotCitizenCard."""
    return citizen_of(read_certificate(evidence.certificate))


def note_refusal(sent: SentAnswer, purpose: CardPurpose, refused: CardRefused) -> None:
    """Tell the audit log that a card was refused, and why; never what anybody made up in its certificate."""
    signed = sent.signed
    named = signed.message if isinstance(signed, SignedMessage) else signed.certificate
    record(
        "card:presented",
        outcome="refused",
        purpose=purpose.value,
        transport=sent.transport.value,
        because=refused.code,
        sha256=hashlib.sha256(named).hexdigest(),
    )


def _bytes(form: Mapping[str, str], part: str) -> bytes:
    try:
        return base64.b64decode("".join(form.get(part, "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedAnswer(part=part) from error


def _told(data: RevocationData) -> dict[str, Any]:
    return {
        "ocsp": [base64.b64encode(answer).decode() for answer in data.ocsps],
        "crl_sha256": [hashlib.sha256(listed).hexdigest() for listed in data.crls],
    }
