"""A data set, streamed into an empty PostgreSQL database: by COPY, and the register by `idp registry import`."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import psycopg
from argon2 import PasswordHasher
from sqlalchemy import JSON, Column

from idp.db import Base, table_of
from idp.models import (
    Account,
    AuditEntry,
    Binding,
    Case,
    Client,
    Company,
    MenuItem,
    MenuRight,
    Password,
    Review,
    Service,
)
from tests.bench import applications, population_rows
from tests.bench.databases import psycopg_address
from tests.bench.population import Population
from tests.bench.provider import ROOT, CommandLine

IMPORT_SECONDS = 1800.0


@dataclass(slots=True)
class Built:
    """A data set that is there: how long each step took, rows of each table, and its size on disk."""

    seconds: dict[str, float] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    mebibytes: int = 0

    @property
    def took(self) -> float:
        """Seconds from the empty database to the one that is measured."""
        return round(sum(self.seconds.values()), 1)


def build(line: CommandLine, url: str, people: Population, told: Callable[[str], None] = lambda _: None) -> Built:
    """Make the data set in the empty database at url, which the command line has too. Raises ProviderFailed."""
    built = Built()

    @contextmanager
    def step(name: str) -> Iterator[None]:
        told(name)
        began = time.monotonic()
        yield
        built.seconds[name] = round(time.monotonic() - began, 2)

    with step("tables"):
        line.run("init")
    with psycopg.connect(psycopg_address(url), autocommit=True) as connection, ThreadPoolExecutor(1) as beside:
        importing = beside.submit(_import_register, line, people.register)
        for model, columns, rows in _tables(connection, people):
            name = str(model.__tablename__)
            with step(name), indexed_afterwards(connection, name):
                built.rows[name] = stream(connection, model, columns, rows)
        with step("the register's import, which began with the first table"):
            importing.result()
        with step("VACUUM ANALYZE"):
            connection.execute("VACUUM (ANALYZE)")
        size: Any = connection.execute("SELECT pg_database_size(current_database()) / 1048576").fetchone()
        built.mebibytes = size[0]
    built.rows["register_entries"] = people.register
    return built


def _tables(
    connection: psycopg.Connection[Any], people: Population
) -> Iterator[tuple[type[Base], Sequence[str], Iterable[tuple[object, ...]]]]:
    yield Service, applications.SERVICE_COLUMNS, applications.service_rows(people.ends_at)
    yield Client, applications.CLIENT_COLUMNS, applications.client_rows(people.ends_at)
    yield MenuItem, applications.MENU_COLUMNS, applications.menu_rows()
    items = [row[0] for row in connection.execute("SELECT id FROM menu_items ORDER BY id")]
    yield Company, population_rows.COMPANY_COLUMNS, population_rows.company_rows(people)
    yield Account, population_rows.ACCOUNT_COLUMNS, population_rows.account_rows(people)
    yield (
        Password,
        population_rows.PASSWORD_COLUMNS,
        population_rows.password_rows(people, PasswordHasher().hash(people.password)),
    )
    yield Binding, population_rows.BINDING_COLUMNS, population_rows.binding_rows(people)
    yield MenuRight, population_rows.RIGHT_COLUMNS, population_rows.right_rows(people, items)
    yield Case, population_rows.CASE_COLUMNS, population_rows.case_rows(people)
    yield Review, population_rows.REVIEW_COLUMNS, population_rows.review_rows(people)
    yield AuditEntry, population_rows.AUDIT_COLUMNS, population_rows.audit_rows(people)


@contextmanager
def indexed_afterwards(connection: psycopg.Connection[Any], table: str) -> Iterator[None]:
    """Make a table's indexes and foreign keys once its rows are there: half the work of keeping them row by row."""
    keys = connection.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'",
        (table,),
    ).fetchall()
    indexes = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes i WHERE tablename = %s"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = i.indexname)",
        (table,),
    ).fetchall()
    for name, _ in keys:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield
    connection.execute("SET maintenance_work_mem = '256MB'")
    for _, definition in indexes:
        connection.execute(definition)
    for name, definition in keys:
        connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def stream(
    connection: psycopg.Connection[Any],
    model: type[Base],
    columns: Sequence[str],
    rows: Iterable[tuple[object, ...]],
) -> int:
    """COPY rows into a model's table; columns that are not named get the model's own default. The number of rows."""
    fixed = _defaults(model, columns)
    constant = tuple(fixed.values())
    named = ", ".join((*columns, *fixed))
    count = 0
    with connection.cursor().copy(f"COPY {model.__tablename__} ({named}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row((*row, *constant))
            count += 1
    return count


def _defaults(model: type[Base], columns: Sequence[str]) -> dict[str, object]:
    table = table_of(model)
    unknown = set(columns) - set(table.columns.keys())
    if unknown:
        raise ValueError(f"{table.name} has no columns {sorted(unknown)}")
    fixed: dict[str, object] = {}
    for column in table.columns:
        if column.name in columns or column is table.autoincrement_column:
            continue
        if column.default is not None:
            fixed[column.name] = _value(column)
        elif not column.nullable:
            raise ValueError(f"{column} needs a value: name it in tests/bench/population_rows.py")
    return fixed


def _value(column: Column[Any]) -> object:
    default: Any = column.default
    value = default.arg(None) if default.is_callable else default.arg
    if isinstance(column.type, JSON):
        return json.dumps(value)
    return value.value if isinstance(value, Enum) else value


def _import_register(line: CommandLine, count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="idp-bench-") as folder:
        file = str(Path(folder) / "BGMOPEN1.csv")
        # In a process of its own, as this one has rows of other tables to make.
        subprocess.run(
            [sys.executable, "-m", "tests.bench.register_file", str(count), file],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        line.run("registry", "import", file, seconds=IMPORT_SECONDS)
