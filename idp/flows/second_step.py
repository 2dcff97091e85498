"""The second step of a sign-in by password, where the account has an authenticator app: a code, or a recovery code.

right password (sign_in.py) --> a run of this browser, five minutes, five tries --> right code --> signed in, led on
                                                                             --> over: the sign-in page again

Nobody is signed in before the code; a sign-in that runs in this browser goes on until then.
"""

from datetime import timedelta

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired

from idp.browser import browser_id, peer_address
from idp.db import end_reading, transaction
from idp.errors import BadCode, BadCredentials, Refused
from idp.flows.account_fields import AtMost
from idp.flows.door import Arrival, arrival_of, lead_on, let_in, previous_sign_in
from idp.flows.forms import PlainForm, with_retry
from idp.flows.messages import sentence_for
from idp.flows.page_context import on_the_way_to
from idp.policies.assurance import Method
from idp.services.acting import Acting, acting_account
from idp.services.clients import client_by_id
from idp.services.factors import factors_of
from idp.services.flows import KeptRun, any_run, finish_run, keep_run, start_run
from idp.services.second_factors import asks_for_code, password_mark, take_code

bp = Blueprint("second_step", __name__)

KIND = "second_step"
STEP = "code"
LASTS = timedelta(minutes=5)
MOST_TRIES = 5
LONGEST_CODE = 40


class CodeForm(PlainForm):
    """The one-time code of the authenticator app, or a recovery code."""

    run = HiddenField()
    code = StringField(
        lazy_gettext("驗證碼"),
        [InputRequired(lazy_gettext("請輸入驗證碼。")), AtMost(LONGEST_CODE, lazy_gettext("驗證碼不正確。"))],
    )


def second_step_of(account: Acting, arrival: Arrival) -> str | None:
    """Where who gave the right password gives the code; None where the password is all that is asked.

    Within the transaction that settled the password: the run begins with it.
    """
    if not asks_for_code(account.account_id):
        return None
    kept = {"account": account.account_id, "password": password_mark(account.account_id), "tries": 0}
    run_id = start_run(
        KIND,
        STEP,
        {**kept, "arrival": arrival.fields},
        browser=browser_id(),
        lasts=LASTS,
        request_id=arrival.waiting.id if arrival.waiting else None,
    )
    return url_for("second_step.ask", run=run_id)


@bp.get("/login/code")
def ask() -> ResponseReturnValue:
    """Show the form, where a password was right within the last five minutes in this browser."""
    run = _living(request.args.get("run", ""))
    return _page(run, CodeForm(run=run.id)) if run is not None else _again()


@bp.post("/login/code")
def answer() -> ResponseReturnValue:
    """Judge the code; then, and only then, somebody is signed in."""
    form = CodeForm(request.form)
    run = _living(form.run.data or "")
    if run is None:
        return _again()
    if not form.validate():
        return _page(run, form, status=400)
    arrival = arrival_of(run.data["arrival"])
    end_reading()
    try:
        with transaction():
            account, token = _come_in(run.id, arrival, form.code.data or "")
    except BadCredentials:
        return _again()
    except Refused as refused:
        return with_retry(_page(run, form, refused=refused, status=refused.status), refused)
    return lead_on(token, arrival.leads(account))


def _come_in(run_id: str, arrival: Arrival, typed: str) -> tuple[Acting, str]:
    """Raises BadCredentials where the run is over, or its account, password or browser's sign-in is another by now."""
    run = any_run(run_id, KIND, browser=browser_id(), lock=True)
    if run is None or run.is_finished or run.has_expired:
        raise BadCredentials
    account = acting_account(run.data["account"])
    if account is None or not account.is_able or not _still_holds(run, account, arrival):
        finish_run(run.id)
        raise BadCredentials
    try:
        method = take_code(account.account_id, typed, browser_id(), peer_address())
    except BadCode:
        _count_try(run)
        raise
    finish_run(run.id)
    return account, let_in(account, [Method.PASSWORD, method], arrival, previous=previous_sign_in())


def _still_holds(run: KeptRun, account: Acting, arrival: Arrival) -> bool:
    here = arrival.signed_in.human.account_id if arrival.is_fixed and arrival.signed_in is not None else None
    is_same_person = here is None or here == account.account_id
    return is_same_person and run.data["password"] == password_mark(account.account_id)


def _count_try(run: KeptRun) -> None:
    tries = int(run.data["tries"]) + 1
    if tries >= MOST_TRIES:
        finish_run(run.id)
        raise BadCredentials
    keep_run(run.id, STEP, {**run.data, "tries": tries})


def _living(run_id: str) -> KeptRun | None:
    run = any_run(run_id, KIND, browser=browser_id()) if run_id else None
    return None if run is None or run.is_finished or run.has_expired else run


def _again() -> ResponseReturnValue:
    """To the sign-in page; for the application that waits, where the run is known to have been on its way."""
    run_id = request.values.get("run", "")
    run = any_run(run_id, KIND, browser=browser_id()) if run_id else None
    return redirect(url_for("sign_in.ask", request_id=run.request_id if run else None, expired=1), 303)


def _page(run: KeptRun, form: CodeForm, *, refused: Refused | None = None, status: int = 200) -> Response:
    arrival = arrival_of(run.data["arrival"])
    on_the_way_to(client_by_id(arrival.waiting.client_id) if arrival.waiting else None)
    g.here = url_for("second_step.ask", run=run.id)
    factors = factors_of(run.data["account"])
    way = {**arrival.on_the_way, "other": "1" if arrival.other else None}
    form.code.data = "" if refused else form.code.data
    page = render_template(
        "sign_in/code.html",
        form=form,
        refusal=sentence_for(refused) if refused else None,
        again_href=url_for("sign_in.ask", **way),
        has_passkey=factors.passkeys > 0,
        card_href=url_for("card_sign_in.ask", **way) if factors.company_cards else None,
    )
    return make_response(page, status)
