"""A fresh DREAMS for every test, at one small issuer for all tests of a file."""

from pathlib import Path

import pytest
from flask import Flask

from clients.dreams.app import create_app
from clients.relying.settings import Settings
from tests.clients.dreams.people import HERE, STAFF, at_dreams
from tests.clients.issuer import Clock, Person, SmallIssuer


@pytest.fixture
def issuer(running: SmallIssuer) -> SmallIssuer:
    running.serve("dreams")
    running.be("staff1", "王小明", "staff", STAFF)
    return running


@pytest.fixture
def app(issuer: SmallIssuer, clock: Clock, tmp_path: Path) -> Flask:
    return create_app(Settings(issuer.address, "dreams", "secret", "x" * 32, tmp_path, 5101, HERE), clock)


@pytest.fixture
def person(app: Flask) -> Person:
    return at_dreams(app)
