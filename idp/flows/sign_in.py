"""Sign in with account name and password (P1).

    ask --> right password --> the waiting request, the page that wanted a sign-in (?back=), or /account
        --> refused: the form again, nothing lost but the password

With a sign-in running the form is fixed to its person (re-authentication); "use another account" says that the running
sign-in ends (tokens.md "One browser, one human").
"""

from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired

from idp.browser import (
    browser_id,
    current_sign_in,
    forget_current_sign_in,
    peer_address,
    set_sign_in_cookie,
    sign_in_token,
)
from idp.db import transaction
from idp.errors import AccountPending, AccountRejected, AccountUnverified, BadCredentials, Refused
from idp.flows.account_fields import AtMost
from idp.flows.forms import PlainForm
from idp.flows.messages import sentence_for
from idp.flows.own_paths import own_path
from idp.flows.page_context import on_the_way_to
from idp.policies.assurance import Method
from idp.policies.names import canonical_username
from idp.services.authorization_requests import WaitingRequest, note_signed_in, waiting_request
from idp.services.clients import client_by_id
from idp.services.password_sign_in import judge, open_try, settle_try
from idp.services.sign_ins import SignedIn, begin_sign_in, find_sign_in

bp = Blueprint("sign_in", __name__)

LONGEST_NAME = 256
LONGEST_PASSWORD = 1024


class SignInForm(PlainForm):
    """Account name and password."""

    request_id = HiddenField()
    other = HiddenField()
    back = HiddenField()
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


@bp.get("/login")
def ask() -> ResponseReturnValue:
    """Show the form; for a waiting request with its application, and with the name its client hinted at."""
    browser_id()  # made here, so that a form sent twice comes from one browser
    waiting = _waiting(request.args.get("request_id", ""))
    signed_in = current_sign_in()
    other = "1" if request.args.get("other") else ""
    if signed_in is not None and waiting is None and not other:
        return redirect(_after(request.args.get("back")), 303)
    back = own_path(request.args.get("back")) or ""
    form = SignInForm(request_id=waiting.id if waiting else "", other=other, back=back)
    if signed_in is not None and not other:
        form.username.data = signed_in.human.username
    elif waiting is not None:
        form.username.data = _hinted_name(waiting)
    return _page(form, waiting, signed_in)


@bp.post("/login")
def answer() -> ResponseReturnValue:
    """Judge name and password. The three acts keep hashing out of the write transaction."""
    form = SignInForm(request.form)
    waiting = _waiting(form.request_id.data or "")
    signed_in = current_sign_in()
    if not form.validate():
        return _page(form, waiting, signed_in, status=400)
    try:
        _refuse_another_person(form, signed_in)
        with transaction():
            attempt = open_try(form.username.data or "", browser=browser_id(), address=peer_address())
        verdict = judge(attempt, form.password.data or "")
        with transaction():
            account = settle_try(attempt, verdict)
            _, token = begin_sign_in(
                account,
                [Method.PASSWORD],
                previous=_previous(),
                browser=browser_id(),
                address=peer_address(),
                user_agent=request.headers.get("User-Agent"),
            )
            if waiting is not None:
                note_signed_in(waiting.id)
    except Refused as refused:
        return _page(form, waiting, signed_in, refused=refused, status=refused.status)
    forget_current_sign_in()
    target = url_for("authorize.resume", request_id=waiting.id) if waiting else _after(form.back.data)
    response = make_response(redirect(target, 303))
    set_sign_in_cookie(response, token)
    return response


def _after(back: str | None) -> str:
    return own_path(back) or url_for("account.overview")


def _refuse_another_person(form: SignInForm, signed_in: SignedIn | None) -> None:
    # Re-authentication is fixed to the person signed in; another account comes by its own way (?other=1).
    if signed_in is None or form.other.data:
        return
    if canonical_username(form.username.data or "") != canonical_username(signed_in.human.username):
        raise BadCredentials


def _previous() -> SignedIn | None:
    token = sign_in_token()
    return find_sign_in(token, even_idle=True) if token else None


def _waiting(request_id: str) -> WaitingRequest | None:
    return waiting_request(request_id, browser=browser_id()) if request_id else None


def _hinted_name(waiting: WaitingRequest) -> str:
    hint = waiting.parameters.get("login_hint", "")
    # A hint may also be a sub or a tax ID; those are no account names, and are not put into the form.
    return hint if hint and not hint.startswith(("ga_", "la_")) and not hint.isdigit() else ""


def _page(
    form: SignInForm,
    waiting: WaitingRequest | None,
    signed_in: SignedIn | None,
    *,
    refused: Refused | None = None,
    status: int = 200,
) -> Response:
    on_the_way_to(client_by_id(waiting.client_id) if waiting else None)
    # The language link leads by GET to the form one is at, also after a POST.
    on_the_way: dict[str, Any] = {"request_id": form.request_id.data or None, "back": own_path(form.back.data)}
    g.here = url_for("sign_in.ask", **on_the_way, other=form.other.data or None)
    fixed = signed_in is not None and not form.other.data
    response = make_response(
        render_template(
            "sign_in/password.html",
            form=form,
            refusal=sentence_for(refused) if refused else None,
            way=_way_on(refused),
            reason=_reason(signed_in, form, waiting),
            fixed_username=fixed,
            other_href=url_for("sign_in.ask", **on_the_way, other=1) if fixed else None,
        ),
        status,
    )
    retry = getattr(refused, "retry_seconds", None)
    if retry is not None:
        response.headers["Retry-After"] = str(retry)
    return response


def _way_on(refused: Refused | None) -> dict[str, str] | None:
    """Where a refusal leads who is refused for a reason of her own application."""
    if isinstance(refused, AccountUnverified):
        return {"href": url_for("verification_resend.ask"), "text": gettext("補發驗證信")}
    if isinstance(refused, AccountPending | AccountRejected):
        return {"href": url_for("case_status.ask"), "text": gettext("查詢申請進度")}
    return None


def _reason(signed_in: SignedIn | None, form: SignInForm, waiting: WaitingRequest | None) -> Any:
    """The sentence above the form, or None."""
    if signed_in is not None and form.other.data:
        return gettext(
            "您目前以「%(name)s」登入。改用其他帳號登入後，「%(name)s」在這個瀏覽器的登入會結束。",
            name=signed_in.human.name,
        )
    if signed_in is not None:
        return gettext("為了您的安全，請再次輸入密碼。")
    if waiting is not None and "create" in waiting.parameters.get("prompt", "").split():
        return _reason_for_create(waiting)
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
