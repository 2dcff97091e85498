"""The chain of the audit log: a row's hash covers it and the hash before it; signed heads fix the length.

`idp worker` seals the rows in the order of their ids. A chain written inside every transaction would put all
of PostgreSQL's writers in one line (security.md §5-17).
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError

from idp.config import settings
from idp.db import db, now, session, transaction
from idp.models import AuditEntry, AuditHead
from idp.policies.audit_checks import ChainProblem

BEGINNING = b"\0" * hashlib.sha256().digest_size
BATCH = 500
HEAD_ROWS = 100
HEAD_AGE = timedelta(minutes=5)
SEALERS_LOCK = 0x1D9A0D17  # any number, the same in every process
COVERED = tuple(c.name for c in AuditEntry.__table__.columns if c.name != "hash")
PROBLEMS = {
    ChainProblem.CHANGED: "the row or one before it was changed or taken away",
    ChainProblem.UNSEALED: "a row before it is not sealed",
    ChainProblem.HEAD: "the signed head does not fit",
    ChainProblem.HEAD_WITHOUT_ROW: "a signed head names a row that is not there or not sealed",
}


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a check of the chain found. ``broken_at`` is the first row that does not fit, ``problem`` how."""

    rows: int
    sealed: int
    heads: int
    head: str | None
    broken_at: int | None = None
    problem: str | None = None

    @property
    def is_intact(self) -> bool:
        """Whether every sealed row and every head fits."""
        return self.problem is None


def row_hash(previous: bytes, values: dict[str, Any]) -> bytes:
    """The hash of a row: SHA-256 over the hash before it and the row as canonical JSON."""
    plain = {k: v.astimezone(UTC).isoformat() if isinstance(v, datetime) else v for k, v in values.items()}
    covered = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(previous + covered.encode()).digest()


def seal(limit: int = BATCH) -> int:
    """Chain the rows that are not chained yet, oldest first; sign a head when one is due. Gives how many."""
    if session.execute(select(AuditEntry.id).where(AuditEntry.hash.is_(None)).limit(1)).first() is None:
        session.commit()
        return 0
    last = _last_settled_id()
    if last is None:
        return 0
    with transaction():
        if not _alone():
            return 0
        return _seal_until(last, limit)


def _last_settled_id() -> int | None:
    """The newest id below which no row can appear any more, or None while writers keep it open."""
    if db.engine.dialect.name == "sqlite":
        return session.scalar(select(func.max(AuditEntry.id)))
    # PostgreSQL gives ids before it commits, so a smaller one may still appear. A SHARE lock is had when no
    # writer of this table is under way; it is held for one SELECT.
    try:
        with transaction():
            session.execute(text("SET LOCAL lock_timeout = '500ms'"))
            session.execute(text("LOCK TABLE audit_log IN SHARE MODE"))
            return session.scalar(select(func.max(AuditEntry.id)))
    except OperationalError:
        return None


def _alone() -> bool:
    if db.engine.dialect.name == "sqlite":
        return True
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(SEALERS_LOCK))))


def _seal_until(last: int, limit: int) -> int:
    newest = session.execute(
        select(AuditEntry.id, AuditEntry.hash)
        .where(AuditEntry.hash.is_not(None))
        .order_by(AuditEntry.id.desc())
        .limit(1)
    ).first()
    after: int = newest[0] if newest else 0
    previous: bytes = newest[1] or BEGINNING if newest else BEGINNING
    rows = session.execute(
        select(*(AuditEntry.__table__.c[name] for name in COVERED))
        .where(AuditEntry.hash.is_(None), AuditEntry.id > after, AuditEntry.id <= last)
        .order_by(AuditEntry.id)
        .limit(limit)
    ).all()
    sealed = []
    for row in rows:
        previous = row_hash(previous, dict(row._mapping))
        sealed.append({"id": row.id, "hash": previous})
    if sealed:
        session.execute(update(AuditEntry), sealed)
        _sign_head_when_due(sealed[-1]["id"], previous)
    return len(sealed)


def _sign_head_when_due(entry_id: int, chained: bytes) -> None:
    head = session.scalar(select(AuditHead).order_by(AuditHead.entry_id.desc()).limit(1))
    moment = now()
    if head is not None and entry_id - head.entry_id < HEAD_ROWS and moment - head.signed_at < HEAD_AGE:
        return
    session.add(
        AuditHead(
            entry_id=entry_id,
            hash=chained,
            signed_at=moment,
            signature=_signature(entry_id, chained, moment),
        )
    )
    session.flush()


def _signature(entry_id: int, chained: bytes, signed_at: datetime) -> bytes:
    told = f"{entry_id}:{chained.hex()}:{signed_at.astimezone(UTC).isoformat()}"
    return hmac.new(settings().derived_key("audit"), told.encode(), hashlib.sha256).digest()


def verify() -> ChainReport:
    """Check every sealed row and every head. Rows not sealed yet come after the last sealed one."""
    heads = {h.entry_id: h for h in session.scalars(select(AuditHead).order_by(AuditHead.entry_id))}
    head = max(heads, default=None)
    previous = BEGINNING
    rows = sealed = 0
    broken: tuple[int, ChainProblem] | None = None
    table = AuditEntry.__table__
    for row in session.execute(select(table).order_by(table.c.id).execution_options(yield_per=1000)):
        rows += 1
        values = dict(row._mapping)
        found = values.pop("hash")
        if broken is None and found is not None:
            previous, problem = checked(previous, values, found, heads.pop(row.id, None))
            broken = (row.id, problem) if problem else None
            # A row without a hash between rows with one was put there later.
            broken = broken or ((row.id, ChainProblem.UNSEALED) if sealed < rows - 1 else None)
        sealed += found is not None
    if broken is None and heads:
        broken = (min(heads), ChainProblem.HEAD_WITHOUT_ROW)
    shown = f"{head}:{_head_hash(head)}" if head is not None else None
    told = (broken[0], PROBLEMS[broken[1]]) if broken else (None, None)
    return ChainReport(rows, sealed, _count_heads(), shown, *told)


def checked(
    previous: bytes, values: dict[str, Any], found: bytes, head: AuditHead | None
) -> tuple[bytes, ChainProblem | None]:
    """Whether a row fits to the hash before it, and to the signed head that names it (None: none does).

    Gives the row's hash as it is kept, and what is wrong.
    """
    expected = row_hash(previous, values)
    if not hmac.compare_digest(expected, found):
        return found, ChainProblem.CHANGED
    if head is None:
        return found, None
    signature = _signature(head.entry_id, head.hash, head.signed_at)
    if head.hash != found or not hmac.compare_digest(signature, head.signature):
        return found, ChainProblem.HEAD
    return found, None


def _head_hash(entry_id: int) -> str:
    return (session.scalar(select(AuditHead.hash).where(AuditHead.entry_id == entry_id)) or b"").hex()


def _count_heads() -> int:
    return session.scalar(select(func.count()).select_from(AuditHead)) or 0
