"""What runs on one database and what on both: docs/decisions/0029."""

import inspect
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.harness.databases import DATABASES, database_of, turn_of
from tests.harness.processes import ROOT

# Two at the same moment, or one that is ended in the middle: what databases do differently.
RACING = re.compile(r"\b(at_once|Thread|ThreadPoolExecutor|Barrier|kill_a_worker)\(|\bSIGKILL\b")


def on_a_database(items: Sequence[pytest.Item]) -> list[tuple[pytest.Function, str]]:
    """The tests of this run that are made for each database, with the one that this case runs on."""
    return [(item, name) for item in items if isinstance(item, pytest.Function) and (name := database_of(item))]


def test_what_races_or_is_killed_runs_on_both_databases(request: pytest.FixtureRequest) -> None:
    forgotten = {
        item.nodeid.split("[", 1)[0]
        for item, _ in on_a_database(request.session.items)
        if item.get_closest_marker("both_databases") is None and RACING.search(inspect.getsource(item.function))
    }
    assert not forgotten, "\n".join(sorted(forgotten))


def test_all_else_runs_on_one_and_as_much_on_each() -> None:
    turns = Counter(turn_of(f"tests/test_a.py::test_{number}[]") for number in range(1000))
    assert set(turns) == set(DATABASES)
    assert max(turns.values()) - min(turns.values()) < 200
    assert turn_of("tests/test_a.py::test_1[]") == turn_of("tests/test_a.py::test_1[]")


def collected(databases: str) -> set[str]:
    """The tests of two files, one of them about races, that a run with this option has."""
    files = ("tests/oidc/test_config_op.py", "tests/oidc/test_many_at_once.py")
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "IDP_"))}
    done = subprocess.run(
        [*command, "--databases", databases], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return {line for line in done.stdout.splitlines() if "::" in line}


def test_what_is_left_out_is_what_the_long_rounds_run() -> None:
    spread, other, both = collected("spread"), collected("other"), collected("both")
    assert (spread | other, spread & other) == (both, set())
    races = {name for name in both if "test_many_at_once" in name}
    assert races <= spread
    assert len(other) == len(both - races) / 2
