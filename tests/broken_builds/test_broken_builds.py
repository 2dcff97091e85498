"""Each broken build turns its tests red: a suite that stays green on a fault is worth nothing."""

import os
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.broken_builds.nursery import Nursery
from tests.broken_builds.patches import BROKEN_BUILDS, BrokenBuild
from tests.harness.processes import ROOT

# Without the plugins that these tests do not use: each is imported anew for every build.
PYTEST = (
    *("-q", "-x", "-p", "no:xdist", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:pytest_cov"),
)
PARTS = ("idp", "wsgi.py", "gunicorn.conf.py", "pyproject.toml")


def apply(build: BrokenBuild, tree: Path) -> None:
    """Make the changes. Raises AssertionError where a patch no longer fits the code."""
    for change in build.changes:
        file = tree / change.file
        text = file.read_text()
        found = text.count(change.old)
        assert found >= 1, f"stale patch {build.name}: {change.file} has no longer {change.old!r}"
        file.write_text(text.replace(change.old, change.new))


def results(report: Path) -> dict[str, list[str]]:
    """What became of each test function: ``failure``, ``error``, ``skipped`` or ``passed``, a word a case."""
    found: dict[str, list[str]] = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = (case.get("name") or "").split("[", 1)[0]
        kinds = [child.tag for child in case if child.tag in {"failure", "error", "skipped"}]
        found.setdefault(name, []).append(kinds[0] if kinds else "passed")
    return found


@pytest.mark.parametrize("build", BROKEN_BUILDS, ids=lambda build: build.name)
def test_a_broken_build_turns_its_tests_red(build: BrokenBuild, tmp_path: Path, nursery: Nursery) -> None:
    """Issue 2, 4: a checked-in list, and what must see each."""
    tree = tmp_path / "tree"
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            # What is compiled comes along: it counts for a file of the same age and size, so for none with a fault.
            shutil.copytree(source, tree / part)
        else:
            shutil.copy(source, tree / part)
    apply(build, tree)
    report = tmp_path / "report.xml"
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("IDP_", "PYTEST_"))}
    output = tmp_path / "output"
    nursery.pytest(
        [*PYTEST, f"--basetemp={tmp_path / 'inner'}", f"--junitxml={report}", *build.tests],
        folder=ROOT,
        tree=tree,
        environment={**outside, "IDP_TEST_TREE": str(tree), "IDP_TEST_DATABASES": build.database},
        output=output,
    )
    assert report.exists(), output.read_text()
    seen = results(report)
    for test in build.tests:
        kinds = seen.get(test.rpartition("::")[2], [])
        assert "failure" in kinds, f"{test} did not see {build.name}: {kinds}\n{output.read_text()[-3000:]}"


def test_the_list_has_the_twelve_and_no_name_twice() -> None:
    """Issue 2 names five; twelve at least."""
    names = [build.name for build in BROKEN_BUILDS]
    assert len(set(names)) == len(names) >= 12


@pytest.mark.parametrize("build", BROKEN_BUILDS, ids=lambda build: build.name)
def test_a_patch_still_fits_the_code(build: BrokenBuild) -> None:
    """Quick: before a server is started, and for those builds that only ``make soak`` starts."""
    for change in build.changes:
        assert change.old in (ROOT / change.file).read_text(), f"stale patch: {change.file}: {change.old!r}"
