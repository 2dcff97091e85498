"""Who may see a case beside its own company: accounts of others, named by their number IC… (R-191).

granted --> seen by the account of that number --(last day over | taken back)--> gone

The number only finds the account. With its first arrival the authorisation is that seat's (``tenant`` + ``sub``) and no
other's, for numbers are words and seats are keys (tokens.md: what a client must do).
"""

from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from clients.ida.cases import Case, Cases
from clients.relying.database import Clock, Database
from clients.relying.moments import day_of
from clients.relying.sessions import Session

SCHEMA = """
CREATE TABLE IF NOT EXISTS authorisations (
    id INTEGER PRIMARY KEY,
    case_id INTEGER NOT NULL REFERENCES cases (id),
    electronic_id TEXT NOT NULL,
    name TEXT NOT NULL,
    company TEXT NOT NULL,
    tax_id TEXT NOT NULL,
    last_day TEXT NOT NULL,
    granted_at INTEGER NOT NULL,
    granted_by TEXT NOT NULL,
    through TEXT NOT NULL,
    once TEXT UNIQUE,
    ended_at INTEGER,
    ended_by TEXT,
    to_tenant TEXT,
    to_sub TEXT
);
CREATE INDEX IF NOT EXISTS authorisations_of_a_case ON authorisations (case_id);
CREATE INDEX IF NOT EXISTS authorisations_by_number ON authorisations (electronic_id);
"""
OPEN = "ended_at IS NULL AND last_day >= ?"


@dataclass(frozen=True, slots=True)
class Authorised:
    """Whom a number is, as the provider told it: the name masked."""

    electronic_id: str
    name: str
    company: str
    tax_id: str


@dataclass(frozen=True, slots=True)
class Authorisation(Authorised):
    """One account that may see one case, to the midnight of the last day."""

    id: int
    case_id: int
    case_number: str
    last_day: str
    ended_at: int | None
    today: date

    @property
    def state(self) -> str:
        """``open``, ``expired`` or ``ended`` (taken back)."""
        if self.ended_at is not None:
            return "ended"
        return "open" if self.last_day >= self.today.isoformat() else "expired"


class Authorisations:
    """What companies let each other see. Both sides are asked for by a session."""

    def __init__(self, database: Database, clock: Clock, cases: Cases) -> None:
        self.database = database
        self.clock = clock
        self.cases = cases

    @property
    def today(self) -> date:
        """The day it is in Taiwan."""
        return day_of(self.clock())

    def grant(self, session: Session, case: Case, to: Authorised, last_day: date, once: str) -> bool:
        """Let that account see the person's own case; False where it may already, to a day not before."""
        with self.database.writing() as connection:
            there = connection.execute(
                "SELECT 1 FROM authorisations WHERE case_id = ? AND electronic_id = ? AND ended_at IS NULL"
                " AND last_day >= ? AND once <> ?",
                (case.id, to.electronic_id, last_day.isoformat(), once),
            ).fetchone()
            if there:
                return False
            connection.execute(
                "INSERT OR IGNORE INTO authorisations (case_id, electronic_id, name, company, tax_id, last_day,"
                " granted_at, granted_by, through, once) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    case.id, to.electronic_id, to.name, to.company, to.tax_id, last_day.isoformat(), self.clock(),
                    session.person, _actor(session), once,
                ),
            )  # fmt: skip
        return True

    def take_back(self, session: Session, authorisation_id: int) -> bool:
        """End one that the person's own seat gave, at once; False where it is none of hers, or ended before."""
        with self.database.writing() as connection:
            ended = connection.execute(
                "UPDATE authorisations SET ended_at = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL AND case_id IN"
                " (SELECT id FROM cases WHERE iss = ? AND tenant = ? AND sub = ?)",
                (
                    self.clock(), _actor(session) or session.person, authorisation_id,
                    session.iss, session.tenant, session.sub,
                ),
            )  # fmt: skip
        return ended.rowcount == 1

    def given_by(self, session: Session, case: Case | None = None) -> list[Authorisation]:
        """What the person's own seat gave, newest first: of all its cases, or of this one."""
        where, values = "iss = ? AND tenant = ? AND sub = ?", [session.iss, session.tenant, session.sub]
        if case is not None:
            where += " AND cases.number = ?"
            values.append(case.number)
        names = [field.name for field in fields(Authorisation) if field.name != "today"]
        query = (
            "SELECT authorisations.*, cases.number AS case_number FROM authorisations JOIN cases ON cases.id = case_id"
            f" WHERE {where} ORDER BY authorisations.id DESC LIMIT 100"
        )
        with self.database.reading() as connection:
            rows = connection.execute(query, values).fetchall()
        return [Authorisation(**{name: row[name] for name in names}, today=self.today) for row in rows]

    def seen_by(self, session: Session, number: str | None = None) -> list[tuple[Case, str]]:
        """The cases of others that this person may see now, each with its last day; or that one of them."""
        electronic_id = session.userinfo.get("electronic_id")
        if not isinstance(electronic_id, str) or not electronic_id:
            return []
        self._make_hers(session, electronic_id)
        seat: tuple[Any, ...] = (electronic_id, session.tenant, session.sub, self.today.isoformat())
        allowed = f"electronic_id = ? AND to_tenant = ? AND to_sub = ? AND {OPEN}"
        with self.database.reading() as connection:
            rows = connection.execute(
                f"SELECT case_id, MAX(last_day) AS until FROM authorisations WHERE {allowed} GROUP BY case_id", seat
            ).fetchall()
        until = {row["case_id"]: str(row["until"]) for row in rows}
        places = ", ".join("?" * len(until))
        found = self.cases.found(f"iss = ? AND id IN ({places}) ORDER BY id DESC", (session.iss, *until))
        return [(case, until[case.id]) for case in found if number in (None, case.number)]

    def _make_hers(self, session: Session, electronic_id: str) -> None:
        """What waits for this number is from now on this seat's, where its company is still the one that was meant."""
        waits = "electronic_id = ? AND tax_id = ? AND to_sub IS NULL"
        with self.database.reading() as connection:
            if not connection.execute(
                f"SELECT 1 FROM authorisations WHERE {waits}", (electronic_id, session.tax_id)
            ).fetchone():
                return
        with self.database.writing() as connection:
            connection.execute(
                f"UPDATE authorisations SET to_tenant = ?, to_sub = ? WHERE {waits}",
                (session.tenant, session.sub, electronic_id, session.tax_id),
            )


def _actor(session: Session) -> str:
    actor = session.actor or {}
    return str(actor.get("name") or actor.get("sub") or "")
