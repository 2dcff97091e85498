"""Choose whom one enters an application as (P20): asked for by the client, or because several or none would do.

ask --> chosen --> the waiting request
    --> use another account --> sign-in page        --> back to the application --> the waiting request gives up

Who signed in with a general account sees that one alone; who signed in with a linked account sees its seats.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from idp.db import transaction
from idp.errors import Refused
from idp.flows.choose_seat import is_choosable, seats_page
from idp.flows.forms import check_human
from idp.flows.messages import ADMISSION_REASONS
from idp.flows.page_context import application_of, person_of
from idp.flows.waiting import Visit, back_to_request, to_sign_in, visit_of
from idp.policies.scopes import read_scope
from idp.policies.standing import AccountKind
from idp.policies.wishes import Wish, read_wish
from idp.services.admission import admission_of
from idp.services.audit import record
from idp.services.authorization_requests import note_chosen, note_decision
from idp.services.seats import seat_of_binding

bp = Blueprint("choose_account", __name__)


@bp.get("/authorize/<request_id>/account")
def ask(request_id: str) -> ResponseReturnValue:
    """Show the account signed in here, or all that a linked account may choose, and why some will not do."""
    visit = visit_of(request_id)
    if visit is None:
        return to_sign_in(request_id)
    unmet = bool(request.args.get("unmet"))
    if visit.signed_in.human.kind is AccountKind.LINKED:
        return seats_page(visit, _wish(visit), unmet=unmet)
    return _own_page(visit, unmet=unmet)


@bp.post("/authorize/<request_id>/account")
def answer(request_id: str) -> ResponseReturnValue:
    """Take the choice: this account, one of the seats, another sign-in, or none."""
    visit = visit_of(request_id)
    if visit is None:
        return to_sign_in(request_id)
    check_human()
    choice, seat = request.form.get("choice"), request.form.get("seat")
    if choice == "other":
        return redirect(url_for("sign_in.ask", request_id=request_id, other=1), 303)
    with transaction():
        if choice == "back":
            note_decision(request_id, visit.signed_in.human.account_id, agreed=False)
        elif seat is not None:
            _take_seat(visit, seat)
        elif choice == visit.signed_in.human.account_id:
            _take_oneself(visit)
    return back_to_request(request_id)


def _take_oneself(visit: Visit) -> None:
    acting = visit.signed_in.human
    if admission_of(acting, visit.client) or not _wish(visit).is_met_by(acting.seat):
        raise Refused
    note_chosen(visit.waiting.id, acting.account_id)


def _take_seat(visit: Visit, binding_id: str) -> None:
    """Take a seat of one's own; what is another's or can't be used was typed, or is gone by now (LK01)."""
    human = visit.signed_in.human
    seat = seat_of_binding(human.account_id, binding_id)
    if seat is None:
        record("linked:choice:refused", outcome="refused", actor=human.account_id, linked_account_id=human.account_id)
        raise Refused
    if not is_choosable(visit, _wish(visit), seat):
        raise Refused
    note_chosen(visit.waiting.id, seat.acting.account_id, seat.binding_id)


def _own_page(visit: Visit, *, unmet: bool) -> str:
    acting = visit.signed_in.human
    problem = admission_of(acting, visit.client)
    return render_template(
        "choose/account.html",
        application=application_of(visit.client),
        acting=person_of(acting),
        meets_wish=_wish(visit).is_met_by(acting.seat) and not unmet,
        reason=ADMISSION_REASONS[problem] if problem else None,
        request_id=visit.waiting.id,
    )


def _wish(visit: Visit) -> Wish:
    """The request's wish for a company, without the hint that only the protocol can verify."""
    return read_wish(
        tenant=visit.asked.tenant,
        company=read_scope(visit.waiting.parameters.get("scope", "")).company,
        claims=visit.asked.claims,
        hinted=None,
    )
