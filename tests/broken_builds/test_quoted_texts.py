"""Take the manuals' words off the pages, one at a time, and the tests that claim them turn red.

Three texts are drawn anew in each run, ten in the long rounds, from what the tests of R-001 … R-051 assert and what
pages and mails say; the seed is told where one fails, and IDP_TEST_SEED draws the same again.
"""

import ast
import os
import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.reading import all_tests, project_files, rows_of
from tests.broken_builds.nursery import Nursery
from tests.broken_builds.test_broken_builds import PYTEST, results
from tests.harness.processes import ROOT

DRAWN, IN_LONG_ROUNDS = 3, 10
NUMBERS = frozenset(f"R-{number:03}" for number in range(1, 52))
# All processes of a run draw the same; xdist gives each run a name of its own.
SEED = os.environ.get("IDP_TEST_SEED") or os.environ.get("PYTEST_XDIST_TESTRUNUID") or "alone"
QUOTE = re.compile(r"[\u4e00-\u9fff][^\n{}%<>\"]{3,}")
SAID_IN = ("templates", "flows", "mails", "cardbridge")
LEFT_OUT = shutil.ignore_patterns("node_modules", ".venv", "var", ".git", ".*_cache", ".hypothesis")


@dataclass(frozen=True)
class Quote:
    """A text that a marked test asserts and that a page or mail says."""

    text: str
    test: str


@cache
def sayings() -> tuple[Path, ...]:
    """The files in which sentences for people stand."""
    return tuple(
        path
        for path in project_files()
        if path.relative_to(ROOT).parts[:1] == ("idp",)
        and path.relative_to(ROOT).parts[1] in SAID_IN
        and path.suffix in {".html", ".txt", ".py", ".json"}
    )


def asserted_in(test: ast.FunctionDef) -> Iterator[str]:
    """The texts in the assertions of a test; what must not be there is not missed when it is gone."""
    for node in ast.walk(test):
        if isinstance(node, ast.Assert) and not any(isinstance(one, ast.NotIn) for one in ast.walk(node)):
            for constant in ast.walk(node):
                if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                    yield constant.value


def claimed() -> dict[str, set[str]]:
    """The tests that the rows of docs/requirements.md name, by their R-number."""
    rows = {row[0]: row for row in rows_of("requirements.md") if row[0] in NUMBERS}
    return {number: set(re.findall(r"`(test_\w+)`", row[3])) for number, row in rows.items()}


@cache
def quotes() -> tuple[Quote, ...]:
    """Every text that could be drawn."""
    said = "\n".join(path.read_text() for path in sayings())
    named = {name for names in claimed().values() for name in names}
    found = []
    for test in all_tests():
        if test.name not in named or not NUMBERS & set(test.requirements):
            continue
        for node in ast.walk(ast.parse((ROOT / test.file).read_text())):
            if isinstance(node, ast.FunctionDef) and node.name == test.name:
                texts = {text for text in asserted_in(node) if QUOTE.fullmatch(text) and text in said}
                found += [Quote(text, f"{test.file}::{test.name}") for text in sorted(texts)]
    return tuple(found)


def test_there_is_much_to_draw_from() -> None:
    assert len(quotes()) >= 60
    assert len({quote.test for quote in quotes()}) >= 15


@pytest.mark.parametrize(
    "number", [*range(DRAWN), *(pytest.param(n, marks=pytest.mark.soak) for n in range(DRAWN, IN_LONG_ROUNDS))]
)
def test_a_text_that_is_gone_is_missed(number: int, tmp_path: Path, nursery: Nursery) -> None:
    quote = random.Random(SEED).sample(quotes(), IN_LONG_ROUNDS)[number]
    tree = tmp_path / "tree"
    shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
    for path in sayings():
        there = tree / path.relative_to(ROOT)
        text = there.read_text()
        if quote.text in text:
            there.write_text(text.replace(quote.text, ""))
    report = tmp_path / "report.xml"
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("IDP_", "PYTEST_"))}
    output = tmp_path / "output"
    nursery.pytest(
        [*PYTEST, f"--basetemp={tmp_path / 'inner'}", f"--junitxml={report}", quote.test],
        folder=tree,
        tree=tree,
        environment={**outside, "IDP_TEST_DATABASES": "sqlite", "PYTHONPATH": str(tree)},
        output=output,
    )
    assert report.exists(), output.read_text()
    kinds = results(report).get(quote.test.rpartition("::")[2], [])
    missed = f"IDP_TEST_SEED={SEED}: {quote.test} did not miss {quote.text!r}: {kinds}\n{output.read_text()[-2000:]}"
    assert "failure" in kinds or "error" in kinds, missed
