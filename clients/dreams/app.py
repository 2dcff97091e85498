"""``create_app``: DREAMS as a Flask application."""

from flask import Flask

from clients.dreams import pages
from clients.dreams.application import DREAMS
from clients.dreams.sites import SCHEMA, STATUS_WORDS, Sites
from clients.relying.building import now, relying_app
from clients.relying.database import Clock, Database
from clients.relying.settings import Settings


def create_app(settings: Settings, clock: Clock = now) -> Flask:
    """Make the application; ``clock`` tells the time, so that a test may let five minutes pass."""
    database = Database(settings.data, DREAMS.key, SCHEMA)
    sites = Sites(database, clock, settings.issuer)
    app = relying_app(DREAMS, settings, database, clock, sites.welcome)
    app.extensions["sites"] = sites
    app.register_blueprint(pages.bp)
    app.context_processor(lambda: {"status_words": STATUS_WORDS})
    return app
