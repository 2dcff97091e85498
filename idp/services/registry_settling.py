"""What follows once an import serves: our companies held against the register, and the rows before it deleted."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Table, Tuple, delete, func, select, tuple_, update

from idp.db import now, run, session, table_of
from idp.models import Company
from idp.policies.entities import EntityKind
from idp.policies.registry import ImportPhase, ImportState, fate
from idp.policies.standing import CompanyStatus
from idp.services.company_standing import close_company, recheck_company
from idp.services.registry_steps import BATCH, ENTRIES, IMPORTS, NAMES, Progress, import_row, move, next_phase, step

COMPANIES = table_of(Company)
COMPANIES_READ = 1000
COMPANIES_MOVED = 25


def finish(import_id: int, progress: Progress) -> None:
    """What remains once an import serves: our companies held against it, and older rows deleted."""
    if import_row(import_id).phase == ImportPhase.COMPANIES:
        _compare(import_id, progress)
        next_phase(import_id, ImportPhase.COMPANIES, ImportPhase.CLEARING)
    if import_row(import_id).phase == ImportPhase.CLEARING:
        clear(lambda deleted: progress(ImportPhase.CLEARING, deleted, None))
        next_phase(import_id, ImportPhase.CLEARING, ImportPhase.DONE, finished_at=now())


def _compare(import_id: int, progress: Progress) -> None:
    previous = import_row(import_id).previous_id
    of = run(select(func.count()).select_from(COMPANIES).where(COMPANIES.c.id_type == EntityKind.UBN)).scalar_one()
    while True:
        row = import_row(import_id)
        found = run(_companies_after(row.position)).all()
        if not found:
            session.commit()
            return
        numbers = [company.tax_id for company in found]
        before = {} if previous is None else _names_in(previous, numbers)
        after = _names_in(import_id, numbers)
        session.commit()
        due = [
            (company.id, to, after.get(company.tax_id, ""))
            for company in found
            if (to := fate(company.status, company.name, before.get(company.tax_id), after.get(company.tax_id)))
        ]
        for start in range(0, len(due), COMPANIES_MOVED):
            step(_change, import_id, due[start : start + COMPANIES_MOVED])
        told = {"position": numbers[-1], "done": row.done + len(found)}
        step(move, import_id, (ImportPhase.COMPANIES, row.position), **told)
        progress(ImportPhase.COMPANIES, told["done"], of)


def _companies_after(tax_id: str) -> Any:
    return (
        select(COMPANIES.c.id, COMPANIES.c.tax_id, COMPANIES.c.status, COMPANIES.c.name)
        .where(COMPANIES.c.id_type == EntityKind.UBN, COMPANIES.c.tax_id > tax_id)
        .order_by(COMPANIES.c.tax_id)
        .limit(COMPANIES_READ)
    )


def _names_in(generation: int, numbers: list[str]) -> dict[str, str]:
    named = select(ENTRIES.c.tax_id, ENTRIES.c.name)
    found = run(named.where(ENTRIES.c.generation == generation, ENTRIES.c.tax_id.in_(numbers)))
    return {row.tax_id: row.name for row in found}


def _change(import_id: int, due: list[tuple[str, CompanyStatus, str]]) -> None:
    closed = to_recheck = 0
    for company_id, to, name in due:
        if to is CompanyStatus.CLOSED:
            closed += close_company(company_id, import_id=import_id)
        else:
            to_recheck += recheck_company(company_id, name=name, import_id=import_id)
    counted = {"closed": IMPORTS.c.closed + closed, "to_recheck": IMPORTS.c.to_recheck + to_recheck}
    run(update(IMPORTS).where(IMPORTS.c.id == import_id).values(counted))


def clear(told: Callable[[int], None] = lambda _deleted: None) -> None:
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
        step(run, update(IMPORTS).where(IMPORTS.c.id == generation).values(cleared_at=now()))


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
        step(run, delete(table).where(*here))
        yield BATCH
        if boundary is None:
            return
