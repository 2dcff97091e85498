"""Who is signed in here: rows on the server, found by the hash of an opaque cookie, ended by ``sid``."""

import hashlib
import json
import secrets
import sqlite3
from dataclasses import dataclass
from typing import Any

from clients.relying.database import Clock, Database

REMEMBER_ENDED = 24 * 3600  # an ended row still says whose form an old tab holds
REMEMBER_SIDS = 13 * 3600  # longer than the provider's longest sign-in: a sid once ended is never used again


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

    token_hash: str
    iss: str
    tenant: str
    sub: str
    sid: str
    claims: dict[str, Any]
    userinfo: dict[str, Any]
    tokens: Tokens
    checked_at: int
    expires_at: int
    ended_at: int | None

    @property
    def facts(self) -> dict[str, Any]:
        """Claims of the ID token, overruled by userinfo, which is asked anew every few minutes."""
        return {**self.claims, **self.userinfo}

    @property
    def person(self) -> str:
        """The name of the general account's person, for headings and records."""
        return str(self.facts.get("name") or self.facts.get("preferred_username") or self.sub)

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


class Sessions:
    """The sessions of everybody, in the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock

    def start(
        self,
        *,
        iss: str,
        claims: dict[str, Any],
        userinfo: dict[str, Any],
        tokens: Tokens,
        replaces: str | None,
    ) -> str | None:
        """Begin a session and end the one this browser had; the new cookie, or None if its ``sid`` has ended.

        A logout token may overtake the code exchange: then no session may come of it.
        """
        token, now = secrets.token_urlsafe(32), self.clock()
        with self.database.writing() as connection:
            self._sweep(connection, now)
            if replaces:
                self._end(connection, "token_hash = ?", (hashed(replaces),), now)
            if connection.execute("SELECT 1 FROM ended_sids WHERE sid = ?", (claims["sid"],)).fetchone():
                return None
            connection.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                (
                    hashed(token), iss, claims["tenant"], claims["sub"], claims["sid"], json.dumps(claims),
                    json.dumps(userinfo), tokens.id_token, tokens.access_token, tokens.access_expires_at,
                    tokens.refresh_token, now, claims["session_expiry"],
                ),
            )  # fmt: skip
        return token

    def find(self, token: str) -> Session | None:
        """The session of a cookie, ended or not; ``ended_at`` is set once its time is up."""
        with self.database.reading() as connection:
            row = connection.execute("SELECT * FROM sessions WHERE token_hash = ?", (hashed(token),)).fetchone()
        return self._session(row) if row else None

    def last_of_sid(self, sid: str) -> Session | None:
        """The newest session of a ``sid``, also an ended one: to say for whom an old form was opened."""
        with self.database.reading() as connection:
            row = connection.execute(
                "SELECT * FROM sessions WHERE sid = ? ORDER BY rowid DESC LIMIT 1", (sid,)
            ).fetchone()
        return self._session(row) if row else None

    def keep_tokens(self, session: Session, tokens: Tokens) -> None:
        """Store rotated tokens at once: the refresh token just used is worth nothing any more."""
        with self.database.writing() as connection:
            connection.execute(
                "UPDATE sessions SET id_token = ?, access_token = ?, access_expires_at = ?, refresh_token = ?"
                " WHERE token_hash = ? AND ended_at IS NULL",
                (
                    tokens.id_token, tokens.access_token, tokens.access_expires_at, tokens.refresh_token,
                    session.token_hash,
                ),
            )  # fmt: skip

    def keep_facts(self, session: Session, userinfo: dict[str, Any]) -> None:
        """Store what the provider says now about the person's role and rights."""
        with self.database.writing() as connection:
            connection.execute(
                "UPDATE sessions SET userinfo = ?, checked_at = ? WHERE token_hash = ? AND ended_at IS NULL",
                (json.dumps(userinfo), self.clock(), session.token_hash),
            )

    def end(self, session: Session) -> None:
        """End this one session here; the person's other sessions live on."""
        with self.database.writing() as connection:
            self._end(connection, "token_hash = ?", (session.token_hash,), self.clock())

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
                return self._end(connection, "iss = ? AND sub = ?", (iss, sub), now)
            connection.execute("INSERT OR IGNORE INTO ended_sids VALUES (?, ?)", (sid, now))
            if sub is None:
                return self._end(connection, "iss = ? AND sid = ?", (iss, sid), now)
            return self._end(connection, "iss = ? AND sid = ? AND sub = ?", (iss, sid, sub), now)

    def _end(self, connection: sqlite3.Connection, which: str, values: tuple[str | None, ...], now: int) -> int:
        return connection.execute(
            f"UPDATE sessions SET ended_at = ?, access_token = '', refresh_token = NULL"
            f" WHERE {which} AND ended_at IS NULL",
            (now, *values),
        ).rowcount

    def _sweep(self, connection: sqlite3.Connection, now: int) -> None:
        connection.execute("DELETE FROM ended_sids WHERE ended_at < ?", (now - REMEMBER_SIDS,))
        connection.execute(
            "DELETE FROM sessions WHERE ended_at < ? OR expires_at < ?",
            (now - REMEMBER_ENDED, now - REMEMBER_ENDED),
        )

    def _session(self, row: sqlite3.Row) -> Session:
        ended_at = row["ended_at"]
        if ended_at is None and row["expires_at"] <= self.clock():
            ended_at = row["expires_at"]
        return Session(
            token_hash=row["token_hash"],
            iss=row["iss"],
            tenant=row["tenant"],
            sub=row["sub"],
            sid=row["sid"],
            claims=json.loads(row["claims"]),
            userinfo=json.loads(row["userinfo"]),
            tokens=Tokens(row["id_token"], row["access_token"], row["access_expires_at"], row["refresh_token"]),
            checked_at=row["checked_at"],
            expires_at=row["expires_at"],
            ended_at=ended_at,
        )
