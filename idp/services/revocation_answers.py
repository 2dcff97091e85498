"""What responders and lists answered, as it is kept: one row an address and question, shared by all processes.

Nothing is kept that was not judged. A row is written in a transaction of its own, never while somebody is waited for.
"""

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import case, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from idp.certificates.answers import Word, may_follow
from idp.certificates.lists import LISTS_KEPT
from idp.db import db, now, run, table_of, transaction
from idp.models import RevocationAnswer

ANSWERS = table_of(RevocationAnswer)
# A source that gave nothing is left alone for so long: it must not cost every sign-in its patience.
LEFT_ALONE = timedelta(seconds=30)
USE_NOTED_EVERY = timedelta(days=1)
FETCHED_ANEW_AT_MOST = timedelta(hours=1)
FETCHED_ANEW_AT_LEAST = timedelta(minutes=1)
TRIED_AGAIN_AFTER = timedelta(minutes=5)
LONGEST_TROUBLE = 200

log = logging.getLogger(__name__)


class Kind(StrEnum):
    """What a row is about; ``address`` only says that an address could not be reached, whatever it was asked."""

    OCSP = "ocsp"
    CRL = "crl"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is asked: of a responder its request, of a list whose it must be (SHA-256 of the issuer)."""

    kind: Kind
    url: str
    question: bytes = b""

    @property
    def key(self) -> bytes:
        """The key of its row."""
        return hashlib.sha256(b"\0".join((self.kind.encode(), self.url.encode(), self.question))).digest()

    @property
    def address(self) -> "Place":
        """The address alone."""
        return Place(Kind.ADDRESS, self.url)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a place. ``word`` is None where nothing came yet; of a list ``body`` is read by itself."""

    word: Word | None
    body: bytes | None
    fetched_at: datetime | None
    tried_at: datetime | None
    trouble: str | None
    last_used_at: datetime

    def is_fresh(self, moment: datetime) -> bool:
        """Whether it answers without asking."""
        return self.word is not None and self.word.next_update > moment

    def is_left_alone(self, moment: datetime) -> bool:
        """Whether the last try gave nothing, just now."""
        return self.trouble is not None and self.tried_at is not None and self.tried_at > moment - LEFT_ALONE


def kept_of(places: Iterable[Place]) -> dict[bytes, Kept]:
    """What is kept of these places and their addresses, by key, in one statement."""
    keys = {key for place in places for key in (place.key, place.address.key)}
    columns = [column for column in ANSWERS.c if column is not ANSWERS.c.body]
    body = case((ANSWERS.c.kind == Kind.OCSP.value, ANSWERS.c.body)).label("body")
    return {row.source_hash: _kept(row) for row in run(select(*columns, body).where(ANSWERS.c.source_hash.in_(keys)))}


@lru_cache(maxsize=LISTS_KEPT)
def list_at(place: Place, _fetched_at: datetime | None) -> bytes | None:
    """The list that is kept of a place: read from the database once a process and fetching, for it has megabytes."""
    body: bytes | None = run(select(ANSWERS.c.body).where(ANSWERS.c.source_hash == place.key)).scalar()
    return body


def keep(place: Place, certificate: bytes, body: bytes, word: Word) -> None:
    """Keep a judged answer, unless a better one is there: no older "good" follows a "revoked", no list goes back."""
    moment = now()
    with transaction():
        _begin_row(place, certificate, moment)
        before = _kept(run(select(ANSWERS).where(ANSWERS.c.source_hash == place.key).with_for_update()).one()).word
        if before is not None and place.kind is Kind.CRL:
            before = Word(True, before.this_update, before.next_update)
        told: dict[str, Any] = {"fetched_at": moment, "refresh_at": _refresh_at(moment, word.next_update)}
        if before is None or may_follow(word, before, now=moment):
            told |= {"body": body, "this_update": word.this_update, "next_update": word.next_update}
            told["is_revoked"] = word.is_revoked and place.kind is Kind.OCSP
        _set(place, moment, trouble=None, **told)
        run(
            update(ANSWERS)
            .where(ANSWERS.c.source_hash == place.address.key, ANSWERS.c.trouble.is_not(None))
            .values(trouble=None)
        )


def note_trouble(place: Place, certificate: bytes, trouble: str, *, is_unreachable: bool) -> None:
    """Keep that a place gave nothing. One that was not reached is left alone whatever it would be asked.

    What was kept before stays.
    """
    moment = now()
    log.warning("revocation: %s: %s", place.url, trouble)
    told = {"trouble": trouble[:LONGEST_TROUBLE], "refresh_at": moment + TRIED_AGAIN_AFTER}
    with transaction():
        _begin_row(place, certificate, moment)
        _set(place, moment, **told)
        if is_unreachable:
            _begin_row(place.address, None, moment)
            _set(place.address, moment, trouble=told["trouble"], last_used_at=moment)


def want(place: Place, certificate: bytes) -> None:
    """Have the worker fetch what nobody waits for."""
    with transaction():
        _begin_row(place, certificate, now(), refresh_at=now())


def note_use(places: Iterable[Place], kept: dict[bytes, Kept]) -> None:
    """Keep that these are in use, once a day."""
    moment = now()
    used = [p.key for p in places if p.key in kept and kept[p.key].last_used_at < moment - USE_NOTED_EVERY]
    if used:
        with transaction():
            run(update(ANSWERS).where(ANSWERS.c.source_hash.in_(used)).values(last_used_at=moment))


def _begin_row(place: Place, certificate: bytes | None, moment: datetime, **more: Any) -> None:
    insert = sqlite_insert if db.engine.dialect.name == "sqlite" else postgresql_insert
    row = {"source_hash": place.key, "kind": place.kind.value, "url": place.url, "certificate": certificate}
    values = {**row, "is_revoked": False, "last_used_at": moment, **more}
    run(insert(ANSWERS).values(values).on_conflict_do_nothing(index_elements=[ANSWERS.c.source_hash]))


def _set(place: Place, moment: datetime, **values: Any) -> None:
    told = {"tried_at": moment, "leased_until": None, **values}
    run(update(ANSWERS).where(ANSWERS.c.source_hash == place.key).values(told))


def _refresh_at(moment: datetime, end: datetime) -> datetime:
    """At three quarters of what is left of its life, or within the hour, but not at once again."""
    return moment + max(FETCHED_ANEW_AT_LEAST, min(FETCHED_ANEW_AT_MOST, (end - moment) * 3 / 4))


def _kept(row: Any) -> Kept:
    has_answer = row.this_update is not None and row.next_update is not None
    word = Word(row.is_revoked, row.this_update, row.next_update) if has_answer else None
    return Kept(word, row.body, row.fetched_at, row.tried_at, row.trouble, row.last_used_at)
