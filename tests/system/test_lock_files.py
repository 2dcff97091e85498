"""The lock files hold what was tested: exact versions, hashes, the same in both, and no index address."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.harness.processes import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
EXTRAS = r"(?:\[[a-z0-9, -]+\])?"
PINNED = re.compile(rf"^([a-z0-9-]+){EXTRAS}==([^ ;\\]+)", re.MULTILINE)
ENTRY = re.compile(rf"^[a-z0-9-]+{EXTRAS}==.*(?:\n {{4}}.*)+", re.MULTILINE)


def pinned(name: str) -> dict[str, str]:
    return dict(PINNED.findall((ROOT / name).read_text()))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_names_no_address_and_no_folder(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text
    assert str(Path.home()) not in text


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_hashes(name: str) -> None:
    entries = ENTRY.findall((ROOT / name).read_text())
    assert len(entries) == len(pinned(name))
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_tests_run_with_the_versions_of_the_product() -> None:
    product, tests = pinned("requirements.lock"), pinned("requirements-dev.lock")
    assert {name: tests.get(name) for name in product} == product


def test_every_dependency_of_the_project_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    names = {re.split(r"[\[~=<>;! ]", line)[0].lower().replace("_", "-") for line in wanted}
    assert names - set(pinned("requirements-dev.lock")) == set()
