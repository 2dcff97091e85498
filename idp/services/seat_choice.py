"""Whom somebody enters a client as (tokens.md "Asking for a company", rules 1 to 5).

Who signed in with a general account enters as that one or not at all. A linked account has seats: a wish, a click at
/linked, a living session there or their being but one chooses among those that the client admits; else a page does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import bindparam, select

from idp.db import run
from idp.policies.scopes import LINKED_ACCOUNTS
from idp.policies.standing import AccountKind
from idp.policies.wishes import Wish
from idp.services.acting import Acting
from idp.services.admission import admission_of
from idp.services.authorization_requests import WaitingRequest
from idp.services.clients import ClientRecord
from idp.services.consents import has_agreed_to_linked_accounts
from idp.services.grants import CLIENT_SESSIONS, Visits
from idp.services.seats import BoundSeat, seat_of_binding, seats_of, seats_wished_for
from idp.services.sign_ins import SignedIn


class Trouble(StrEnum):
    """Why nobody is chosen: nothing fits the wish or is admitted, it means somebody else, or there are several."""

    NOTHING_FITS = "nothing_fits"
    NOT_ADMITTED = "not_admitted"
    SOMEBODY_ELSE = "somebody_else"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom one would enter as. ``seat`` is there with a ``trouble`` too where it is one's own account.

    ``bound`` is the binding it goes through, ``was_made`` that a page has asked for it.
    """

    seat: Acting | None
    trouble: Trouble | None = None
    bound: BoundSeat | None = None
    was_made: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """How one comes in: by which client, with a hard wish, without any page (``prompt=none``), or just signed in."""

    client: ClientRecord
    has_wish: bool
    is_silent: bool
    signed_in_for_this: bool


def choose_seat(
    signed_in: SignedIn,
    client: ClientRecord,
    wish: Wish,
    waiting: WaitingRequest | None,
    seen: Visits,
    *,
    is_silent: bool,
) -> Choice:
    """Whom this sign-in enters this client as, by what was wished for, chosen and entered before.

    Silently (``prompt=none``) a wish finds no seat that the client does not know: what it has not met is not there.
    """
    if signed_in.human.kind is AccountKind.LINKED:
        chosen = _chosen_before(signed_in.human, client, wish, waiting)
        if chosen is not None:
            return Choice(chosen.acting, bound=chosen, was_made=True)
        # What a page has chosen and is gone by now is replaced by a page alone, also where one other seat is left.
        is_lost = waiting is not None and waiting.binding_id is not None
        return _among_seats(signed_in.human, client, wish, seen, is_silent=is_silent, is_lost=is_lost)
    return _oneself(signed_in.human, client, wish, waiting)


def _oneself(human: Acting, client: ClientRecord, wish: Wish, waiting: WaitingRequest | None) -> Choice:
    was_made = waiting is not None and waiting.account_id == human.account_id
    if not wish.is_met_by(human.seat):
        trouble: Trouble | None = Trouble.SOMEBODY_ELSE if wish.is_for_somebody else Trouble.NOTHING_FITS
    else:
        trouble = Trouble.NOT_ADMITTED if admission_of(human, client) else None
    return Choice(human, trouble, was_made=was_made)


def _among_seats(
    human: Acting, client: ClientRecord, wish: Wish, seen: Visits, *, is_silent: bool, is_lost: bool
) -> Choice:
    if wish.hinted is not None and wish.hinted[1] != human.account_id:
        return Choice(None, Trouble.SOMEBODY_ELSE)
    usable = _usable(seats_wished_for(human.account_id, wish) if wish else seats_of(human.account_id), client)
    running = [seat for seat in usable if seen.as_seat(seat.acting) is not None]
    fitting = usable
    if not wish:
        # Without a wish a living session there chooses (rule 4).
        fitting = running or usable
    elif is_silent and not (wish.is_for_one and running):
        fitting = _known(human, client, usable, seen)
    if len(fitting) == 1 and not is_lost:
        return Choice(fitting[0].acting, bound=fitting[0])
    return Choice(None, Trouble.SEVERAL if fitting else Trouble.NOTHING_FITS)


def _chosen_before(human: Acting, client: ClientRecord, wish: Wish, waiting: WaitingRequest | None) -> BoundSeat | None:
    """What a page, or the click at /linked, has chosen for this request, while it still fits."""
    if waiting is None or waiting.binding_id is None:
        return None
    seat = seat_of_binding(human.account_id, waiting.binding_id)
    if seat is None or not wish.is_met_by(seat.acting.seat) or not _usable([seat], client):
        return None
    return seat


def _usable(seats: Sequence[BoundSeat], client: ClientRecord) -> list[BoundSeat]:
    return [seat for seat in seats if seat.acting.is_able and admission_of(seat.acting, client) is None]


_ENTERED = (
    select(CLIENT_SESSIONS.c.binding_id)
    .where(
        CLIENT_SESSIONS.c.binding_id.in_(bindparam("bindings", expanding=True)),
        CLIENT_SESSIONS.c.client_id == bindparam("client"),
        CLIENT_SESSIONS.c.by_page,
    )
    .distinct()
)


def must_enter_by_page(human: Acting, choice: Choice, entry: Entry, seen: Visits) -> bool:
    """Whether a linked account gets no further here without a page that names its seat (rules 5 and 6).

    Silently, it does where its session runs, where a page has let it in before, or where it agreed that the client may
    know its accounts. A link that asks for a company brings it in like that too, but never out of another company, nor
    from one to the other where both sessions run.
    """
    if human.kind is not AccountKind.LINKED or choice.was_made or choice.trouble is Trouble.SOMEBODY_ELSE:
        return False
    runs = choice.seat is not None and seen.as_seat(choice.seat) is not None
    if entry.is_silent:
        return not runs and _is_hidden(human, choice, entry, seen)
    if choice.seat is None or not entry.has_wish:
        return False
    if len(seen.live) > int(runs):
        return True
    return not (runs or entry.signed_in_for_this or _is_known(human, choice, entry, seen))


def _is_hidden(human: Acting, choice: Choice, entry: Entry, seen: Visits) -> bool:
    """Whether the client is told of nothing; what a silent wish has found is known to it already (``_among_seats``)."""
    if entry.has_wish or choice.trouble is Trouble.SEVERAL:
        return False
    return not _is_known(human, choice, entry, seen)


def _is_known(human: Acting, choice: Choice, entry: Entry, seen: Visits) -> bool:
    return bool(_known(human, entry.client, [choice.bound] if choice.bound is not None else [], seen))


def _known(human: Acting, client: ClientRecord, seats: Sequence[BoundSeat], seen: Visits) -> list[BoundSeat]:
    """Those of these seats as which the client has met this human, or all of them where it may know her accounts.

    What is not there is asked for as well, so that it takes as long.
    """
    asked = {"bindings": tuple(seat.binding_id for seat in seats) or ("",), "client": client.id}
    entered = {row[0] for row in run(_ENTERED, asked)}
    if LINKED_ACCOUNTS in client.scopes and has_agreed_to_linked_accounts(human.account_id, client.id):
        return list(seats)
    return [seat for seat in seats if seat.binding_id in entered or seen.as_seat(seat.acting) is not None]
