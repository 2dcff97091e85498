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


def start_run(kind: str, step: str, data: dict[str, Any], *, browser: str | None, lasts: timedelta = SHORT_RUN) -> str:
    """Begin a run in this browser; its id. Without a browser the first one to come takes it (claim_run)."""
    moment = now()
    run_id = new_id("fl_")
    session.execute(
        insert(Flow).values(
            id=run_id,
            kind=kind,
            step=step,
            data=data,
            browser_hash=digest(browser) if browser else None,
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


def finish_run(run_id: str) -> bool:
    """End a run, once: False when it was ended already. Its data is wiped."""
    ended = session.execute(
        update(Flow)
        .where(Flow.id == run_id, Flow.finished_at.is_(None))
        .values(finished_at=now(), data={})
        .returning(Flow.id)
    ).scalar()
    return ended is not None
