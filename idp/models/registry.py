"""The company register: what was imported when, its rows and names by generation, and look-ups over the network.

A generation is the id of its import. Rows are written and deleted in the order of their keys, so that a commit touches
few pages; the import that serves says which generation is the register.
"""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.db import Base
from idp.models.columns import words
from idp.policies.registry import ImportPhase, ImportState, LookupState, OrderState, RegisterStatus

BIG = BigInteger().with_variant(Integer, "sqlite")
NUMBER = 8
LONGEST_FOLDED = 200
# A prefix is a range only where texts are ordered by their bytes, as SQLite does.
BY_BYTES = String(LONGEST_FOLDED).with_variant(String(LONGEST_FOLDED, collation="C"), "postgresql")


class RegisterImport(Base):
    """One file, and how far its import has come."""

    __tablename__ = "register_imports"
    __table_args__ = (
        Index(
            "uq_register_imports_state",
            "state",
            unique=True,
            sqlite_where=text("state IN ('working', 'serving')"),
            postgresql_where=text("state IN ('working', 'serving')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(255))
    file_date: Mapped[str] = mapped_column(String(10))
    sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[ImportState] = mapped_column(words(ImportState))
    phase: Mapped[ImportPhase] = mapped_column(words(ImportPhase))
    position: Mapped[str] = mapped_column(String(300), default="")
    done: Mapped[int] = mapped_column(default=0)
    rows: Mapped[int | None]
    skipped: Mapped[int] = mapped_column(default=0)
    previous_id: Mapped[int | None]
    closed: Mapped[int] = mapped_column(default=0)
    to_recheck: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    serving_since: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cleared_at: Mapped[datetime | None]


class RegisterEntry(Base):
    """A tax unit as the Ministry of Finance lists it."""

    __tablename__ = "register_entries"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own form

    generation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tax_id: Mapped[str] = mapped_column(String(NUMBER), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    head_office_tax_id: Mapped[str | None] = mapped_column(String(NUMBER))
    organisation: Mapped[str | None] = mapped_column(Text)
    capital: Mapped[int | None] = mapped_column(BIG)
    set_up_on: Mapped[str | None] = mapped_column(String(10))


class RegisterName(Base):
    """A name as it is compared, by which its tax unit is found."""

    __tablename__ = "register_names"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own form

    generation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name_folded: Mapped[str] = mapped_column(BY_BYTES, primary_key=True)
    tax_id: Mapped[str] = mapped_column(String(NUMBER), primary_key=True)


class RegisterLookup(Base):
    """A number asked for over the network, and what was answered; kept for a day."""

    __tablename__ = "register_lookups"
    __table_args__ = (
        Index("ix_register_lookups_state_wanted_at", "state", "wanted_at"),
        Index("ix_register_lookups_expires_at", "expires_at"),
    )

    tax_id: Mapped[str] = mapped_column(String(NUMBER), primary_key=True)
    state: Mapped[LookupState] = mapped_column(words(LookupState))
    name: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    status: Mapped[RegisterStatus | None] = mapped_column(words(RegisterStatus))
    organisation: Mapped[str | None] = mapped_column(Text)
    wanted_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class RegisterOrder(Base):
    """An import that an operator ordered at the console; `idp worker` carries it out, and tells here how far it is."""

    __tablename__ = "register_orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(255))
    anyway: Mapped[bool]
    state: Mapped[OrderState] = mapped_column(words(OrderState))
    ordered_by: Mapped[str] = mapped_column(String(80))
    ordered_at: Mapped[datetime]
    phase: Mapped[ImportPhase | None] = mapped_column(words(ImportPhase))
    done: Mapped[int] = mapped_column(default=0)
    of: Mapped[int | None]
    import_id: Mapped[int | None] = mapped_column(ForeignKey("register_imports.id"))
    problem: Mapped[str | None] = mapped_column(String(32))
    line: Mapped[int | None]
    stop_asked_by: Mapped[str | None] = mapped_column(String(80))
    updated_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
