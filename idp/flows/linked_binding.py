"""綁定驗證 (P23): the request for one account, until it is bound (R-106 … R-111).

look --> the code its owner gave --> bound, or waiting for the company's group admins --> home
     --> 補發驗證信 --> another code, the old one dead --> look
refused: look, with the sentence; who signed in long ago signs in again first
"""

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import StringField
from wtforms.validators import InputRequired

from idp.db import now, transaction
from idp.errors import NotFound, Refused, WrongCode
from idp.flows.account_fields import LONGEST_TYPED, AtMost
from idp.flows.forms import PlainForm, with_retry
from idp.flows.fresh import fresh_sign_in
from idp.flows.linked_bind import sentence_of
from idp.flows.linked_guard import linked_pages, own_linked
from idp.flows.linked_words import shown_binding
from idp.flows.messages import sentence_for
from idp.flows.page_context import NOTICE
from idp.policies.bindings import CODE_PAUSE
from idp.policies.standing import BindingState
from idp.services.binding_codes import enter_code
from idp.services.binding_requests import send_new_code
from idp.services.linked_home import HomeBinding, home_binding

bp = linked_pages("linked_binding")


class CodeForm(PlainForm):
    """The code that the owner of the account was mailed. What it looks like is judged where it is counted (BC06)."""

    code = StringField(
        lazy_gettext("請輸入6位數字驗證碼"),
        [
            InputRequired(lazy_gettext("請輸入6位數字驗證碼。")),
            AtMost(LONGEST_TYPED, lazy_gettext("驗證碼應為 6 位數字。")),
        ],
    )


@bp.get("/bindings/<binding_id>")
def look(binding_id: str) -> ResponseReturnValue:
    """Show how a request stands; one that came to its end is shown at the home."""
    one = own_binding(binding_id)
    away = _away(one)
    return away if away is not None else _page(one, CodeForm())


@bp.post("/bindings/<binding_id>")
def answer(binding_id: str) -> ResponseReturnValue:
    """Take the code, or send another one."""
    one = own_binding(binding_id)
    away = _away(one)
    if away is not None:
        return away
    if request.form.get("do") == "resend":
        return _resend(one)
    form = CodeForm(request.form)
    if not form.validate():
        return _page(one, form, status=400)
    try:
        with transaction():
            bound = enter_code(own_linked(), binding_id, form.code.data or "")
    except NotFound:
        raise
    except Refused as refused:
        return _page(own_binding(binding_id), form, refused=refused)
    browser_session[NOTICE] = _outcome(bound.state)
    return redirect(url_for("linked.home", binding=binding_id), 303)


def own_binding(binding_id: str) -> HomeBinding:
    """A binding of the linked account in use. Raises NotFound for another's, an ended one, or none (BC02)."""
    one = home_binding(own_linked().account_id, binding_id)
    if one is None:
        raise NotFound(what="binding")
    return one


def _away(one: HomeBinding) -> ResponseReturnValue | None:
    """Where one is led who has nothing to do here, or has to sign in again first."""
    if one.state not in {BindingState.PENDING, BindingState.AWAITS_ADMIN}:
        return redirect(url_for("linked.home", binding=one.binding_id), 303)
    return fresh_sign_in()


def _resend(one: HomeBinding) -> ResponseReturnValue:
    try:
        with transaction():
            asked = send_new_code(own_linked(), one.binding_id)
    except NotFound:
        raise
    except Refused as refused:
        return _page(own_binding(one.binding_id), CodeForm(), refused=refused)
    is_code = asked.how == "code"
    browser_session[NOTICE] = gettext("已補發驗證信，先前信件中的驗證碼已失效。") if is_code else sentence_of(asked)
    return redirect(url_for("linked_binding.look", binding_id=one.binding_id), 303)


def _outcome(state: BindingState) -> str:
    """R-111, or that one more has to agree."""
    if state is BindingState.AWAITS_ADMIN:
        return str(gettext("驗證成功。這家公司的群組管理員同意後，即可登入；我們已寄信通知群組管理員。"))
    return str(gettext("帳號綁定驗證成功。"))


def _page(one: HomeBinding, form: CodeForm, *, refused: Refused | None = None, status: int = 200) -> Response:
    resent_at = one.code_sent_at + CODE_PAUSE if one.code_sent_at else None
    page = render_template(
        "linked/binding.html",
        form=form,
        one=shown_binding(one),
        refusal=sentence_for(refused) if refused else None,
        is_about_code=isinstance(refused, WrongCode),
        seconds=max(0, int((resent_at - now()).total_seconds()) + 1) if resent_at and resent_at > now() else 0,
        notice=browser_session.pop(NOTICE, None) if refused is None else None,
    )
    return with_retry(make_response(page, refused.status if refused else status), refused)
