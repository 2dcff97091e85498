"""The seats of a linked account: the general accounts bound to it, each with its company, and how the binding stands.

A seat is what a client's token names; the binding's id goes with it wherever it is chosen (tokens.md).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, literal_column, or_, select

from idp.db import run
from idp.policies.standing import BindingState
from idp.policies.wishes import Wish
from idp.services.acting import (
    ACCOUNTS,
    ACTING_COLUMNS,
    ACTING_WIDTH,
    BINDINGS,
    COMPANIES,
    LINKED,
    VIA_COLUMNS,
    Acting,
    acting_from,
)

VIA_WIDTH = len(VIA_COLUMNS)
# What a linked account is told of: all that is not ended, but for requests by a name alone that no owner has answered.
# ``unbound`` as the partial index has it: a bound parameter would keep SQLite from it.
IS_TOLD = and_(
    BINDINGS.c.state != literal_column("'unbound'"),
    or_(BINDINGS.c.state != BindingState.PENDING, BINDINGS.c.asked_by_name.is_(False)),
)


@dataclass(frozen=True, slots=True)
class BoundSeat:
    """A general account bound to a linked one, or about to be. ``acting.is_able`` says whether it can be acted as."""

    acting: Acting
    binding_id: str
    created_at: datetime
    last_used_at: datetime | None
    last_client_id: str | None


def select_seats() -> Select[Any]:
    """The bindings that are not ended, with both accounts and the company; whoever asks adds which."""
    return (
        select(
            *ACTING_COLUMNS,
            *VIA_COLUMNS,
            BINDINGS.c.id.label("binding"),
            BINDINGS.c.created_at,
            BINDINGS.c.last_used_at,
            BINDINGS.c.last_client_id,
        )
        .select_from(
            BINDINGS.join(ACCOUNTS, BINDINGS.c.account_id == ACCOUNTS.c.id)
            .join(LINKED, BINDINGS.c.linked_account_id == LINKED.c.id)
            .outerjoin(COMPANIES, ACCOUNTS.c.company_id == COMPANIES.c.id)
        )
        .where(IS_TOLD)
    )


def seat_from(row: Any) -> BoundSeat:
    """Make a BoundSeat of a row of select_seats."""
    end = ACTING_WIDTH + VIA_WIDTH
    return BoundSeat(acting_from(row[:ACTING_WIDTH], row[ACTING_WIDTH:end]), *row[end : end + 4])


_OF_HUMAN = select_seats().where(BINDINGS.c.linked_account_id == bindparam("human"))
_BY_BINDING = _OF_HUMAN.where(BINDINGS.c.id == bindparam("binding"))


def seats_of(human_id: str) -> list[BoundSeat]:
    """All seats of a linked account, whatever their state, ended ones left out; recently used first, then by name."""
    seats = [seat_from(row) for row in run(_OF_HUMAN, {"human": human_id})]
    return in_order(seats)


def seat_of_binding(human_id: str, binding_id: str) -> BoundSeat | None:
    """The seat of one binding of this linked account; None where it is another's, ended or unknown."""
    row = run(_BY_BINDING, {"human": human_id, "binding": binding_id}).first()
    return seat_from(row) if row is not None else None


def seats_wished_for(human_id: str, wish: Wish) -> list[BoundSeat]:
    """The seats of a linked account that meet a hard wish; the wish is part of the statement."""
    wanted = {"sub": ACCOUNTS.c.id, "tenant": COMPANIES.c.id, "company_tax_id": COMPANIES.c.tax_id}
    statement = _OF_HUMAN
    for name, values in wish.allowed.items():
        statement = statement.where(wanted[name].in_(values))
    if wish.company is not None:
        statement = statement.where(or_(COMPANIES.c.id == wish.company, COMPANIES.c.tax_id == wish.company))
    if wish.hinted is not None:
        statement = statement.where(ACCOUNTS.c.id == wish.hinted[0])
    seats = [seat_from(row) for row in run(statement, {"human": human_id})]
    return in_order([seat for seat in seats if wish.is_met_by(seat.acting.seat)])


def in_order(seats: list[BoundSeat]) -> list[BoundSeat]:
    """Recently used first, then by the company's name."""
    by_name = sorted(seats, key=lambda s: (s.acting.company.name if s.acting.company else "", s.acting.username))
    return sorted(by_name, key=lambda s: -s.last_used_at.timestamp() if s.last_used_at else 0.0)
