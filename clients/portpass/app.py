"""``create_app``: the port pass application as a Flask application."""

from flask import Flask

from clients.portpass import base_pages, pages
from clients.portpass.application import PORTPASS
from clients.portpass.passes import SCHEMA, STATE_WORDS, Passes, republic_day
from clients.relying.building import now, relying_app
from clients.relying.database import Clock, Database
from clients.relying.settings import Settings


def create_app(settings: Settings, clock: Clock = now) -> Flask:
    """Make the application; ``clock`` tells the time, so that a test may let five minutes pass."""
    database = Database(settings.data, PORTPASS.key, SCHEMA)
    passes = Passes(database, clock, settings.issuer)
    app = relying_app(PORTPASS, settings, database, clock, passes.welcome)
    app.extensions["passes"] = passes
    app.register_blueprint(pages.bp)
    app.register_blueprint(base_pages.bp)
    app.context_processor(lambda: {"state_words": STATE_WORDS, "republic_day": republic_day})
    return app
