"""The passes, kept under ``iss`` + ``tenant`` + ``sub``: whose seat applied, and through which linked account."""

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from clients.portpass.new_pass import HOLDERS, KINDS, PORTS, VEHICLES, NewPass
from clients.relying.database import Clock, Database
from clients.relying.moments import day_of, moment_of, year_of_the_republic
from clients.relying.samples import Samples
from clients.relying.sessions import Session

SCHEMA = """
CREATE TABLE IF NOT EXISTS passes (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    iss TEXT NOT NULL,
    tenant TEXT NOT NULL,
    sub TEXT,
    company TEXT NOT NULL,
    tax_id TEXT NOT NULL,
    person TEXT NOT NULL,
    act_sub TEXT,
    act_name TEXT,
    submitted_at INTEGER NOT NULL,
    once TEXT UNIQUE,
    holder TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    id_last4 TEXT NOT NULL,
    plate TEXT NOT NULL,
    vehicle TEXT NOT NULL,
    port TEXT NOT NULL,
    area TEXT NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    purpose TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS passes_of_a_seat ON passes (iss, tenant, sub, id);
CREATE INDEX IF NOT EXISTS passes_of_a_company ON passes (iss, tenant, id);
"""
STATE_WORDS = {"valid": "有效", "upcoming": "尚未生效", "expired": "已逾期"}
MOST_SHOWN = 100
LETTERS = {"person": "P", "vehicle": "V"}


@dataclass(frozen=True, slots=True)
class Pass(NewPass):
    """One pass, who applied for it and when, and how it stands on the day it is looked at."""

    number: str
    company: str
    tax_id: str
    person: str
    act_sub: str | None
    act_name: str | None
    submitted_at: int
    today: date

    @property
    def state(self) -> str:
        """``upcoming``, ``valid`` or ``expired``."""
        if self.today < self.begins:
            return "upcoming"
        return "valid" if self.today <= self.ends else "expired"

    @property
    def begins(self) -> date:
        """The first day it holds."""
        return date.fromisoformat(self.first_day)

    @property
    def ends(self) -> date:
        """The last day it holds, to its midnight."""
        return date.fromisoformat(self.last_day)

    @property
    def words(self) -> tuple[str, str, str, str]:
        """Holder, kind, port and kind of vehicle, as the Chinese sentences that a page looks up."""
        return HOLDERS[self.holder], KINDS[self.kind], PORTS[self.port], VEHICLES.get(self.vehicle, "")

    @property
    def through(self) -> str:
        """The linked account it was applied for through, empty where there was none."""
        return self.act_name or self.act_sub or ""

    @property
    def submitted(self) -> str:
        """When it was applied for, by the clock in Taiwan."""
        return moment_of(self.submitted_at).strftime("%Y-%m-%d %H:%M:%S")


def republic_day(day: date) -> str:
    """A day as the offices write it, with the usual one beside it."""
    return f"{year_of_the_republic(day)}年{day.month}月{day.day}日（{day.isoformat()}）"


class Passes:
    """The passes of all companies. Every question is a session's, and answered with what its person may see."""

    def __init__(self, database: Database, clock: Clock, iss: str) -> None:
        self.database = database
        self.clock = clock
        self.iss = iss
        self.samples = Samples(database, Path(__file__).with_name("samples.json"))

    @property
    def today(self) -> date:
        """The day it is in Taiwan."""
        return day_of(self.clock())

    def seen_by(self, session: Session, text: str = "", port: str = "") -> list[Pass]:
        """The newest passes that a person may see; ``text`` is looked for in number, name and plate."""
        where, values = _scope(session)
        if text:
            where += " AND (instr(number, ?) OR instr(name, ?) OR instr(plate, ?))"
            values += (text.upper(), text, text.upper())
        if port:
            where, values = where + " AND port = ?", (*values, port)
        return self._found(f"{where} ORDER BY id DESC LIMIT {MOST_SHOWN}", values)

    def valid_for(self, session: Session) -> list[Pass]:
        """The passes that hold today, those that end first in front."""
        where, values = _scope(session)
        today = self.today.isoformat()
        where += f" AND first_day <= ? AND last_day >= ? ORDER BY last_day, id LIMIT {MOST_SHOWN}"
        return self._found(where, (*values, today, today))

    def find(self, session: Session, number: str) -> Pass | None:
        """One pass by its number; what the person may not see is as good as unknown."""
        where, values = _scope(session)
        found = self._found(f"{where} AND number = ?", (*values, number))
        return found[0] if found else None

    def apply(self, session: Session, new: NewPass, once: str) -> str:
        """Store an application for the session's company; its number, the same one for a repeated form."""
        actor = session.actor or {}
        with self.database.writing() as connection:
            before = connection.execute(
                "SELECT number FROM passes WHERE once = ? AND iss = ? AND tenant = ? AND sub = ?",
                (once, session.iss, session.tenant, session.sub),
            ).fetchone()
            if before:
                return str(before["number"])
            return self._insert(
                connection, new, once=once, iss=session.iss, tenant=session.tenant, sub=session.sub,
                company=session.company, tax_id=session.tax_id, person=session.person, submitted_at=self.clock(),
                act_sub=actor.get("sub"), act_name=actor.get("name"),
            )  # fmt: skip

    def welcome(self, facts: Mapping[str, Any]) -> None:
        """At a company's first arrival, give it the sample passes of the demo, if its tax ID has any."""
        self.samples.give(facts, self._insert_sample)

    def _insert_sample(self, connection: sqlite3.Connection, facts: Mapping[str, Any], sample: dict[str, Any]) -> None:
        first = self.today + timedelta(days=sample["begins_in"])
        days = {"first_day": first, "last_day": first + timedelta(days=sample["lasts"] - 1)}
        texts = dict.fromkeys((field.name for field in fields(NewPass)), "") | sample
        new = NewPass(**{name: str(value) for name, value in (texts | days).items() if name in NewPass.__slots__})
        # No seat: whoever sees own passes alone never sees these.
        self._insert(
            connection, new, iss=self.iss, tenant=facts["tenant"], company=str(facts.get("company_name", "")),
            tax_id=str(facts.get("company_tax_id", "")), person=sample["person"],
            submitted_at=self.clock() + (sample["begins_in"] - 2) * 86400,
        )  # fmt: skip

    def _insert(self, connection: sqlite3.Connection, new: NewPass, **who: Any) -> str:
        following = connection.execute("SELECT COALESCE(MAX(id), 400) + 1 FROM passes").fetchone()[0]
        year = year_of_the_republic(day_of(who["submitted_at"]))
        number = f"{new.port}-{LETTERS[new.holder]}-{year}-{following:05d}"
        row = {"id": following, "number": number, **who, **asdict(new)}
        columns, places = ", ".join(row), ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO passes ({columns}) VALUES ({places})", tuple(row.values()))
        return number

    def _found(self, where: str, values: tuple[str, ...]) -> list[Pass]:
        with self.database.reading() as connection:
            rows = connection.execute(f"SELECT * FROM passes WHERE {where}", values).fetchall()
        names = [field.name for field in fields(Pass) if field.name != "today"]
        return [Pass(**{name: row[name] for name in names}, today=self.today) for row in rows]


def _scope(session: Session) -> tuple[str, tuple[str, ...]]:
    """What a person may see: the company's passes, or those of the own seat (claim ``data_scope``)."""
    if session.sees_company:
        return "iss = ? AND tenant = ?", (session.iss, session.tenant)
    return "iss = ? AND tenant = ? AND sub = ?", (session.iss, session.tenant, session.sub)
