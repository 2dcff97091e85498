"""``idp registry``: the company register of the Ministry of Finance, imported and looked into."""

import dataclasses
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from idp.cli.running import looked_at, show_fields, show_json, with_application
from idp.db import now
from idp.policies.registry import ImportPhase
from idp.policies.tax_id import parse_tax_id
from idp.services import registry as register
from idp.services.registry_file import FileRefused
from idp.services.registry_import import import_register
from idp.services.registry_steps import ImportTakenOver

TOLD_EVERY_SECONDS = 1.0
# An import moves many times a second; one that has not for this long was broken off.
BROKEN_OFF_AFTER = timedelta(seconds=30)
PROBLEMS = {
    "columns": "it does not have the 16 columns of the ministry's file",
    "date": "its second row is not its date, such as 29-SEP-26",
    "encoding": "it is not UTF-8",
    "zip": "it is not a whole zip file with one csv in it",
    "numbers": "too many of its rows have no number, or one that is there twice",
    "empty": "it has no rows",
    "older": "it is older than the register that serves (--anyway takes it all the same)",
    "shorter": "it has far fewer rows than the register that serves, so it may be cut short (--anyway takes it)",
}
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def registry() -> None:
    """Import the register of companies, and look into it."""


@registry.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--progress", is_flag=True, help="Tell on standard error how far it is.")
@click.option("--anyway", is_flag=True, help="Take a file that is older or far shorter than the one that serves.")
@with_application
def import_(file: Path, progress: bool, anyway: bool) -> None:
    """Make FILE the register of companies, and print what came of it.

    FILE is the Ministry of Finance's 全國營業(稅籍)登記資料集, BGMOPEN1.zip or the csv in it. The register so far
    serves until the new one is whole. Given again after it was broken off, it goes on from there.
    """
    try:
        done = import_register(file, anyway=anyway, progress=_Told() if progress else _nothing)
    except FileRefused as refusal:
        where = f", line {refusal.line}" if refusal.line else ""
        raise click.ClickException(f"{file} is refused: {PROBLEMS[refusal.problem]}{where}.") from refusal
    except ImportTakenOver as other:
        raise click.ClickException("Another import has begun; this one has stopped.") from other
    show_json(dataclasses.asdict(done))


@registry.command()
@click.argument("tax_id")
@json_option
@with_application
def show(tax_id: str, as_json: bool) -> None:
    """Show what the register knows of TAX_ID."""
    number = parse_tax_id(tax_id)
    if number is None:
        raise click.ClickException(f"{tax_id}: This is not a tax ID: 8 digits whose check digit closes.")
    found = register.look_up(number)
    looked_at("registry", tax_id=number)
    told = dataclasses.asdict(found) | {"as_of": found.as_of.isoformat() if found.as_of else None}
    (show_json if as_json else show_fields)(told)


@registry.command()
@json_option
@with_application
def status(as_json: bool) -> None:
    """Show which file serves as the register, and which is being imported."""
    state = register.register_state()
    looked_at("registry_status")
    told = {
        **{f"serving_{name}": value for name, value in _about(state.serving).items()},
        **{f"working_{name}": value for name, value in _about(state.working).items()},
    }
    (show_json if as_json else show_fields)(told)


def _about(row: Any) -> dict[str, Any]:
    if row is None:
        return {"import": None}
    return {
        "import": row.id,
        "file": row.file_name,
        "file_date": row.file_date,
        "rows": row.rows,
        "phase": row.phase.value,
        "done": row.done,
        "closed": row.closed,
        "to_recheck": row.to_recheck,
        "since": (row.serving_since or row.started_at).isoformat(),
        "broken_off": row.phase is not ImportPhase.DONE and now() - row.updated_at > BROKEN_OFF_AFTER,
    }


def _nothing(_phase: ImportPhase, _done: int, _of: int | None) -> None:
    pass


class _Told:
    """A line a second on standard error, and one for each phase."""

    def __init__(self) -> None:
        self._next = 0.0
        self._phase: ImportPhase | None = None

    def __call__(self, phase: ImportPhase, done: int, of: int | None) -> None:
        if phase is self._phase and time.monotonic() < self._next:
            return
        self._next, self._phase = time.monotonic() + TOLD_EVERY_SECONDS, phase
        click.echo(f"{phase.value}: {done:,}" + (f" of {of:,}" if of else ""), err=True)
        sys.stderr.flush()
