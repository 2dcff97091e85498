"""Delivery: `idp worker` claims rows of the outbox under a lease, sends them, and tries again for 24 hours.

A row is waiting -> sending -> sent | waiting (later) | dead. A worker that dies while sending loses its
lease, and another sends the mail anew under the same Message-ID: at least once, never lost
(security.md §5-11).
"""

import logging
import smtplib
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from flask import Flask, current_app
from sqlalchemy import ColumnElement, and_, or_, select, update

from idp.config import settings
from idp.db import now, session, transaction
from idp.mails.compose import MAIL
from idp.mails.postman import Postman
from idp.mails.render import rendered
from idp.models import OutboxEntry

WAITING, SENDING, SENT, DEAD = "waiting", "sending", "sent", "dead"
BATCH = 20
LEASE = timedelta(minutes=5)
LEASE_RESERVE = timedelta(minutes=1)
FIRST_PAUSE = timedelta(seconds=10)
# All is delivered within five minutes after a server comes back, however long it was away.
LONGEST_PAUSE = timedelta(minutes=4)
GIVEN_UP_AFTER = timedelta(hours=24)
LONGEST_ERROR = 500

log = logging.getLogger(__name__)


def deliver_due(should_stop: Callable[[], bool] = lambda: False) -> int:
    """Send the mails that are due, at most a batch, and give how many were handled.

    Needs an application context. Nothing that a mail server does is raised: it is kept with the row.
    """
    entries = _claim()
    claimed = len(entries)
    if not entries:
        return 0
    try:
        with Postman(cast(Flask, current_app._get_current_object()), settings()) as connection:  # type: ignore[attr-defined]
            _send_all(connection, entries, should_stop)
    except (OSError, smtplib.SMTPException) as error:
        for entry in entries:
            _failed(entry, error)
    return claimed


def _claim() -> list[OutboxEntry]:
    moment = now()
    # Asking needs no write lock; most rounds end here.
    if session.execute(select(OutboxEntry.id).where(_due(moment)).limit(1)).first() is None:
        session.commit()
        return []
    with transaction():
        rows = session.scalars(
            select(OutboxEntry)
            .where(_due(moment))
            .order_by(OutboxEntry.next_attempt_at, OutboxEntry.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).all()
        for row in rows:
            row.state = SENDING
            row.leased_until = now() + LEASE
    return list(rows)


def _due(moment: Any) -> ColumnElement[bool]:
    return and_(
        OutboxEntry.kind == MAIL,
        or_(
            and_(OutboxEntry.state == WAITING, OutboxEntry.next_attempt_at <= moment),
            and_(OutboxEntry.state == SENDING, OutboxEntry.leased_until < moment),
        ),
    )


def _send_all(connection: Postman, entries: list[OutboxEntry], should_stop: Callable[[], bool]) -> None:
    while entries:
        entry = entries[0]
        lease = entry.leased_until
        if should_stop() or lease is None or lease - LEASE_RESERVE < now():
            _release(entries)
            return
        try:
            connection.send(rendered(entry), envelope_from=settings().mail_sender)
        except (smtplib.SMTPServerDisconnected, TimeoutError, ConnectionError) as error:
            # The connection is gone with this mail; the others get the next one, at once.
            _failed(entries.pop(0), error)
            _release(entries)
            return
        except Exception as error:  # a template's accident must not hold up other people's mails
            _failed(entries.pop(0), error)
        else:
            _sent(entries.pop(0))


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


def _sent(entry: OutboxEntry) -> None:
    # What the mail said is not kept: it may have held a link that works.
    kept = {"template": entry.payload["template"], "locale": entry.payload["locale"]}
    _settle(entry, state=SENT, sent_at=now(), attempts=entry.attempts + 1, payload=kept, last_error=None)


def _release(entries: list[OutboxEntry]) -> None:
    while entries:
        _settle(entries.pop(0), state=WAITING)


def _failed(entry: OutboxEntry, error: Exception) -> None:
    attempts = entry.attempts + 1
    over = _is_final(error) or now() - entry.created_at > GIVEN_UP_AFTER
    pause = min(FIRST_PAUSE * 2 ** min(attempts - 1, 10), LONGEST_PAUSE)
    reason = f"{type(error).__name__}: {error}"[:LONGEST_ERROR].replace("\0", "")
    level = logging.ERROR if over else logging.WARNING
    log.log(level, "mail %s was not sent (attempt %d): %s", entry.message_id, attempts, type(error).__name__)
    _settle(
        entry,
        state=DEAD if over else WAITING,
        attempts=attempts,
        next_attempt_at=now() + pause,
        last_error=reason,
    )


def _is_final(error: Exception) -> bool:
    """Whether the server has said no for good (RFC 5321 §4.2.1: 5yz), about this mail and not about us."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
