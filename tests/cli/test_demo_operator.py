"""The demo's operator is ready to sign in, and only the demo has one (AD01)."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.command import Command
from tests.harness.processes import ROOT

# Made twice, and once more where the app is lost; what the app knows after each.
MAKE = """
import pathlib, sys
from idp.cli.demo_operator import make_operator
folder = pathlib.Path(sys.argv[1])
app = folder / "operator.json"
for is_lost in (False, False, True):
    if is_lost:
        app.unlink()
    make_operator(folder, "demo-Passw0rd")
    print(app.read_text().replace("\\n", " "))
"""


def make(surroundings: dict[str, str], folder: Path, mode: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", MAKE, str(folder)],
        cwd=ROOT,
        env=surroundings | {"IDP_MODE": mode, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("mode", ["production", "test"])
def test_no_other_provider_has_one(idp: Command, surroundings: dict[str, str], tmp_path: Path, mode: str) -> None:
    assert make(surroundings, tmp_path, mode).returncode == 1
    assert [row["username"] for row in idp("operator", "list", "--json") if row["username"] == "operator"] == []
    assert list(tmp_path.iterdir()) == []


def test_it_is_made_once_and_again_where_its_app_is_lost(
    idp: Command, surroundings: dict[str, str], tmp_path: Path
) -> None:
    done = make(surroundings, tmp_path, "demo")
    assert done.returncode == 0, done.stderr
    first, again, anew = map(json.loads, done.stdout.splitlines())
    assert stat.S_IMODE((tmp_path / "operator.json").stat().st_mode) == 0o600
    row = next(row for row in idp("operator", "list", "--json") if row["username"] == "operator")
    assert (row["status"], len(row["duties"])) == ("active", 4)
    assert again == first
    assert anew["secret"] != first["secret"]
