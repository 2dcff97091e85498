"""What an applicant says of a company beside what the register says: line by line, and where the two differ (P36)."""

import re
from dataclasses import dataclass
from enum import StrEnum

from idp.policies.company_names import folded_name, same_name

POSTCODE_BEFORE = re.compile(r"^[0-9]{3,6}(?=\D)")
NUMERALS = str.maketrans("-‐‑–—f", "之之之之之樓")


class Line(StrEnum):
    """What is compared."""

    NUMBER = "number"
    NAME = "name"
    ADDRESS = "address"
    RESPONSIBLE = "responsible"


@dataclass(frozen=True, slots=True)
class Compared:
    """One line: what was filled in and what the register says; None where it says nothing of that."""

    line: Line
    told: str | None
    registered: str | None
    differs: bool


def same_address(one: str, other: str) -> bool:
    """Whether two addresses differ in nothing but postcode, width, spaces, 臺/台 and how 之 and 樓 are written."""
    return _folded_address(one) == _folded_address(other)


def _folded_address(text: str) -> str:
    return POSTCODE_BEFORE.sub("", folded_name(text)).translate(NUMERALS).replace(",", "").rstrip("。.")


def compare(told: dict[Line, str | None], registered: dict[Line, str | None]) -> list[Compared]:
    """The lines in their order. What either side does not say does not differ."""
    alike = {Line.NAME: same_name, Line.ADDRESS: same_address}
    lines = []
    for line in Line:
        one, other = told.get(line), registered.get(line)
        is_same = alike.get(line, lambda a, b: folded_name(a) == folded_name(b))
        lines.append(Compared(line, one, other, differs=bool(one and other and not is_same(one, other))))
    return lines
