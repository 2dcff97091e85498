"""Delivery of mails: `idp worker` claims them under a lease, sends them, and tries again (idp.mails.leases).

A mail that is sent anew bears the same Message-ID.
"""

import smtplib
from collections.abc import Callable
from datetime import timedelta
from typing import cast

from flask import Flask, current_app

from idp.config import settings
from idp.mails.compose import MAIL
from idp.mails.leases import claim, failed, has_time, release, sent
from idp.mails.postman import Postman
from idp.mails.render import rendered
from idp.models import OutboxEntry

LEASE = timedelta(minutes=5)
LEASE_RESERVE = timedelta(minutes=1)


def deliver_due(should_stop: Callable[[], bool] = lambda: False) -> int:
    """Send the mails that are due, at most a batch, and give how many were handled.

    Needs an application context. Nothing that a mail server does is raised: it is kept with the row.
    """
    entries = claim(MAIL, LEASE)
    claimed = len(entries)
    if not entries:
        return 0
    try:
        with Postman(cast(Flask, current_app._get_current_object()), settings()) as connection:  # type: ignore[attr-defined]  # a proxy
            _send_all(connection, entries, should_stop)
    except (OSError, smtplib.SMTPException) as error:
        for entry in entries:
            _failed(entry, error)
    return claimed


def _send_all(connection: Postman, entries: list[OutboxEntry], should_stop: Callable[[], bool]) -> None:
    while entries:
        entry = entries[0]
        if should_stop() or not has_time(entry, LEASE_RESERVE):
            release(entries)
            return
        try:
            connection.send(rendered(entry), envelope_from=settings().mail_sender)
        except (smtplib.SMTPServerDisconnected, TimeoutError, ConnectionError) as error:
            # The connection is gone with this mail; the others get the next one, at once.
            _failed(entries.pop(0), error)
            release(entries)
            return
        except Exception as error:  # a template's accident must not hold up other people's mails
            _failed(entries.pop(0), error)
        else:
            _sent(entries.pop(0))


def _sent(entry: OutboxEntry) -> None:
    # What the mail said is not kept: it may have held a link that works.
    sent(entry, payload={"template": entry.payload["template"], "locale": entry.payload["locale"]})


def _failed(entry: OutboxEntry, error: Exception) -> None:
    failed(entry, error, is_final=_is_final(error))


def _is_final(error: Exception) -> bool:
    """Whether the server has said no for good (RFC 5321 §4.2.1: 5yz), about this mail and not about us."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
