"""What holds for every command: help, documentation, no secrets among the arguments."""

import re

import pytest

from idp.config import Settings
from tests.cli.commands import EVERY_COMMAND, options
from tests.harness.command import Command
from tests.harness.processes import ROOT

CLI_PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
SETTINGS_PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
SECRETS = re.compile("password|secret|key|token")


@pytest.mark.parametrize("words", EVERY_COMMAND)
def test_every_command_and_option_has_a_help_text(words: str) -> None:
    command = EVERY_COMMAND[words]
    assert command.help
    assert [o.name for o in options(command) if not o.help] == []


@pytest.mark.parametrize("words", EVERY_COMMAND)
def test_help_needs_no_settings(idp: Command, words: str) -> None:
    status, shown, _ = idp.attempt(*words.split()[1:], "--help")
    assert status == 0
    assert "Usage:" in shown


@pytest.mark.parametrize("words", EVERY_COMMAND)
def test_no_command_takes_a_secret_as_an_argument(words: str) -> None:
    taken = [o.opts[0] for o in options(EVERY_COMMAND[words]) if not o.is_flag and SECRETS.search(o.opts[0])]
    assert taken == []


@pytest.mark.parametrize("words", EVERY_COMMAND)
def test_every_command_that_lists_or_shows_speaks_json(words: str) -> None:
    if words.split()[-1] in {"list", "show", "verify"}:
        assert "--json" in [name for o in options(EVERY_COMMAND[words]) for name in o.opts]


@pytest.mark.parametrize("words", EVERY_COMMAND)
def test_every_command_and_option_is_documented(words: str) -> None:
    heading = re.search(rf"^### `{re.escape(words)}\b.*$", CLI_PAGE, re.MULTILINE)
    assert heading, f"docs/cli.md has no heading for {words}"
    told = CLI_PAGE[heading.start() :].split("\n### ", 1)[0]
    names = [name for o in options(EVERY_COMMAND[words]) for name in (*o.opts, *o.secondary_opts)]
    assert [name for name in names if f"`{name}" not in told and f"{name}`" not in told] == []


def test_no_command_is_documented_that_is_not_there() -> None:
    told = re.findall(r"^### `(idp[a-z -]*?)(?: [A-Z\[].*)?`$", CLI_PAGE, re.MULTILINE)
    assert sorted(told) == sorted(EVERY_COMMAND)


def test_every_setting_is_documented_and_no_other() -> None:
    told = re.findall(r"^\| `(IDP_[A-Z0-9_]+)` \|", SETTINGS_PAGE, re.MULTILINE)
    known = [f"IDP_{name.upper()}" for name in Settings.model_fields]
    outside = ["IDP_SETTINGS_FILE", "IDP_DEMO_PASSWORD"]
    assert sorted(told) == sorted(known + [name for name in outside if name in told])
    assert "IDP_SETTINGS_FILE" in told


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_documented_default_is_the_real_one(name: str) -> None:
    default = Settings.model_fields[name].default
    row = re.search(rf"^\| `IDP_{name.upper()}` \| ([^|]*)\|", SETTINGS_PAGE, re.MULTILINE)
    assert row is not None
    shown = row[1].strip().strip("`")
    if hasattr(default, "get_secret_value"):
        default = default.get_secret_value()
    if isinstance(default, tuple):
        default = ",".join(default)
    if isinstance(default, bool):
        default = str(default).lower()
    if default is None:
        default = ""
    expected = f"{default:g}" if isinstance(default, float) else str(default)
    assert shown == (expected or "–")
