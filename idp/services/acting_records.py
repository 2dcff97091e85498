"""Who acted as an account through a linked one, when and at which application, for its owner (P29; LK10)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, text

from idp.db import session
from idp.models import Account, AuditEntry
from idp.models.audit import THROUGH_LINKED

ON_A_PAGE = 20
WORKER = "worker"


class DoneBy(StrEnum):
    """Who did something about a binding, as its owner is told."""

    LINKED = "linked"
    OWNER = "owner"
    COLLEAGUE = "colleague"
    OPERATOR = "operator"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class ActingRecord:
    """One event of an account in which a linked account had a part."""

    id: int
    at: datetime
    action: str
    outcome: str
    client_id: str | None
    linked_name: str
    linked_username: str
    by: DoneBy
    details: dict[str, Any]


def acting_records(account_id: str, *, before: int | None = None, most: int = ON_A_PAGE) -> list[ActingRecord]:
    """The newest of these events of an account, older than the one of number ``before``; at most ``most``."""
    conditions: list[Any] = [AuditEntry.account_id == account_id, text(THROUGH_LINKED)]
    if before is not None:
        conditions.append(AuditEntry.id < before)
    rows = session.execute(
        select(AuditEntry, Account.name, Account.username)
        .join(Account, Account.id == AuditEntry.linked_account_id)
        .where(*conditions)
        .order_by(AuditEntry.id.desc())
        .limit(most)
    ).all()
    return [
        ActingRecord(
            id=row.id,
            at=row.at,
            action=row.action,
            outcome=row.outcome,
            client_id=row.client_id,
            linked_name=name,
            linked_username=username,
            by=_by(row),
            details=row.details,
        )
        for row, name, username in rows
    ]


def _by(row: AuditEntry) -> DoneBy:
    if row.actor is None or row.actor == WORKER:
        return DoneBy.SYSTEM
    if row.actor in (row.linked_account_id, row.account_id):
        return DoneBy.LINKED if row.actor == row.linked_account_id else DoneBy.OWNER
    return DoneBy.COLLEAGUE if row.actor.startswith("ga_") else DoneBy.OPERATOR
