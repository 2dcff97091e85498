"""``create_app``: the application for duty-free letters as a Flask application."""

from typing import Any

from flask import Flask, g

from clients.ida import authorising, cases, pages
from clients.ida.application import IDA
from clients.ida.authorisations import SCHEMA, Authorisations
from clients.ida.cases import Cases
from clients.relying.building import now, relying_app
from clients.relying.database import Clock, Database
from clients.relying.menus import needs_stronger_sign_in
from clients.relying.settings import Settings


def create_app(settings: Settings, clock: Clock = now) -> Flask:
    """Make the application; ``clock`` tells the time, so that a test may let a day pass."""
    database = Database(settings.data, IDA.key, cases.SCHEMA + SCHEMA)
    kept = Cases(database, clock, settings.issuer)
    app = relying_app(IDA, settings, database, clock, kept.welcome)
    app.extensions["cases"] = kept
    app.extensions["authorisations"] = Authorisations(database, clock, kept)
    app.register_blueprint(pages.bp)
    app.register_blueprint(authorising.bp)
    app.context_processor(_menu)
    return app


def _menu() -> dict[str, Any]:
    """The items of the menu, those too that this sign-in has not reached: they are shown locked (R-207)."""
    held = g.get("held")
    if held is None:
        return {"locked": frozenset()}
    items = IDA.menus.items.values()
    locked = frozenset(item.code for item in items if needs_stronger_sign_in(held.facts, item.code))
    shown = [item for item in items if item.path and (item.code in locked or IDA.menus.may(held.facts, item.code))]
    return {"menus": shown, "locked": locked}
