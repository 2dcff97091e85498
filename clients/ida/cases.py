"""The cases, kept under ``iss`` + ``tenant`` + ``sub``: whose seat applied, on paper or all-electronically."""

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from clients.ida.new_case import KINDS, WAYS, NewCase
from clients.relying.database import Clock, Database
from clients.relying.moments import day_of, moment_of, year_of_the_republic
from clients.relying.samples import Samples
from clients.relying.sessions import Session

SCHEMA = """
CREATE TABLE IF NOT EXISTS cases (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    iss TEXT NOT NULL,
    tenant TEXT NOT NULL,
    sub TEXT NOT NULL,
    company TEXT NOT NULL,
    tax_id TEXT NOT NULL,
    person TEXT NOT NULL,
    act_sub TEXT,
    act_name TEXT,
    way TEXT NOT NULL,
    submitted_at INTEGER NOT NULL,
    once TEXT UNIQUE,
    kind TEXT NOT NULL,
    goods TEXT NOT NULL,
    quantity TEXT NOT NULL,
    amount INTEGER NOT NULL,
    purpose TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS cases_of_a_seat ON cases (iss, tenant, sub, id);
"""
MOST_SHOWN = 100
LETTERS = {"paper": "P", "electronic": "E"}


@dataclass(frozen=True, slots=True)
class Case(NewCase):
    """One case, who applied for it, how and when."""

    id: int
    number: str
    iss: str
    tenant: str
    sub: str
    company: str
    tax_id: str
    person: str
    act_sub: str | None
    act_name: str | None
    way: str
    submitted_at: int

    @property
    def words(self) -> tuple[str, str]:
        """The way and the kind, as the Chinese sentences that a page looks up."""
        return WAYS[self.way], KINDS[self.kind]

    @property
    def price(self) -> str:
        """The amount as people read it."""
        return f"{self.amount:,}"

    @property
    def through(self) -> str:
        """The linked account it was applied for through, empty where there was none."""
        return self.act_name or self.act_sub or ""

    @property
    def submitted(self) -> str:
        """When it was applied for, by the clock in Taiwan."""
        return moment_of(self.submitted_at).strftime("%Y-%m-%d %H:%M")


class Cases:
    """The cases of all companies. Every question is a session's: own cases alone, since anybody may register here."""

    def __init__(self, database: Database, clock: Clock, iss: str) -> None:
        self.database = database
        self.clock = clock
        self.iss = iss
        self.samples = Samples(database, Path(__file__).with_name("samples.json"))

    def of(self, session: Session) -> list[Case]:
        """The newest cases of a person's own seat."""
        where, values = own(session)
        return self.found(f"{where} ORDER BY id DESC LIMIT {MOST_SHOWN}", values)

    def find(self, session: Session, number: str) -> Case | None:
        """An own case by its number; what is another's is as good as unknown."""
        where, values = own(session)
        return next(iter(self.found(f"{where} AND number = ?", (*values, number))), None)

    def apply(self, session: Session, new: NewCase, way: str, once: str) -> str:
        """Store an application for the session's company; its number, the same one for a repeated form."""
        actor = session.actor or {}
        with self.database.writing() as connection:
            before = connection.execute(
                "SELECT number FROM cases WHERE once = ? AND iss = ? AND tenant = ? AND sub = ?",
                (once, session.iss, session.tenant, session.sub),
            ).fetchone()
            if before:
                return str(before["number"])
            return self._insert(
                connection, new, once=once, iss=session.iss, tenant=session.tenant, sub=session.sub,
                company=session.company, tax_id=session.tax_id, person=session.person, submitted_at=self.clock(),
                act_sub=actor.get("sub"), act_name=actor.get("name"), way=way,
            )  # fmt: skip

    def welcome(self, facts: Mapping[str, Any]) -> None:
        """At a company's first arrival, give its person the sample cases of the demo, if its tax ID has any."""
        self.samples.give(facts, self._insert_sample)

    def found(self, where: str, values: tuple[Any, ...]) -> list[Case]:
        """The cases of a condition on the table ``cases``."""
        with self.database.reading() as connection:
            rows = connection.execute(f"SELECT * FROM cases WHERE {where}", values).fetchall()
        return [Case(**{field.name: row[field.name] for field in fields(Case)}) for row in rows]

    def _insert_sample(self, connection: sqlite3.Connection, facts: Mapping[str, Any], sample: dict[str, Any]) -> None:
        new = NewCase(**{field.name: sample[field.name] for field in fields(NewCase)})
        self._insert(
            connection, new, iss=self.iss, tenant=facts["tenant"], sub=facts["sub"],
            company=str(facts.get("company_name", "")), tax_id=str(facts.get("company_tax_id", "")),
            person=str(facts.get("name", "")), submitted_at=self.clock() - sample["days_ago"] * 86400,
            way=sample["way"],
        )  # fmt: skip

    def _insert(self, connection: sqlite3.Connection, new: NewCase, **who: Any) -> str:
        following = connection.execute("SELECT COALESCE(MAX(id), 200) + 1 FROM cases").fetchone()[0]
        year = year_of_the_republic(day_of(who["submitted_at"]))
        number = f"{LETTERS[who['way']]}{year}-{following:05d}"
        row = {"id": following, "number": number, **who, **asdict(new)}
        columns, places = ", ".join(row), ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO cases ({columns}) VALUES ({places})", tuple(row.values()))
        return number


def own(session: Session) -> tuple[str, tuple[str, ...]]:
    """The condition for what is of a person's own seat."""
    return "iss = ? AND tenant = ? AND sub = ?", (session.iss, session.tenant, session.sub)
