"""The import of the tax register: many small transactions beside the register that serves, then one switch.

reading -> entries -> names -> (the switch) -> companies -> clearing -> done

What is kept with the import (phase and position) moves in the transaction of the rows it tells of, and only from where
it stood. So a process killed at any point is followed by one that goes on from there, and of two at once one stops.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec

from sqlalchemy import ColumnElement, Table, Tuple, and_, delete, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from idp.db import db, now, run, session, table_of, transaction
from idp.errors import DatabaseBusy
from idp.models import Company, RegisterEntry, RegisterImport, RegisterName
from idp.policies.entities import EntityKind
from idp.policies.registry import ImportPhase, ImportState, fate, is_cut_short
from idp.policies.standing import CompanyStatus
from idp.services.audit import record
from idp.services.company_standing import close_company, recheck_company
from idp.services.constraints import breaks_unique
from idp.services.registry_file import FileRefused, SortedEntries, batches, file_digest, read_file_date

IMPORTS = table_of(RegisterImport)
ENTRIES = table_of(RegisterEntry)
NAMES = table_of(RegisterName)
COMPANIES = table_of(Company)
ENTRY_COLUMNS = (
    "generation", "tax_id", "name", "address", "head_office_tax_id", "organisation", "capital", "set_up_on",
)  # fmt: skip
NAME_COLUMNS = ("generation", "name_folded", "tax_id")
BATCH = 2000
COMPANIES_READ = 1000
COMPANIES_MOVED = 25
# Longer than anybody naps who waits for the writers' lock (idp/db.py), so that who waits goes first.
PAUSE_SECONDS = 0.006
TRIES = 10
BETWEEN = "\t"

P = ParamSpec("P")
Progress = Callable[[ImportPhase, int, int | None], None]


class ImportTakenOver(Exception):
    """Another process imports now, this file or another: this one has stopped."""


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
        _write(_note_refusal, path.name, refusal)
        raise


def _note_refusal(name: str, refusal: FileRefused) -> None:
    record("registry:import:refused", outcome="refused", file=name, problem=refusal.problem, line=refusal.line)


def _import(path: Path, anyway: bool, progress: Progress) -> Imported:
    digest = file_digest(path)
    served = _serving()
    if served is not None:
        # What it left undone compares the register before it with itself, so it comes first.
        _finish(served.id, progress)
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
        _write(run, update(IMPORTS).where(IMPORTS.c.id == import_id).values(state=ImportState.REFUSED))
        _clear()
        raise
    _finish(import_id, progress)
    return _imported(import_id, unchanged=False, resumed=resumed)


def _write(act: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """One small transaction; where others hold the lock for long it is tried again, for nothing was written."""
    for tried in range(1, TRIES + 1):
        try:
            with transaction():
                act(*args, **kwargs)
            break
        except DatabaseBusy:
            if tried == TRIES:
                raise
    if db.engine.dialect.name == "sqlite":
        time.sleep(PAUSE_SECONDS)


def _serving() -> Any:
    found = run(select(IMPORTS).where(IMPORTS.c.state == ImportState.SERVING)).first()
    session.commit()
    return found


def _row(import_id: int) -> Any:
    found = run(select(IMPORTS).where(IMPORTS.c.id == import_id)).one()
    session.commit()
    return found


def _imported(import_id: int, *, unchanged: bool, resumed: bool) -> Imported:
    row = _row(import_id)
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
        _write(begin)
    except IntegrityError as error:
        if not breaks_unique(error, "register_imports", "state"):
            raise
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


def _move(import_id: int, at: tuple[ImportPhase, str], **values: Any) -> None:
    """Take the import on from this phase and position. Raises ImportTakenOver if it stands elsewhere."""
    stands = (IMPORTS.c.id == import_id, IMPORTS.c.phase == at[0], IMPORTS.c.position == at[1])
    going = IMPORTS.c.state.in_((ImportState.WORKING, ImportState.SERVING))
    if run(update(IMPORTS).where(*stands, going).values(updated_at=now(), **values)).rowcount != 1:
        raise ImportTakenOver


def _read(import_id: int, *, rows: int, skipped: int) -> None:
    if _row(import_id).phase != ImportPhase.READING:
        return
    told = {"rows": rows, "skipped": skipped, "phase": ImportPhase.ENTRIES}
    _write(_move, import_id, (ImportPhase.READING, ""), **told)


def _fill(import_id: int, entries: SortedEntries, progress: Progress) -> None:
    row = _row(import_id)
    of = entries.counted.rows
    if row.phase == ImportPhase.ENTRIES:
        lists = batches(entries.by_number(row.position), BATCH)
        _fill_with(import_id, ENTRIES, ENTRY_COLUMNS, lists, _number, progress=progress, of=of)
        _next_phase(import_id, ImportPhase.ENTRIES, ImportPhase.NAMES)
        row = _row(import_id)
    name, _, number = row.position.partition(BETWEEN)
    lists = batches(entries.by_name((name, number)), BATCH)
    _fill_with(import_id, NAMES, NAME_COLUMNS, lists, BETWEEN.join, progress=progress, of=of)
    _switch(import_id)


def _number(row: tuple[str, ...]) -> str:
    return row[0]


def _fill_with(
    import_id: int,
    table: Table,
    columns: tuple[str, ...],
    lists: Iterator[list[tuple[str, ...]]],
    key: Callable[[tuple[str, ...]], str],
    *,
    progress: Progress,
    of: int,
) -> None:
    row = _row(import_id)
    phase, position, done = row.phase, row.position, row.done
    for rows in lists:
        values = {"position": key(rows[-1]), "done": done + len(rows)}
        _write(_add, import_id, (phase, position), values, table, columns, rows)
        position, done = values["position"], values["done"]
        progress(phase, done, of)


def _add(
    import_id: int,
    at: tuple[ImportPhase, str],
    to: dict[str, Any],
    table: Table,
    columns: tuple[str, ...],
    rows: list[tuple[str, ...]],
) -> None:
    _move(import_id, at, **to)
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


def _next_phase(import_id: int, phase: ImportPhase, following: ImportPhase, **values: Any) -> None:
    position = _row(import_id).position
    told = {"phase": following, "position": "", "done": 0, **values}
    _write(_move, import_id, (phase, position), **told)


def _switch(import_id: int) -> None:
    """The one moment at which the register is another: who asks before sees the old one whole, afterwards the new."""
    position = _row(import_id).position

    def switch() -> None:
        serving = IMPORTS.c.state == ImportState.SERVING
        previous = run(select(IMPORTS.c.id).where(serving)).scalar()
        run(update(IMPORTS).where(serving).values(state=ImportState.REPLACED))
        told = {"state": ImportState.SERVING, "serving_since": now(), "previous_id": previous}
        _move(import_id, (ImportPhase.NAMES, position), phase=ImportPhase.COMPANIES, position="", done=0, **told)
        record("registry:import:serving", import_id=import_id, previous_id=previous)

    _write(switch)


def _finish(import_id: int, progress: Progress) -> None:
    """What remains once an import serves: our companies held against it, and older rows deleted."""
    if _row(import_id).phase == ImportPhase.COMPANIES:
        _compare(import_id, progress)
        _next_phase(import_id, ImportPhase.COMPANIES, ImportPhase.CLEARING)
    if _row(import_id).phase == ImportPhase.CLEARING:
        _clear(lambda deleted: progress(ImportPhase.CLEARING, deleted, None))
        _next_phase(import_id, ImportPhase.CLEARING, ImportPhase.DONE, finished_at=now())


def _compare(import_id: int, progress: Progress) -> None:
    previous = _row(import_id).previous_id
    of = run(select(func.count()).select_from(COMPANIES).where(COMPANIES.c.id_type == EntityKind.UBN)).scalar_one()
    while True:
        row = _row(import_id)
        found = run(_companies(import_id, -1 if previous is None else previous, row.position)).all()
        session.commit()
        if not found:
            return
        due = [(company, to) for company in found if (to := fate(company[2], company[3], company[4], company[5]))]
        for start in range(0, len(due), COMPANIES_MOVED):
            _write(_change, import_id, due[start : start + COMPANIES_MOVED])
        told = {"position": found[-1].tax_id, "done": row.done + len(found)}
        _write(_move, import_id, (ImportPhase.COMPANIES, row.position), **told)
        progress(ImportPhase.COMPANIES, told["done"], of)


def _companies(import_id: int, previous: int, after: str) -> Any:
    before, since = ENTRIES.alias("before"), ENTRIES.alias("since")
    return (
        select(COMPANIES.c.id, COMPANIES.c.tax_id, COMPANIES.c.status, COMPANIES.c.name, before.c.name, since.c.name)
        .select_from(
            COMPANIES.outerjoin(
                before, and_(before.c.generation == previous, before.c.tax_id == COMPANIES.c.tax_id)
            ).outerjoin(since, and_(since.c.generation == import_id, since.c.tax_id == COMPANIES.c.tax_id))
        )
        .where(COMPANIES.c.id_type == EntityKind.UBN, COMPANIES.c.tax_id > after)
        .order_by(COMPANIES.c.tax_id)
        .limit(COMPANIES_READ)
    )


def _change(import_id: int, due: list[tuple[Any, CompanyStatus]]) -> None:
    closed = to_recheck = 0
    for company, to in due:
        if to is CompanyStatus.CLOSED:
            closed += close_company(company[0], import_id=import_id)
        else:
            to_recheck += recheck_company(company[0], name=company[5], import_id=import_id)
    counted = {"closed": IMPORTS.c.closed + closed, "to_recheck": IMPORTS.c.to_recheck + to_recheck}
    run(update(IMPORTS).where(IMPORTS.c.id == import_id).values(counted))


def _clear(told: Callable[[int], None] = lambda _deleted: None) -> None:
    """Delete the rows of imports that neither serve nor work, in the order of their keys and a batch at a time."""
    over = IMPORTS.c.state.not_in((ImportState.SERVING, ImportState.WORKING)) & IMPORTS.c.cleared_at.is_(None)
    generations = run(select(IMPORTS.c.id).where(over).order_by(IMPORTS.c.id)).scalars().all()
    session.commit()
    deleted = 0
    for generation in generations:
        for table, key in (
            (NAMES, tuple_(NAMES.c.name_folded, NAMES.c.tax_id)),
            (ENTRIES, tuple_(ENTRIES.c.tax_id)),
        ):
            for count in _cleared(table, key, generation):
                deleted += count
                told(deleted)
        _write(run, update(IMPORTS).where(IMPORTS.c.id == generation).values(cleared_at=now()))


def _cleared(table: Table, key: Tuple, generation: int) -> Iterator[int]:
    after: tuple[str, ...] | None = None
    while True:
        here: list[ColumnElement[bool]] = [table.c.generation == generation]
        if after is not None:
            here.append(key > after)
        boundary = run(select(*key.clauses).where(*here).order_by(*key.clauses).limit(1).offset(BATCH - 1)).first()
        session.commit()
        if boundary is not None:
            after = tuple(boundary)
            here.append(key <= after)
        _write(run, delete(table).where(*here))
        yield BATCH
        if boundary is None:
            return
