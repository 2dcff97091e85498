"""Leases: each row of the outbox is claimed by one worker at a time, and tried again for 24 hours.

A row is waiting -> sending -> sent | waiting (later) | dead. A worker that dies while sending loses its lease, and
another sends anew: at least once, never lost (security.md §5-11). What is dead is kept for those who run the provider:
they have it tried once more, or give it up (idp.services.ops_mail).
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update

from idp.db import now, session, transaction
from idp.models import OutboxEntry

WAITING, SENDING, SENT, DEAD, GIVEN_UP = "waiting", "sending", "sent", "dead", "given_up"
BATCH = 20
FIRST_PAUSE = timedelta(seconds=10)
# All is delivered within five minutes after the other side comes back, however long it was away.
LONGEST_PAUSE = timedelta(minutes=4)
GIVEN_UP_AFTER = timedelta(hours=24)
LONGEST_ERROR = 500

log = logging.getLogger(__name__)


def claim(kind: str, lease: timedelta, *which: ColumnElement[bool]) -> list[OutboxEntry]:
    """Take the rows of a kind that are due, at most a batch, under a lease; they belong to no session any more."""
    moment = now()
    # Asking needs no write lock; most rounds end here.
    if session.execute(select(OutboxEntry.id).where(_due(kind, moment), *which).limit(1)).first() is None:
        session.commit()
        return []
    with transaction():
        rows = session.scalars(
            select(OutboxEntry)
            .where(_due(kind, moment), *which)
            .order_by(OutboxEntry.next_attempt_at, OutboxEntry.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).all()
        for row in rows:
            row.state = SENDING
            row.leased_until = now() + lease
    for row in rows:
        session.expunge(row)
    return list(rows)


def _due(kind: str, moment: datetime) -> ColumnElement[bool]:
    return and_(
        OutboxEntry.kind == kind,
        or_(
            and_(OutboxEntry.state == WAITING, OutboxEntry.next_attempt_at <= moment),
            and_(OutboxEntry.state == SENDING, OutboxEntry.leased_until < moment),
        ),
    )


def has_time(entry: OutboxEntry, reserve: timedelta) -> bool:
    """Whether the lease lasts for one more try that takes as long as ``reserve``."""
    return entry.leased_until is not None and entry.leased_until - reserve >= now()


def sent(entry: OutboxEntry, **values: Any) -> None:
    """The row has arrived; ``values`` are further columns."""
    _settle(entry, state=SENT, sent_at=now(), attempts=entry.attempts + 1, last_error=None, **values)


def release(entries: list[OutboxEntry]) -> None:
    """Put rows back that were not tried; the list is empty afterwards."""
    while entries:
        _settle(entries.pop(0), state=WAITING)


def failed(entry: OutboxEntry, error: Exception, *, is_final: bool) -> datetime:
    """The try came to nothing: when the next one is due, unless it was the last (the row is then dead)."""
    attempts = entry.attempts + 1
    over = is_final or now() - entry.created_at > GIVEN_UP_AFTER
    due: datetime = now() + min(FIRST_PAUSE * 2 ** min(attempts - 1, 10), LONGEST_PAUSE)
    reason = f"{type(error).__name__}: {error}"[:LONGEST_ERROR].replace("\0", "")
    level = logging.ERROR if over else logging.WARNING
    log.log(level, "%s %s was not sent (attempt %d): %s", entry.kind, entry.message_id, attempts, type(error).__name__)
    _settle(entry, state=DEAD if over else WAITING, attempts=attempts, next_attempt_at=due, last_error=reason)
    return due


def _settle(entry: OutboxEntry, **values: Any) -> None:
    with transaction():
        # Only under the lease it was sent with: another worker may have taken over.
        session.execute(
            update(OutboxEntry)
            .where(
                OutboxEntry.id == entry.id,
                OutboxEntry.state == SENDING,
                OutboxEntry.leased_until == entry.leased_until,
            )
            .values(leased_until=None, **values)
            .execution_options(synchronize_session=False)
        )
