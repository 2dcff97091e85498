"""One small issuer for all tests of a file, and a clock that a test may move on."""

from collections.abc import Iterator

import pytest

from tests.clients.issuer import Clock, SmallIssuer


@pytest.fixture(scope="module")
def running() -> Iterator[SmallIssuer]:
    issuer = SmallIssuer()
    yield issuer
    issuer.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()
