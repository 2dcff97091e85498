"""OpenID Connect Back-Channel Logout 1.0: notices of the outbox become logout tokens, posted to their clients.

Clients are told side by side, the notices of one client one after the other: a client that hangs holds nobody else up,
and no person ever waits for one.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from idp.config import Mode, settings
from idp.db import session, transaction
from idp.mails.leases import WAITING, claim, failed, has_time, release, sent
from idp.models import Client, OutboxEntry
from idp.oidc.keys import sign
from idp.services.logout_notices import BACKCHANNEL
from idp.services.outbound import Unreachable, post_form
from idp.services.secrets import new_id

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_SECONDS = 120
ANSWER_SECONDS = 5.0
TAKEN = frozenset({200, 204})
LEASE = timedelta(seconds=60)
LEASE_RESERVE = timedelta(seconds=10)
CLIENTS_AT_ONCE = 8
LONGEST_REASON = 200

log = logging.getLogger(__name__)


class NotTaken(Exception):
    """The client answered, but not with success; it is asked again."""


class Declined(Exception):
    """The client refuses the token, or takes none any more: asking again would change nothing (§2.8)."""


class Messenger:
    """Sends what is due without waiting for it. One per process; end it with ``close``."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._pool = ThreadPoolExecutor(CLIENTS_AT_ONCE, thread_name_prefix="backchannel")
        self._under_way: dict[str, Future[None]] = {}
        self._is_closing = threading.Event()

    def tell_due(self) -> int:
        """Begin to tell clients of what is due, and give of how many sessions. Needs an application context."""
        self._under_way = {client: future for client, future in self._under_way.items() if not future.done()}
        if len(self._under_way) >= CLIENTS_AT_ONCE:
            return 0
        notices = claim(BACKCHANNEL, LEASE, OutboxEntry.client_id.not_in(list(self._under_way)))
        by_client: dict[str, list[OutboxEntry]] = defaultdict(list)
        for notice in notices:
            by_client[str(notice.client_id)].append(notice)
        for client_id, own in by_client.items():
            self._under_way[client_id] = self._pool.submit(self._tell, client_id, own)
        return len(notices)

    def finish(self) -> None:
        """Wait until nothing is under way."""
        wait(self._under_way.values())

    def close(self) -> None:
        """Finish what was begun, and put back what was not."""
        self._is_closing.set()
        self._pool.shutdown()

    def _tell(self, client_id: str, notices: list[OutboxEntry]) -> None:
        with self._app.app_context():
            try:
                tell_in_turn(client_id, notices, self._is_closing.is_set)
            except Exception:
                # Its lease ends by itself, and then somebody tries again.
                session.rollback()
                log.exception("notices for %s: an accident", client_id)


def tell_in_turn(client_id: str, notices: list[OutboxEntry], should_stop: Callable[[], bool]) -> None:
    """Tell one client of these ended sessions; where it can't be reached, the rest waits with the first."""
    while notices:
        if should_stop() or not has_time(notices[0], LEASE_RESERVE):
            release(notices)
            return
        notice = notices.pop(0)
        try:
            _tell_of(notice)
        except Unreachable as error:
            due = failed(notice, error, is_final=False)
            release(notices)
            _postpone(client_id, due)
        except Exception as error:  # one notice's accident must not hold up the client's others
            session.rollback()
            failed(notice, error, is_final=isinstance(error, Declined))
        else:
            sent(notice)


def logout_token(client_id: str, alg: str, *, sub: str, sid: str) -> str:
    """A logout token (§2.4), signed as the client's ID tokens are; ``sub`` and ``sid`` always (tokens.md)."""
    moment = int(time.time())
    claims: dict[str, Any] = {
        "iss": settings().issuer,
        "aud": client_id,
        "iat": moment,
        "exp": moment + TOKEN_SECONDS,
        "jti": new_id(""),
        "events": {EVENT: {}},
        "sub": sub,
        "sid": sid,
    }
    return sign(claims, alg, typ="logout+jwt")


def _tell_of(notice: OutboxEntry) -> None:
    # Read anew, and of a removed client too: the address may have changed since the notice was written.
    address, alg = session.execute(
        select(Client.backchannel_logout_uri, Client.id_token_alg).where(Client.id == notice.client_id)
    ).one()
    if address is None:
        raise Declined("the client has no back-channel logout address any more")
    known = notice.payload
    token = logout_token(str(notice.client_id), alg, sub=known["sub"], sid=known["sid"])
    session.commit()  # no connection to the database is held while a client is waited for
    answer = post_form(
        address,
        {"logout_token": token},
        seconds=ANSWER_SECONDS,
        loopback=settings().mode is not Mode.PRODUCTION,
    )
    if answer.status in TAKEN:
        return
    kind = Declined if answer.status == 400 else NotTaken
    raise kind(f"answered {answer.status} {_printable(answer.text)}")


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text[:LONGEST_REASON])


def _postpone(client_id: str, until: datetime) -> None:
    with transaction():
        session.execute(
            update(OutboxEntry)
            .where(
                OutboxEntry.kind == BACKCHANNEL,
                OutboxEntry.client_id == client_id,
                OutboxEntry.state == WAITING,
                OutboxEntry.next_attempt_at < until,
            )
            .values(next_attempt_at=until)
            .execution_options(synchronize_session=False)
        )
