"""「營運人員」: who runs the provider. Added, given duties, suspended, reset; links go by mail alone.

list --> new --> list        list --> one: duties --> list        one --> suspend | reset (a question first) --> list
"""

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.db import transaction
from idp.errors import AlreadyExists, ChangedMeanwhile, InvalidInput, OperatorForbidden, Refused
from idp.flows.account_fields import add_error
from idp.flows.messages import sentence_for
from idp.flows.ops.guard import operator, ops_pages
from idp.flows.ops.operator_forms import DutiesForm, NewOperatorForm
from idp.flows.ops.words import DUTY_EXPLANATIONS, STANDINGS, duties_in_words
from idp.flows.page_context import NOTICE
from idp.models import Operator
from idp.policies.duties import OperatorStatus, Power, powers_of
from idp.services.operators import (
    NewOperator,
    add_operator,
    change_duties,
    list_operators,
    operator_of_id,
    reset_operator,
    suspend_operator,
)

bp = ops_pages("ops_operators", Power.MANAGE_OPERATORS, path="/operators")


@bp.get("")
def everybody() -> str:
    """Show all operators."""
    rows = [_row(one) for one in list_operators()]
    return render_template("ops/operators.html", rows=rows, notice=browser_session.pop(NOTICE, None))


@bp.get("/new")
def ask_new() -> Response:
    """Show the form for another operator."""
    return _new_page(NewOperatorForm())


@bp.post("/new")
def add() -> ResponseReturnValue:
    """Add an operator, whose link is mailed."""
    form = NewOperatorForm(request.form)
    if not form.validate():
        return _new_page(form, status=400)
    new = NewOperator(
        username=form.username.data or "",
        name=form.name.data or "",
        email=form.email.data or "",
        duties=form.duties(),
        locale=form.locale.data,
        own_tax_id=form.own_tax_id.data,
    )
    try:
        with transaction():
            added, _ = add_operator(new)
    except (AlreadyExists, InvalidInput) as refused:
        add_error(form, _field_of(refused), sentence_for(refused))
        return _new_page(form, status=refused.status)
    return _told(gettext("已新增營運人員 %(name)s，設定連結已寄至 %(email)s。", name=added.name, email=added.email))


@bp.get("/<operator_id>")
def one(operator_id: str) -> Response:
    """Show one operator and what she may do."""
    found = operator_of_id(operator_id)
    return _one_page(found, DutiesForm.of(found))


@bp.post("/<operator_id>")
def change(operator_id: str) -> ResponseReturnValue:
    """Give an operator other duties."""
    found = operator_of_id(operator_id)
    form = DutiesForm(request.form)
    if not form.validate():
        return _one_page(found, form, status=400)
    try:
        with transaction():
            changed = change_duties(operator_id, _seen_version(), form.duties(), form.own_tax_id.data)
    except InvalidInput as refused:
        add_error(form, _field_of(refused), sentence_for(refused))
        return _one_page(found, form, status=refused.status)
    except Refused as refused:
        return _refused(operator_id, form, refused)
    notice = gettext("已變更 %(name)s 的職責。", name=changed.name)
    manages_no_more = _is_self(changed) and Power.MANAGE_OPERATORS not in powers_of(changed.duties)
    return _told(notice, url_for("ops_home.home") if manages_no_more else None)


@bp.get("/<operator_id>/suspend")
def ask_suspend(operator_id: str) -> Response:
    """Ask before an operator is suspended."""
    return _question_page(_another(operator_id), "suspend")


@bp.post("/<operator_id>/suspend")
def suspend(operator_id: str) -> ResponseReturnValue:
    """Suspend an operator: every session ends at once."""
    found = _another(operator_id)
    try:
        with transaction():
            suspend_operator(found.id, _seen_version())
    except Refused as refused:
        return _question_page(operator_of_id(operator_id), "suspend", refused=refused)
    return _told(gettext("已停用 %(name)s，登入立即結束。", name=found.name))


@bp.get("/<operator_id>/reset")
def ask_reset(operator_id: str) -> Response:
    """Ask before an operator has to set up anew."""
    return _question_page(_another(operator_id), "reset")


@bp.post("/<operator_id>/reset")
def reset(operator_id: str) -> ResponseReturnValue:
    """Take password and second factor away and mail another link: every session ends at once."""
    found = _another(operator_id)
    try:
        with transaction():
            reset_operator(found.id, _seen_version())
    except Refused as refused:
        return _question_page(operator_of_id(operator_id), "reset", refused=refused)
    return _told(gettext("已重設 %(name)s，新的設定連結已寄至 %(email)s。", name=found.name, email=found.email))


def _seen_version() -> int:
    return request.form.get("version", 0, type=int)


def _another(operator_id: str) -> Operator:
    found = operator_of_id(operator_id)
    if _is_self(found):
        raise OperatorForbidden
    return found


def _is_self(found: Operator) -> bool:
    return found.id == operator().operator_id


def _field_of(refused: Refused) -> str:
    field = str(refused.details.get("field"))
    return "reviewer" if field == "duties" else field


def _refused(operator_id: str, form: DutiesForm, refused: Refused) -> Response:
    now_so = operator_of_id(operator_id)
    if isinstance(refused, ChangedMeanwhile):
        form = DutiesForm.of(now_so)
    return _one_page(now_so, form, refused=refused, status=refused.status)


def _told(notice: str, where: str | None = None) -> ResponseReturnValue:
    browser_session[NOTICE] = notice
    return redirect(where or url_for("ops_operators.everybody"), 303)


def _row(found: Operator) -> dict[str, Any]:
    label, tone, sign = STANDINGS[found.status]
    return {
        "id": found.id,
        "name": found.name,
        "username": found.username,
        "email": found.email,
        "duties": duties_in_words(found.duties),
        "own_tax_id": found.own_tax_id,
        "since": found.created_at,
        "state": {"label": label, "tone": tone, "sign": sign},
        "is_self": _is_self(found),
        "is_suspended": found.status is OperatorStatus.SUSPENDED,
        "is_invited": found.status is OperatorStatus.INVITED,
        "version": found.version,
    }


def _new_page(form: NewOperatorForm, *, status: int = 200) -> Response:
    return make_response(render_template("ops/operators_new.html", form=form, explanations=DUTY_EXPLANATIONS), status)


def _one_page(found: Operator, form: DutiesForm, *, refused: Refused | None = None, status: int = 200) -> Response:
    page = render_template(
        "ops/operators_one.html",
        form=form,
        seen=_row(found),
        explanations=DUTY_EXPLANATIONS,
        refusal=sentence_for(refused) if refused else None,
    )
    return make_response(page, status)


def _question_page(found: Operator, act: str, *, refused: Refused | None = None) -> Response:
    refusal = sentence_for(refused) if refused else None
    page = render_template("ops/operators_question.html", seen=_row(found), act=act, refusal=refusal)
    return make_response(page, refused.status if refused else 200)
