"""Sign in to the console: name and password, then the second factor; without it there is no session (AD02).

ask --> right password --> (a run of five minutes) code or recovery code --> session, /ops
"""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired

from idp.browser import browser_id, peer_address
from idp.db import end_reading, transaction
from idp.errors import BadCredentials, Refused
from idp.flows.account_fields import LONGEST_PASSWORD, AtMost
from idp.flows.forms import PlainForm, with_retry
from idp.flows.messages import sentence_for
from idp.flows.ops.guard import (
    check_operator_stamp,
    drop_operator_cookie,
    operator_here,
    operator_token,
    set_operator_cookie,
)
from idp.flows.own_paths import own_path
from idp.services.flows import KeptRun, any_run, finish_run, start_run
from idp.services.operator_sessions import begin_operator_session, end_operator_session
from idp.services.operator_sign_in import (
    HalfSignedIn,
    give_second_factor,
    judge_operator,
    open_operator_try,
    settle_operator_try,
)

bp = Blueprint("ops_sign_in", __name__, url_prefix="/ops")

KIND = "operator_sign_in"
LASTS = timedelta(minutes=5)
LONGEST_CODE = 40


class OperatorSignInForm(PlainForm):
    """Name and password of an operator."""

    back = HiddenField()
    username = StringField(
        lazy_gettext("營運人員帳號"),
        [InputRequired(lazy_gettext("請輸入營運人員帳號。")), AtMost(64, lazy_gettext("帳號太長。"))],
    )
    password = PasswordField(
        lazy_gettext("密碼"),
        [InputRequired(lazy_gettext("請輸入密碼。")), AtMost(LONGEST_PASSWORD, lazy_gettext("密碼太長。"))],
    )


class CodeForm(PlainForm):
    """The one-time code of the authenticator app, or a recovery code."""

    run = HiddenField()
    back = HiddenField()
    code = StringField(
        lazy_gettext("驗證碼"),
        [InputRequired(lazy_gettext("請輸入驗證碼。")), AtMost(LONGEST_CODE, lazy_gettext("驗證碼不正確。"))],
    )


@bp.get("/login")
def ask() -> ResponseReturnValue:
    """Show the form; who is here goes on."""
    browser_id()
    back = _back(request.args.get("back"))
    if operator_here() is not None and not request.args.get("set_up"):
        return redirect(back or url_for("ops_home.home"), 303)
    return _page(OperatorSignInForm(back=back or ""))


@bp.post("/login")
def answer() -> ResponseReturnValue:
    """Judge name and password; hashing holds no write transaction."""
    form = OperatorSignInForm(request.form)
    if not form.validate():
        return _page(form, status=400)
    try:
        with transaction():
            attempt = open_operator_try(form.username.data or "", browser=browser_id(), address=peer_address())
        is_right = judge_operator(attempt, form.password.data or "")
        with transaction():
            half = settle_operator_try(attempt, is_right=is_right)
            kept = {"operator": half.operator_id, "version": half.version}
            run_id = start_run(KIND, "code", kept, browser=browser_id(), lasts=LASTS)
    except Refused as refused:
        return with_retry(_page(form, refused=refused, status=refused.status), refused)
    return redirect(url_for("ops_sign_in.ask_code", run=run_id, back=_back(form.back.data)), 303)


@bp.get("/login/code")
def ask_code() -> ResponseReturnValue:
    """Show the second form, where a password was right within the last five minutes in this browser."""
    if _living(request.args.get("run", "")) is None:
        return _again()
    return _code_page(CodeForm(run=request.args["run"], back=_back(request.args.get("back")) or ""))


@bp.post("/login/code")
def answer_code() -> ResponseReturnValue:
    """Judge the second factor; then, and only then, there is a session."""
    form = CodeForm(request.form)
    kept = _living(form.run.data or "")
    if kept is None:
        return _again()
    if not form.validate():
        return _code_page(form, status=400)
    end_reading()
    try:
        with transaction():
            token = _come_in(kept, form.code.data or "")
    except BadCredentials:
        return _again()
    except Refused as refused:
        return with_retry(_code_page(form, refused=refused, status=refused.status), refused)
    response = make_response(redirect(_back(form.back.data) or url_for("ops_home.home"), 303))
    set_operator_cookie(response, token)
    return response


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session of this browser."""
    check_operator_stamp()
    token = operator_token()
    if token:
        with transaction():
            end_operator_session(token)
    response = make_response(redirect(url_for("ops_sign_in.ask", signed_out=1), 303))
    drop_operator_cookie(response)
    return response


def _come_in(kept: KeptRun, typed: str) -> str:
    half = HalfSignedIn(str(kept.data["operator"]), int(kept.data["version"]))
    operator = give_second_factor(half, typed, browser=browser_id(), address=peer_address())
    if not finish_run(kept.id):
        raise BadCredentials
    before = operator_token()
    if before:
        end_operator_session(before)
    user_agent = request.headers.get("User-Agent")
    return begin_operator_session(operator, browser=browser_id(), address=peer_address(), user_agent=user_agent)


def _living(run_id: str) -> KeptRun | None:
    kept = any_run(run_id, KIND, browser=browser_id())
    return None if kept is None or kept.is_finished or kept.has_expired else kept


def _again() -> ResponseReturnValue:
    return redirect(url_for("ops_sign_in.ask", expired=1), 303)


def _back(text: str | None) -> str | None:
    path = own_path(text)
    return path if path is not None and (path == "/ops" or path.startswith(("/ops/", "/ops?"))) else None


def _page(form: OperatorSignInForm, *, refused: Refused | None = None, status: int = 200) -> Response:
    reason: Any = None
    if request.args.get("signed_out"):
        reason = gettext("您已登出。使用公用電腦時，請關閉所有瀏覽器視窗。")
    elif request.args.get("set_up"):
        reason = gettext("設定完成。請以新密碼與驗證器登入。")
    elif request.args.get("expired"):
        reason = gettext("登入已逾時，請重新登入。")
    page = render_template(
        "ops/sign_in.html", form=form, refusal=sentence_for(refused) if refused else None, reason=reason
    )
    return make_response(page, status)


def _code_page(form: CodeForm, *, refused: Refused | None = None, status: int = 200) -> Response:
    page = render_template("ops/code.html", form=form, refusal=sentence_for(refused) if refused else None)
    return make_response(page, status)
