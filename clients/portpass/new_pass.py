"""What a person may write into the form 申請通行證, and what is wrong with it in words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from clients.relying.texts import HAS_INVISIBLE, folded, has_invisible, tidy

HOLDERS = {"person": "人員", "vehicle": "車輛"}
KINDS = {"regular": "定期", "temporary": "臨時", "once": "當次"}
PORTS = {
    "KL": "基隆港",
    "TP": "臺北港",
    "SA": "蘇澳港",
    "TC": "臺中港",
    "AP": "安平港",
    "KH": "高雄港",
    "HL": "花蓮港",
}
VEHICLES = {"car": "小客車", "van": "小貨車", "truck": "大貨車", "tractor": "曳引車", "other": "其他車輛"}
# In the order of the page. The fields of the other holder are not read, but never lost either.
OF_PERSON, OF_VEHICLE = ("name", "id_last4"), ("plate", "vehicle")
FIELDS = ("holder", "kind", *OF_PERSON, *OF_VEHICLE, "port", "area", "first_day", "last_day", "purpose")
CHOICES = {"holder": HOLDERS, "kind": KINDS, "port": PORTS, "vehicle": VEHICLES}
LONGEST = {"name": 50, "area": 60, "purpose": 100}
LONGEST_DAYS = {"regular": 366, "temporary": 30, "once": 1}
DAYS_AHEAD = 90
PLATE = re.compile(r"[A-Z0-9]{2,4}-[A-Z0-9]{2,4}", re.ASCII)
LAST_4 = re.compile(r"[A-Z0-9]{4}", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

EMPTY = {
    "holder": "請選擇人員或車輛。",
    "kind": "請選擇通行證種類。",
    "name": "請填寫人員姓名。",
    "id_last4": "請填寫身分證字號末四碼。",
    "plate": "請填寫車牌號碼。",
    "vehicle": "請選擇車種。",
    "port": "請選擇港區。",
    "area": "請填寫進入區域，例如：第 4 貨櫃中心。",
    "first_day": "請填寫起始日期。",
    "last_day": "請填寫截止日期。",
    "purpose": "請填寫進入港區的事由。",
}
WRONG = {
    "id_last4": "身分證字號末四碼應為 4 個數字或英文字母，例如 6789。",
    "plate": "車牌號碼應為英文字母與數字，中間有一條短線，例如 ABC-1234。",
    "first_day": "起始日期應為西元年月日，例如 2026-12-31，請檢查是否有這一天。",
    "last_day": "截止日期應為西元年月日，例如 2026-12-31，請檢查是否有這一天。",
    "name": "人員姓名最多 50 個字，請縮短。",
    "area": "進入區域最多 60 個字，請縮短。",
    "purpose": "事由最多 100 個字，請縮短。",
}
PAST = "起始日期不可早於今天。"
FAR = "起始日期最晚為 90 天後，請於接近時再申請。"
BACKWARDS = "截止日期不可早於起始日期。"
TOO_LONG = {
    "regular": "定期通行證最長為一年，請將截止日期提前。",
    "temporary": "臨時通行證最長為 30 天，請將截止日期提前；更長的期間請申請定期通行證。",
    "once": "當次通行證只限一天，截止日期應與起始日期相同。",
}


@dataclass(frozen=True, slots=True)
class NewPass:
    """An application whose fields are in order; those of the other holder are empty."""

    holder: str
    kind: str
    name: str
    id_last4: str
    plate: str
    vehicle: str
    port: str
    area: str
    first_day: str
    last_day: str
    purpose: str


def read_new_pass(form: Mapping[str, str], today: date) -> tuple[NewPass | None, dict[str, str]]:
    """Judge the form: a pass and no errors, or None and a sentence for each field that needs one.

    The sentences are the Chinese ones, which the page looks up in its catalogue.
    """
    others = {"person": OF_VEHICLE, "vehicle": OF_PERSON}.get(form.get("holder", ""), OF_PERSON + OF_VEHICLE)
    wanted = [field for field in FIELDS if field not in others]
    values = {field: _read(field, form.get(field, "")) for field in wanted}
    errors = {field: words for field in wanted if (words := _wrong_with(field, values[field]))}
    errors |= _wrong_with_days(values, errors, today)
    if errors:
        return None, errors
    return NewPass(**dict.fromkeys(others, ""), **values), {}


def _read(field: str, text: str) -> str:
    if field in ("id_last4", "plate"):
        return folded(text).upper().replace("–", "-")
    return folded(text) if field in ("first_day", "last_day") else tidy(text)


def _wrong_with(field: str, value: str) -> str | None:
    choices = CHOICES.get(field)
    if not value or (choices and value not in choices):
        return EMPTY[field]
    if has_invisible(value):
        return HAS_INVISIBLE
    return None if _has_form(field, value) else WRONG[field]


def _has_form(field: str, value: str) -> bool:
    if field in LONGEST:
        return len(value) <= LONGEST[field]
    if field in ("first_day", "last_day"):
        return _day(value) is not None
    form = {"id_last4": LAST_4, "plate": PLATE}.get(field)
    return form is None or form.fullmatch(value) is not None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        return None


def _wrong_with_days(values: Mapping[str, str], errors: Mapping[str, str], today: date) -> dict[str, str]:
    """What two good days say together, and with the kind; nothing where one of them has its sentence already."""
    wrong = {}
    first = None if "first_day" in errors else date.fromisoformat(values["first_day"])
    if first is not None and not today <= first <= today + timedelta(days=DAYS_AHEAD):
        wrong["first_day"] = PAST if first < today else FAR
    if first is None or "last_day" in errors:
        return wrong
    days = (date.fromisoformat(values["last_day"]) - first).days + 1
    if days < 1:
        wrong["last_day"] = BACKWARDS
    elif "kind" not in errors and days > LONGEST_DAYS[values["kind"]]:
        wrong["last_day"] = TOO_LONG[values["kind"]]
    return wrong
