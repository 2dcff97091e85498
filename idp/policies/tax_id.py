"""統一編號, the tax ID of a company (R-008, RG01, RG02; the rule in force since 2023-04-01)."""

import unicodedata
from typing import NewType

TaxId = NewType("TaxId", str)

WEIGHTS = (1, 2, 1, 2, 1, 2, 4, 1)
LENGTH = 8


def fold_digits(text: str) -> str:
    """Full-width and other compatibility forms as ASCII, without the spaces around: 「１２３」 becomes ``123``."""
    return unicodedata.normalize("NFKC", text).strip()


def parse_tax_id(text: str) -> TaxId | None:
    """A tax ID as 8 ASCII digits, or None when the text is none. Full-width digits are folded first."""
    digits = fold_digits(text)
    if len(digits) != LENGTH or not (digits.isascii() and digits.isdigit()) or digits == "0" * LENGTH:
        return None
    products = (int(d) * w for d, w in zip(digits, WEIGHTS, strict=True))
    total = sum(p // 10 + p % 10 for p in products)
    # A 7 in the seventh place yields 28 -> 10, which may count as 1 or as 0.
    closes = total % 5 == 0 or (digits[6] == "7" and (total + 1) % 5 == 0)
    return TaxId(digits) if closes else None
