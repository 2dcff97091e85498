"""A check of the audit log that an operator asks for: done by `idp worker` in portions, so that nothing waits for it.

Its state is a row. A worker that dies leaves it where it stood, and another goes on; of two at once one moves it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update

from idp.db import now, one_at_a_time, session, transaction
from idp.models import AuditCheck, AuditEntry, AuditHead
from idp.policies.audit_checks import ChainProblem, CheckState
from idp.services.audit import record
from idp.services.audit_chain import BEGINNING, checked

PORTION = 5000
TURN = b"audit:check"
TABLE = AuditEntry.__table__


@dataclass(slots=True)
class _Walk:
    """How far the chain was found to fit."""

    position: int
    previous: bytes
    rows: int = 0
    heads: int = 0
    head: str | None = None
    broken: tuple[int, ChainProblem] | None = None


def ask_for_check(asked_by: str) -> AuditCheck:
    """Have the chain checked from its beginning to the newest row that is sealed now; the one under way if there is."""
    one_at_a_time(TURN)
    there = session.scalar(select(AuditCheck).where(AuditCheck.state == CheckState.WORKING))
    if there is not None:
        return there
    moment = now()
    asked = AuditCheck(
        state=CheckState.WORKING,
        asked_by=asked_by,
        asked_at=moment,
        updated_at=moment,
        until=_newest_sealed(),
        position=0,
        previous=BEGINNING,
        rows=0,
        heads=0,
    )
    session.add(asked)
    session.flush()
    record("audit:check:asked", check=asked.id, until=asked.until)
    return asked


def latest_check() -> AuditCheck | None:
    """The last check that was asked for."""
    return session.scalar(select(AuditCheck).order_by(AuditCheck.id.desc()).limit(1))


def check_more() -> int:
    """Check one portion where a check is under way, and give how many rows. Call it outside a transaction."""
    under_way = select(AuditCheck).where(AuditCheck.state == CheckState.WORKING)
    check = session.scalar(under_way.execution_options(populate_existing=True))
    if check is None:
        session.commit()
        return 0
    stands, until = check.position, check.until
    walk, is_over = _portion(check)
    values: dict[str, Any] = {"position": walk.position, "previous": walk.previous, "updated_at": now()}
    values |= {"rows": AuditCheck.rows + walk.rows, "heads": AuditCheck.heads + walk.heads}
    values |= {"head": walk.head} if walk.head else {}
    if walk.broken is not None:
        values |= {"state": CheckState.BROKEN, "broken_at": walk.broken[0], "problem": walk.broken[1]}
    elif is_over:
        values |= {"state": CheckState.INTACT}
    with transaction():
        _move(check.id, stands, until, values)
    return max(walk.rows, 1)


def _move(check_id: int, stands: int, until: int, values: dict[str, Any]) -> None:
    ends = "state" in values
    moved = session.execute(
        update(AuditCheck)
        .where(AuditCheck.id == check_id, AuditCheck.state == CheckState.WORKING, AuditCheck.position == stands)
        .values(finished_at=now() if ends else None, **values)
        .execution_options(synchronize_session=False)
    )
    if ends and moved.rowcount:  # type: ignore[attr-defined]  # of an UPDATE
        intact = values["state"] is CheckState.INTACT
        told = {} if intact else {"broken_at": values["broken_at"], "problem": str(values["problem"])}
        record("audit:checked", outcome="done" if intact else "refused", check=check_id, until=until, **told)


def _portion(check: AuditCheck) -> tuple[_Walk, bool]:
    rows = session.execute(
        select(TABLE).where(TABLE.c.id > check.position, TABLE.c.id <= check.until).order_by(TABLE.c.id).limit(PORTION)
    ).all()
    is_over = len(rows) < PORTION
    last = check.until if is_over else rows[-1].id
    found = session.scalars(select(AuditHead).where(AuditHead.entry_id > check.position, AuditHead.entry_id <= last))
    heads = {head.entry_id: head for head in found}
    session.commit()
    walk = _walked(_Walk(check.position, check.previous), rows, heads)
    if walk.broken is None and heads:
        walk.broken = (min(heads), ChainProblem.HEAD_WITHOUT_ROW)
    if walk.broken is None and is_over and walk.position != check.until:
        walk.broken = (check.until, ChainProblem.CHANGED)
    return walk, is_over


def _walked(walk: _Walk, rows: Iterable[Any], heads: dict[int, AuditHead]) -> _Walk:
    """Go along the rows as far as they fit; heads that were met are taken out."""
    for row in rows:
        values = dict(row._mapping)
        found = values.pop("hash")
        if found is None:
            walk.broken = (row.id, ChainProblem.UNSEALED)
            return walk
        head = heads.pop(row.id, None)
        walk.previous, problem = checked(walk.previous, values, found, head)
        if problem is not None:
            walk.broken = (row.id, problem)
            return walk
        walk.position, walk.rows = row.id, walk.rows + 1
        if head is not None:
            walk.heads, walk.head = walk.heads + 1, f"{head.entry_id}:{head.hash.hex()}"
    return walk


def _newest_sealed() -> int:
    sealed = select(AuditEntry.id).where(AuditEntry.hash.is_not(None)).order_by(AuditEntry.id.desc()).limit(1)
    headed = select(func.max(AuditHead.entry_id))
    return max(session.scalar(sealed) or 0, session.scalar(headed) or 0)
