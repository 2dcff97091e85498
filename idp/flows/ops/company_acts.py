"""What an operator does to a company (P37): asked with a reason, confirmed, done once.

question --> done --> the company        wrong or refused: the question again, with what was filled in
"""

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from idp.db import transaction
from idp.errors import InvalidInput, NotFound, OwnCompany, Refused
from idp.flows.account_fields import add_error
from idp.flows.messages import sentence_for
from idp.flows.ops.companies import acts_of
from idp.flows.ops.guard import must, operator, ops_pages
from idp.flows.ops.people_forms import AdminForm, ProveForm, ReasonForm, in_order
from idp.flows.ops.people_rows import company_row
from idp.flows.ops.people_words import COMPANY_ACTS
from idp.flows.page_context import NOTICE
from idp.models import Company
from idp.policies.duties import Power
from idp.policies.helping import CompanyAct
from idp.services.ops_companies import SeenCompany, company_of_key, seen_company
from idp.services.ops_company_acts import (
    CompanyChange,
    name_group_admin,
    prove_by_word,
    restore_seen,
    suspend_seen,
)
from idp.services.own_company import check_not_own

bp = ops_pages("ops_company_acts", Power.SEE_PEOPLE, path="/companies")

ORDERS = {
    CompanyAct.PROVE: ("version", "name", "admin_email", "first_come", "reason"),
    CompanyAct.ADMIN: ("version", "username", "reason"),
}


@bp.get("/<key>/<act>")
def ask(key: str, act: str) -> Response:
    """Ask before it is done."""
    chosen, company = _opened(key, act)
    seen = seen_company(company)
    return _page(seen, chosen, _form(chosen, data=_offered(seen)))


@bp.post("/<key>/<act>")
def do(key: str, act: str) -> ResponseReturnValue:
    """Do it."""
    chosen, company = _opened(key, act)
    form = _form(chosen, formdata=request.form)
    if not form.validate():
        return _page(seen_company(company), chosen, form, status=400)
    try:
        with transaction():
            notice = _done(chosen, company, form)
    except InvalidInput as refused:
        field = str(refused.details.get("field"))
        add_error(form, field if field in form._fields else "reason", sentence_for(refused))
        return _page(seen_company(company_of_key(company.id)), chosen, form, status=refused.status)
    except OwnCompany:
        raise
    except Refused as refused:
        fresh = seen_company(company_of_key(company.id))
        form.version.data = str(fresh.company.version)
        return _page(fresh, chosen, form, refused=refused, status=refused.status)
    browser_session[NOTICE] = notice
    return redirect(url_for("ops_companies.one", key=company.id), 303)


def _opened(key: str, act: str) -> tuple[CompanyAct, Company]:
    must(Power.HELP_PEOPLE)
    company = company_of_key(key)
    if act not in list(CompanyAct):
        raise NotFound
    check_not_own(operator().operator_id, company.id)
    return CompanyAct(act), company


def _form(act: CompanyAct, **given: Any) -> Any:
    kind = {CompanyAct.PROVE: ProveForm, CompanyAct.ADMIN: AdminForm}.get(act, ReasonForm)
    return in_order(kind(**given), *ORDERS.get(act, ("version", "reason")))


def _offered(seen: SeenCompany) -> dict[str, Any]:
    """What the form holds when it is opened; the register's name, where that is another."""
    other = seen.look.name if seen.look and "name" in seen.differences else None
    return {
        "version": seen.company.version,
        "name": other or seen.company.name,
        "admin_email": seen.company.first_admin_email if not seen.admins else None,
        "username": request.args.get("account", ""),
    }


def _done(act: CompanyAct, company: Company, form: Any) -> str:
    change = CompanyChange(
        operator_id=operator().operator_id,
        company_id=company.id,
        seen_version=form.seen_version,
        reason=form.reason.data or "",
    )
    told = str(COMPANY_ACTS[act].done) % {"name": company.name}
    if act is CompanyAct.PROVE:
        settled = prove_by_word(
            change,
            name=form.name.data,
            admin_email=form.admin_email.data or None,
            first_come=bool(form.first_come.data),
        )
        count = len(settled)
        again = ngettext("已重新判斷 %(num)d 筆等候中的申請。", "已重新判斷 %(num)d 筆等候中的申請。", count)
        return f"{told}{again}" if count else told
    if act is CompanyAct.ADMIN:
        name_group_admin(change, form.username.data or "")
    elif act is CompanyAct.SUSPEND:
        suspend_seen(change)
    else:
        restore_seen(change)
    return told


def _page(
    seen: SeenCompany, act: CompanyAct, form: Any, *, refused: Refused | None = None, status: int = 200
) -> Response:
    is_possible = str(act) in dict(acts_of(seen))
    page = render_template(
        "ops/company_act.html",
        row=company_row(seen.company),
        seen=seen,
        act=str(act),
        words=COMPANY_ACTS[act],
        heading=str(COMPANY_ACTS[act].heading) % {"name": seen.company.name},
        form=form,
        is_possible=is_possible,
        refusal=sentence_for(refused) if refused else None,
        impossible=gettext("這家公司目前不能進行這項操作，可能已由其他營運人員處理。"),
    )
    return make_response(page, status)
