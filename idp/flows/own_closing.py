"""關閉帳號: what ends and what is kept, told first; by a fresh sign-in and the typed name (domain.md §2 ACCOUNT).

look --> 關閉帳號, with the name typed --> closed: signed out, /closed
     --> another name, or the last group admin: look, with the sentence

Whose company nobody else could lead is told the way: another group admin first, or the operators.
"""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import Field, StringField
from wtforms.validators import InputRequired, ValidationError

from idp.browser import drop_sign_in_cookie, forget_current_sign_in
from idp.config import settings
from idp.db import transaction
from idp.errors import Refused
from idp.flows.account_fields import LONGEST_TYPED, AtMost
from idp.flows.account_guard import account_pages, oneself, only_by_owner
from idp.flows.forms import PlainForm
from idp.flows.fresh import fresh_sign_in
from idp.flows.messages import sentence_for
from idp.flows.moments import is_english
from idp.services.closing import close_own, is_own_name, leaving

bp = account_pages("own_closing")
done_bp = Blueprint("closed", __name__)


class ClosingForm(PlainForm):
    """The account's name, typed, so that nobody closes one by a slip."""

    username = StringField(
        lazy_gettext("請輸入您的帳號以確認"),
        [
            InputRequired(lazy_gettext("請輸入您的帳號。")),
            AtMost(LONGEST_TYPED, lazy_gettext("與您的帳號不同，請輸入您的帳號。")),
        ],
    )

    def validate_username(self, field: Field) -> None:
        """The name of this very account."""
        if not is_own_name(oneself().account_id, field.data or ""):
            raise ValidationError(str(gettext("與您的帳號不同，請輸入您的帳號。")))


@bp.before_request
def only_owner_and_fresh() -> ResponseReturnValue | None:
    """Let the owner in who has signed in lately."""
    only_by_owner(oneself())
    return fresh_sign_in()


@bp.get("/close")
def look() -> ResponseReturnValue:
    """Tell what closing brings, and ask for the name."""
    return _page(ClosingForm())


@bp.post("/close")
def close() -> ResponseReturnValue:
    """Close it. The answer signs the browser out."""
    form = ClosingForm(request.form)
    if not form.validate():
        return _page(form, status=400)
    try:
        with transaction():
            close_own(oneself().account_id)
    except Refused as refused:
        return _page(form, refused=refused, status=refused.status)
    forget_current_sign_in()
    answer = make_response(redirect(url_for("closed.done"), 303))
    drop_sign_in_cookie(answer)
    return answer


@done_bp.get("/closed")
def done() -> str:
    """Tell that an account was closed, to whoever has closed one."""
    return render_template("account/closed.html")


def _page(form: ClosingForm, *, refused: Refused | None = None, status: int = 200) -> Response:
    acting = oneself()
    told = leaving(acting.account_id)
    page = render_template(
        "account/close.html",
        form=form,
        username=acting.username,
        email=acting.email,
        is_linked=acting.company is None,
        leaving=told,
        applications=[english if is_english() else chinese for chinese, english in told.applications],
        kept_days=settings().closed_contact_days,
        refusal=sentence_for(refused) if refused and not told.is_last_admin else None,
    )
    return make_response(page, status)
