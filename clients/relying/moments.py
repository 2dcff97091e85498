"""Moments and days as people in Taiwan read them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

TAIPEI = ZoneInfo("Asia/Taipei")
FIRST_YEAR = 1911  # 民國 counts from the year after


def moment_of(seconds: float) -> datetime:
    """The clock in Taiwan at so many seconds since 1970."""
    return datetime.fromtimestamp(seconds, TAIPEI)


def day_of(seconds: float) -> date:
    """The day it is in Taiwan then."""
    return moment_of(seconds).date()


def year_of_the_republic(day: date) -> int:
    """The 民國 year of a day."""
    return day.year - FIRST_YEAR
