"""Count against limits in the database (policies/limits.py; security.md §3)."""

from datetime import UTC, datetime, timedelta
from typing import NoReturn

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from idp.config import settings
from idp.db import db, now, session
from idp.errors import TooManyRequests, TooManyTries
from idp.models import LimitCounter, NameFailures
from idp.policies.limits import Limit
from idp.policies.passwords import delay_after
from idp.services.secrets import keyed_digest


def _window(limit: Limit, moment: datetime) -> datetime:
    length = limit.window.total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // length * length, UTC)


def subject_hash(subject: str) -> bytes:
    """The hash under which something guessable (a name, an address) is counted."""
    return keyed_digest(settings().derived_key("limits"), subject)


def is_reached(limit: Limit, subject: str) -> bool:
    """Whether the limit is reached for this subject in the window that runs."""
    count = session.scalar(
        select(LimitCounter.count).where(
            LimitCounter.name == limit.name,
            LimitCounter.subject_hash == subject_hash(subject),
            LimitCounter.window_starts_at == _window(limit, now()),
        )
    )
    return count is not None and count >= limit.most


def check(limit: Limit, subject: str) -> None:
    """Raise TooManyTries, with the moment to come back, when the limit is reached for this subject."""
    if is_reached(limit, subject):
        retry_at = _window(limit, now()) + limit.window
        raise TooManyTries(retry_at=retry_at, retry_seconds=max(1, int((retry_at - now()).total_seconds())))


def check_left(limit: Limit, subject: str) -> None:
    """Raise TooManyRequests where the limit is reached for this subject; nothing is counted."""
    if is_reached(limit, subject):
        raise_reached(limit)


def spend(limit: Limit, subject: str) -> None:
    """Count one for this subject, or raise TooManyRequests where the limit is reached."""
    if count(limit, subject) > limit.most:
        raise_reached(limit)


def raise_reached(limit: Limit) -> NoReturn:
    """Raise TooManyRequests with the moment at which this limit's window ends."""
    retry_at = _window(limit, now()) + limit.window
    raise TooManyRequests(retry_at=retry_at, retry_seconds=max(1, int((retry_at - now()).total_seconds())))


def count(limit: Limit, subject: str) -> int:
    """Count one more for this subject, in SQL, so that no worker's count is lost; how many there are now."""
    starts = _window(limit, now())
    insert = sqlite_insert if db.engine.dialect.name == "sqlite" else postgresql_insert
    statement = insert(LimitCounter).values(
        name=limit.name,
        subject_hash=subject_hash(subject),
        window_starts_at=starts,
        window_ends_at=starts + limit.window,
        count=1,
    )
    counted = session.execute(
        statement.on_conflict_do_update(
            index_elements=["name", "subject_hash", "window_starts_at"], set_={"count": LimitCounter.count + 1}
        ).returning(LimitCounter.count)
    )
    return int(counted.scalar_one())


def failures_of(name: str, browser: bytes) -> tuple[int, datetime | None]:
    """How often this name failed in a row from this (known) browser or from strangers', and until when it waits."""
    row = session.execute(
        select(NameFailures.failures, NameFailures.not_before).where(
            NameFailures.name_hash == subject_hash(name), NameFailures.browser_hash == browser
        )
    ).first()
    return (row[0], row[1]) if row is not None else (0, None)


def count_failure(name: str, browser: bytes) -> int:
    """Count one more failure of this name and make it wait accordingly; the failures in a row so far."""
    moment = now()
    insert = sqlite_insert if db.engine.dialect.name == "sqlite" else postgresql_insert
    statement = insert(NameFailures).values(
        name_hash=subject_hash(name),
        browser_hash=browser,
        failures=1,
        last_failed_at=moment,
        not_before=moment + delay_after(1),
    )
    failures = session.execute(
        statement.on_conflict_do_update(
            index_elements=["name_hash", "browser_hash"],
            set_={"failures": NameFailures.failures + 1, "last_failed_at": moment},
        ).returning(NameFailures.failures)
    ).scalar_one()
    session.execute(
        update(NameFailures)
        .where(NameFailures.name_hash == subject_hash(name), NameFailures.browser_hash == browser)
        .values(not_before=moment + delay_after(failures))
    )
    return int(failures)


def clear_failures(name: str, browser: bytes) -> None:
    """Forget the failures of this name from this browser, after the right password."""
    session.execute(
        delete(NameFailures).where(NameFailures.name_hash == subject_hash(name), NameFailures.browser_hash == browser)
    )


def clear_all_failures(name: str) -> None:
    """Forget the failures of this name from every browser: its password is another one now."""
    session.execute(delete(NameFailures).where(NameFailures.name_hash == subject_hash(name)))


def forget_old_counters(moment: datetime, *, kept: timedelta = timedelta(days=1)) -> int:
    """Delete counters of windows long past; how many (housekeeping by `idp worker`)."""
    result = session.execute(delete(LimitCounter).where(LimitCounter.window_ends_at < moment - kept))
    return int(getattr(result, "rowcount", 0))
