"""The queue of operators (P36): what waits for a decision, the longest waiting first, a page at a time, always fast.

A row is an application. One whose document waits is listed by that, others by themselves, so each comes once: the
queue is merged from a few lists, each in the order of an index and read no further than the page goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, union

from idp.db import now, session
from idp.models import Account, Case, Company, CompanyDocument, Operator, Service
from idp.policies.documents import OPEN_STATES, TAKEN_FOR, DocumentState
from idp.policies.registration import Reviewer
from idp.policies.standing import AccountStatus
from idp.services.cases import read_number
from idp.services.ops_companies import find_companies
from idp.services.ops_people import Page
from idp.services.taken import holder

ON_A_PAGE = 30
MOST_COUNTED = 100
NUMBER_LETTERS = 14
LONGEST_MARK = 17
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class QueueTab(StrEnum):
    """What is listed: what waits, of that what this operator has taken, what applicants are asked for."""

    WAITING = "waiting"
    MINE = "mine"
    MORE_INFO = "more_info"


class Subject(StrEnum):
    """What is to be decided: a company's document, a person's account, or that one given over by a group admin."""

    DOCUMENT = "document"
    ACCOUNT = "account"
    ESCALATED = "escalated"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSearch:
    """What of the queue is wanted. ``words``: a case's number, a company's number, or how its name begins."""

    operator_id: str
    tab: QueueTab = QueueTab.WAITING
    subject: Subject | None = None
    service_id: str | None = None
    words: str = ""


class Key(NamedTuple):
    """What rows are ordered by, and whose row it is."""

    time: datetime
    id: str
    case_id: str


class KeyList(NamedTuple):
    """Rows that are in the queue, and the columns of their order."""

    found: Select[Any]
    time: Any
    id: Any


@dataclass(frozen=True, slots=True)
class Queued:
    """An application in the queue: since when, which of the two waits, until when its applicant is asked for more, and
    who works on it."""

    case: Case
    company: Company
    account: Account
    document: CompanyDocument | None
    service: Service
    since: datetime
    until: datetime | None
    waits_for_account: bool
    holder_id: str | None
    holder_name: str | None

    @property
    def waits_for_document(self) -> bool:
        """Whether its document is to be decided about."""
        return self.document is not None and self.document.state in OPEN_STATES


def queue(search: QueueSearch, after: str | None = None) -> Page[Queued]:
    """A page of the queue. ``after`` is what the page before gave; anything else begins from the first."""
    lists = [_rows(one, after) for one in _lists(search)]
    # One more than is shown says whether there are more.
    keys = list(islice(merge(*lists), ON_A_PAGE + 1))
    shown = keys[:ON_A_PAGE]
    return Page(_read(shown), _mark(shown[-1]) if len(keys) > ON_A_PAGE else None)


def count_queue(operator_id: str) -> dict[QueueTab, int]:
    """How many each tab has, counted no further than MOST_COUNTED."""
    return {tab: _count(QueueSearch(operator_id=operator_id, tab=tab)) for tab in QueueTab}


def count_waiting() -> int:
    """How many applications wait for operators, counted no further than MOST_COUNTED."""
    return _count(QueueSearch(operator_id=""))


def waiting_longest() -> datetime | None:
    """Since when the first in the queue waits."""
    firsts = [_rows(one, None, most=1) for one in _lists(QueueSearch(operator_id=""))]
    return min((key.time for keys in firsts for key in keys), default=None)


def queued_case(case_id: str) -> Queued | None:
    """One application as the queue shows it, wherever it stands; None where there is no such (any more)."""
    found = _read([Key(now(), "", case_id)])
    return found[0] if found else None


def number_in(words: str) -> str | None:
    """The case number that was typed, if there is such a case."""
    number = read_number(words)
    if len(number) != NUMBER_LETTERS:
        return None
    return session.scalar(select(Case.number).where(Case.number == number))


def _count(search: QueueSearch) -> int:
    total = 0
    for one in _lists(search):
        if total < MOST_COUNTED:
            some = one.found.limit(MOST_COUNTED - total).subquery()
            total += session.scalar(select(func.count()).select_from(some)) or 0
    return total


def _lists(search: QueueSearch) -> list[KeyList]:
    """The lists that the queue is merged from."""
    asks = search.tab is QueueTab.MORE_INFO
    states = [DocumentState.MORE_INFO] if asks else [DocumentState.QUEUED, DocumentState.IN_REVIEW]
    waits = Case.more_info_until.is_not(None) if asks else _account_waits()
    wanted = _wanted(search)
    lists = []
    if search.subject is not Subject.DOCUMENT:
        lists.append(_cases(waits, states, wanted, Case.more_info_until if asks else Case.waiting_since))
    if search.subject in {Subject.ACCOUNT, Subject.ESCALATED}:
        wanted = [*wanted, waits]
    column = CompanyDocument.more_info_until if asks else CompanyDocument.queued_at
    return lists + [_documents(state, wanted, column) for state in states]


def _wanted(search: QueueSearch) -> list[ColumnElement[bool]]:
    """Conditions on the case, whichever list it is in."""
    conditions: list[ColumnElement[bool]] = []
    if search.service_id is not None:
        conditions.append(Case.service_id == search.service_id)
    if search.subject is Subject.ESCALATED:
        conditions.append(Case.escalated_at.is_not(None))
    if search.words:
        companies = [company.id for company in find_companies(search.words, None).rows]
        conditions.append(Case.company_id.in_(companies))
    if search.tab is QueueTab.MINE:
        conditions.append(Case.id.in_(_held_by(search.operator_id)))
    return conditions


def _held_by(operator_id: str) -> list[str]:
    fresh = now() - TAKEN_FOR
    documents = select(CompanyDocument.case_id).where(
        CompanyDocument.taken_by == operator_id, CompanyDocument.taken_at > fresh
    )
    cases = select(Case.id).where(Case.taken_by == operator_id, Case.taken_at > fresh)
    return [case_id for case_id in session.scalars(union(documents, cases)) if case_id is not None]


def _documents(state: DocumentState, wanted: Sequence[ColumnElement[bool]], time: Any) -> KeyList:
    found: Select[Any] = select(time, CompanyDocument.id, Case.id.label("case_id"))
    found = found.join(Case, Case.id == CompanyDocument.case_id).join(Account, Account.id == Case.account_id)
    found = found.where(CompanyDocument.state == state, *wanted)
    return KeyList(found, time, CompanyDocument.id)


def _cases(
    waits: ColumnElement[bool], states: list[DocumentState], wanted: Sequence[ColumnElement[bool]], time: Any
) -> KeyList:
    # Where its document is listed, that one stands for both.
    listed = exists().where(CompanyDocument.case_id == Case.id, CompanyDocument.state.in_(states))
    found: Select[Any] = select(time, Case.id, Case.id.label("case_id"))
    found = found.join(Account, Account.id == Case.account_id).where(waits, ~listed, *wanted)
    return KeyList(found, time, Case.id)


def _account_waits() -> ColumnElement[bool]:
    return and_(
        Case.reviewer == Reviewer.OPERATOR,
        Case.waiting_since.is_not(None),
        Account.status == AccountStatus.REVIEW_PENDING,
    )


def account_waits(case: Case, account: Account) -> bool:
    """Whether an operator is to decide about the account of this application."""
    is_open = case.waiting_since is not None and account.status is AccountStatus.REVIEW_PENDING
    return is_open and case.reviewer is Reviewer.OPERATOR


def _rows(listed: KeyList, after: str | None, most: int = ON_A_PAGE + 1) -> list[Key]:
    mark = _read_mark(after)
    found: Select[Any] = listed.found
    if mark is not None:
        # The first of the two is what an index can begin at.
        found = found.where(listed.time >= mark[0], or_(listed.time > mark[0], listed.id > mark[1]))
    rows = session.execute(found.order_by(listed.time, listed.id).limit(most))
    return [Key(*row) for row in rows]


def _mark(key: Key) -> str:
    return f"{(key.time - EPOCH) // MICROSECOND}-{key.id}"


def _read_mark(after: str | None) -> tuple[datetime, str] | None:
    number, dash, key = (after or "").partition("-")
    if not dash or not (number.isascii() and number.isdecimal()) or len(number) > LONGEST_MARK:
        return None
    return EPOCH + int(number) * MICROSECOND, key


def _read(keys: list[Key]) -> list[Queued]:
    ids, fresh = [key.case_id for key in keys], {"populate_existing": True}
    rows = session.execute(
        select(Case, Company, Account, Service)
        .join(Company, Company.id == Case.company_id)
        .join(Account, Account.id == Case.account_id)
        .join(Service, Service.id == Case.service_id)
        .where(Case.id.in_(ids))
        .execution_options(**fresh)
    ).all()
    documents = session.scalars(
        select(CompanyDocument)
        .where(CompanyDocument.case_id.in_(ids))
        .order_by(CompanyDocument.queued_at)
        .execution_options(**fresh)
    )
    document_of = {document.case_id: document for document in documents}
    found = {row[0].id: _queued(row, document_of.get(row[0].id)) for row in rows}
    names = _names_of({one.holder_id for one in found.values()})
    return [
        replace(found[key.case_id], since=key.time, holder_name=names.get(found[key.case_id].holder_id))
        for key in keys
        if key.case_id in found
    ]


def _queued(row: Any, document: CompanyDocument | None) -> Queued:
    case, company, account, service = row
    waits = account_waits(case, account)
    holding = holder(document) if document is not None and document.state in OPEN_STATES else None
    return Queued(
        case=case,
        company=company,
        account=account,
        document=document,
        service=service,
        since=case.submitted_at,
        until=_until(case, document),
        waits_for_account=waits,
        holder_id=holding or (holder(case) if waits else None),
        holder_name=None,
    )


def _until(case: Case, document: CompanyDocument | None) -> datetime | None:
    ends = [one.more_info_until for one in (case, document) if one is not None and one.more_info_until is not None]
    return min(ends, default=None)


def _names_of(operators: set[str | None]) -> dict[str | None, str]:
    ids = [one for one in operators if one is not None]
    if not ids:
        return {}
    return {row[0]: row[1] for row in session.execute(select(Operator.id, Operator.name).where(Operator.id.in_(ids)))}
