"""Sign in by passkey (P1), without typing a name, and raise a sign-in that runs by one.

    ask --> a passkey of ours --> the waiting request, the page that wanted a sign-in (?back=), or /account
        --> refused: the page with the sentence, and other ways to go
    raise --> the same for who is signed in, on the way to an application that asks for more

As with a password, a sign-in that runs is for its person alone, unless she wants to be somebody else (?other=1).
"""

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.browser import peer_address
from idp.db import transaction
from idp.errors import NotFound, Refused
from idp.flows.door import (
    Arrival,
    about_a_try,
    about_another,
    about_two_factors,
    arrival_of,
    lead_on,
    let_in,
    previous_sign_in,
    show_door,
    way_on,
)
from idp.flows.forms import check_human, with_retry
from idp.flows.messages import sentence_for
from idp.flows.passkey_challenges import answered, fixed_account, has_answer
from idp.flows.step_up import page_of
from idp.flows.waiting import to_sign_in, visit_of
from idp.policies.passkeys import PasskeyPurpose
from idp.services.acting import Acting
from idp.services.passkey_answers import PasskeyAnswer, offers_passkeys
from idp.services.passkey_sign_in import account_of_passkey, raised_by_passkey

bp = Blueprint("passkey_sign_in", __name__)


@bp.get("/login/passkey")
def ask() -> ResponseReturnValue:
    """Show the page for who comes without script, from another way to sign in, or after a refusal."""
    _check_offered()
    arrival = arrival_of(request.args)
    return redirect(arrival.goes_on, 303) if arrival.is_done else _page(arrival)


@bp.post("/login/passkey")
def answer() -> ResponseReturnValue:
    """Judge what the passkey has signed, and sign its account in; without script the page says what is missing."""
    _check_offered()
    if not has_answer():
        arrival = arrival_of(request.form)
        return redirect(url_for("passkey_sign_in.ask", **arrival.on_the_way, other="1" if arrival.other else None), 303)
    return _answer(PasskeyPurpose.SIGN_IN)


@bp.post("/login/step-up/passkey")
def step_up() -> ResponseReturnValue:
    """Judge what the passkey has signed, and raise the sign-in that runs; its applications' sessions go on."""
    _check_offered()
    request_id = request.form.get("request_id", "")
    if visit_of(request_id) is None:
        return to_sign_in(request_id)
    check_human()
    return _answer(PasskeyPurpose.STEP_UP)


def _check_offered() -> None:
    if not offers_passkeys():
        raise NotFound


def _answer(purpose: PasskeyPurpose) -> ResponseReturnValue:
    arrival = arrival_of(request.form)
    try:
        sent = answered(purpose)
        with transaction():
            account, token = _sign_in(arrival, sent, purpose)
    except Refused as refused:
        return _again(arrival, purpose, refused)
    return lead_on(token, arrival.leads(account))


def _again(arrival: Arrival, purpose: PasskeyPurpose, refused: Refused) -> Response:
    """The page that she answered at, with the sentence."""
    visit = visit_of(arrival.waiting.id) if purpose is PasskeyPurpose.STEP_UP and arrival.waiting else None
    asked_for_more = page_of(visit, refused=refused) if visit is not None else None
    return asked_for_more or _page(arrival, refused=refused)


def _sign_in(arrival: Arrival, sent: PasskeyAnswer, purpose: PasskeyPurpose) -> tuple[Acting, str]:
    only = fixed_account(purpose)
    account, method = account_of_passkey(sent, address=peer_address(), only=only, is_named=only is not None)
    previous = previous_sign_in()
    raised = raised_by_passkey(method, previous if purpose is PasskeyPurpose.STEP_UP else None, account)
    token = let_in(
        account,
        raised.methods,
        arrival,
        previous=previous,
        card_tax_id=raised.card_tax_id,
        keeps_time=raised.keeps_time,
        must_live=purpose is PasskeyPurpose.STEP_UP,
    )
    return account, token


def _page(arrival: Arrival, *, refused: Refused | None = None) -> Response:
    show_door(arrival, "passkey_sign_in.ask")
    other = "1" if arrival.other else None
    page = render_template(
        "sign_in/passkey.html",
        fields=arrival.fields,
        refusal=sentence_for(refused) if refused else None,
        way=way_on(refused),
        reason=None if refused else _reason(arrival),
        password_href=url_for("sign_in.ask", **arrival.on_the_way, other=other),
        card_href=url_for("card_sign_in.ask", **arrival.on_the_way, other=other),
        other_href=url_for("passkey_sign_in.ask", **arrival.on_the_way, other=1) if arrival.is_fixed else None,
    )
    return with_retry(make_response(page, refused.status if refused else 200), refused)


def _reason(arrival: Arrival) -> Any:
    """The sentence above the button, or None."""
    if arrival.waiting is not None and arrival.waiting.is_try:
        return about_a_try(arrival)
    if arrival.signed_in is not None:
        return (
            about_another(arrival) or about_two_factors(arrival) or gettext("為了您的安全，請再次以您的通行密鑰驗證。")
        )
    return None
