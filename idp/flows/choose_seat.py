"""What a linked account sees when a client asks as which company she comes (P20): her seats, and why some won't do."""

from dataclasses import dataclass
from typing import Any

from flask import render_template, request

from idp.flows.messages import ADMISSION_REASONS
from idp.flows.page_context import Person, application_of, person_of
from idp.flows.seat_words import SEAT_REASONS
from idp.flows.waiting import Visit
from idp.policies.company_names import name_key
from idp.policies.seats import MOST_SHOWN, SEARCHED_FROM, SeatStanding, is_recent, what_stops
from idp.policies.wishes import Wish
from idp.services.admission import admission_of
from idp.services.seats import BoundSeat, seat_of_binding, seats_of, seats_wished_for


@dataclass(frozen=True, slots=True)
class Row:
    """One seat on the page. ``reason`` says why it can't be chosen; ``is_now`` and ``is_hinted`` preselect."""

    binding_id: str
    who: Person
    id_type: str
    reason: str | None
    is_now: bool
    is_hinted: bool


def seats_page(visit: Visit, wish: Wish, *, unmet: bool) -> str:
    """The chooser: recently used first, then by name, then what can't be used here; searched from 11 on."""
    human, text = visit.signed_in.human, request.args.get("q", "")
    seats = seats_wished_for(human.account_id, wish) if wish else seats_of(human.account_id)
    # Of thousands only those that are shown become rows.
    judged = [(seat, _trouble(visit, seat)) for seat in seats]
    seen = [one for one in judged if _is_found(one[0], name_key(text))] if text else judged
    usable = [seat for seat, reason in seen if reason is None]
    unusable = [one for one in seen if one[1] is not None][:MOST_SHOWN]
    recent = [seat for place, seat in enumerate(usable) if is_recent(seat.last_used_at, place)]
    others = sorted(usable[len(recent) :], key=_company_name)
    return render_template(
        "choose/seats.html",
        application=application_of(visit.client),
        request_id=visit.waiting.id,
        has_wish=bool(wish) or unmet,
        is_lost=_is_lost(visit),
        bound=len(seats),
        enterable=sum(reason is None for _, reason in judged),
        is_searched=len(seats) >= SEARCHED_FROM,
        q=text,
        recent=[_row(visit, seat) for seat in recent],
        others=[_row(visit, seat) for seat in others[:MOST_SHOWN]],
        left_out=max(0, len(others) - MOST_SHOWN),
        unusable=[_row(visit, seat, reason) for seat, reason in unusable],
        has_none=not seats_of(human.account_id) if wish and not seats else not seats,
    )


def _company_name(seat: BoundSeat) -> str:
    return seat.acting.company.name if seat.acting.company is not None else ""


def _is_lost(visit: Visit) -> bool:
    """Whether a seat was chosen for this request that can't be used any more."""
    chosen = visit.waiting.binding_id
    if chosen is None:
        return False
    seat = seat_of_binding(visit.signed_in.human.account_id, chosen)
    return seat is None or _trouble(visit, seat) is not None


def is_choosable(visit: Visit, wish: Wish, seat: BoundSeat) -> bool:
    """Whether a seat may be taken for this request: usable, admitted, and what was wished for."""
    return wish.is_met_by(seat.acting.seat) and _trouble(visit, seat) is None


def _row(visit: Visit, seat: BoundSeat, reason: str | None = None) -> Row:
    acting, hint = seat.acting, visit.asked.login_hint
    company = acting.company
    now = visit.signed_in.acting
    return Row(
        binding_id=seat.binding_id,
        who=person_of(acting),
        id_type=company.id_type if company else "",
        reason=reason,
        is_now=now is not None and now.account_id == acting.account_id,
        is_hinted=hint is not None and hint in {acting.account_id, acting.username, company.tax_id if company else ""},
    )


def _trouble(visit: Visit, seat: BoundSeat) -> str | None:
    acting = seat.acting
    state = acting.via.binding_state if acting.via is not None else None
    if state is None or acting.company is None:
        return None
    stops = what_stops(SeatStanding(state, acting.status, acting.company.status))
    if stops is not None:
        return str(SEAT_REASONS[stops])
    refused = admission_of(acting, visit.client)
    return str(ADMISSION_REASONS[refused]) if refused is not None else None


def _is_found(seat: BoundSeat, wanted: str) -> bool:
    acting = seat.acting
    searched: list[Any] = [acting.username, acting.name]
    if acting.company is not None:
        searched += [acting.company.name, acting.company.tax_id]
    return not wanted or any(wanted in name_key(str(one)) for one in searched)
