"""Sign out (P40): everywhere, or of the application that asked; never without the person's word.

ask --> everywhere | this application --> the application's address, or the done page        ask --> cancelled
"""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.browser import browser_id, current_sign_in, drop_sign_in_cookie, forget_current_sign_in
from idp.db import transaction
from idp.flows.forms import check_human
from idp.flows.moments import is_english
from idp.flows.page_context import NOTICE, application_of, on_the_way_to
from idp.services.clients import ClientRecord, client_by_id
from idp.services.flows import Run, claim_run, finish_run, running
from idp.services.sign_ins import SignedIn, clients_signed_in_to, end_sign_in, leave_client

bp = Blueprint("sign_out", __name__)


@bp.get("/sign-out/<run_id>")
def ask(run_id: str) -> ResponseReturnValue:
    """Ask: everywhere, or this application only."""
    with transaction():
        claim_run(run_id, browser=browser_id())
    run = running(run_id, "sign_out", browser=browser_id())
    signed_in = current_sign_in()
    if run is None:
        return redirect(url_for("sign_out.done"), 303)
    if signed_in is None:
        return redirect((run.data.get("hinted") and run.data.get("target")) or url_for("sign_out.done"), 303)
    client = _client(run)
    on_the_way_to(client)
    return render_template(
        "sign_out/ask.html",
        application=application_of(client) if client else None,
        applications=_names(signed_in),
    )


@bp.post("/sign-out/<run_id>")
def answer(run_id: str) -> ResponseReturnValue:
    """Do as the person says, once, and go where the application wants it."""
    run = running(run_id, "sign_out", browser=browser_id())
    signed_in = current_sign_in()
    if run is None or signed_in is None:
        return redirect(url_for("sign_out.done"), 303)
    check_human()
    which = request.form.get("which")
    target = run.data.get("target") or url_for("sign_out.done")
    if which == "everywhere":
        with transaction():
            finish_run(run.id)
        return _everywhere(signed_in, target)
    if which == "application" and run.data.get("client_id"):
        with transaction():
            finish_run(run.id)
            leave_client(signed_in.id, run.data["client_id"])
        return redirect(target, 303)
    with transaction():
        finish_run(run.id)
    browser_session[NOTICE] = gettext("沒有登出，您仍然登入企業帳號中心。")
    return redirect(url_for("account.overview"), 303)


@bp.post("/sign-out")
def now() -> ResponseReturnValue:
    """The header's own button: everywhere, straight to the sign-in page (R-119)."""
    signed_in = current_sign_in()
    target = url_for("sign_in.ask", signed_out=1)
    if signed_in is None:
        return redirect(target, 303)
    check_human()
    return _everywhere(signed_in, target)


@bp.get("/signed-out")
def done() -> str:
    """Say that the sign-in here is over."""
    return render_template("sign_out/done.html", applications=None)


def _everywhere(signed_in: SignedIn, target: str) -> Response:
    with transaction():
        end_sign_in(signed_in.id, because="signed_out")
    forget_current_sign_in()
    response = make_response(redirect(target, 303))
    drop_sign_in_cookie(response)
    return response


def _client(run: Run) -> ClientRecord | None:
    client_id = run.data.get("client_id")
    return client_by_id(client_id) if client_id else None


def _names(signed_in: SignedIn) -> list[str]:
    return [english if is_english() else chinese for _, chinese, english in clients_signed_in_to(signed_in.id)]
