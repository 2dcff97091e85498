"""On which databases a test runs: docs/decisions/0029."""

import os
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence

import pytest
from _pytest.mark import ParameterSet

DATABASES = os.environ.get("IDP_TEST_DATABASES", "sqlite,postgresql").split(",")
ON_EACH_DATABASE = [
    pytest.param(name, marks=pytest.mark.postgresql) if name == "postgresql" else name for name in DATABASES
]


# Bytes that PostgreSQL refuses in a text and SQLite takes.
REFUSED_BY_ONE = ("nul", "lone surrogate", "not utf-8", "half a character", "private use")


def kinds_of_bytes(kinds: Iterable[str]) -> list[ParameterSet]:
    """These kinds as parameters; those that databases differ about run on both."""
    both = pytest.mark.both_databases
    return [pytest.param(kind, marks=both if kind in REFUSED_BY_ONE else ()) for kind in kinds]


def database_of(item: pytest.Item) -> str | None:
    """The database that this case of a test runs on, or None where tests run on no database by turns."""
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return None
    return next((value for value in item.callspec.params.values() if value in ("sqlite", "postgresql")), None)


def name_without(item: pytest.Item, database: str) -> str:
    """What all cases are called that differ in the database alone."""
    assert isinstance(item, pytest.Function)
    others = item.callspec.id.split("-")
    others.remove(database)
    return f"{item.nodeid.split('[', 1)[0]}[{'-'.join(others)}]"


def turn_of(name: str) -> str:
    """The database whose turn it is: the same one in every run, on every machine, in every process."""
    return DATABASES[zlib.crc32(name.encode()) % len(DATABASES)]


def spread(items: Sequence[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """Those that run where each test runs on one database, and those that do not.

    Both run of a test that is marked ``both_databases``; and a case runs that was chosen alone, by its own name,
    by ``-k`` or by ``-m``.
    """
    databases = [database_of(item) for item in items]
    names = [name_without(item, one) if one else "" for item, one in zip(items, databases, strict=True)]
    cases = Counter(names)
    run: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item, database, name in zip(items, databases, names, strict=True):
        is_its_turn = (
            database is None
            or item.get_closest_marker("both_databases") is not None
            or cases[name] == 1
            or database == turn_of(name)
        )
        (run if is_its_turn else left).append(item)
    return run, left
