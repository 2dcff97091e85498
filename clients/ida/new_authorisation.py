"""What a person may write to authorise another company's account, and what is wrong with it in words."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from clients.relying.texts import folded

NUMBER = re.compile(r"IC\d{10}", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
LONGEST_DAYS = 366

NO_NUMBER = "請填寫對方的帳號識別碼。"
WRONG_NUMBER = "帳號識別碼應為 IC 加 10 個數字，例如 IC1234567897。請檢查是否有打錯的數字。"
OWN_NUMBER = "這是您自己的帳號識別碼，請填寫對方的。"
NOBODY = "查無可以授權的帳號，請向對方確認帳號識別碼。"
TOO_MANY = "查詢次數過多，請一小時後再試。"
NO_CASE = "請選擇要授權的案件。"
NO_DAY = "請填寫授權的最後一天。"
WRONG_DAY = "最後一天應為西元年月日，例如 2026-12-31，請檢查是否有這一天。"
PAST = "最後一天不可早於今天。"
FAR = "授權最長為一年，請將最後一天提前。"


@dataclass(frozen=True, slots=True)
class NewAuthorisation:
    """Which case may be seen, to which day."""

    case: str
    last_day: date


def read_number(text: str, own: str) -> tuple[str, str | None]:
    """The number as it is looked up, and a sentence where it can't be; its check digit closes (ISO 7064, MOD 11,10)."""
    number = "".join(folded(text).upper().split())
    if not number:
        return number, NO_NUMBER
    if not NUMBER.fullmatch(number) or not _closes(number[2:]):
        return number, WRONG_NUMBER
    return number, OWN_NUMBER if number == own else None


def _closes(digits: str) -> bool:
    product = 10
    for digit in digits[:-1]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (product + int(digits[-1])) % 10 == 1


def read_new_authorisation(
    form: Mapping[str, str], cases: Collection[str], today: date
) -> tuple[NewAuthorisation | None, dict[str, str]]:
    """Judge the form: an authorisation and no errors, or None and a sentence for each field that needs one."""
    case, text = form.get("case", ""), folded(form.get("last_day", ""))
    errors = {} if case in cases else {"case": NO_CASE}
    last_day = _day(text)
    if wrong := _wrong_with_day(text, last_day, today):
        errors["last_day"] = wrong
    if errors or last_day is None:
        return None, errors
    return NewAuthorisation(case, last_day), {}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        return None


def _wrong_with_day(text: str, day: date | None, today: date) -> str | None:
    if not text:
        return NO_DAY
    if day is None:
        return WRONG_DAY
    if day < today:
        return PAST
    return FAR if day > today + timedelta(days=LONGEST_DAYS) else None
