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
from idp.services.seats import BoundSeat, seats_of, seats_wished_for


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
    human = visit.signed_in.human
    seats = seats_wished_for(human.account_id, wish) if wish else seats_of(human.account_id)
    seen = [seat for seat in seats if _is_found(seat, request.args.get("q", ""))]
    rows = [_row(visit, seat) for seat in seen]
    usable = [(seat, row) for seat, row in zip(seen, rows, strict=True) if row.reason is None]
    recent = [row for place, (seat, row) in enumerate(usable) if is_recent(seat.last_used_at, place)]
    others = sorted((row for _, row in usable[len(recent) :]), key=lambda row: row.who.company_name or "")
    return render_template(
        "choose/seats.html",
        application=application_of(visit.client),
        request_id=visit.waiting.id,
        has_wish=bool(wish) or unmet,
        bound=len(seats),
        enterable=sum(_trouble(visit, seat) is None for seat in seats),
        is_searched=len(seats) >= SEARCHED_FROM,
        q=request.args.get("q", ""),
        recent=recent,
        others=others[:MOST_SHOWN],
        left_out=max(0, len(others) - MOST_SHOWN),
        unusable=[row for row in rows if row.reason is not None][:MOST_SHOWN],
        has_none=not seats_of(human.account_id) if wish else not seats,
    )


def is_choosable(visit: Visit, wish: Wish, seat: BoundSeat) -> bool:
    """Whether a seat may be taken for this request: usable, admitted, and what was wished for."""
    return wish.is_met_by(seat.acting.seat) and _trouble(visit, seat) is None


def _row(visit: Visit, seat: BoundSeat) -> Row:
    acting, hint = seat.acting, visit.asked.login_hint
    company = acting.company
    now = visit.signed_in.acting
    return Row(
        binding_id=seat.binding_id,
        who=person_of(acting),
        id_type=company.id_type if company else "",
        reason=_trouble(visit, seat),
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


def _is_found(seat: BoundSeat, text: str) -> bool:
    wanted = name_key(text)
    acting = seat.acting
    searched: list[Any] = [acting.username, acting.name]
    if acting.company is not None:
        searched += [acting.company.name, acting.company.tax_id]
    return not wanted or any(wanted in name_key(str(one)) for one in searched)
