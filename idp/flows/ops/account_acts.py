"""What an operator does for or to an account (P37): asked, where it matters with a reason, confirmed, done once.

question --> done --> the account        wrong or refused: the question again, with what was filled in
"""

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.db import transaction
from idp.errors import InvalidInput, LastGroupAdmin, NotFound, OwnCompany, Refused
from idp.flows.account_fields import add_error
from idp.flows.forms import with_retry
from idp.flows.messages import sentence_for
from idp.flows.ops.accounts import acts_of
from idp.flows.ops.guard import must, operator, ops_pages
from idp.flows.ops.people_forms import ActForm, ReasonForm, ScopeForm, in_order
from idp.flows.ops.people_rows import account_row
from idp.flows.ops.people_words import ACCOUNT_ACTS
from idp.flows.page_context import NOTICE
from idp.models import Account
from idp.policies.data_scope import scope_of
from idp.policies.duties import Power
from idp.policies.helping import AccountAct
from idp.services.ops_account_acts import AccountChange, help_account
from idp.services.ops_accounts import SeenAccount, account_of_id, seen_account
from idp.services.own_company import check_not_own

bp = ops_pages("ops_account_acts", Power.SEE_PEOPLE, path="/accounts")


@bp.get("/<account_id>/<act>")
def ask(account_id: str, act: str) -> Response:
    """Ask before it is done."""
    chosen, account = _opened(account_id, act)
    offered = {"version": account.version, "scope": str(scope_of(account.data_scope))}
    return _page(seen_account(account), chosen, _form(chosen, data=offered))


@bp.post("/<account_id>/<act>")
def do(account_id: str, act: str) -> ResponseReturnValue:
    """Do it."""
    chosen, account = _opened(account_id, act)
    form = _form(chosen, formdata=request.form)
    if not form.validate():
        return _page(seen_account(account), chosen, form, status=400)
    try:
        with transaction():
            helped = help_account(_change(chosen, account, form))
    except InvalidInput as refused:
        field = str(refused.details.get("field"))
        if field not in form._fields:
            return _again(account.id, chosen, form, refused)
        add_error(form, field, sentence_for(refused))
        return _page(seen_account(account_of_id(account.id)), chosen, form, status=refused.status)
    except OwnCompany:
        raise
    except Refused as refused:
        return _again(account.id, chosen, form, refused)
    browser_session[NOTICE] = str(ACCOUNT_ACTS[chosen].done) % {"name": helped.name}
    return redirect(url_for("ops_accounts.one", account_id=account.id), 303)


def _opened(account_id: str, act: str) -> tuple[AccountAct, Account]:
    must(Power.HELP_PEOPLE)
    account = account_of_id(account_id)
    if act not in list(AccountAct):
        raise NotFound
    if account.company_id is not None:
        check_not_own(operator().operator_id, account.company_id)
    return AccountAct(act), account


def _form(act: AccountAct, **given: Any) -> Any:
    if ACCOUNT_ACTS[act].reason is None:
        return ActForm(**given)
    if act is AccountAct.SCOPE:
        return in_order(ScopeForm(**given), "version", "scope", "reason")
    return in_order(ReasonForm(**given), "version", "reason")


def _change(act: AccountAct, account: Account, form: Any) -> AccountChange:
    return AccountChange(
        operator_id=operator().operator_id,
        account_id=account.id,
        seen_version=form.seen_version,
        act=act,
        reason=form.reason.data or "" if ACCOUNT_ACTS[act].reason is not None else "",
        scope=form.chosen() if act is AccountAct.SCOPE else None,
    )


def _again(account_id: str, act: AccountAct, form: Any, refused: Refused) -> Response:
    fresh = seen_account(account_of_id(account_id))
    form.version.data = str(fresh.account.version)
    return with_retry(_page(fresh, act, form, refused=refused, status=refused.status), refused)


def _page(
    seen: SeenAccount, act: AccountAct, form: Any, *, refused: Refused | None = None, status: int = 200
) -> Response:
    words = ACCOUNT_ACTS[act]
    page = render_template(
        "ops/account_act.html",
        row=account_row(seen.account, seen.company),
        act=str(act),
        words=words,
        heading=str(words.heading) % {"name": seen.account.name},
        form=form,
        is_possible=str(act) in dict(acts_of(seen)),
        refusal=_sentence(refused),
        impossible=gettext("這個帳號目前不能進行這項操作，可能已由其他人處理。"),
    )
    return make_response(page, status)


def _sentence(refused: Refused | None) -> str | None:
    if isinstance(refused, LastGroupAdmin):
        # The group admins' own sentence speaks to the last of them.
        return str(gettext("這是公司唯一的群組管理員。請先指派另一位群組管理員，或停用整家公司。"))
    return sentence_for(refused) if refused else None
