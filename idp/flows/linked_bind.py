"""綁定帳號 (P22): ask for a general account to be bound to the linked account in use (R-097 … R-102; LK04).

fresh sign-in --> account and its password --> a code is mailed (linked_binding.py), or its owner is asked to agree
              --> account alone --> its owner is asked to agree, if there is one and her service lets her by her word
                                    alone: nobody is told which
refused: the form again, nothing lost but the password
"""

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import Field, PasswordField, StringField
from wtforms.validators import InputRequired, ValidationError

from idp.db import transaction
from idp.errors import Refused
from idp.flows.account_fields import LONGEST_PASSWORD, LONGEST_TYPED, AtMost
from idp.flows.equal_time import in_equal_time
from idp.flows.forms import PlainForm, with_retry
from idp.flows.fresh import fresh_sign_in
from idp.flows.linked_guard import linked_pages, own_linked
from idp.flows.messages import sentence_for
from idp.flows.own_password import judged
from idp.flows.page_context import NOTICE
from idp.services.binding_requests import Asked, ask_owner, ask_with_password, check_may_ask

bp = linked_pages("linked_bind")

ASK_OWNER = "ask-owner"


class BindForm(PlainForm):
    """The general account to bind, and that account's own password; without it its owner is asked to agree."""

    username = StringField(
        lazy_gettext("帳號"),
        [InputRequired(lazy_gettext("請輸入帳號。")), AtMost(LONGEST_TYPED, lazy_gettext("使用者帳號太長。"))],
    )
    password = PasswordField(lazy_gettext("密碼"), [AtMost(LONGEST_PASSWORD, lazy_gettext("使用者密碼太長。"))])

    def validate_password(self, field: Field) -> None:
        """Needed unless the owner is to agree by herself."""
        if not field.data and not _asks_owner():
            raise ValidationError(str(gettext("請輸入這個一般帳號的密碼。")))


@bp.get("/bind")
def ask() -> ResponseReturnValue:
    """Show the form, and to which linked account one is about to bind."""
    again = fresh_sign_in()
    return again if again is not None else _page(BindForm())


@bp.post("/bind")
def answer() -> ResponseReturnValue:
    """Ask for the account, in the one way or the other."""
    again, form = fresh_sign_in(), BindForm(request.form)
    if again is not None:
        return again
    if not form.validate():
        return _page(form, status=400)
    try:
        return _ask_owner(form) if _asks_owner() else _ask_with_password(form)
    except Refused as refused:
        return _page(form, refused=refused, status=refused.status)


def _asks_owner() -> bool:
    return request.form.get("do") == ASK_OWNER


def _ask_owner(form: BindForm) -> ResponseReturnValue:
    with in_equal_time(), transaction():
        ask_owner(own_linked(), form.username.data or "")
    browser_session[NOTICE] = gettext(
        "若「%(account)s」是可以由使用者同意綁定的一般帳號，我們已通知其使用者。使用者同意後，會出現在綁定帳號清單。",
        account=form.username.data,
    )
    return redirect(url_for("linked.home"), 303)


def _ask_with_password(form: BindForm) -> ResponseReturnValue:
    """The three acts of a sign-in try: hashing is done outside of any write."""
    with transaction():
        check_may_ask(own_linked(), form.username.data or "")
    attempt, verdict = judged(form.username.data or "", form.password.data or "")
    with transaction():
        asked = ask_with_password(own_linked(), attempt, verdict)
    browser_session[NOTICE] = sentence_of(asked)
    return redirect(url_for("linked_binding.look", binding_id=asked.binding_id), 303)


def sentence_of(asked: Asked) -> str:
    """What is told once a request is on its way (R-101)."""
    if asked.how == "owner":
        return str(gettext("已通知帳號使用者。請其登入後至「被綁定資訊」同意，同意後即可登入。"))
    return str(gettext("「鏈結帳號綁定驗證碼通知」已發送到被綁定帳號的 Email 信箱，請聯繫帳號使用者取得「驗證碼」。"))


def _page(form: BindForm, *, refused: Refused | None = None, status: int = 200) -> Response:
    linked = own_linked()
    page = render_template(
        "linked/bind.html",
        form=form,
        refusal=sentence_for(refused) if refused else None,
        linked={"username": linked.username, "name": linked.name, "email": linked.email},
    )
    return with_retry(make_response(page, status), refused)
