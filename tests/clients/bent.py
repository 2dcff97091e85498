"""DREAMS as it must not be: run with the names of the rules that it breaks, in tests of `idp client selftest` alone."""

import os
from collections.abc import Callable
from typing import Any

from flask import has_request_context, request
from werkzeug.serving import run_simple

from clients.dreams.app import create_app
from clients.dreams.application import DREAMS
from clients.dreams.sites import Sites, _site
from clients.relying import guard, switching
from clients.relying.provider import Provider
from clients.relying.sessions import Session, Sessions
from clients.relying.settings import settings_from

NAMES = {}
for _company in filter(None, os.environ.get("BENT_COMPANIES", "").split(",")):
    _tax_id, _, _name = _company.partition("=")
    NAMES[_tax_id] = _name


def keys_by_name() -> None:
    """Rule 1: whoever has this name sees whatever was sent under it."""

    def of_name(self: Sites, _tenant: str) -> list[Any]:
        with self.database.reading() as connection:
            rows = connection.execute("SELECT * FROM sites WHERE person = ?", (guard.held().person,)).fetchall()
        return [_site(row) for row in rows]

    Sites.of_company = of_name  # type: ignore[method-assign]


def takes_any_tenant() -> None:
    """Rule 2: whatever company comes is taken."""
    checked: Callable[..., Any] = Provider._checked
    Provider._checked = lambda self, claims, asked: checked(self, claims, {})  # type: ignore[method-assign]


def sends_no_hint() -> None:
    """Rule 3."""
    switching.LONGEST_HINT = 0


def looks_at_no_form() -> None:
    """Rules 4 and 5: neither token nor ``sid`` of a form is looked at."""
    guard._check_form = lambda current: None


def hides_who_acts() -> None:
    """Rule 6: somebody acts, and no page says who."""
    nobody = {"name": "–", "sub": "–"}
    Session.actor = property(lambda self: nobody if self.claims.get("act") else None)  # type: ignore[assignment, method-assign]


def does_not_listen() -> None:
    """Rule 8: logout tokens are taken and nothing is done."""
    Sessions.end_by_logout_token = lambda self, **_: 0  # type: ignore[method-assign, assignment]


def lasts() -> None:
    """Rule 9: sessions have no end."""
    made = Sessions.start

    def start(self: Sessions, arrived: Any, **where: Any) -> Any:
        arrived.claims["session_expiry"] += 3600
        return made(self, arrived, **where)

    Sessions.start = start  # type: ignore[method-assign]


def believes_headers() -> None:
    """Rule 10: a header says for which company."""
    own = Session.company.fget  # type: ignore[attr-defined]

    def company(self: Session) -> str:
        told = request.headers.get("X-Company-Tax-Id", "") if has_request_context() else ""
        return NAMES.get(told) or str(own(self))

    Session.company = property(company)  # type: ignore[assignment, method-assign]


BENDS = {
    1: keys_by_name, 2: takes_any_tenant, 3: sends_no_hint, 4: looks_at_no_form, 5: looks_at_no_form,
    6: hides_who_acts, 8: does_not_listen, 9: lasts, 10: believes_headers,
}  # fmt: skip

if __name__ == "__main__":
    settings = settings_from(os.environ, DREAMS.key, DREAMS.port)
    for rule in os.environ["BENT_RULES"].split():
        BENDS[int(rule)]()
    run_simple("127.0.0.1", settings.port, create_app(settings), threaded=True)
