"""Who is signed in here: rows on the server, one for each ``sid``, found by their browser's opaque cookie.

A browser holds one human. Through a linked account she may sit here for several companies at once, one in each tab: the
address of such a page names its seat (``/~<id>/``), so that no tab ever changes its company by itself.
"""

import hashlib
import json
import secrets
import sqlite3
from dataclasses import dataclass
from typing import Any

from clients.relying.database import Clock, Database

REMEMBER_ENDED = 24 * 3600  # an ended row still says whose form an old tab holds
REMEMBER_SIDS = 13 * 3600  # longer than the provider's longest sign-in: a sid once ended is never used again
# Why it ended: going over to another company, another person, the provider's word.
LEFT, REPLACED, TOLD = "left", "replaced", "told"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the token endpoint gave us for one session."""

    id_token: str
    access_token: str
    access_expires_at: int
    refresh_token: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """One person here, for one company: the key of records is ``iss`` + ``tenant`` + ``sub``."""

    id: str
    browser_hash: str
    iss: str
    tenant: str
    sub: str
    human: str
    sid: str
    accounts: list[dict[str, Any]]
    claims: dict[str, Any]
    userinfo: dict[str, Any]
    tokens: Tokens
    checked_at: int
    expires_at: int
    ended_at: int | None
    ended_because: str | None

    @property
    def root(self) -> str:
        """What its pages' addresses begin with: nothing where the browser can have no other company."""
        return f"/~{self.id}" if self.actor else ""

    @property
    def was_left(self) -> bool:
        """Whether it ended because the browser went over to another seat, which perhaps not every tab knows."""
        return self.ended_at is not None and self.ended_because in (LEFT, REPLACED)

    @property
    def others(self) -> list[dict[str, Any]]:
        """The accounts one may change to from here, as the provider listed them (GET /me/accounts)."""
        return [account for account in self.accounts if account["sub"] != self.sub]

    @property
    def choices(self) -> list[dict[str, Any]]:
        """The menu for going over: each other account, or its company once where several accounts are of one company.

        What the provider lists does not tell those apart; its own page does.
        """
        companies = [account["tenant"] for account in self.accounts]
        found: dict[str, dict[str, Any]] = {}
        for account in self.others:
            is_one_of_several = companies.count(account["tenant"]) > 1
            choice = {**account, "is_one_of_several": is_one_of_several}
            found.setdefault(account["tenant"] if is_one_of_several else account["sub"], choice)
        return list(found.values())

    @property
    def facts(self) -> dict[str, Any]:
        """Claims of the ID token, overruled by userinfo, which is asked anew every few minutes."""
        return {**self.claims, **self.userinfo}

    @property
    def person(self) -> str:
        """The name of the general account's person, for headings and records."""
        return str(self.facts.get("name") or self.facts.get("preferred_username") or self.sub)

    @property
    def human_name(self) -> str:
        """The name of whoever is at the keyboard: the linked person's where there is one."""
        return str(self.actor.get("name") or self.actor["sub"]) if self.actor else self.person

    @property
    def company(self) -> str:
        """The name of the company acted for."""
        return str(self.facts.get("company_name") or self.tenant)

    @property
    def tax_id(self) -> str:
        """The company's tax ID: shown, never used as a key."""
        return str(self.facts.get("company_tax_id") or "")

    @property
    def role(self) -> str:
        """``guest``, ``staff`` or ``group_admin``; nothing is decided by it, it is for words."""
        roles = self.facts.get("roles")
        return str(roles[0]) if isinstance(roles, list) and roles else "guest"

    @property
    def sees_company(self) -> bool:
        """Whether the whole company's records are to be seen, or only those of the person's own seat (own).

        Asked of userinfo alone: a claim without a value is left out there, and the ID token's is an old one.
        """
        return bool(self.userinfo.get("data_scope") == "company")

    @property
    def actor(self) -> dict[str, Any] | None:
        """The linked account somebody came through (claim ``act``, RFC 8693 §4.1), if there is one."""
        act = self.claims.get("act")
        return act if isinstance(act, dict) else None


def hashed(token: str) -> str:
    """How a cookie is looked up: whoever reads the database cannot sign in with what stands there."""
    return hashlib.sha256(token.encode()).hexdigest()


def seat_of(sid: str) -> str:
    """What names a ``sid`` in addresses: the same for the same one, and nothing to be learnt from it."""
    return hashlib.sha256(b"seat:" + sid.encode()).hexdigest()[:12]


def human_of(claims: dict[str, Any]) -> str:
    """Who is at the keyboard: the linked account (``act.sub``) where there is one, else the account itself."""
    act = claims.get("act")
    return str(act["sub"]) if isinstance(act, dict) and act.get("sub") else str(claims["sub"])


@dataclass(frozen=True, slots=True)
class Arrived:
    """Everything a new session is made of."""

    iss: str
    claims: dict[str, Any]
    userinfo: dict[str, Any]
    tokens: Tokens
    accounts: list[dict[str, Any]]


class Sessions:
    """The sessions of everybody, in the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock

    def start(self, arrived: Arrived, *, browser: str | None, leaves: str | None) -> tuple[str, str] | None:
        """Begin a session in a browser: its new cookie and the session's id; None if its ``sid`` has ended.

        ``leaves`` is the id of the session that is given up for it. What else this human has in this browser goes on,
        another human's ends. A logout token may overtake the code exchange: then no session may come of it.
        """
        cookie, now = secrets.token_urlsafe(32), self.clock()
        claims = arrived.claims
        sid, sub, human, place = claims["sid"], claims["sub"], human_of(claims), hashed(cookie)
        with self.database.writing() as connection:
            self._sweep(connection, now)
            if connection.execute("SELECT 1 FROM ended_sids WHERE sid = ?", (sid,)).fetchone():
                return None
            if browser:
                connection.execute("UPDATE seats SET browser_hash = ? WHERE browser_hash = ?", (place, hashed(browser)))
            replaced = "browser_hash = ? AND sid <> ? AND (human <> ? OR sub = ?)"
            self._end(connection, replaced, (place, sid, human, sub), now, REPLACED)
            self._end(connection, "id = ? AND browser_hash = ? AND sid <> ?", (leaves, place, sid), now, LEFT)
            tokens = arrived.tokens
            connection.execute(
                "INSERT OR REPLACE INTO seats VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
                (
                    seat_of(sid), place, arrived.iss, claims["tenant"], sub, human, sid, json.dumps(arrived.accounts),
                    json.dumps(claims), json.dumps(arrived.userinfo), tokens.id_token, tokens.access_token,
                    tokens.access_expires_at, tokens.refresh_token, now, claims["session_expiry"],
                ),
            )  # fmt: skip
        return cookie, seat_of(sid)

    def find(self, cookie: str, seat: str) -> Session | None:
        """One session of a browser, ended or not; ``ended_at`` is set once its time is up."""
        return next((one for one in self.of_browser(cookie) if one.id == seat), None)

    def again(self, held: Session) -> Session | None:
        """The session as it is now."""
        with self.database.reading() as connection:
            row = connection.execute("SELECT * FROM seats WHERE id = ?", (held.id,)).fetchone()
        return self._session(row) if row else None

    def of_browser(self, cookie: str) -> list[Session]:
        """All sessions of a browser, ended ones too, those begun last first."""
        if not cookie:
            return []
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM seats WHERE browser_hash = ? ORDER BY rowid DESC", (hashed(cookie),)
            ).fetchall()
        return [self._session(row) for row in rows]

    def last_of_sid(self, sid: str) -> Session | None:
        """The newest session of a ``sid``, also an ended one: to say for whom an old form was opened."""
        with self.database.reading() as connection:
            row = connection.execute("SELECT * FROM seats WHERE sid = ? ORDER BY rowid DESC LIMIT 1", (sid,)).fetchone()
        return self._session(row) if row else None

    def keep_tokens(self, session: Session, tokens: Tokens) -> None:
        """Store rotated tokens at once: the refresh token just used is worth nothing any more."""
        with self.database.writing() as connection:
            connection.execute(
                "UPDATE seats SET id_token = ?, access_token = ?, access_expires_at = ?, refresh_token = ?"
                " WHERE id = ? AND refresh_token IS ? AND ended_at IS NULL",
                (
                    tokens.id_token, tokens.access_token, tokens.access_expires_at, tokens.refresh_token,
                    session.id, session.tokens.refresh_token,
                ),
            )  # fmt: skip

    def keep_facts(self, session: Session, userinfo: dict[str, Any], accounts: list[dict[str, Any]]) -> None:
        """Store what the provider says now about the person's role and rights, and whom else she can act as."""
        with self.database.writing() as connection:
            connection.execute(
                "UPDATE seats SET userinfo = ?, accounts = ?, checked_at = ? WHERE id = ? AND ended_at IS NULL",
                (json.dumps(userinfo), json.dumps(accounts), self.clock(), session.id),
            )

    def end(self, session: Session) -> None:
        """End this one session here; the person's other sessions live on."""
        with self.database.writing() as connection:
            self._end(connection, "id = ?", (session.id,), self.clock(), "over")

    def leave(self, session: Session) -> None:
        """End this session because its tab goes over to another one of this browser."""
        with self.database.writing() as connection:
            self._end(connection, "id = ?", (session.id,), self.clock(), LEFT)

    def end_browser(self, session: Session) -> None:
        """End all sessions of the browser that holds this one: somebody signs out."""
        with self.database.writing() as connection:
            self._end(connection, "browser_hash = ?", (session.browser_hash,), self.clock(), "signed out")

    def end_by_logout_token(
        self, *, jti: str, expires_at: int, iss: str, sub: str | None, sid: str | None
    ) -> int | None:
        """End what a logout token names; gives how many, or None if its ``jti`` has been seen before.

        With ``sid`` only that session, without it all sessions of the ``sub`` (Back-Channel Logout 1.0 §2.7).
        """
        now = self.clock()
        with self.database.writing() as connection:
            connection.execute("DELETE FROM logout_tokens WHERE expires_at < ?", (now - 600,))
            seen = connection.execute("INSERT OR IGNORE INTO logout_tokens VALUES (?, ?)", (jti, expires_at)).rowcount
            if seen == 0:
                return None
            if sid is None:
                return self._end(connection, "iss = ? AND sub = ?", (iss, sub), now, TOLD)
            connection.execute("INSERT OR IGNORE INTO ended_sids VALUES (?, ?)", (sid, now))
            if sub is None:
                return self._end(connection, "iss = ? AND sid = ?", (iss, sid), now, TOLD)
            return self._end(connection, "iss = ? AND sid = ? AND sub = ?", (iss, sid, sub), now, TOLD)

    def _end(
        self, connection: sqlite3.Connection, which: str, values: tuple[str | None, ...], now: int, because: str
    ) -> int:
        return connection.execute(
            f"UPDATE seats SET ended_at = ?, ended_because = ?, access_token = '', refresh_token = NULL"
            f" WHERE {which} AND ended_at IS NULL",
            (now, because, *values),
        ).rowcount

    def _sweep(self, connection: sqlite3.Connection, now: int) -> None:
        connection.execute("DELETE FROM ended_sids WHERE ended_at < ?", (now - REMEMBER_SIDS,))
        connection.execute(
            "DELETE FROM seats WHERE ended_at < ? OR expires_at < ?",
            (now - REMEMBER_ENDED, now - REMEMBER_ENDED),
        )

    def _session(self, row: sqlite3.Row) -> Session:
        ended_at = row["ended_at"]
        if ended_at is None and row["expires_at"] <= self.clock():
            ended_at = row["expires_at"]
        return Session(
            id=row["id"],
            browser_hash=row["browser_hash"],
            iss=row["iss"],
            tenant=row["tenant"],
            sub=row["sub"],
            human=row["human"],
            sid=row["sid"],
            accounts=json.loads(row["accounts"]),
            claims=json.loads(row["claims"]),
            userinfo=json.loads(row["userinfo"]),
            tokens=Tokens(row["id_token"], row["access_token"], row["access_expires_at"], row["refresh_token"]),
            checked_at=row["checked_at"],
            expires_at=row["expires_at"],
            ended_at=ended_at,
            ended_because=row["ended_because"],
        )
