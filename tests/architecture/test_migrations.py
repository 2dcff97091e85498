"""Migrations and models say the same, and a database goes up and down with what is in it (SQLite, PostgreSQL)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Boolean,
    DateTime,
    Engine,
    Enum,
    Integer,
    LargeBinary,
    Table,
    create_engine,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.pool import NullPool
from sqlalchemy.types import JSON

from idp.db import Base, UtcDateTime
from idp.migrations import configuration, migrate, unmigrate
from idp.models import Account, Client, ClientSession, Company, SigningKey
from idp.services.companies import LONGEST_NAME
from idp.services.secrets import new_id, new_secret
from tests.conftest import address_of_new_database
from tests.harness.databases import ON_EACH_DATABASE

pytestmark = pytest.mark.both_databases

MOMENT = datetime(2026, 11, 20, 6, 5, 32, 123456, tzinfo=UTC)


@pytest.fixture(params=ON_EACH_DATABASE)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    return address_of_new_database(request.param, tmp_path, request)


@pytest.fixture
def migrated(address: str) -> Iterator[Engine]:
    """A database made by the migrations."""
    migrate(address)
    engine = create_engine(address, poolclass=NullPool)
    yield engine
    engine.dispose()


def scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration("sqlite://"))


def a_value(column: Any, references: dict[str, Any]) -> Any:
    """Something that this column takes."""
    if column.foreign_keys:
        return references[next(iter(column.foreign_keys)).target_fullname]
    kind = column.type
    if isinstance(kind, Enum):
        return kind.enums[0]
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, Integer):
        return 7
    if isinstance(kind, DateTime | UtcDateTime):
        return MOMENT
    if isinstance(kind, JSON):
        return {"案場": ["a", 1]}
    return b"\0\xff" * 16 if isinstance(kind, LargeBinary) else f"名 {column.name}"[: kind.length or 40]


def fill(engine: Engine) -> dict[str, int]:
    """A row in every table, each column filled, and how many rows each has."""
    references: dict[str, Any] = {}
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            row = {column.name: a_value(column, references) for column in table.columns}
            connection.execute(insert(table).values(row))
            references |= {f"{table.name}.{name}": value for name, value in row.items()}
    return count(engine)


def count(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in Base.metadata.sorted_tables
        }


def shape(engine: Engine) -> dict[str, Any]:
    """Everything about the tables that the two ways to make them must agree on."""
    look = inspect(engine)
    return {name: _shape_of(look, name) for name in look.get_table_names() if name != "alembic_version"}


def _shape_of(look: Any, name: str) -> dict[str, Any]:
    return {
        "columns": {c["name"]: (str(c["type"]), c["nullable"], c["default"]) for c in look.get_columns(name)},
        "key": look.get_pk_constraint(name)["constrained_columns"],
        "foreign": sorted((k["constrained_columns"], k["referred_table"]) for k in look.get_foreign_keys(name)),
        "unique": sorted((u["name"] or "", u["column_names"]) for u in look.get_unique_constraints(name)),
        "checks": sorted((c["name"] or "", c["sqltext"]) for c in look.get_check_constraints(name)),
        "indexes": sorted((i["name"], i["column_names"], bool(i["unique"]), _where(i)) for i in look.get_indexes(name)),
    }


def _where(index: dict[str, Any]) -> str:
    options = index.get("dialect_options", {})
    return str(options.get("sqlite_where", options.get("postgresql_where", "")))


def test_migrations_are_one_line_from_the_first_to_the_last() -> None:
    found = scripts()
    assert len(found.get_heads()) == 1
    assert len(found.get_bases()) == 1
    assert all(isinstance(s.down_revision, str | None) for s in found.walk_revisions())


def test_nothing_is_left_for_a_migration_to_do(address: str) -> None:
    migrate(address)
    command.check(configuration(address))  # raises where models and migrations differ


def test_the_migrated_tables_are_those_of_the_models(
    migrated: Engine, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Alembic compares neither checks nor the conditions of partial indexes, and races are decided by those."""
    kind = migrated.dialect.name
    folder = tmp_path / "models"
    folder.mkdir()
    modelled = create_engine(address_of_new_database(kind, folder, request), poolclass=NullPool)
    Base.metadata.create_all(modelled)
    expected, found = shape(modelled), shape(migrated)
    assert found.keys() == expected.keys()
    for name, table in expected.items():
        assert found[name] == table, name


def test_a_full_database_goes_down_and_up_step_by_step(migrated: Engine, address: str) -> None:
    assert set(fill(migrated).values()) == {1}
    for script in scripts().walk_revisions():
        unmigrate(address, script.down_revision if isinstance(script.down_revision, str) else "base")
    assert set(inspect(migrated).get_table_names()) <= {"alembic_version"}
    for script in reversed(list(scripts().walk_revisions())):
        migrate(address, script.revision)
    assert set(count(migrated).values()) == {0}
    assert set(fill(migrated).values()) == {1}


def test_migrating_again_changes_nothing(migrated: Engine, address: str) -> None:
    before = fill(migrated)
    migrate(address)
    assert count(migrated) == before


def test_every_constraint_has_a_name_by_which_it_can_be_dropped(migrated: Engine) -> None:
    nameless = [
        (table.name, str(constraint))
        for table in Base.metadata.sorted_tables
        for constraint in table.constraints
        if constraint.name is None
    ]
    assert nameless == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (ClientSession.__table__.c.sid, new_secret()),
        (Account.__table__.c.id, new_id("ga_")),
        (Client.__table__.c.id, "a" * 63),
        (SigningKey.__table__.c.kid, "k" * 43),
        (Company.__table__.c.name, "名" * LONGEST_NAME),
    ],
    ids=["sid", "account", "client", "key", "company"],
)
def test_what_is_made_here_fits_its_column(column: Any, value: str) -> None:
    """SQLite takes any length; PostgreSQL refuses what is too long, and the sign-in with it."""
    assert len(value) <= column.type.length


def test_what_was_written_is_read_back_the_same(migrated: Engine) -> None:
    fill(migrated)
    with migrated.connect() as connection:
        for table in Base.metadata.sorted_tables:
            row = connection.execute(select(table)).one()
            assert _moments(table, row) <= {MOMENT}, table.name


def _moments(table: Table, row: Any) -> set[datetime]:
    return {row._mapping[c.name] for c in table.columns if isinstance(c.type, UtcDateTime)}
