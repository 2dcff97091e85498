"""What somebody has let applications do: consents and grants that outlive a sign-in, listed and taken back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update

from idp.config import settings
from idp.db import now, session
from idp.models import ClientSession, Consent, Grant
from idp.policies.scopes import LINKED_ACCOUNTS
from idp.services.access import end_client_sessions
from idp.services.audit import record


@dataclass(frozen=True, slots=True)
class Authorization:
    """An application that somebody agreed to or that keeps access after sign-out, since when."""

    client_id: str
    since: datetime
    is_offline: bool


def authorizations_of(human_id: str) -> list[Authorization]:
    """The applications this human agreed to, and those with offline access now (tokens.md "Tokens"), newest first."""
    agreed = session.execute(
        select(Consent.client_id, func.max(Consent.granted_at))
        .where(Consent.human_id == human_id)
        .group_by(Consent.client_id)
    )
    since: dict[str, datetime] = {r[0]: r[1] for r in agreed}
    offline = session.execute(
        select(Grant.client_id, func.max(Grant.created_at))
        .where(
            Grant.account_id == human_id,
            Grant.linked_account_id.is_(None),
            Grant.is_offline.is_(True),
            Grant.revoked_at.is_(None),
            Grant.code_used_at.is_not(None),
            Grant.auth_time > now() - timedelta(days=settings().offline_days),
        )
        .group_by(Grant.client_id)
    )
    kept: dict[str, datetime] = {r[0]: r[1] for r in offline}
    moments = kept | since
    every = [Authorization(client_id, moments[client_id], client_id in kept) for client_id in moments]
    return sorted(every, key=lambda a: a.since, reverse=True)


def know_accounts_of(human_id: str) -> list[Authorization]:
    """The applications that a linked account has agreed may know which accounts it acts as (tokens.md rule 7)."""
    rows = session.execute(
        select(Consent.client_id, Consent.granted_at, Consent.scopes).where(Consent.human_id == human_id)
    )
    since: dict[str, datetime] = {}
    for client_id, granted_at, scopes in rows:
        if LINKED_ACCOUNTS in scopes:
            since[client_id] = max(granted_at, since.get(client_id, granted_at))
    told = [Authorization(client_id, moment, is_offline=False) for client_id, moment in since.items()]
    return sorted(told, key=lambda a: a.since, reverse=True)


def take_back(human_id: str, client_id: str) -> bool:
    """Take an application's access back: consent, grants and sessions of this human end; whether there was any."""
    moment = now()
    mine = or_(Grant.linked_account_id == human_id, (Grant.account_id == human_id) & Grant.linked_account_id.is_(None))
    withdrawn = session.execute(
        delete(Consent).where(Consent.human_id == human_id, Consent.client_id == client_id).returning(Consent.client_id)
    ).all()
    ended = session.execute(
        update(Grant)
        .where(mine, Grant.client_id == client_id, Grant.revoked_at.is_(None))
        .values(revoked_at=moment, revoked_because="taken_back")
        .returning(Grant.sid)
    ).all()
    end_client_sessions(ClientSession.sid.in_({row[0] for row in ended}), because="taken_back")
    if withdrawn or ended:
        record("account:consent:taken_back", actor=human_id, account_id=human_id, client_id=client_id)
    return bool(withdrawn or ended)
