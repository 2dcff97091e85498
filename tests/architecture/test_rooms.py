"""The rooms of the code: who may import whom, and how large a file may grow."""

import pytest
from importlinter import cli

from idp.cli import main
from tests.architecture.reading import named, python_files
from tests.harness.processes import ROOT

MOST_LINES = 400
MOST_LINES_OF_README = 80
VAGUE = {"utils", "util", "helpers", "helper", "managers", "manager", "common", "misc"}


def test_every_import_contract_is_kept(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    status = cli.lint_imports(config_filename="pyproject.toml", no_cache=True, no_logo=True)
    assert status == 0, capsys.readouterr().out


def test_no_file_is_longer_than_a_person_reads() -> None:
    ours = [p for p in python_files("idp", "clients", "tests") if "versions" not in p.parts]
    lengths = {named(p): len(p.read_text().splitlines()) for p in ours}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_the_readme_is_read_in_two_minutes() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= MOST_LINES_OF_README


def test_no_module_is_named_for_everything_and_nothing() -> None:
    parts = {part.removesuffix(".py") for p in python_files("idp", "clients", "tests") for part in p.parts}
    assert parts & VAGUE == set()


def test_the_command_and_its_groups_say_what_they_do() -> None:
    assert main.help
    assert [name for name, command in main.commands.items() if not command.help] == []
