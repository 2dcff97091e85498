"""Choose the account that enters an application (P20): asked for by the client, or because the one here won't do.

ask --> chosen --> the waiting request
    --> use another account --> sign-in page        --> back to the application --> the waiting request gives up
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from idp.db import transaction
from idp.errors import Refused
from idp.flows.forms import check_stamp
from idp.flows.messages import ADMISSION_REASONS
from idp.flows.page_context import application_of, person_of
from idp.flows.waiting import Visit, back_to_request, to_sign_in, visit_of
from idp.policies.scopes import read_scope
from idp.policies.wishes import Wish, read_wish
from idp.services.admission import admission_of
from idp.services.authorization_requests import note_chosen, note_decision

bp = Blueprint("choose_account", __name__)


@bp.get("/authorize/<request_id>/account")
def ask(request_id: str) -> ResponseReturnValue:
    """Show the account signed in here, and why it will not do where it will not."""
    visit = visit_of(request_id)
    if visit is None:
        return to_sign_in(request_id)
    acting = visit.signed_in.human
    problem = admission_of(acting, visit.client)
    return render_template(
        "choose/account.html",
        application=application_of(visit.client),
        acting=person_of(acting),
        meets_wish=_wish(visit).is_met_by(acting.seat) and not request.args.get("unmet"),
        reason=ADMISSION_REASONS[problem] if problem else None,
        request_id=request_id,
    )


@bp.post("/authorize/<request_id>/account")
def answer(request_id: str) -> ResponseReturnValue:
    """Take the choice: this account, another one, or none."""
    visit = visit_of(request_id)
    if visit is None:
        return to_sign_in(request_id)
    check_stamp()
    choice = request.form.get("choice")
    if choice == "other":
        return redirect(url_for("sign_in.ask", request_id=request_id, other=1), 303)
    acting = visit.signed_in.human
    with transaction():
        if choice == "back":
            note_decision(request_id, acting.account_id, agreed=False)
        elif choice == acting.account_id:
            if admission_of(acting, visit.client) or not _wish(visit).is_met_by(acting.seat):
                raise Refused
            note_chosen(request_id, acting.account_id)
    return back_to_request(request_id)


def _wish(visit: Visit) -> Wish:
    """The request's wish for a company, without the hint that only the protocol can verify."""
    return read_wish(
        tenant=visit.asked.tenant,
        company=read_scope(visit.waiting.parameters.get("scope", "")).company,
        claims=visit.asked.claims,
        hinted=None,
    )
