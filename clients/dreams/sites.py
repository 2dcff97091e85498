"""The sites (案場) of each company, stored under the provider and its opaque company id (``iss`` + ``tenant``)."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clients.dreams.new_site import NewSite, county_of
from clients.relying.database import Clock, Database
from clients.relying.moments import day_of, year_of_the_republic
from clients.relying.samples import Samples
from clients.relying.sessions import Session

# In the order of the steps a case goes through; the last one is a site in operation.
STATUS_WORDS = {"submitted": "已送件", "review": "審查中", "supplement": "待補資料", "grid": "併網中"}
SCHEMA = """
CREATE TABLE IF NOT EXISTS sites (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    iss TEXT NOT NULL,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    capacity_kw REAL NOT NULL,
    status TEXT NOT NULL,
    submitted_at INTEGER NOT NULL,
    sub TEXT,
    person TEXT,
    act_sub TEXT,
    act_name TEXT,
    once TEXT UNIQUE
);
CREATE INDEX IF NOT EXISTS sites_of_a_company ON sites (iss, tenant, id);
"""


@dataclass(frozen=True, slots=True)
class Site:
    """One site and who applied for it: the seat (``sub``) and, where there was one, the linked account."""

    number: str
    name: str
    address: str
    capacity_kw: float
    status: str
    submitted_at: int
    person: str | None
    act_name: str | None

    @property
    def capacity(self) -> str:
        """The capacity in kW as people read it."""
        return figure(self.capacity_kw)

    @property
    def county(self) -> str:
        """The city or county the address begins with, or a dash."""
        return county_of(self.address) or "—"

    @property
    def submitted_on(self) -> str:
        """The day of the application in Taiwan."""
        return day_of(self.submitted_at).isoformat()


def figure(number: float) -> str:
    """A number with thousands commas and no more decimals than it has."""
    return f"{number:,.3f}".rstrip("0").rstrip(".")


class Sites:
    """The sites of all companies; every question names the company, so that none sees another's."""

    def __init__(self, database: Database, clock: Clock, iss: str) -> None:
        self.database = database
        self.clock = clock
        self.iss = iss
        self.samples = Samples(database, Path(__file__).with_name("samples.json"))

    def of_company(self, tenant: str) -> list[Site]:
        """All sites of a company, newest application first."""
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM sites WHERE iss = ? AND tenant = ? ORDER BY submitted_at DESC, id DESC",
                (self.iss, tenant),
            ).fetchall()
        return [_site(row) for row in rows]

    def find(self, tenant: str, number: str) -> Site | None:
        """One site of the company by its number; another company's number is as good as unknown."""
        with self.database.reading() as connection:
            row = connection.execute(
                "SELECT * FROM sites WHERE iss = ? AND tenant = ? AND number = ?", (self.iss, tenant, number)
            ).fetchone()
        return _site(row) if row else None

    def apply(self, session: Session, new: NewSite, once: str) -> str:
        """Store an application for the session's company; its number, the same one for a repeated form."""
        actor = session.actor or {}
        with self.database.writing() as connection:
            before = connection.execute(
                "SELECT number FROM sites WHERE once = ? AND iss = ? AND tenant = ?", (once, self.iss, session.tenant)
            ).fetchone()
            if before:
                return str(before["number"])
            return self._insert(
                connection, session.tenant, new, "submitted", self.clock(), once=once, sub=session.sub,
                person=session.person, act_sub=actor.get("sub"), act_name=actor.get("name"),
            )  # fmt: skip

    def welcome(self, facts: Mapping[str, Any]) -> None:
        """At a company's first arrival, give it the sample sites of the demo, if its tax ID has any."""
        self.samples.give(facts, self._insert_sample)

    def _insert_sample(self, connection: sqlite3.Connection, facts: Mapping[str, Any], sample: dict[str, Any]) -> None:
        new = NewSite(sample["name"], sample["address"], sample["capacity_kw"])
        self._insert(connection, facts["tenant"], new, sample["status"], self.clock() - sample["days_ago"] * 86400)

    def _insert(
        self,
        connection: sqlite3.Connection,
        tenant: str,
        new: NewSite,
        status: str,
        moment: int,
        **who: str | None,
    ) -> str:
        following = connection.execute("SELECT COALESCE(MAX(id), 100) + 1 FROM sites").fetchone()[0]
        year = year_of_the_republic(day_of(moment))
        number = f"S-{year}-{following:04d}"
        connection.execute(
            "INSERT INTO sites VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                following, number, self.iss, tenant, new.name, new.address, new.capacity_kw, status, moment,
                who.get("sub"), who.get("person"), who.get("act_sub"), who.get("act_name"), who.get("once"),
            ),
        )  # fmt: skip
        return number


def _site(row: sqlite3.Row) -> Site:
    return Site(
        number=row["number"],
        name=row["name"],
        address=row["address"],
        capacity_kw=row["capacity_kw"],
        status=row["status"],
        submitted_at=row["submitted_at"],
        person=row["person"],
        act_name=row["act_name"],
    )
