"""Sign in with account name and password (P1), and with the company's number where a service asks it (R-227).

    ask --> right password --> the waiting request, the page that wanted a sign-in (?back=), or /account
                           --> its account has an authenticator app: the code first (second_step.py)
        --> refused: the form again, nothing lost but the password

With a sign-in running the form is fixed to its person (re-authentication); "use another account" says that the running
sign-in ends (tokens.md "One browser, one human").
"""

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired

from idp.browser import browser_id, peer_address
from idp.db import transaction
from idp.errors import BadCredentials, Refused
from idp.flows.account_fields import AtMost
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
from idp.flows.forms import PlainForm, with_retry
from idp.flows.messages import sentence_for
from idp.flows.number_sign_in import NumberDoor, door_fields, number_door, ways_to_numbers
from idp.flows.second_step import second_step_of
from idp.policies.assurance import Method
from idp.policies.names import canonical_username
from idp.services.authorization_requests import WaitingRequest
from idp.services.clients import client_by_id
from idp.services.password_sign_in import judge, open_try, settle_try

bp = Blueprint("sign_in", __name__)

LONGEST_NAME = 256
LONGEST_NUMBER = 64
LONGEST_PASSWORD = 1024


class SignInForm(PlainForm):
    """Account name and password; 統一編號 where the door asks it."""

    service = HiddenField()
    linked = HiddenField()
    request_id = HiddenField()
    other = HiddenField()
    back = HiddenField()
    again = HiddenField()
    tax_id = StringField(
        lazy_gettext("統一編號"),
        [
            InputRequired(lazy_gettext("請輸入統一編號。")),
            AtMost(LONGEST_NUMBER, lazy_gettext("統一編號太長。")),
        ],
    )
    username = StringField(
        lazy_gettext("使用者帳號"),
        [
            InputRequired(lazy_gettext("請輸入使用者帳號。")),
            AtMost(LONGEST_NAME, lazy_gettext("使用者帳號太長。")),
        ],
    )
    password = PasswordField(
        lazy_gettext("使用者密碼"),
        [
            InputRequired(lazy_gettext("請輸入使用者密碼。")),
            AtMost(LONGEST_PASSWORD, lazy_gettext("使用者密碼太長。")),
        ],
    )

    def __init__(self, door: NumberDoor | None, formdata: Any = None, **values: Any) -> None:
        super().__init__(formdata, **values)
        self.service.data, self.linked.data = (door_fields(door).get(name) or "" for name in ("service", "linked"))
        if door is None or door.is_linked or not door.asks_company:
            del self.tax_id
        if door is not None and not door.is_linked:
            self.username.label.text, self.password.label.text = gettext("電子身分帳號"), gettext("密碼")

    @property
    def company(self) -> str:
        """統一編號 as it was typed, "" where it is not asked."""
        return (self.tax_id.data or "") if "tax_id" in self else ""


@bp.get("/login")
def ask() -> ResponseReturnValue:
    """Show the form; for a waiting request with its application, and with the name its client hinted at."""
    arrival = arrival_of(request.args)
    if arrival.is_done:
        return redirect(arrival.goes_on, 303)
    door = number_door(arrival, request.args)
    form = SignInForm(door, data=arrival.fields)
    if arrival.signed_in is not None and not arrival.other:
        form.username.data = arrival.signed_in.human.username
    elif arrival.waiting is not None:
        form.username.data = _hinted_name(arrival.waiting)
    return _page(form, arrival, door)


@bp.post("/login")
def answer() -> ResponseReturnValue:
    """Judge name and password. The three acts keep hashing out of the write transaction."""
    arrival = arrival_of(request.form)
    door = number_door(arrival, request.form)
    form = SignInForm(door, request.form)
    if not form.validate():
        return _page(form, arrival, door, status=400)
    try:
        _refuse_another_person(form, arrival)
        with transaction():
            company = door.company_of(form.company) if door is not None else None
            attempt = open_try(form.username.data or "", browser=browser_id(), address=peer_address(), company=company)
        verdict = judge(attempt, form.password.data or "")
        with transaction():
            account = settle_try(attempt, verdict)
            step = second_step_of(account, arrival)
            token = None if step else let_in(account, [Method.PASSWORD], arrival, previous=previous_sign_in())
    except Refused as refused:
        return _page(form, arrival, door, refused=refused, status=refused.status)
    return lead_on(token, arrival.leads(account)) if token else redirect(step or "", 303)


def _refuse_another_person(form: SignInForm, arrival: Arrival) -> None:
    if arrival.signed_in is None or arrival.other:
        return
    if canonical_username(form.username.data or "") != canonical_username(arrival.signed_in.human.username):
        raise BadCredentials


def _hinted_name(waiting: WaitingRequest) -> str:
    hint = waiting.parameters.get("login_hint", "")
    # A hint may also be a sub or a tax ID; those are no account names, and are not put into the form.
    return hint if hint and not hint.startswith(("ga_", "la_")) and not hint.isdigit() else ""


def _page(
    form: SignInForm, arrival: Arrival, door: NumberDoor | None, *, refused: Refused | None = None, status: int = 200
) -> Response:
    show_door(arrival, "sign_in.ask", **door_fields(door))
    page = render_template(
        "sign_in/password.html",
        form=form,
        door=door,
        number_ways=ways_to_numbers(arrival) if door is None else [],
        refusal=_sentence(refused, door) if refused else None,
        way=way_on(refused),
        reason=_reason(arrival),
        fixed_username=arrival.is_fixed,
        other_href=url_for("sign_in.ask", **arrival.on_the_way, other=1) if arrival.is_fixed else None,
        card_href=url_for("card_sign_in.ask", **arrival.on_the_way, other=form.other.data or None),
        citizen_href=url_for("card_sign_in.ask", **arrival.on_the_way, other=form.other.data or None, kind="citizen"),
    )
    return with_retry(make_response(page, status), refused)


def _sentence(refused: Refused, door: NumberDoor | None) -> str:
    """One neutral sentence for whatever does not fit, where the company's number is asked too (R-229)."""
    if isinstance(refused, BadCredentials) and door is not None and door.asks_company and not door.is_linked:
        return str(gettext("統一編號、電子身分帳號或密碼不正確。"))
    return sentence_for(refused)


def _reason(arrival: Arrival) -> Any:
    """The sentence above the form, or None."""
    if arrival.waiting is not None and arrival.waiting.is_try:
        return about_a_try(arrival)
    if arrival.signed_in is not None:
        return about_another(arrival) or about_two_factors(arrival) or gettext("為了您的安全，請再次輸入密碼。")
    if arrival.waiting is not None and "create" in arrival.waiting.parameters.get("prompt", "").split():
        return _reason_for_create(arrival.waiting)
    if request.args.get("signed_out"):
        return gettext("您已登出。使用公用電腦時，請關閉所有瀏覽器視窗。")
    if request.args.get("expired"):
        return gettext("登入已逾時，請重新登入。")
    return None


def _reason_for_create(waiting: WaitingRequest) -> Any:
    """What is said to whom an application sent to register (``prompt=create``)."""
    client = client_by_id(waiting.client_id)
    if client is None or client.service_id is None:
        return gettext(
            "這個應用系統不提供線上申請帳號。還沒有帳號時，請洽貴公司群組管理員或服務單位；已有帳號請直接登入。"
        )
    return gettext("已有帳號請直接登入。剛送出申請時，請先點選驗證信中的連結，完成後再於此登入。")
