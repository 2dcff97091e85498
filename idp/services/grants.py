"""Grants and their authorization codes: issued, redeemed once, revoked (tokens.md "What a choice is bound to").

Statements are prepared once and run past the mapper: one joined read, conditional writes, no objects tracked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from idp.config import settings
from idp.db import now, run, session, table_of
from idp.models import ClientSession, Grant
from idp.policies.assurance import Acr, Method, acr_of, amr_of
from idp.services.access import end_client_sessions
from idp.services.acting import (
    ACCOUNTS,
    ACTING_COLUMNS,
    ACTING_WIDTH,
    BINDINGS,
    COMPANIES,
    LINKED,
    VIA_COLUMNS,
    Acting,
    acting_from,
)
from idp.services.audit import record
from idp.services.secrets import digest, new_id, new_secret
from idp.services.sign_ins import SIGN_INS, SignedIn

GRANTS = table_of(Grant)
CLIENT_SESSIONS = table_of(ClientSession)


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """What was granted, and whether it is still good now (``is_good``)."""

    id: str
    client_id: str
    sign_in_id: str
    sid: str
    scope: str
    claims: dict[str, Any] | None
    nonce: str | None
    auth_time: datetime
    methods: tuple[Method, ...]
    card_tax_id: str | None
    session_expires_at: datetime
    redirect_uri: str
    code_challenge: str | None
    is_offline: bool
    revoked_at: datetime | None
    sign_in_ended_at: datetime | None
    sid_ended_at: datetime | None
    acting: Acting

    @property
    def is_good(self) -> bool:
        """Neither revoked nor left behind by its sign-in, its account, its company or its binding."""
        if self.revoked_at is not None or not self.acting.is_able:
            return False
        if self.is_offline:
            return True
        is_over = self.sign_in_ended_at is not None or self.sid_ended_at is not None
        return not is_over and self.session_expires_at > now()

    @property
    def acr(self) -> Acr:
        """The class of the sign-in, worked out for the account acted as."""
        return acr_of(self.methods, card_tax_id=self.card_tax_id, acting_tax_id=self.acting.tax_id)

    @property
    def amr(self) -> list[str]:
        """The methods of the sign-in as RFC 8176 names them."""
        return amr_of(self.methods)


GRANT_COLUMNS: tuple[Any, ...] = (
    GRANTS.c.id,
    GRANTS.c.client_id,
    GRANTS.c.sign_in_id,
    GRANTS.c.sid,
    GRANTS.c.scope,
    GRANTS.c.claims,
    GRANTS.c.nonce,
    GRANTS.c.auth_time,
    GRANTS.c.methods,
    GRANTS.c.card_tax_id,
    GRANTS.c.session_expires_at,
    GRANTS.c.redirect_uri,
    GRANTS.c.code_challenge,
    GRANTS.c.is_offline,
    GRANTS.c.revoked_at,
    SIGN_INS.c.ended_at,
    CLIENT_SESSIONS.c.ended_at,
)
GRANT_WIDTH = len(GRANT_COLUMNS)
METHODS_AT = 8

_GRANT = (
    select(*GRANT_COLUMNS, *ACTING_COLUMNS, *VIA_COLUMNS)
    .select_from(
        GRANTS.join(SIGN_INS, GRANTS.c.sign_in_id == SIGN_INS.c.id)
        .join(CLIENT_SESSIONS, GRANTS.c.sid == CLIENT_SESSIONS.c.sid)
        .join(ACCOUNTS, GRANTS.c.account_id == ACCOUNTS.c.id)
        .outerjoin(COMPANIES, ACCOUNTS.c.company_id == COMPANIES.c.id)
        .outerjoin(LINKED, GRANTS.c.linked_account_id == LINKED.c.id)
        .outerjoin(BINDINGS, GRANTS.c.binding_id == BINDINGS.c.id)
    )
    .where(GRANTS.c.id == bindparam("grant_id"))
)
_ISSUE = insert(GRANTS)
_HOLD_SIGN_IN = (
    select(SIGN_INS.c.id).where(SIGN_INS.c.id == bindparam("sign_in")).with_for_update(read=True, key_share=True)
)
_REDEEM = (
    update(GRANTS)
    .where(
        GRANTS.c.code_hash == bindparam("hashed"),
        GRANTS.c.client_id == bindparam("client"),
        GRANTS.c.code_used_at.is_(None),
        GRANTS.c.revoked_at.is_(None),
        GRANTS.c.code_expires_at > bindparam("moment"),
    )
    .values(code_used_at=bindparam("moment"))
    .returning(GRANTS.c.id)
)
_VISITS = select(
    CLIENT_SESSIONS.c.account_id,
    CLIENT_SESSIONS.c.ended_at,
    CLIENT_SESSIONS.c.ended_because,
    CLIENT_SESSIONS.c.sid,
    CLIENT_SESSIONS.c.binding_id,
    CLIENT_SESSIONS.c.by_page,
).where(CLIENT_SESSIONS.c.sign_in_id == bindparam("sign_in"), CLIENT_SESSIONS.c.client_id == bindparam("client"))


def grant_from(row: Any) -> GrantFacts:
    """Make GrantFacts of the values of GRANT_COLUMNS, ACTING_COLUMNS and VIA_COLUMNS."""
    facts: list[Any] = list(row[:GRANT_WIDTH])
    facts[METHODS_AT] = tuple(Method(m) for m in facts[METHODS_AT])
    facts.append(acting_from(row[GRANT_WIDTH:], row[GRANT_WIDTH + ACTING_WIDTH :]))
    return GrantFacts(*facts)


@dataclass(frozen=True, slots=True)
class CodeOrder:
    """What a code is to be issued for."""

    client_id: str
    redirect_uri: str
    scope: str
    claims: dict[str, Any] | None
    nonce: str | None
    code_challenge: str | None
    is_offline: bool


@dataclass(frozen=True, slots=True)
class Visited:
    """A living session of a client: its ``sid``, the binding it runs through, and whether a page let her in."""

    sid: str
    binding_id: str | None
    by_page: bool


@dataclass(frozen=True, slots=True)
class Visits:
    """The sessions of one client in one sign-in: those that live, by account, and whether its person signed out."""

    live: dict[str, Visited]
    has_left: bool

    def as_seat(self, acting: Acting) -> Visited | None:
        """The living session as this account through this very binding; an ended binding's is not the next one's."""
        found = self.live.get(acting.account_id)
        binding_id = acting.via.binding_id if acting.via is not None else None
        return found if found is not None and found.binding_id == binding_id else None


def visits(sign_in_id: str, client_id: str) -> Visits:
    """What this sign-in has with this client (tokens.md, asking rules 4 and 5)."""
    rows = run(_VISITS, {"sign_in": sign_in_id, "client": client_id}).all()
    live = {r[0]: Visited(*r[3:6]) for r in rows if r[1] is None}
    return Visits(live, has_left=not live and any(r[2] == "signed_out" for r in rows))


def issue_code(
    order: CodeOrder, acting: Acting, signed_in: SignedIn, *, running: Visited | None, by_page: bool = False
) -> str:
    """Grant this and issue its authorization code; the account acted as and the actor are fixed here for good.

    ``running`` is the client's living session as this account, or None where it is to begin; ``by_page`` says that a
    page has let her in this time. Who acts through a binding holds it first (uses.take_seat).
    """
    moment = now()
    code = new_secret()
    via = acting.via
    grant = {
        "id": new_id("gr_"),
        "client_id": order.client_id,
        "account_id": acting.account_id,
        "linked_account_id": via.linked_account_id if via else None,
        "binding_id": via.binding_id if via else None,
        "sign_in_id": signed_in.id,
        "sid": _sid(order.client_id, acting, signed_in, running, by_page=by_page),
        "scope": order.scope,
        "claims": order.claims,
        "nonce": order.nonce,
        "auth_time": signed_in.auth_time,
        "methods": [str(m) for m in signed_in.methods],
        "card_tax_id": signed_in.card_tax_id,
        "session_expires_at": signed_in.expires_at,
        "redirect_uri": order.redirect_uri,
        "code_hash": digest(code),
        "code_challenge": order.code_challenge,
        "code_expires_at": moment + timedelta(seconds=settings().code_seconds),
        "is_offline": order.is_offline,
        "created_at": moment,
    }
    run(_ISSUE, grant)
    return code


def _sid(client_id: str, acting: Acting, signed_in: SignedIn, running: Visited | None, *, by_page: bool) -> str:
    if running is None:
        return _begin_client_session(client_id, acting, signed_in, by_page=by_page)
    if by_page and not running.by_page and running.binding_id is not None:
        # Who ends the sign-in holds it before its clients' sessions: so does this.
        run(_HOLD_SIGN_IN, {"sign_in": signed_in.id})
        session.execute(update(ClientSession).where(ClientSession.sid == running.sid).values(by_page=True))
    return running.sid


def _begin_client_session(client_id: str, acting: Acting, signed_in: SignedIn, *, by_page: bool) -> str:
    """One ``sid`` per sign-in × client × account while it lives: a second tab that comes at once gets the same.

    What lives there through another binding should have ended with that: it ends now, and a new one begins.
    """
    sid = new_secret()
    via = acting.via
    people: dict[str, Any] = {
        "client_id": client_id,
        "account_id": acting.account_id,
        "linked_account_id": via.linked_account_id if via else None,
        "binding_id": via.binding_id if via else None,
        "sign_in_id": signed_in.id,
    }
    try:
        with session.begin_nested():
            session.execute(insert(ClientSession).values(sid=sid, created_at=now(), by_page=by_page, **people))
    except IntegrityError:
        found = visits(signed_in.id, client_id)
        same, other = found.as_seat(acting), found.live.get(acting.account_id)
        if same is not None:
            return same.sid
        if other is None:
            raise
        end_client_sessions(ClientSession.sid == other.sid, because="unbound")
        return _begin_client_session(client_id, acting, signed_in, by_page=by_page)
    company_id = acting.company.id if acting.company else None
    record("account:client_session:begun", actor=acting.human_id, company_id=company_id, **people)
    return sid


def redeem_code(code: str, client_id: str) -> GrantFacts | None:
    """Consume a code in one statement; the grant, or None when the code is unknown, expired, used or another client's.

    A second use by the same client revokes everything the first one gave (RFC 6749 §4.1.2, TK01).
    """
    hashed = digest(code)
    grant_id = run(_REDEEM, {"hashed": hashed, "client": client_id, "moment": now()}).scalar()
    if grant_id is None:
        _revoke_if_replayed(hashed, client_id)
        return None
    return grant_from(run(_GRANT, {"grant_id": grant_id}).one())


def _revoke_if_replayed(code_hash: bytes, client_id: str) -> None:
    grant_id = session.scalar(
        select(Grant.id).where(
            Grant.code_hash == code_hash, Grant.client_id == client_id, Grant.code_used_at.is_not(None)
        )
    )
    if grant_id is not None and revoke_grant(grant_id, because="code_replayed"):
        record("client:code:replayed", outcome="refused", client_id=client_id, grant_id=grant_id)


def revoke_grant(grant_id: str, *, because: str) -> bool:
    """End a grant and with it every token of its family; whether it was still alive."""
    ended = session.execute(
        update(Grant)
        .where(Grant.id == grant_id, Grant.revoked_at.is_(None))
        .values(revoked_at=now(), revoked_because=because)
        .returning(Grant.id)
    ).scalar()
    return ended is not None
