"""The import of the tax register: many small transactions beside the register that serves, then one switch.

reading -> entries -> names -> (the switch) -> companies -> clearing -> done

What is kept with the import (phase and position) moves in the transaction of the rows it tells of, and only from where
it stood. So a process killed at any point is followed by one that goes on from there, and of two at once one stops.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from idp.db import db, now, run, session, transaction
from idp.policies.registry import ImportPhase, ImportState, is_cut_short
from idp.services.audit import record
from idp.services.registry_file import FileRefused, SortedEntries, batches, file_digest, read_file_date
from idp.services.registry_settling import clear, finish
from idp.services.registry_steps import (
    BATCH,
    ENTRIES,
    IMPORTS,
    NAMES,
    ImportTakenOver,
    Progress,
    import_row,
    move,
    next_phase,
    step,
)

ENTRY_COLUMNS = (
    "generation", "tax_id", "name", "address", "head_office_tax_id", "organisation", "capital", "set_up_on",
)  # fmt: skip
NAME_COLUMNS = ("generation", "name_folded", "tax_id")
STATISTICS_MILLISECONDS = 30_000
BETWEEN = "\t"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to. ``unchanged``: this very file serves already."""

    import_id: int
    file_date: str
    rows: int
    skipped: int
    closed: int
    to_recheck: int
    resumed: bool
    unchanged: bool


def quiet(_phase: ImportPhase, _done: int, _of: int | None) -> None:
    """No progress is told."""


def import_register(path: Path, *, anyway: bool = False, progress: Progress = quiet) -> Imported:
    """Make the rows of a file the register; the register so far serves until then. Call it outside a transaction.

    Companies of ours that are gone from the register are closed, renamed ones are for operators to see. Raises
    FileRefused, also for a file that is older or far shorter than the one that serves (unless ``anyway``), and
    ImportTakenOver.
    """
    try:
        return _import(path, anyway, progress)
    except FileRefused as refusal:
        step(_note_refusal, path.name, refusal)
        raise


def _note_refusal(name: str, refusal: FileRefused) -> None:
    record("registry:import:refused", outcome="refused", file=name, problem=refusal.problem, line=refusal.line)


def _import(path: Path, anyway: bool, progress: Progress) -> Imported:
    digest = file_digest(path)
    served = _serving()
    if served is not None:
        # What it left undone compares the register before it with itself, so it comes first.
        finish(served.id, progress)
        if served.sha256 == digest:
            unchanged = served.phase == ImportPhase.DONE
            return _imported(served.id, unchanged=unchanged, resumed=not unchanged)
    import_id, resumed = _begin_or_resume(path, digest, served, anyway)
    try:
        with SortedEntries(path, lambda rows: progress(ImportPhase.READING, rows, None)) as entries:
            counted = entries.counted
            if served is not None and not anyway and is_cut_short(counted.rows, served.rows):
                raise FileRefused("shorter")
            _read(import_id, rows=counted.rows, skipped=counted.skipped)
            _fill(import_id, entries, progress)
    except FileRefused:
        step(run, update(IMPORTS).where(IMPORTS.c.id == import_id).values(state=ImportState.REFUSED))
        clear()
        raise
    finish(import_id, progress)
    return _imported(import_id, unchanged=False, resumed=resumed)


def _serving() -> Any:
    found = run(select(IMPORTS).where(IMPORTS.c.state == ImportState.SERVING)).first()
    session.commit()
    return found


def _imported(import_id: int, *, unchanged: bool, resumed: bool) -> Imported:
    row = import_row(import_id)
    return Imported(
        import_id=row.id,
        file_date=row.file_date,
        rows=row.rows,
        skipped=row.skipped,
        closed=row.closed,
        to_recheck=row.to_recheck,
        resumed=resumed,
        unchanged=unchanged,
    )


def _begin_or_resume(path: Path, digest: str, served: Any, anyway: bool) -> tuple[int, bool]:
    """The import of this file that was broken off, or a new one; whatever else was under way is given up."""
    file_date = read_file_date(path).isoformat()
    if served is not None and file_date < served.file_date and not anyway:
        raise FileRefused("older")
    chosen: list[tuple[int, bool]] = []

    def begin() -> None:
        working = IMPORTS.c.state == ImportState.WORKING
        before = run(select(IMPORTS.c.id).where(working, IMPORTS.c.sha256 == digest)).scalar()
        run(update(IMPORTS).where(working, IMPORTS.c.sha256 != digest).values(state=ImportState.ABANDONED))
        chosen.append((before, True) if before is not None else (_begin(path, digest, file_date), False))

    try:
        step(begin)
    except IntegrityError as error:
        # The database lets only one import work, and another process was quicker.
        raise ImportTakenOver from error
    return chosen[-1]


def _begin(path: Path, digest: str, file_date: str) -> int:
    values: dict[str, Any] = {
        "file_name": path.name[:255],
        "file_date": file_date,
        "sha256": digest,
        "state": ImportState.WORKING,
        "phase": ImportPhase.READING,
        "position": "",
        "done": 0,
        "skipped": 0,
        "closed": 0,
        "to_recheck": 0,
        "started_at": now(),
        "updated_at": now(),
    }
    import_id = int(run(insert(IMPORTS).values(values).returning(IMPORTS.c.id)).scalar_one())
    record("registry:import:started", import_id=import_id, file=values["file_name"], date=file_date, sha256=digest)
    return import_id


def _read(import_id: int, *, rows: int, skipped: int) -> None:
    if import_row(import_id).phase != ImportPhase.READING:
        return
    told = {"rows": rows, "skipped": skipped, "phase": ImportPhase.ENTRIES}
    step(move, import_id, (ImportPhase.READING, ""), **told)


def _fill(import_id: int, entries: SortedEntries, progress: Progress) -> None:
    row = import_row(import_id)
    if row.phase == ImportPhase.ENTRIES:
        lists = batches(entries.by_number(row.position), BATCH)
        _fill_with(row, ENTRIES, ENTRY_COLUMNS, lists, _number, progress=progress)
        next_phase(import_id, ImportPhase.ENTRIES, ImportPhase.NAMES)
        row = import_row(import_id)
    name, _, number = row.position.partition(BETWEEN)
    lists = batches(entries.by_name((name, number)), BATCH)
    _fill_with(row, NAMES, NAME_COLUMNS, lists, BETWEEN.join, progress=progress)
    _gather_statistics()
    _switch(import_id)


def _gather_statistics() -> None:
    """Tell PostgreSQL's planner of the new rows before anybody asks for them; a search would take seconds without."""
    if db.engine.dialect.name == "sqlite":
        return
    try:
        with transaction():
            connection = session.connection()
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {STATISTICS_MILLISECONDS}")
            connection.exec_driver_sql(f"ANALYZE {ENTRIES.name}, {NAMES.name}")
    except OperationalError as error:
        log.warning("no statistics were gathered: %s", type(error.orig).__name__)


def _number(row: tuple[str, ...]) -> str:
    return row[0]


def _fill_with(
    stands: Any,
    table: Table,
    columns: tuple[str, ...],
    lists: Iterator[list[tuple[str, ...]]],
    key: Callable[[tuple[str, ...]], str],
    *,
    progress: Progress,
) -> None:
    # From where the lists begin, and not read anew: another process may have gone on since.
    phase, position, done = stands.phase, stands.position, stands.done
    for rows in lists:
        values = {"position": key(rows[-1]), "done": done + len(rows)}
        step(_add, stands.id, (phase, position), values, table, columns, rows)
        position, done = values["position"], values["done"]
        progress(phase, done, stands.rows)


def _add(
    import_id: int,
    at: tuple[ImportPhase, str],
    to: dict[str, Any],
    table: Table,
    columns: tuple[str, ...],
    rows: list[tuple[str, ...]],
) -> None:
    move(import_id, at, **to)
    _insert(table, columns, [(import_id, *row) for row in rows])


def _insert(table: Table, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Insert rows past SQLAlchemy's own work on each: PostgreSQL by COPY, SQLite by the driver."""
    named = ", ".join(columns)
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({named}) VALUES ({marks})", rows)  # noqa: S608 - our names
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({named}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _switch(import_id: int) -> None:
    """The one moment at which the register is another: who asks before sees the old one whole, afterwards the new."""
    position = import_row(import_id).position

    def switch() -> None:
        serving = IMPORTS.c.state == ImportState.SERVING
        previous = run(select(IMPORTS.c.id).where(serving)).scalar()
        run(update(IMPORTS).where(serving).values(state=ImportState.REPLACED))
        told = {"state": ImportState.SERVING, "serving_since": now(), "previous_id": previous}
        move(import_id, (ImportPhase.NAMES, position), phase=ImportPhase.COMPANIES, position="", done=0, **told)
        record("registry:import:serving", import_id=import_id, previous_id=previous)

    step(switch)
