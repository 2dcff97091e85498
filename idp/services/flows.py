"""Runs of multi-step flows: kept at the server, bound to a browser, finished once (security.md §5-4)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, update

from idp.db import now, session
from idp.models import Flow
from idp.services.secrets import digest, new_id

SHORT_RUN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Run:
    """One run: where it is and what it must remember."""

    id: str
    kind: str
    step: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run as it is kept, living or not."""

    id: str
    kind: str
    step: str
    data: dict[str, Any]
    request_id: str | None
    is_finished: bool
    has_expired: bool


def start_run(
    kind: str,
    step: str,
    data: dict[str, Any],
    *,
    browser: str | None,
    lasts: timedelta = SHORT_RUN,
    request_id: str | None = None,
) -> str:
    """Begin a run in this browser; its id. Without a browser the first one to come takes it (claim_run).

    ``request_id`` is the authorization request on whose way it lies.
    """
    moment = now()
    run_id = new_id("fl_")
    session.execute(
        insert(Flow).values(
            id=run_id,
            kind=kind,
            step=step,
            data=data,
            browser_hash=digest(browser) if browser else None,
            authorization_request_id=request_id,
            created_at=moment,
            expires_at=moment + lasts,
        )
    )
    return run_id


def running(run_id: str, kind: str, *, browser: str) -> Run | None:
    """The run of this id and kind in this browser; None when unknown, finished, expired or another browser's."""
    row = session.execute(
        select(Flow.id, Flow.kind, Flow.step, Flow.data).where(
            Flow.id == run_id,
            Flow.kind == kind,
            Flow.browser_hash == digest(browser),
            Flow.finished_at.is_(None),
            Flow.expires_at > now(),
        )
    ).first()
    return Run(*row) if row is not None else None


def claim_run(run_id: str, *, browser: str) -> None:
    """Bind a run that came by a cross-site POST to the browser that follows it."""
    session.execute(
        update(Flow).where(Flow.id == run_id, Flow.browser_hash.is_(None)).values(browser_hash=digest(browser))
    )


def any_run(run_id: str, kind: str, *, browser: str, lock: bool = False) -> KeptRun | None:
    """The run of this id and kind in this browser, also where it is finished or has expired; None when unknown.

    ``lock`` keeps it for this transaction: of two forms sent at once the second sees what the first did.
    """
    statement = select(
        Flow.id, Flow.kind, Flow.step, Flow.data, Flow.authorization_request_id, Flow.finished_at, Flow.expires_at
    ).where(Flow.id == run_id, Flow.kind == kind, Flow.browser_hash == digest(browser))
    row = session.execute(statement.with_for_update() if lock else statement).first()
    if row is None:
        return None
    run_id, kind, step, data, request_id, finished_at, expires_at = row
    return KeptRun(run_id, kind, step, data, request_id, finished_at is not None, expires_at <= now())


def keep_run(run_id: str, step: str, data: dict[str, Any]) -> None:
    """Keep where a living run is and what it remembers."""
    session.execute(update(Flow).where(Flow.id == run_id, Flow.finished_at.is_(None)).values(step=step, data=data))


def finish_run(run_id: str, result: dict[str, Any] | None = None) -> bool:
    """End a run, once: False when it was ended already. Its data is wiped; ``result`` is what a late form is told."""
    ended = session.execute(
        update(Flow)
        .where(Flow.id == run_id, Flow.finished_at.is_(None))
        .values(finished_at=now(), data=result or {})
        .returning(Flow.id)
    ).scalar()
    return ended is not None


def run_on_the_way(kind: str, request_id: str, *, browser: str) -> str | None:
    """The last run of this kind that was begun on the way to an authorization request in this browser, or None."""
    return session.scalar(
        select(Flow.id)
        .where(
            Flow.authorization_request_id == request_id,
            Flow.kind == kind,
            Flow.browser_hash == digest(browser),
        )
        .order_by(Flow.created_at.desc(), Flow.id)
        .limit(1)
    )
