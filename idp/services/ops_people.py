"""Lists of the console, paged by key: each page goes on behind the last row of the one before, in an index's order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, select, tuple_

from idp.db import session

ON_A_PAGE = 50
LONGEST_SEARCH = 100
LAST_CHARACTER = "\U0010ffff"
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows, and the id behind which the next page begins (None: there is none)."""

    rows: list[Row]
    after: str | None


def page_of(
    found: Select[Row], table: Any, order: Sequence[Any], after: str | None, *, most: int = ON_A_PAGE
) -> Page[Row]:
    """The page of these rows that begins behind the row of this id; an id that is gone begins from the first.

    ``order`` names columns of ``table`` that together are unique.
    """
    key = session.execute(select(*order).where(table.id == after)).first() if after else None
    if key is not None:
        found = found.where(tuple_(*order) > tuple_(*key))
    # One more than is shown says whether there are more.
    rows = list(session.scalars(found.order_by(*order).limit(most + 1)))
    last: Any = rows[most - 1] if len(rows) > most else None
    return Page(rows[:most], last.id if last is not None else None)


def begins_with(column: Any, prefix: str) -> ColumnElement[bool]:
    """A condition that an index answers, where it orders texts by their bytes (models.columns.by_bytes)."""
    condition: ColumnElement[bool] = (column >= prefix) & (column < prefix + LAST_CHARACTER)
    return condition
