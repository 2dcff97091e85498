"""A fresh DREAMS for every test, at one small issuer for all tests of a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from clients.dreams.app import create_app
from clients.dreams.settings import Settings
from tests.clients.dreams.issuer import STAFF, Clock, Person, SmallIssuer


@pytest.fixture(scope="module")
def running() -> Iterator[SmallIssuer]:
    issuer = SmallIssuer()
    yield issuer
    issuer.close()


@pytest.fixture
def issuer(running: SmallIssuer) -> SmallIssuer:
    running.faults = {}
    running.be("staff1", "王小明", "staff", STAFF)
    return running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(issuer: SmallIssuer, clock: Clock, tmp_path: Path) -> Flask:
    return create_app(Settings(issuer.address, "dreams", "secret", "x" * 32, tmp_path), clock)


@pytest.fixture
def person(app: Flask) -> Person:
    return Person(app)
