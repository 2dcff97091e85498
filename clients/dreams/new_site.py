"""What a person may write into the form 申請新案場, and what is wrong with it in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from clients.relying.texts import HAS_INVISIBLE, folded, has_invisible, tidy

FIELDS = ("name", "address", "capacity_kw")
LONGEST = {"name": 60, "address": 200, "capacity_kw": 20}
LARGEST_KW = 500_000
COUNTIES = frozenset(
    (
        *("臺北市", "新北市", "桃園市", "臺中市", "臺南市", "高雄市", "基隆市", "新竹市", "嘉義市"),
        *("新竹縣", "苗栗縣", "彰化縣", "南投縣", "雲林縣", "嘉義縣", "屏東縣", "宜蘭縣", "花蓮縣"),
        *("臺東縣", "澎湖縣", "金門縣", "連江縣"),
    )
)


@dataclass(frozen=True, slots=True)
class NewSite:
    """An application whose fields are in order."""

    name: str
    address: str
    capacity_kw: float


def county_of(address: str) -> str | None:
    """The city or county an address begins with; 台 counts as 臺."""
    start = address.lstrip("0123456789 ")[:3].replace("台", "臺")
    return start if start in COUNTIES else None


def read_new_site(form: Mapping[str, str]) -> tuple[NewSite | None, dict[str, str]]:
    """Judge the form: a site and no errors, or None and a sentence for each field that needs one.

    The sentences are the Chinese ones, which the page looks up in its catalogue.
    """
    errors: dict[str, str] = {}
    for field in FIELDS:
        if sentence := _wrong_with(field, form.get(field, "")):
            errors[field] = sentence
    capacity = parse_capacity(form.get("capacity_kw", ""))
    if capacity is None and "capacity_kw" not in errors:
        errors["capacity_kw"] = "裝置容量應為 0.1 到 500000 之間的數字，單位為 kW，例如 499.5。"
    if errors or capacity is None:
        return None, errors
    return NewSite(tidy(form["name"]), tidy(form["address"]), capacity), {}


def parse_capacity(text: str) -> float | None:
    """A capacity in kW; full-width digits and thousands commas are read, anything else is None."""
    plain = folded(text).replace(",", "")
    whole, point, part = plain.partition(".")
    if not (plain.isascii() and whole.isdigit()) or (point and not part.isdigit()):
        return None
    value = round(float(plain), 3)
    return value if 0.1 <= value <= LARGEST_KW else None


EMPTY = {
    "name": "請填寫案場名稱。",
    "address": "請填寫案場地址，由縣市開始。",
    "capacity_kw": "請填寫裝置容量。",
}
TOO_LONG = {
    "name": "案場名稱最多 60 個字，請縮短。",
    "address": "案場地址最多 200 個字，請縮短。",
    "capacity_kw": "裝置容量應為 0.1 到 500000 之間的數字，單位為 kW，例如 499.5。",
}


def _wrong_with(field: str, text: str) -> str | None:
    if not text.strip():
        return EMPTY[field]
    if len(text) > LONGEST[field]:
        return TOO_LONG[field]
    return HAS_INVISIBLE if has_invisible(text) else None
