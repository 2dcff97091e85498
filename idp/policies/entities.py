"""What kind of number an organisation is known by, and the form of each (R-008, C-9, domain.md 3.1 and 3.2)."""

import re
from collections.abc import Callable, Collection
from enum import StrEnum

from idp.policies.tax_id import fold_digits, parse_tax_id

AGENCY = re.compile(r"[1-8A][0-9A-Z]{8}[5-7A-Z]", re.ASCII)
# The arc of Taiwan's organisations: 2.16.886.101.20003.20065.20021 is one agency.
OID = re.compile(r"2\.16\.886\.101(?:\.(?:0|[1-9][0-9]{0,9}))+", re.ASCII)
FOREIGN = re.compile(r"(?!TW)[A-Z]{2}-[0-9A-Z](?:[0-9A-Z.-]*[0-9A-Z])?", re.ASCII)
OTHER = re.compile(r"[0-9A-Z](?:[0-9A-Z.-]*[0-9A-Z])?", re.ASCII)
LONGEST = 32


class EntityKind(StrEnum):
    """What an organisation's number is: 統一編號, 機關代碼, OID, a foreign register's number, or another one."""

    UBN = "ubn"
    AGENCY = "agency"
    OID = "oid"
    FOREIGN = "foreign"
    OTHER = "other"


def _shaped(shape: re.Pattern[str]) -> Callable[[str], str | None]:
    def parse(text: str) -> str | None:
        number = fold_digits(text).upper()
        return number if len(number) <= LONGEST and shape.fullmatch(number) else None

    return parse


PARSERS: dict[EntityKind, Callable[[str], str | None]] = {
    EntityKind.UBN: parse_tax_id,
    EntityKind.AGENCY: _shaped(AGENCY),
    EntityKind.OID: _shaped(OID),
    EntityKind.FOREIGN: _shaped(FOREIGN),
    EntityKind.OTHER: _shaped(OTHER),
}
TELLING = (EntityKind.UBN, EntityKind.AGENCY, EntityKind.OID, EntityKind.FOREIGN)


def parse_entity(kind: EntityKind, text: str) -> str | None:
    """A number of this kind in its one form (ASCII, capitals, no spaces around; RG02), or None when the text is none.

    ``foreign`` is the country's two letters, ``-``, and the number in its register: ``JP-0104-01-056795``.
    """
    return PARSERS[kind](text)


def is_named(typed: str | None, kind: str | None, number: str | None) -> bool:
    """Whether what was typed names the company of this kind and number; None where nothing was asked.

    An account without a company (kind and number None) is named by nothing typed.
    """
    if typed is None:
        return True
    if kind is None:
        return not typed.strip()
    return parse_entity(EntityKind(kind), typed) == number


def entity_problem(kind: str, text: str, allowed: Collection[str]) -> str | None:
    """Why a text is no number of this kind for a service that takes the ``allowed`` kinds, or None.

    The answer is a key of the texts: ``entity.kind``, or ``entity.`` with the kind, such as ``entity.ubn``.
    """
    if kind not in allowed or kind not in list(EntityKind):
        return "entity.kind"
    return None if parse_entity(EntityKind(kind), text) else f"entity.{kind}"


def recognised_kind(text: str, allowed: Collection[str]) -> EntityKind | None:
    """The kind whose form a text has, for the one field that takes several; the first of ubn, agency, oid, foreign.

    ``other`` has no form to be known by, so a person must choose it.
    """
    return next((kind for kind in TELLING if kind in allowed and parse_entity(kind, text)), None)
