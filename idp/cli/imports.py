"""``idp import accounts``: the people of an existing system, from a CSV file."""

import dataclasses
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import click

from idp.cli.running import show_fields, show_json, with_application
from idp.cli.words import PROBLEMS
from idp.db import transaction
from idp.policies.standing import CompanyProof
from idp.services.account_import import Chosen, Written, write_accounts
from idp.services.account_import_check import ALREADY, BAD, NEW, CheckedFile
from idp.services.account_import_rows import ImportRefused, Problem
from idp.services.audit import record
from idp.services.companies import checked_reason

TOLD_EVERY_SECONDS = 1.0
MOST_PROBLEMS = 10_000
REFUSALS = {
    "empty": "it is empty",
    "no_rows": "it has a header and no rows",
    "encoding": "it is not UTF-8 (a spreadsheet saves it so as “CSV UTF-8”)",
    "csv": "it is no CSV from here on: a quotation mark that is not closed, or a line break within a cell",
    "line_long": "a line has more than 64 KiB",
    "column_unknown": "there is no such column as “{value}” (docs/import-accounts.md lists them)",
    "column_twice": "the column “{value}” is there twice",
    "column_missing": "the column “{value}” is missing",
    "column_nameless": "column {value} has no name",
}
proof_option = click.option(
    "--proof",
    type=click.Choice([p.value for p in CompanyProof if p is not CompanyProof.NONE]),
    help="What the operator has seen of the companies that are new here; without it they are proven by nothing.",
)


@click.group("import")
def import_() -> None:
    """Bring the people of an existing system in."""


@import_.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check everything, print the same report, and write nothing.")
@click.option("--skip-bad", is_flag=True, help="Leave rows with problems out, where otherwise nothing is written.")
@click.option("--emails-confirmed", is_flag=True, help="The old system has confirmed the mailboxes.")
@proof_option
@click.option("--reason", help="Why the companies count as proven; kept in the audit log. Needed with --proof.")
@click.option("--each-row", is_flag=True, help="Report every row, not only those with problems.")
@click.option("--progress", is_flag=True, help="Tell on standard error how far it is.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_application
def accounts(file: Path, as_json: bool, **given: Any) -> None:
    """Bring the people of FILE in as accounts of their companies, and report row by row.

    FILE is CSV in UTF-8 with a header row (docs/import-accounts.md). Everything is checked before anything is
    written, and one row with a problem leaves all unwritten. Given again after it was broken off, it goes on.
    """
    str(file).encode()  # what can't be printed is told before anything is done
    chosen = _chosen(given)
    told = _Told(on=given["progress"])
    try:
        with CheckedFile(file, told.checked) as checked:
            bad = checked.count(BAD)
            writes = not given["dry_run"] and (bad == 0 or given["skip_bad"])
            report = _counted(file, checked) | {"dry_run": given["dry_run"]}
            written = _write(checked, chosen, told) if writes else None
            left_out = checked.count(BAD)
            _note(report, written)
            report |= {"with_problems": left_out, "written": dataclasses.asdict(written) if written else None}
            (_print_json if as_json else _print)(report, checked, each_row=given["each_row"])
    except ImportRefused as refusal:
        with transaction():
            record("operator:import:refused", outcome="refused", problem=refusal.problem, line=refusal.line)
        raise click.ClickException(_refusal(file, refusal)) from refusal
    if left_out:
        raise click.ClickException(_ending(left_out, report, written))


def _chosen(given: dict[str, Any]) -> Chosen:
    if (given["proof"] is None) != (given["reason"] is None):
        raise click.UsageError("--proof and --reason go together: an operator's word needs its reason.")
    if given["proof"] is None:
        return Chosen(emails_confirmed=given["emails_confirmed"])
    return Chosen(
        emails_confirmed=given["emails_confirmed"],
        proof=CompanyProof(given["proof"]),
        reason=checked_reason(given["reason"]),
    )


def _write(checked: CheckedFile, chosen: Chosen, told: "_Told") -> Written:
    with transaction():
        record(
            "operator:import:begun",
            file=checked.digest,
            rows=checked.count(NEW),
            emails_confirmed=chosen.emails_confirmed,
            proof=str(chosen.proof),
            reason=chosen.reason,
        )
    return write_accounts(checked, chosen, told.written)


def _note(report: dict[str, Any], written: Written | None) -> None:
    with transaction():
        record(
            "operator:import:done" if written else "operator:import:checked",
            file=report["sha256"],
            rows=report["rows"],
            new=report["new"],
            already=report["already"],
            with_problems=report["with_problems"],
            accounts=written.accounts if written else 0,
            companies=written.companies if written else 0,
        )


def _counted(file: Path, checked: CheckedFile) -> dict[str, Any]:
    new, already, bad = (checked.count(outcome) for outcome in (NEW, ALREADY, BAD))
    hashes = checked.count_hashes()
    return {
        "file": file.name,
        "sha256": checked.digest,
        "rows": new + already + bad,
        "new": new,
        "already": already,
        "with_problems": bad,
        "new_companies": checked.count_companies(),
        "with_password": hashes,
        "without_password": new - hashes,
    }


def _about(problem: Problem) -> dict[str, Any]:
    words = PROBLEMS[problem.problem] + (f" (line {problem.about})" if problem.about else "")
    return {**dict(zip(("line", "username", "column", "problem"), problem[:4], strict=True)), "words": words}


def _print_json(report: dict[str, Any], checked: CheckedFile, *, each_row: bool) -> None:
    problems = list(map(_about, islice(checked.problems(), MOST_PROBLEMS + 1)))
    whole = report | {"problems": problems[:MOST_PROBLEMS], "more_problems": len(problems) > MOST_PROBLEMS}
    if each_row:
        names = ("line", "username", "outcome")
        whole["each_row"] = [dict(zip(names, row, strict=True)) for row in checked.outcomes()]
    show_json(whole)


def _print(report: dict[str, Any], checked: CheckedFile, *, each_row: bool) -> None:
    written = report.pop("written") or {}
    show_fields(report | {f"written_{name}": value for name, value in written.items()})
    lines = _every_row(checked) if each_row else map(_line, islice(checked.problems(), MOST_PROBLEMS))
    for number, line in enumerate(lines):
        if number == 0:
            click.echo()
        click.echo(line)
    if not each_row and next(islice(checked.problems(), MOST_PROBLEMS, None), None) is not None:
        click.echo(f"These are the first {MOST_PROBLEMS:,} problems.")


def _every_row(checked: CheckedFile) -> Iterator[str]:
    problems = checked.problems()
    problem = next(problems, None)
    for line, username, outcome in checked.outcomes():
        if outcome != BAD:
            yield f"line {line}  {_shown(username)}: {outcome}"
        while problem is not None and problem.line == line:
            yield _line(problem)
            problem = next(problems, None)


def _line(problem: Problem) -> str:
    where = f"{problem.column}: " if problem.column else ""
    return f"line {problem.line}  {_shown(problem.username)}  {where}{_about(problem)['words']}"


def _shown(text: str) -> str:
    # What a file holds must not steer the terminal.
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:40])
    return shown or "-"


def _refusal(file: Path, refusal: ImportRefused) -> str:
    where = f"line {refusal.line}: " if refusal.line else ""
    why = REFUSALS[refusal.problem].format(value=_shown(refusal.value or ""))
    return f"{file} is refused, and nothing was written: {where}{why}."


def _ending(left_out: int, report: dict[str, Any], written: Written | None) -> str:
    if written is not None:
        return f"Rows with problems, which were left out: {left_out:,}. Accounts written: {written.accounts:,}."
    return f"Rows with problems: {left_out:,}. Nothing {'would be' if report['dry_run'] else 'was'} written."


class _Told:
    """A line a second on standard error."""

    def __init__(self, *, on: bool) -> None:
        self._on = on
        self._next = 0.0

    def checked(self, done: int) -> None:
        self._tell("checked", done)

    def written(self, done: int) -> None:
        self._tell("written", done)

    def _tell(self, what: str, done: int) -> None:
        if self._on and time.monotonic() >= self._next:
            self._next = time.monotonic() + TOLD_EVERY_SECONDS
            click.echo(f"{what}: {done:,}", err=True)
            sys.stderr.flush()
