"""Who comes to the port pass application in its tests, and what they write there."""

from datetime import date, timedelta

from flask import Flask

from clients.relying.moments import day_of
from tests.clients.issuer import Clock, Person

HERE = "http://localhost:5102"
GUEST = ["pass.query", "base", "base.account", "info", "info.faq"]
STAFF = [*GUEST, "pass.apply", "pass.print"]
ADMIN = [*STAFF, "base.scope"]
TODAY = day_of(Clock()())


def in_days(number: int) -> str:
    """The day so many days after today, as the form takes it."""
    return (TODAY + timedelta(days=number)).isoformat()


PERSON = {
    "holder": "person",
    "kind": "temporary",
    "name": "林雅婷",
    "id_last4": "6789",
    "port": "KL",
    "area": "西 16 至 18 號碼頭",
    "first_day": in_days(1),
    "last_day": in_days(14),
    "purpose": "船舶補給",
}
VEHICLE = PERSON | {"holder": "vehicle", "plate": "abc－1234", "vehicle": "truck", "name": "", "id_last4": ""}


def at_portpass(app: Flask) -> Person:
    """A fresh browser at the port pass application."""
    return Person(app, "/passes/new")


def day_in_words(number: int) -> str:
    """That day as the pages say it."""
    day: date = TODAY + timedelta(days=number)
    return f"{day.year - 1911}年{day.month}月{day.day}日（{day.isoformat()}）"
