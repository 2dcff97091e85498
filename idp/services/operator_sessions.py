"""Sessions at the console: begun by password and second factor, short, ended all at once where an operator is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, insert, select, update

from idp.config import settings
from idp.db import now, session
from idp.models import Operator, OperatorSession
from idp.policies.duties import OperatorStatus, Power, powers_of
from idp.services.audit import record
from idp.services.secrets import digest, new_secret

USER_AGENT_LENGTH = 300


@dataclass(frozen=True, slots=True)
class OnDuty:
    """An operator at the console."""

    operator_id: str
    username: str
    name: str
    powers: frozenset[Power]
    duties: tuple[str, ...]
    own_tax_id: str | None
    locale: str
    since: datetime
    last_seen_at: datetime

    def may(self, power: Power) -> bool:
        """Whether this operator's duties allow it."""
        return power in self.powers


@dataclass(frozen=True, slots=True)
class RunningSession:
    """One session of an operator, in her own list."""

    since: datetime
    last_seen_at: datetime
    address: str | None
    user_agent: str | None
    is_this: bool


def begin_operator_session(operator: Operator, *, browser: str, address: str | None, user_agent: str | None) -> str:
    """Begin a session after both factors were right (operator_sign_in.give_second_factor); the cookie's token."""
    moment, token = now(), new_secret()
    session.execute(
        insert(OperatorSession).values(
            token_hash=digest(token),
            operator_id=operator.id,
            created_at=moment,
            last_seen_at=moment,
            expires_at=moment + timedelta(hours=settings().operator_hours),
            address=address,
            user_agent=(user_agent or "")[:USER_AGENT_LENGTH] or None,
            browser_hash=digest(browser),
        )
    )
    record("operator:sign_in:begun", actor=operator.id, operator=operator.id)
    return token


def on_duty(token: str) -> OnDuty | None:
    """Who is at the console with this cookie; None where the session has ended or idled out, or its operator is
    suspended."""
    row = session.execute(
        select(OperatorSession, Operator)
        .join(Operator, Operator.id == OperatorSession.operator_id)
        .where(
            OperatorSession.token_hash == digest(token),
            *_is_running(),
            Operator.status == OperatorStatus.ACTIVE,
        )
    ).first()
    if row is None:
        return None
    running, operator = row
    return OnDuty(
        operator_id=operator.id,
        username=operator.username,
        name=operator.name,
        powers=powers_of(operator.duties),
        duties=tuple(operator.duties),
        own_tax_id=operator.own_tax_id,
        locale=operator.locale,
        since=running.created_at,
        last_seen_at=running.last_seen_at,
    )


def see_session(token: str) -> None:
    """Note that a session is in use."""
    session.execute(
        update(OperatorSession)
        .where(OperatorSession.token_hash == digest(token), OperatorSession.ended_at.is_(None))
        .values(last_seen_at=now())
        .execution_options(synchronize_session=False)
    )


def sessions_of(operator_id: str, *, token: str | None) -> list[RunningSession]:
    """The sessions of an operator that run now, the newest first; ``token`` is of the one that asks."""
    this = digest(token) if token else None
    rows = session.scalars(
        select(OperatorSession)
        .where(OperatorSession.operator_id == operator_id, *_is_running())
        .order_by(OperatorSession.created_at.desc(), OperatorSession.token_hash)
    )
    return [
        RunningSession(one.created_at, one.last_seen_at, one.address, one.user_agent, one.token_hash == this)
        for one in rows
    ]


def end_operator_session(token: str) -> None:
    """End a session at its operator's word."""
    ended = session.execute(
        update(OperatorSession)
        .where(OperatorSession.token_hash == digest(token), OperatorSession.ended_at.is_(None))
        .values(ended_at=now(), ended_because="signed_out")
        .returning(OperatorSession.operator_id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if ended is not None:
        record("operator:sign_in:ended", actor=ended, operator=ended)


def end_sessions_of(operator_id: str, *, because: str, but: str | None = None) -> int:
    """End every session of an operator (but the one of this token); how many."""
    which = [OperatorSession.operator_id == operator_id, OperatorSession.ended_at.is_(None)]
    if but is not None:
        which.append(OperatorSession.token_hash != digest(but))
    ended = session.execute(
        update(OperatorSession)
        .where(*which)
        .values(ended_at=now(), ended_because=because)
        .returning(OperatorSession.token_hash)
        .execution_options(synchronize_session=False)
    ).all()
    record("operator:sessions:ended", operator=operator_id, because=because, count=len(ended))
    return len(ended)


def _is_running() -> tuple[ColumnElement[bool], ...]:
    moment = now()
    return (
        OperatorSession.ended_at.is_(None),
        OperatorSession.expires_at > moment,
        OperatorSession.last_seen_at > moment - timedelta(minutes=settings().operator_idle_minutes),
    )
