"""Whom somebody enters a client as (tokens.md "Asking for a company", rules 1 to 5).

Who signed in with a general account enters as that one or not at all. A linked account has seats: a wish, a click at
/linked, a living session there or their being but one chooses among those that the client admits; else a page does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import bindparam, select

from idp.db import run
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


def choose_seat(
    signed_in: SignedIn, client: ClientRecord, wish: Wish, waiting: WaitingRequest | None, seen: Visits
) -> Choice:
    """Whom this sign-in enters this client as, by what was wished for, chosen and entered before."""
    if signed_in.human.kind is AccountKind.LINKED:
        return _among_seats(signed_in.human, client, wish, waiting, seen)
    return _oneself(signed_in.human, client, wish, waiting)


def _oneself(human: Acting, client: ClientRecord, wish: Wish, waiting: WaitingRequest | None) -> Choice:
    was_made = waiting is not None and waiting.account_id == human.account_id
    if not wish.is_met_by(human.seat):
        trouble: Trouble | None = Trouble.SOMEBODY_ELSE if wish.is_for_somebody else Trouble.NOTHING_FITS
    else:
        trouble = Trouble.NOT_ADMITTED if admission_of(human, client) else None
    return Choice(human, trouble, was_made=was_made)


def _among_seats(
    human: Acting, client: ClientRecord, wish: Wish, waiting: WaitingRequest | None, seen: Visits
) -> Choice:
    if wish.hinted is not None and wish.hinted[1] != human.account_id:
        return Choice(None, Trouble.SOMEBODY_ELSE)
    chosen = _chosen_before(human, client, wish, waiting)
    if chosen is not None:
        return Choice(chosen.acting, bound=chosen, was_made=True)
    usable = _usable(seats_wished_for(human.account_id, wish) if wish else seats_of(human.account_id), client)
    # A hard wish is never made smaller by what one did before; without one, a living session there chooses (rule 4).
    entered = [] if wish else [seat for seat in usable if seat.acting.account_id in seen.live]
    fitting = entered or usable
    if len(fitting) == 1:
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
    select(CLIENT_SESSIONS.c.sid)
    .where(CLIENT_SESSIONS.c.binding_id == bindparam("binding"), CLIENT_SESSIONS.c.client_id == bindparam("client"))
    .limit(1)
)


def has_entered(choice: Choice, client_id: str, seen: Visits) -> bool:
    """Whether a page has let this person into this client as this seat before, so that no page is needed (rule 5).

    A direct sign-in needs none; neither does who agreed that the client may know her accounts.
    """
    if choice.seat is None or choice.bound is None or choice.seat.account_id in seen.live:
        return True
    if run(_ENTERED, {"binding": choice.bound.binding_id, "client": client_id}).first() is not None:
        return True
    return has_agreed_to_linked_accounts(choice.seat.human_id, client_id)
