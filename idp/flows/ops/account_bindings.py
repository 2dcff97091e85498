"""An account's bindings as operators see them (P37), each ended with a reason that both sides read.

the account --> 解除綁定: its question, why --> done --> the account        wrong or refused: the question again
"""

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.db import transaction
from idp.errors import InvalidInput, NotFound, OwnCompany, Refused
from idp.flows.account_fields import add_error
from idp.flows.forms import with_retry
from idp.flows.messages import sentence_for
from idp.flows.ops.binding_rows import binding_row
from idp.flows.ops.guard import must, operator, ops_pages
from idp.flows.ops.people_forms import ReasonForm, in_order
from idp.flows.page_context import NOTICE
from idp.policies.duties import Power
from idp.services.binding_decisions import operator_unbinds
from idp.services.binding_facts import BindingFacts, binding_facts
from idp.services.own_company import check_not_own

bp = ops_pages("ops_account_bindings", Power.HELP_PEOPLE, path="/accounts")


@bp.get("/<account_id>/bindings/<binding_id>/unbind")
def ask(account_id: str, binding_id: str) -> Response:
    """Ask why, before it is done."""
    return _page(account_id, _opened(account_id, binding_id), _form())


@bp.post("/<account_id>/bindings/<binding_id>/unbind")
def do(account_id: str, binding_id: str) -> ResponseReturnValue:
    """End it."""
    one = _opened(account_id, binding_id)
    form = _form(formdata=request.form)
    if not form.validate():
        return _page(account_id, one, form, status=400)
    try:
        with transaction():
            operator_unbinds(binding_id, form.reason.data or "")
    except InvalidInput as refused:
        add_error(form, "reason", sentence_for(refused))
        return _page(account_id, one, form, status=refused.status)
    except (NotFound, OwnCompany):
        raise
    except Refused as refused:
        return with_retry(_page(account_id, one, form, refused=refused, status=refused.status), refused)
    browser_session[NOTICE] = gettext("已解除綁定，並寄信通知雙方。")
    return redirect(url_for("ops_accounts.one", account_id=account_id), 303)


def _opened(account_id: str, binding_id: str) -> BindingFacts:
    """The binding, of the account whose page it is opened from. Raises NotFound, OwnCompany."""
    must(Power.HELP_PEOPLE)
    one = binding_facts(binding_id)
    if account_id not in (one.account_id, one.linked_id):
        raise NotFound(what="binding")
    check_not_own(operator().operator_id, one.company_id)
    return one


def _form(**given: Any) -> Any:
    return in_order(ReasonForm(**given), "reason")


def _page(
    account_id: str, one: BindingFacts, form: Any, *, refused: Refused | None = None, status: int = 200
) -> Response:
    page = render_template(
        "ops/account_unbind.html",
        account_id=account_id,
        one=binding_row(one, account_id),
        form=form,
        refusal=sentence_for(refused) if refused else None,
    )
    return make_response(page, status)
