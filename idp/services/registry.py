"""Look-ups in the company register: our copy first, then what the source over the network has answered (R-009, R-010).

Nothing here waits for the network. ``look_up_soon`` notes a number for `idp worker`, and a later ``look_up`` finds the
answer; until then the person types the name herself.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from idp.config import settings
from idp.db import db, now, run, table_of
from idp.models import RegisterEntry, RegisterImport, RegisterLookup, RegisterName
from idp.policies.company_names import folded_name
from idp.policies.registry import Finding, ImportState, LookupState, RegisterStatus, Source, status_in_name
from idp.policies.tax_id import TaxId

ENTRIES = table_of(RegisterEntry)
NAMES = table_of(RegisterName)
IMPORTS = table_of(RegisterImport)
LOOKUPS = table_of(RegisterLookup)
SHORTEST_PREFIX = 2
MOST_FOUND = 20
LAST_CHARACTER = "\U0010ffff"
WANTED_FOR = timedelta(minutes=10)
FORGOTTEN_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Look:
    """What a look-up found. ``name`` may be None where a source knows only that the number exists."""

    finding: Finding
    tax_id: str
    name: str | None = None
    address: str | None = None
    status: RegisterStatus = RegisterStatus.UNKNOWN
    organisation: str | None = None
    head_office_tax_id: str | None = None
    capital: int | None = None
    set_up_on: str | None = None
    source: Source | None = None
    as_of: date | None = None


# One statement, hence one state of the register, even while another one takes over.
SERVING = select(IMPORTS.c.id).where(IMPORTS.c.state == ImportState.SERVING).scalar_subquery()
FILE_DATE = select(IMPORTS.c.file_date).where(IMPORTS.c.state == ImportState.SERVING).scalar_subquery()
COLUMNS: tuple[Any, ...] = (
    ENTRIES.c.tax_id,
    ENTRIES.c.name,
    ENTRIES.c.address,
    ENTRIES.c.organisation,
    ENTRIES.c.head_office_tax_id,
    ENTRIES.c.capital,
    ENTRIES.c.set_up_on,
    FILE_DATE.label("file_date"),
)
_BY_NUMBER = select(*COLUMNS).where(ENTRIES.c.generation == SERVING, ENTRIES.c.tax_id == bindparam("tax_id"))
# The page of names first, then the entry of each: no other order of work is fast before there are statistics.
_PAGE = (
    select(NAMES.c.name_folded, NAMES.c.tax_id)
    .where(
        NAMES.c.generation == SERVING,
        NAMES.c.name_folded >= bindparam("first"),
        NAMES.c.name_folded < bindparam("last"),
    )
    .order_by(NAMES.c.name_folded, NAMES.c.tax_id)
    .limit(bindparam("most"))
    .subquery()
)
_BY_NAME = (
    select(*COLUMNS)
    .select_from(_PAGE.join(ENTRIES, (ENTRIES.c.generation == SERVING) & (ENTRIES.c.tax_id == _PAGE.c.tax_id)))
    .order_by(_PAGE.c.name_folded, _PAGE.c.tax_id)
)
_ASKED = select(LOOKUPS).where(LOOKUPS.c.tax_id == bindparam("tax_id"))
ANSWERS = {
    LookupState.WANTED: Finding.WAITING,
    LookupState.FOUND: Finding.FOUND,
    LookupState.NOT_FOUND: Finding.NOT_FOUND,
    LookupState.BLOCKED: Finding.UNAVAILABLE,
    LookupState.UNAVAILABLE: Finding.UNAVAILABLE,
}


def look_up(tax_id: TaxId) -> Look:
    """What is known of a number, from our copy of the register or else from what the network source answered.

    Not found is not refused (R-010): welfare committees, some agencies and medical bodies are in neither source.
    """
    row = run(_BY_NUMBER, {"tax_id": tax_id}).first()
    if row is not None:
        return _from_register(row)
    if not settings().gcis_url:
        return Look(Finding.NOT_FOUND, tax_id)
    return answer_from_network(tax_id)


def look_up_soon(tax_id: TaxId) -> None:
    """Have `idp worker` ask the network source about a number, unless that is needless or off. Writes one row.

    Call it in a transaction; the answer is there within seconds where a worker runs.
    """
    if look_up(tax_id).finding is Finding.UNASKED:
        ask_network_soon(tax_id)


def ask_network_soon(tax_id: TaxId) -> None:
    """As look_up_soon, whatever our copy of the register says; what was answered within the day is not asked again."""
    moment = now()
    insert = sqlite_insert if db.engine.dialect.name == "sqlite" else postgresql_insert
    fresh = {"state": LookupState.WANTED, "wanted_at": moment, "leased_until": None, "expires_at": moment + WANTED_FOR}
    statement = insert(LOOKUPS).values(tax_id=tax_id, **fresh)
    # What is there has expired, or another request was quicker.
    run(
        statement.on_conflict_do_update(
            index_elements=[LOOKUPS.c.tax_id], set_=fresh, where=LOOKUPS.c.expires_at <= moment
        )
    )
    forget_expired()


def forget_expired() -> None:
    """Delete a few look-ups that have expired."""
    expired = select(LOOKUPS.c.tax_id).where(LOOKUPS.c.expires_at < now() - WANTED_FOR).limit(FORGOTTEN_AT_ONCE)
    run(delete(LOOKUPS).where(LOOKUPS.c.tax_id.in_(expired.scalar_subquery())))


def search_by_name(text: str, most: int = MOST_FOUND) -> list[Look]:
    """The entries whose name begins with a text (臺/台, width, spaces and capitals don't matter), in order.

    A text of one character finds nothing: it would find thousands.
    """
    prefix = folded_name(text)
    if len(prefix) < SHORTEST_PREFIX or not prefix.isprintable():
        return []
    asked = {"first": prefix, "last": prefix + LAST_CHARACTER, "most": min(most, MOST_FOUND)}
    return [_from_register(row) for row in run(_BY_NAME, asked)]


def _from_register(row: Any) -> Look:
    return Look(
        finding=Finding.FOUND,
        tax_id=row.tax_id,
        name=row.name,
        address=row.address,
        status=status_in_name(row.name),
        organisation=row.organisation,
        head_office_tax_id=row.head_office_tax_id,
        capital=row.capital,
        set_up_on=row.set_up_on,
        source=Source.TAX_REGISTER,
        as_of=date.fromisoformat(row.file_date),
    )


def answer_from_network(tax_id: TaxId) -> Look:
    """What the network source has answered about a number, and not what our copy of the register says."""
    row = run(_ASKED, {"tax_id": tax_id}).first()
    if row is None or row.expires_at <= now():
        return Look(Finding.UNASKED, tax_id)
    return Look(
        finding=ANSWERS[row.state],
        tax_id=tax_id,
        name=row.name,
        address=row.address,
        status=row.status or RegisterStatus.UNKNOWN,
        organisation=row.organisation,
        source=Source.GCIS,
        as_of=row.answered_at.date() if row.answered_at else None,
    )


@dataclass(frozen=True, slots=True)
class RegisterState:
    """Which file serves (None: none yet), and which is being imported or was broken off (None: none)."""

    serving: Any
    working: Any


def register_state() -> RegisterState:
    """The rows of the imports that serve and that are under way."""
    rows = run(
        select(IMPORTS).where(IMPORTS.c.state.in_((ImportState.SERVING, ImportState.WORKING))).order_by(IMPORTS.c.id)
    ).all()
    by_state = {row.state: row for row in rows}
    return RegisterState(by_state.get(ImportState.SERVING), by_state.get(ImportState.WORKING))
