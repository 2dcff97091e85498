"""The whole audit log as operators search it (P39): newest first, by key, in portions that none waits long for.

Account, company and actor have their indexes. Everything else is looked for among the newest rows first, some hundred
thousand at a time and for about a second; the page then tells how far back that was, and one goes on from there.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Text, cast, func, or_, select, text

from idp.db import run, session, table_of
from idp.errors import NotFound
from idp.models import Account, AuditEntry, Case, Company, Operator
from idp.models.audit import BY_ANOTHER, NO_SIGN_IN
from idp.policies.names import canonical_username
from idp.policies.tax_id import parse_tax_id
from idp.services.cases import read_number

ON_A_PAGE = 50
MOST_EXPORTED = 10_000
LONGEST_ASKED = 100
PATIENCE_SECONDS = 1.0
EXPORT_PATIENCE_SECONDS = 5.0
SPAN, INDEXED_SPAN = 100_000, 1_000_000
# Numbers are given in the order of time but for writers at once and a clock that is set.
CLOCKS_DIFFER = timedelta(minutes=10)
SHORTEST_NUMBER = 6
ENTRIES = table_of(AuditEntry)
OWN_IDS = ("ga_", "la_")
Conditions = list[ColumnElement[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSearch:
    """What is looked for; an empty text is anything. ``event`` is how an action begins, ``number`` any id in a row."""

    account: str = ""
    company: str = ""
    actor: str = ""
    event: str = ""
    outcome: str = ""
    address: str = ""
    number: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def told(self) -> dict[str, str]:
        """What was asked, for the audit log."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {k: v.isoformat() if isinstance(v, datetime) else v[:LONGEST_ASKED] for k, v in values.items() if v}


@dataclass(frozen=True, slots=True)
class Party:
    """A person or company that a row names: what pages call it, or None where it is not (any more) on file."""

    id: str
    name: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class SeenEntry:
    """A row with the names of who is in it."""

    entry: AuditEntry
    by: Party | None
    about: Party | None
    company: Party | None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Rows, newest first. ``older``: the number before which to go on (None: that was all).

    ``reached`` is the moment back to which was looked, where time was up before the page was full.
    """

    rows: list[SeenEntry]
    older: int | None
    reached: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Conditions of which any may hold, and whether an index answers each."""

    branches: list[Conditions]
    is_indexed: bool


def search_audit(
    search: AuditSearch,
    *,
    before: int | None = None,
    most: int = ON_A_PAGE,
    patience: float = PATIENCE_SECONDS,
) -> AuditPage:
    """The newest rows that are looked for, older than the one of number ``before``."""
    wanted = _wanted(search)
    if wanted is None:
        return AuditPage([], None)
    newest = session.scalar(select(func.max(AuditEntry.id))) or 0
    top = min(before - 1, newest) if before is not None else newest
    if search.until is not None:
        top = min(top, _last_before(search.until + CLOCKS_DIFFER, newest))
    bottom = _last_before(search.since - CLOCKS_DIFFER, newest) if search.since is not None else 0
    found, top = _looked_for(wanted, top, bottom, most, time.monotonic() + patience)
    # A full page goes on from its last row, one that time cut short from where it had come to.
    if len(found) == most:
        return AuditPage(_seen(found), found[-1].id)
    is_all = top <= bottom
    return AuditPage(_seen(found), None if is_all else top + 1, None if is_all else _moment_of(top))


def entry_of_id(entry_id: int) -> SeenEntry:
    """One row. Raises NotFound."""
    found = session.get(AuditEntry, entry_id)
    if found is None:
        raise NotFound(what="audit entry")
    return _seen([found])[0]


def last_changes(company_id: str, *, most: int) -> list[SeenEntry]:
    """The newest rows of a company that are no sign-ins."""
    rows = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.company_id == company_id, text(NO_SIGN_IN))
        .order_by(AuditEntry.id.desc())
        .limit(most)
    )
    return _seen(rows.all())


def _looked_for(wanted: _Wanted, top: int, bottom: int, most: int, deadline: float) -> tuple[list[AuditEntry], int]:
    found: list[AuditEntry] = []
    span = INDEXED_SPAN if wanted.is_indexed else SPAN
    while top > bottom and len(found) < most:
        low = max(bottom, top - span)
        found += _between(wanted.branches, low, top, most - len(found))
        top = low
        if time.monotonic() > deadline:
            break
    return found, top


def _between(branches: list[Conditions], low: int, top: int, most: int) -> list[AuditEntry]:
    met: dict[int, AuditEntry] = {}
    for conditions in branches:
        rows = session.scalars(
            select(AuditEntry)
            .where(AuditEntry.id > low, AuditEntry.id <= top, *conditions)
            .order_by(AuditEntry.id.desc())
            .limit(most)
        )
        met |= {row.id: row for row in rows}
    return [met[number] for number in sorted(met, reverse=True)[:most]]


def _wanted(search: AuditSearch) -> _Wanted | None:
    """What to ask the database; None where nobody is meant by the words."""
    common = _common(search)
    branches: list[Conditions] = [[]]
    is_indexed = False
    for words, found in ((search.company, _of_company), (search.account, _of_account), (search.actor, _by_actor)):
        if not words:
            continue
        more = found(words.strip()[:LONGEST_ASKED])
        if more is None:
            return None
        branches = [[*one, *other] for one in branches for other in more]
        is_indexed = True
    if search.number:
        numbered, by_index = _of_number(search.number.strip())
        branches = [[*one, *numbered] for one in branches]
        is_indexed = is_indexed or by_index
    return _Wanted([[*one, *common] for one in branches], is_indexed)


def _common(search: AuditSearch) -> Conditions:
    found: Conditions = []
    if search.event:
        found.append(AuditEntry.action.startswith(search.event.strip()[:LONGEST_ASKED], autoescape=True))
    if search.outcome:
        found.append(AuditEntry.outcome == search.outcome)
    if search.address:
        found.append(AuditEntry.address == search.address.strip()[:LONGEST_ASKED])
    if search.since is not None:
        found.append(AuditEntry.at >= search.since)
    if search.until is not None:
        found.append(AuditEntry.at < search.until)
    return found


def _of_company(words: str) -> list[Conditions] | None:
    if words.startswith("co_"):
        return [[AuditEntry.company_id == words]]
    number = parse_tax_id(words) or words.upper()
    ids = session.scalars(select(Company.id).where(Company.tax_id == number)).all()
    return [[AuditEntry.company_id == one] for one in ids] or None


def _of_account(words: str) -> list[Conditions] | None:
    """Rows about an account, and what it did to others."""
    found = _account_meant(words)
    return None if found is None else [[AuditEntry.account_id == found], _did_to_others(found)]


def _by_actor(words: str) -> list[Conditions] | None:
    """By an operator's or account's name, or as it is written in the log: ``worker``, ``cli:root``, an id."""
    name = canonical_username(words)
    operator = session.scalar(select(Operator.id).where(Operator.username_canonical == name))
    meant = [one for one in (operator, _account_meant(words)) if one] or [words]
    own = [[AuditEntry.account_id == one, AuditEntry.actor == one] for one in meant if one.startswith(OWN_IDS)]
    return [*(_did_to_others(one) for one in meant), *own]


def _did_to_others(actor: str) -> Conditions:
    return [AuditEntry.actor == actor, text(BY_ANOTHER)]  # type: ignore[list-item]  # as the index has it, word for word


def _account_meant(words: str) -> str | None:
    if words.startswith(OWN_IDS):
        return words
    named = or_(Account.username_canonical == canonical_username(words), Account.electronic_id == words.upper())
    return session.scalar(select(Account.id).where(named))


def _of_number(number: str) -> tuple[Conditions, bool]:
    """Rows with this number in them: an application's, an incident's, a sign-in's, a file's."""
    told = cast(AuditEntry.details, Text).contains(number, autoescape=True)
    application = session.scalar(select(Case).where(Case.number == read_number(number)))
    if application is not None:
        upper = cast(AuditEntry.details, Text).contains(application.number, autoescape=True)
        return [AuditEntry.account_id == application.account_id, upper], True
    if len(number) < SHORTEST_NUMBER:
        return [AuditEntry.sign_in_id == number], False
    return [or_(AuditEntry.sign_in_id == number, AuditEntry.binding_id == number, told)], False


def _last_before(moment: datetime, newest: int) -> int:
    """The number of the last row before a moment, found among the numbers: time has no index of its own."""
    low, high = 0, newest
    while low < high:
        middle = (low + high) // 2
        row = run(
            select(ENTRIES.c.id, ENTRIES.c.at).where(ENTRIES.c.id > middle).order_by(ENTRIES.c.id).limit(1)
        ).first()
        if row is None or row.id > high or row.at >= moment:
            high = middle
        else:
            low = row.id
    return low


def _moment_of(number: int) -> datetime | None:
    return session.scalar(select(AuditEntry.at).where(AuditEntry.id > number).order_by(AuditEntry.id).limit(1))


def _seen(rows: Sequence[AuditEntry]) -> list[SeenEntry]:
    people = _people({one for row in rows for one in (row.account_id, row.actor) if one})
    named = session.execute(
        select(Company.id, Company.name, Company.tax_id).where(Company.id.in_({r.company_id for r in rows}))
    )
    companies = {row[0]: Party(*row) for row in named}
    return [
        SeenEntry(
            entry=row,
            by=_party(people, row.actor),
            about=_party(people, row.account_id),
            company=_party(companies, row.company_id),
        )
        for row in rows
    ]


def _party(known: dict[str, Party], identity: str | None) -> Party | None:
    return None if identity is None else known.get(identity, Party(identity))


def _people(ids: Iterable[str]) -> dict[str, Party]:
    found: dict[str, Party] = {}
    wanted = list(ids)
    for table in (Account, Operator):
        rows = session.execute(select(table.id, table.name, table.username).where(table.id.in_(wanted)))
        found |= {row[0]: Party(*row) for row in rows}
    return found
