"""What happened in a company, as its group admins may read it (P35): rows of the audit log that are the company's own.

Addresses are never given out, of an operator no more than that it was one, and of other companies' people nothing.
A linked account that is or was bound to an account of the company is told by name: both sides read who acted (LK10).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, text

from idp.db import session
from idp.models import Account, AuditEntry, Binding
from idp.models.audit import NO_SIGN_IN, THROUGH_LINKED
from idp.services.group_people import LONGEST_SEARCH, matching

ON_A_PAGE = 50
MOST_EXPORTED = 10_000
MOST_PEOPLE = 50
WORKER = "worker"
POLICY = "policy"
BINDING = "binding:"


class Kind(StrEnum):
    """What an event is about."""

    REVIEW = "review"
    RIGHTS = "rights"
    INVITATION = "invitation"
    COMPANY = "company"
    SIGN_IN = "sign_in"
    LINKED = "linked"


# By the beginning of their action. What is in no kind is listed where no kind is asked for.
BEGINNINGS: dict[Kind, tuple[str, ...]] = {
    Kind.REVIEW: ("case:", "account:mailbox:"),
    Kind.RIGHTS: (
        "account:added",
        "account:role:",
        "account:menus:",
        "account:suspended",
        "account:restored",
        "account:closed",
        "account:idle:",
        "account:exported",
        "account:contact:",
        "account:reminders:",
        "account:imported",
        "account:password:",
        "account:data_scope:",
        "account:access:",
        "account:unlocked",
        "account:profile:",
        "account:second_factor:",
        "authenticator:",
    ),
    Kind.INVITATION: ("invitation:",),
    Kind.COMPANY: ("company:",),
    Kind.SIGN_IN: ("account:sign_in:", "account:client_session:", "account:consent:", "agreement:"),
    # What a linked account had a part in is found by that, whatever its action.
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
class LinkedPerson:
    """A person with a linked account that is or was bound to an account of the company.

    ``seat``: the colleague as whom she did it; None where she did it as herself.
    """

    account_id: str
    name: str
    username: str
    seat: Colleague | None = None


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """One event: who did it, and about whom it is (None: about nobody of the company).

    ``linked``: the linked account that had a part in it, doing it or having it done to.
    """

    id: int
    at: datetime
    action: str
    outcome: str
    by: Colleague | LinkedPerson | Party
    about: Colleague | None
    linked: LinkedPerson | None
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
    return _told(company_id, rows)


def _told(company_id: str, rows: Sequence[AuditEntry]) -> list[GroupRecord]:
    linked, seats = _linked_people(company_id, rows)
    people = _people(company_id, rows, set(seats.values()))
    return [
        GroupRecord(
            id=row.id,
            at=row.at,
            action=row.action,
            outcome=row.outcome,
            by=_by(row, people, linked, seats),
            about=people.get(row.account_id or ""),
            linked=linked.get(row.linked_account_id or ""),
            client_id=row.client_id,
            details=row.details,
        )
        for row in rows
    ]


def _people_meant(company_id: str, words: str) -> list[str]:
    found = select(Account.id).where(Account.company_id == company_id, matching(words)).limit(MOST_PEOPLE)
    of_company = select(Account.id).where(Account.company_id == company_id)
    bound = select(Binding.linked_account_id).where(Binding.account_id.in_(of_company))
    linked = select(Account.id).where(Account.id.in_(bound), matching(words)).limit(MOST_PEOPLE)
    return [*session.scalars(found), *session.scalars(linked)]


def _conditions(search: RecordSearch) -> list[ColumnElement[bool]]:
    if search.kind is Kind.LINKED:
        conditions: list[Any] = [text(THROUGH_LINKED)]
    elif search.kind is Kind.SIGN_IN:
        conditions = [text(f"NOT ({NO_SIGN_IN})")]
    else:
        conditions = [text(NO_SIGN_IN)]
    if search.kind in BEGINNINGS and search.kind is not Kind.SIGN_IN:
        conditions.append(_of_kind(search.kind))
    if search.since is not None:
        conditions.append(AuditEntry.at >= search.since)
    if search.until is not None:
        conditions.append(AuditEntry.at < search.until)
    return conditions


def _of_kind(kind: Kind) -> ColumnElement[bool]:
    return or_(*(AuditEntry.action.startswith(beginning, autoescape=True) for beginning in BEGINNINGS[kind]))


def _people(company_id: str, rows: Iterable[AuditEntry], others: set[str]) -> dict[str, Colleague]:
    ids = {one for row in rows for one in (row.account_id, _actor(row)) if one} | others
    found = session.execute(
        select(Account.id, Account.name, Account.username).where(
            and_(Account.company_id == company_id, Account.id.in_(ids))
        )
    )
    return {row[0]: Colleague(*row) for row in found}


def _linked_people(
    company_id: str, rows: Sequence[AuditEntry]
) -> tuple[dict[str, LinkedPerson], dict[str | None, str]]:
    """The linked accounts that these rows name by a binding to an account of the company, and whose each binding is."""
    ids = {row.binding_id for row in rows if row.binding_id}
    if not ids:
        return {}, {}
    of_company = select(Account.id).where(Account.company_id == company_id)
    bound = session.execute(
        select(Binding.id, Binding.account_id, Account.id, Account.name, Account.username)
        .join(Account, Account.id == Binding.linked_account_id)
        .where(Binding.id.in_(ids), Binding.account_id.in_(of_company))
    ).all()
    return {row[2]: LinkedPerson(*row[2:]) for row in bound}, {row[0]: row[1] for row in bound}


def _actor(row: AuditEntry) -> str | None:
    return row.actor or row.details.get("by")


def _by(
    row: AuditEntry,
    people: dict[str, Colleague],
    linked: dict[str, LinkedPerson],
    seats: dict[str | None, str],
) -> Colleague | LinkedPerson | Party:
    actor = _actor(row)
    if actor in (None, WORKER, POLICY):
        return Party.SYSTEM
    if actor in linked:
        # To ask for a binding or to end it she needs to act as nobody.
        seat = None if row.action.startswith(BINDING) else people.get(seats.get(row.binding_id, ""))
        return replace(linked[actor], seat=seat)
    is_account = str(actor).startswith(("ga_", "la_"))
    return people.get(str(actor), Party.OUTSIDER if is_account else Party.OPERATOR)
