"""What a page of a long list was asked for in its address: a day, and the number before which to go on."""

from datetime import date, datetime

from flask import request

from idp.flows.moments import TAIPEI

LAST_NUMBER = 2**53


def day_asked(name: str) -> datetime | None:
    """The beginning of a day in Taipei, or None for no day that a calendar here has."""
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=TAIPEI) if 1900 < day.year < 9000 else None


def number_asked(name: str) -> int | None:
    """A number of a row, or None."""
    return number_in(request.args.get(name, ""))


def place_asked() -> tuple[datetime, str] | None:
    """After which row a list goes on, where rows are told apart by a moment and an id; None for its beginning."""
    try:
        moment = datetime.fromisoformat(request.args.get("since", ""))
    except ValueError:
        return None
    return (moment, request.args.get("after", "")) if moment.tzinfo is not None else None


def number_in(text: str) -> int | None:
    """The number of a row that a text is, or None."""
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 17 and int(text) < LAST_NUMBER else None
