"""What a person may write into an application for a duty-free letter, and what is wrong with it in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from clients.relying.texts import HAS_INVISIBLE, folded, has_invisible, tidy

WAYS = {"paper": "紙本申辦", "electronic": "全電子申辦"}
KINDS = {"research": "研究發展用儀器設備", "pollution": "防治污染用機器設備", "energy": "節約能源用機器設備"}
FIELDS = ("kind", "goods", "quantity", "amount", "purpose")
LONGEST = {"goods": 60, "quantity": 20, "purpose": 100}
LARGEST_AMOUNT = 99_999_999_999

EMPTY = {
    "kind": "請選擇免稅項目。",
    "goods": "請填寫貨品名稱。",
    "quantity": "請填寫數量與單位，例如：2 組。",
    "amount": "請填寫金額。",
    "purpose": "請填寫用途。",
}
WRONG = {
    "goods": "貨品名稱最多 60 個字，請縮短。",
    "quantity": "數量最多 20 個字，請縮短。",
    "amount": "金額應為新臺幣整數，例如 1200000。",
    "purpose": "用途最多 100 個字，請縮短。",
}


@dataclass(frozen=True, slots=True)
class NewCase:
    """An application whose fields are in order."""

    kind: str
    goods: str
    quantity: str
    amount: int
    purpose: str


def read_new_case(form: Mapping[str, str]) -> tuple[NewCase | None, dict[str, str]]:
    """Judge the form: a case and no errors, or None and a sentence for each field that needs one.

    The sentences are the Chinese ones, which the page looks up in its catalogue.
    """
    values = {field: tidy(form.get(field, "")) for field in FIELDS}
    amount = parse_amount(values["amount"])
    errors = {field: words for field in FIELDS if (words := _wrong_with(field, values[field], amount))}
    if errors or amount is None:
        return None, errors
    return NewCase(values["kind"], values["goods"], values["quantity"], amount, values["purpose"]), {}


def parse_amount(text: str) -> int | None:
    """An amount in whole dollars; full-width digits and thousands commas are read, anything else is None."""
    plain = folded(text).replace(",", "")
    if not (plain.isascii() and plain.isdigit()) or len(plain) > len(str(LARGEST_AMOUNT)):
        return None
    return int(plain) or None


def _wrong_with(field: str, value: str, amount: int | None) -> str | None:
    if not value or (field == "kind" and value not in KINDS):
        return EMPTY[field]
    if has_invisible(value):
        return HAS_INVISIBLE
    is_wrong = amount is None if field == "amount" else len(value) > LONGEST.get(field, len(value))
    return WRONG[field] if is_wrong else None
