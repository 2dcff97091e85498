"""The process that the runs of broken trees come from."""

from collections.abc import Iterator

import pytest

from tests.broken_builds.nursery import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """One for this process of the tests."""
    started = Nursery()
    yield started
    started.close()
