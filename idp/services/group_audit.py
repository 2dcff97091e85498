"""What happened in a company, as its group admins may read it (P35): rows of the audit log that are the company's own.

Addresses are never given out, of an operator no more than that it was one, and of other companies' people nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, text

from idp.db import session
from idp.models import Account, AuditEntry
from idp.models.audit import NO_SIGN_IN
from idp.services.group_people import LONGEST_SEARCH, matching

ON_A_PAGE = 50
MOST_EXPORTED = 10_000
MOST_PEOPLE = 50
WORKER = "worker"
POLICY = "policy"


class Kind(StrEnum):
    """What an event is about."""

    REVIEW = "review"
    RIGHTS = "rights"
    INVITATION = "invitation"
    COMPANY = "company"
    SIGN_IN = "sign_in"


# By the beginning of their action. What is in no kind is listed where no kind is asked for.
BEGINNINGS: dict[Kind, tuple[str, ...]] = {
    Kind.REVIEW: ("case:", "account:mailbox:"),
    Kind.RIGHTS: (
        "account:added",
        "account:role:",
        "account:menus:",
        "account:suspended",
        "account:restored",
        "account:reminders:",
        "account:imported",
        "account:password:",
        "account:data_scope:",
        "account:access:",
        "account:unlocked",
    ),
    Kind.INVITATION: ("invitation:",),
    Kind.COMPANY: ("company:",),
    Kind.SIGN_IN: ("account:sign_in:", "account:client_session:", "account:consent:", "agreement:"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSearch:
    """Which records are wanted: of whom, of what kind (None: all but sign-ins), since and until when."""

    text: str = ""
    kind: Kind | None = None
    since: datetime | None = None
    until: datetime | None = None


class Party(StrEnum):
    """Who did something, where it is nobody of the company."""

    OPERATOR = "operator"
    OUTSIDER = "outsider"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person of the company."""

    account_id: str
    name: str
    username: str


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """One event: who did it, and about whom it is (None: about nobody of the company)."""

    id: int
    at: datetime
    action: str
    outcome: str
    by: Colleague | Party
    about: Colleague | None
    client_id: str | None
    details: dict[str, Any]


def records_of(
    company_id: str, search: RecordSearch, *, before: int | None = None, most: int = ON_A_PAGE
) -> list[GroupRecord]:
    """The newest records of a company, older than the one of number ``before``; at most ``most``."""
    conditions = _conditions(search)
    if before is not None:
        conditions.append(AuditEntry.id < before)
    text_ = search.text.strip()[:LONGEST_SEARCH]
    people_meant = _people_meant(company_id, text_) if text_ else None
    if people_meant is not None and not people_meant:
        return []
    if people_meant is not None and search.kind is Kind.SIGN_IN:
        # A sign-in is the person's own, and found by her index; what the planner must not take is fenced off.
        conditions += [func.coalesce(AuditEntry.company_id, "") == company_id, AuditEntry.account_id.in_(people_meant)]
        order = (AuditEntry.id + 0).desc()
    else:
        conditions.append(AuditEntry.company_id == company_id)
        if people_meant is not None:
            conditions.append(or_(AuditEntry.account_id.in_(people_meant), AuditEntry.actor.in_(people_meant)))
        order = AuditEntry.id.desc()
    rows = session.scalars(select(AuditEntry).where(*conditions).order_by(order).limit(most)).all()
    people = _people(company_id, rows)
    return [
        GroupRecord(
            id=row.id,
            at=row.at,
            action=row.action,
            outcome=row.outcome,
            by=_by(row, people),
            about=people.get(row.account_id or ""),
            client_id=row.client_id,
            details=row.details,
        )
        for row in rows
    ]


def _people_meant(company_id: str, words: str) -> list[str]:
    found = select(Account.id).where(Account.company_id == company_id, matching(words)).limit(MOST_PEOPLE)
    return list(session.scalars(found))


def _conditions(search: RecordSearch) -> list[ColumnElement[bool]]:
    if search.kind is Kind.SIGN_IN:
        conditions: list[Any] = [text(f"NOT ({NO_SIGN_IN})")]
    else:
        conditions = [text(NO_SIGN_IN)]
    if search.kind is not None and search.kind is not Kind.SIGN_IN:
        conditions.append(_of_kind(search.kind))
    if search.since is not None:
        conditions.append(AuditEntry.at >= search.since)
    if search.until is not None:
        conditions.append(AuditEntry.at < search.until)
    return conditions


def _of_kind(kind: Kind) -> ColumnElement[bool]:
    return or_(*(AuditEntry.action.startswith(beginning, autoescape=True) for beginning in BEGINNINGS[kind]))


def _people(company_id: str, rows: Iterable[AuditEntry]) -> dict[str, Colleague]:
    ids = {one for row in rows for one in (row.account_id, _actor(row)) if one}
    found = session.execute(
        select(Account.id, Account.name, Account.username).where(
            and_(Account.company_id == company_id, Account.id.in_(ids))
        )
    )
    return {row[0]: Colleague(*row) for row in found}


def _actor(row: AuditEntry) -> str | None:
    return row.actor or row.details.get("by")


def _by(row: AuditEntry, people: dict[str, Colleague]) -> Colleague | Party:
    actor = _actor(row)
    if actor in (None, WORKER, POLICY):
        return Party.SYSTEM
    is_account = str(actor).startswith(("ga_", "la_"))
    return people.get(str(actor), Party.OUTSIDER if is_account else Party.OPERATOR)
