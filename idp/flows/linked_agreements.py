"""Texts at the first sign-in of a linked account (R-090 … R-093): those of the service where it was registered.

ask --> every text ticked: agreed --> /linked        ask --> declined, signed out
"""

from flask import make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from idp.browser import drop_sign_in_cookie, forget_current_sign_in, peer_address
from idp.db import session, transaction
from idp.flows.agreements import texts_page, ticks_of
from idp.flows.linked_guard import AGREEMENTS, linked_pages, own_linked, own_sign_in, texts_at_home
from idp.models import Service
from idp.policies.agreements import Due, unticked
from idp.services.acting import Acting
from idp.services.agreements import agree_at_home, decline_at_home
from idp.services.sign_ins import end_sign_in

bp = linked_pages(AGREEMENTS)


@bp.get("/agreements")
def ask() -> ResponseReturnValue:
    """Show the texts that are to be agreed to; where there are none, go on."""
    linked = own_linked()
    due = texts_at_home(linked)
    if not due.texts:
        return redirect(url_for("linked.home"), 303)
    return texts_page(session.get_one(Service, linked.service_id), due)


@bp.post("/agreements")
def answer() -> ResponseReturnValue:
    """Keep what was agreed to, when nothing is missing; or sign out (R-092)."""
    linked = own_linked()
    due, service_id = texts_at_home(linked), linked.service_id
    if not due.texts or service_id is None:
        return redirect(url_for("linked.home"), 303)
    if request.form.get("do") == "decline":
        return _decline(linked, service_id, due)
    ticks = ticks_of(due)
    if unticked(due.texts, ticks):
        return texts_page(session.get_one(Service, service_id), due, ticks=ticks)
    with transaction():
        agree_at_home(linked.account_id, service_id, due.texts, peer_address())
    return redirect(url_for("linked.home"), 303)


def _decline(linked: Acting, service_id: str, due: Due) -> ResponseReturnValue:
    sign_in_id = own_sign_in().id
    with transaction():
        decline_at_home(linked.account_id, service_id, due.texts)
        end_sign_in(sign_in_id, because="declined")
    forget_current_sign_in()
    response = make_response(redirect(url_for("sign_in.ask", signed_out=1), 303))
    drop_sign_in_cookie(response)
    return response
