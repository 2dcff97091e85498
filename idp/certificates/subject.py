"""Whom a certificate of the GPKI names: read only after its chain is good (card.md A1).

Certificates of citizens bear the last four digits of the national ID (…100.2.51): nothing here gives them out.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from asn1crypto import core
from cryptography import x509
from cryptography.x509.oid import NameOID

from idp.certificates.reading import ReadCertificate
from idp.certificates.refusals import (
    MalformedAnswer,
    NotCitizenCard,
    TaxIdUnclear,
    UnusableSubjectType,
    WrongSubjectType,
)  # fmt: skip
from idp.policies.cards import CardRank
from idp.policies.tax_id import TaxId, parse_tax_id

ATTRIBUTES = x509.ObjectIdentifier("2.5.29.9")  # subjectDirectoryAttributes
SUBJECT_TYPE = "2.16.886.1.100.2.1"
RANK = "2.16.886.1.100.2.2"
TAX_ID = "2.16.886.1.100.2.101"
LONGEST_NAME = 200


class SubjectType(StrEnum):
    """What kind of subject a certificate names."""

    COMPANY = "2.16.886.1.100.3.2.2.1.1"
    BRANCH = "2.16.886.1.100.3.2.3.3.1"
    BUSINESS = "2.16.886.1.100.3.2.3.1"
    CITIZEN = "2.16.886.1.100.3.1.1"


COMPANIES = frozenset({SubjectType.COMPANY, SubjectType.BRANCH, SubjectType.BUSINESS})
CITIZENS = frozenset({SubjectType.CITIZEN})
ANYBODY = COMPANIES | CITIZENS


@dataclass(frozen=True, slots=True)
class CardHolder:
    """The company that a card proves, and the card it was proven by."""

    tax_id: TaxId
    name: str
    subject_type: SubjectType
    rank: CardRank
    certificate_sha256: str
    key_sha256: str
    serial: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class CitizenHolder:
    """The person whom a citizen card (自然人憑證) names. It proves no company and tells no number of hers."""

    name: str
    certificate_sha256: str
    key_sha256: str
    serial: str
    not_before: datetime
    not_after: datetime


Holder = CardHolder | CitizenHolder


class _Attribute(core.Sequence):  # type: ignore[misc]  # asn1crypto carries no types
    _fields = [("type", core.ObjectIdentifier), ("values", core.SetOf, {"spec": core.Any})]  # noqa: RUF012  (its own form)


class _Attributes(core.SequenceOf):  # type: ignore[misc]  # asn1crypto carries no types
    _child_spec = _Attribute


def holder_of(read: ReadCertificate, *, subject_types: frozenset[SubjectType]) -> Holder:
    """Whom a trusted certificate names: a company, or a person where her type is among those that are taken.

    Raises WrongSubjectType (NotCitizenCard where only a person's own would do, UnusableSubjectType where both),
    TaxIdUnclear or MalformedAnswer.
    """
    attributes = _directory_attributes(read.certificate)
    kind = _one(attributes, SUBJECT_TYPE)
    if kind not in list(subject_types):
        raise _wrong_type(subject_types)(subject_type=kind)
    if kind in CITIZENS:
        return _citizen(read)
    return _company(read, SubjectType(kind), attributes)


def company_of(read: ReadCertificate) -> CardHolder:
    """The company that a trusted certificate names. Raises as holder_of."""
    attributes = _directory_attributes(read.certificate)
    kind = _one(attributes, SUBJECT_TYPE)
    if kind not in list(COMPANIES):
        raise WrongSubjectType(subject_type=kind)
    return _company(read, SubjectType(kind), attributes)


def citizen_of(read: ReadCertificate) -> CitizenHolder:
    """The person whom a trusted certificate names. Raises as holder_of."""
    kind = _one(_directory_attributes(read.certificate), SUBJECT_TYPE)
    if kind not in list(CITIZENS):
        raise NotCitizenCard(subject_type=kind)
    return _citizen(read)


def _wrong_type(subject_types: frozenset[SubjectType]) -> type[WrongSubjectType]:
    if subject_types.isdisjoint(CITIZENS):
        return WrongSubjectType
    return NotCitizenCard if subject_types == CITIZENS else UnusableSubjectType


def _citizen(read: ReadCertificate) -> CitizenHolder:
    return CitizenHolder(
        name=_name(read.certificate, NameOID.COMMON_NAME),
        certificate_sha256=read.sha256,
        key_sha256=read.key_sha256,
        serial=f"{read.certificate.serial_number:x}",
        not_before=read.certificate.not_valid_before_utc,
        not_after=read.certificate.not_valid_after_utc,
    )


def _company(read: ReadCertificate, subject_type: SubjectType, attributes: dict[str, list[str]]) -> CardHolder:
    """The tax ID stands in the subject directory attributes of every company certificate seen, and in the DN of newer
    ones: where it stands twice it must be the same."""
    return CardHolder(
        tax_id=_tax_id(read.certificate, attributes),
        name=_name(read.certificate, NameOID.ORGANIZATION_NAME),
        subject_type=subject_type,
        rank=_rank(attributes),
        certificate_sha256=read.sha256,
        key_sha256=read.key_sha256,
        serial=f"{read.certificate.serial_number:x}",
        not_before=read.certificate.not_valid_before_utc,
        not_after=read.certificate.not_valid_after_utc,
    )


def _tax_id(certificate: x509.Certificate, attributes: dict[str, list[str]]) -> TaxId:
    told = _one(attributes, TAX_ID)
    tax_id = parse_tax_id(told) if told is not None and told.isascii() else None
    if tax_id is None or tax_id != told:
        raise TaxIdUnclear
    # Compared by attribute, never by DN text: a company may be called ",SERIALNUMBER=…" (card.md pitfalls).
    in_name = [a.value for a in certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)]
    if in_name and in_name != [tax_id]:
        raise TaxIdUnclear
    return tax_id


def _name(certificate: x509.Certificate, part: x509.ObjectIdentifier) -> str:
    names = certificate.subject.get_attributes_for_oid(part)
    if len(names) != 1 or not isinstance(names[0].value, str):
        raise MalformedAnswer(part="name")
    name = names[0].value.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise MalformedAnswer(part="name")
    return name


def _rank(attributes: dict[str, list[str]]) -> CardRank:
    # What does not say that it is the primary card is not taken for one.
    told = _one(attributes, RANK)
    return CardRank(told) if told in list(CardRank) else CardRank.SECONDARY


def _one(attributes: dict[str, list[str]], name: str) -> str | None:
    values = attributes.get(name, [])
    return values[0] if len(values) == 1 else None


def _directory_attributes(certificate: x509.Certificate) -> dict[str, list[str]]:
    try:
        extension: Any = certificate.extensions.get_extension_for_oid(ATTRIBUTES).value
    except x509.ExtensionNotFound:
        return {}
    found: dict[str, list[str]] = {}
    try:
        for attribute in _Attributes.load(extension.value, strict=True):
            name = attribute["type"].dotted
            if name in found:
                raise MalformedAnswer(part="attributes")
            found[name] = [_text(value) for value in attribute["values"]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise MalformedAnswer(part="attributes") from error
    return found


def _text(value: Any) -> str:
    parsed = value.parsed
    return str(parsed.dotted if isinstance(parsed, core.ObjectIdentifier) else parsed.native)
