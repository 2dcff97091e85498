"""What an operator looks after herself: password, recovery codes, sessions. What opens doors asks for a code."""

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext, ngettext
from wtforms import PasswordField
from wtforms.validators import InputRequired

from idp.browser import browser_id, peer_address
from idp.db import transaction
from idp.errors import BadCode, BadCredentials, PasswordRefused, Refused
from idp.flows.account_fields import LONGEST_PASSWORD, AtMost, add_error
from idp.flows.forms import with_retry
from idp.flows.messages import sentence_for
from idp.flows.ops.guard import operator, operator_token, ops_pages
from idp.flows.ops.setup_forms import FirstCodeForm, PasswordForm
from idp.flows.ops.words import duties_in_words
from idp.flows.page_context import NOTICE
from idp.services.authenticators import make_recovery_codes, recovery_codes_left
from idp.services.operator_sessions import end_sessions_of, sessions_of
from idp.services.operator_sign_in import (
    HalfSignedIn,
    give_second_factor,
    judge_operator,
    open_operator_try,
    settle_operator_try,
)
from idp.services.operators import change_own_password, hashed_operator_password, operator_of_id

bp = ops_pages("ops_own", None, path="/own")


class OwnPasswordForm(FirstCodeForm, PasswordForm):
    """The password that is, the one that is to be (twice), and a code."""

    current = PasswordField(
        lazy_gettext("目前的密碼"),
        [InputRequired(lazy_gettext("請輸入目前的密碼。")), AtMost(LONGEST_PASSWORD, lazy_gettext("密碼太長。"))],
    )

    def __init__(self, formdata: Any = None) -> None:
        super().__init__(formdata)
        self.password.label.text = gettext("新密碼")
        self.password_again.label.text = gettext("確認新密碼")


class CodesForm(FirstCodeForm):
    """A code, for new recovery codes; its field has a name of its own beside the other form's."""

    def __init__(self, formdata: Any = None) -> None:
        super().__init__(formdata, prefix="codes-")


@bp.get("")
def own() -> Response:
    """Show who one is here, and how one signs in."""
    return _page()


@bp.post("/password")
def change_password() -> ResponseReturnValue:
    """Change the password; the other sessions end."""
    form = OwnPasswordForm(request.form)
    if not form.validate():
        return _page(password=form, status=400)
    try:
        half = _proven(form.current.data or "")
        hashed = hashed_operator_password(operator_of_id(half.operator_id), form.password.data or "")
        with transaction():
            found = give_second_factor(half, form.code.data or "", browser=browser_id(), address=peer_address())
            change_own_password(found.id, hashed, token=operator_token())
    except Refused as refused:
        return _refused_password(form, refused)
    return _told(gettext("密碼已變更，其他裝置上的登入已經結束。"))


@bp.post("/codes")
def new_codes() -> ResponseReturnValue:
    """Make ten other recovery codes; they are in this answer, and nowhere else."""
    form = CodesForm(request.form)
    if not form.validate():
        return _page(codes_form=form, status=400)
    here = operator_of_id(operator().operator_id)
    half = HalfSignedIn(here.id, here.version)
    try:
        with transaction():
            give_second_factor(half, form.code.data or "", browser=browser_id(), address=peer_address())
            codes = make_recovery_codes(here.id)
    except Refused as refused:
        add_error(form, "code", sentence_for(refused))
        return with_retry(_page(codes_form=form, status=_status(refused)), refused)
    return make_response(render_template("ops/own_codes.html", codes=codes))


@bp.post("/sessions/end")
def end_others() -> ResponseReturnValue:
    """End every other session."""
    with transaction():
        ended = end_sessions_of(operator().operator_id, because="ended_by_operator", but=operator_token())
    return _told(ngettext("已結束 %(num)d 個其他登入。", "已結束 %(num)d 個其他登入。", ended))


def _proven(password: str) -> HalfSignedIn:
    with transaction():
        attempt = open_operator_try(operator().username, browser=browser_id(), address=peer_address())
    is_right = judge_operator(attempt, password)
    with transaction():
        return settle_operator_try(attempt, is_right=is_right)


def _refused_password(form: OwnPasswordForm, refused: Refused) -> Response:
    if isinstance(refused, BadCredentials):
        add_error(form, "current", gettext("密碼不正確。連續多次輸入錯誤時，帳號會暫停登入一段時間。"))
    else:
        field = "password" if isinstance(refused, PasswordRefused) else "code"
        add_error(form, field, sentence_for(refused))
    return with_retry(_page(password=form, status=_status(refused)), refused)


def _status(refused: Refused) -> int:
    return 400 if isinstance(refused, BadCode | BadCredentials) else refused.status


def _told(notice: str) -> ResponseReturnValue:
    browser_session[NOTICE] = notice
    return redirect(url_for("ops_own.own"), 303)


def _page(
    *, password: OwnPasswordForm | None = None, codes_form: CodesForm | None = None, status: int = 200
) -> Response:
    here = operator()
    page = render_template(
        "ops/own.html",
        form=password or OwnPasswordForm(),
        codes_form=codes_form or CodesForm(),
        email=operator_of_id(here.operator_id).email,
        duties=duties_in_words(list(here.duties)),
        codes_left=recovery_codes_left(here.operator_id),
        sessions=sessions_of(here.operator_id, token=operator_token()),
        notice=browser_session.pop(NOTICE, None),
    )
    return make_response(page, status)
