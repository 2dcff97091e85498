"""A fresh port pass application for every test, at one small issuer for all tests of a file."""

from pathlib import Path

import pytest
from flask import Flask

from clients.portpass.app import create_app
from clients.relying.settings import Settings
from tests.clients.issuer import Clock, Person, SmallIssuer
from tests.clients.portpass.people import HERE, STAFF, at_portpass


@pytest.fixture
def issuer(running: SmallIssuer) -> SmallIssuer:
    running.serve("portpass")
    running.be("staff1", "王小明", "staff", STAFF)
    return running


@pytest.fixture
def app(issuer: SmallIssuer, clock: Clock, tmp_path: Path) -> Flask:
    return create_app(Settings(issuer.address, "portpass", "secret", "x" * 32, tmp_path, 5102, HERE), clock)


@pytest.fixture
def person(app: Flask) -> Person:
    return at_portpass(app)
