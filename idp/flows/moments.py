"""Moments as people here read them: Taipei time, 民國 years beside ISO dates (design.md 5-4)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import get_locale, gettext

from idp.db import now

TAIPEI = ZoneInfo("Asia/Taipei")
ROC_YEAR = 1911
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def is_english() -> bool:
    """Whether the page is in English."""
    locale = get_locale()
    return locale is not None and locale.language == "en"


def roc_day(moment: datetime) -> str:
    """「115年11月20日」, in English ``20 Nov 2026``."""
    local = moment.astimezone(TAIPEI)
    if is_english():
        return f"{local.day} {MONTHS[local.month - 1]} {local.year}"
    return f"{local.year - ROC_YEAR}年{local.month}月{local.day}日"


def roc_date(moment: datetime) -> str:
    """A date that binds: 「115年11月20日（2026-11-20）」."""
    local = moment.astimezone(TAIPEI)
    return roc_day(moment) if is_english() else f"{roc_day(moment)}（{local:%Y-%m-%d}）"


def clock(moment: datetime) -> str:
    """A moment in a list: 「今天 09:12」, 「昨天 17:42」, else the date."""
    local = moment.astimezone(TAIPEI)
    today = now().astimezone(TAIPEI).date()
    if local.date() == today:
        return str(gettext("今天 %(time)s", time=f"{local:%H:%M}"))
    if local.date() == today - timedelta(days=1):
        return str(gettext("昨天 %(time)s", time=f"{local:%H:%M}"))
    return roc_day(moment)


def full_moment(moment: datetime) -> str:
    """A moment to the second: 「115年11月20日 14:05:32（2026-11-20）」."""
    local = moment.astimezone(TAIPEI)
    if is_english():
        return f"{roc_day(moment)}, {local:%H:%M:%S} (UTC+8)"
    return f"{roc_day(moment)} {local:%H:%M:%S}（{local:%Y-%m-%d}）"


def minute(moment: datetime) -> str:
    """The end of a deadline: 「115年11月21日 14:05（2026-11-21 14:05）」."""
    local = moment.astimezone(TAIPEI)
    return short_minute(moment) if is_english() else f"{short_minute(moment)}（{local:%Y-%m-%d %H:%M}）"


def short_minute(moment: datetime) -> str:
    """As minute, within a sentence: 「115年11月21日 14:05」."""
    local = moment.astimezone(TAIPEI)
    return f"{roc_day(moment)}, {local:%H:%M} (UTC+8)" if is_english() else f"{roc_day(moment)} {local:%H:%M}"


def stamped(moment: datetime) -> str:
    """The date in a received stamp (收件章): 「115.11.20」."""
    local = moment.astimezone(TAIPEI)
    return f"{local:%Y-%m-%d}" if is_english() else f"{local.year - ROC_YEAR}.{local:%m.%d}"


# What templates call them.
FILTERS = {
    "roc_date": roc_date,
    "roc_day": roc_day,
    "clock": clock,
    "moment": full_moment,
    "minute": minute,
    "short_minute": short_minute,
    "stamped": stamped,
}
