"""Consent (P19): what an application will be told, in words; asked once per client, account acted as and scopes.

ask --> agreed --> the waiting request        ask --> refused --> the waiting request, which gives up
"""

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.config import settings
from idp.db import transaction
from idp.flows.forms import check_human
from idp.flows.messages import ROLE_LABELS
from idp.flows.page_context import application_of, person_of
from idp.flows.waiting import Visit, back_to_request, to_sign_in, visit_of
from idp.policies.asking import scopes_to_agree
from idp.policies.scopes import CLAIMS_OF_SCOPE, OFFLINE
from idp.services.acting import Acting
from idp.services.authorization_requests import note_decision
from idp.services.consents import agree

bp = Blueprint("consent", __name__)


@bp.get("/consent/<request_id>")
def ask(request_id: str) -> ResponseReturnValue:
    """Show what is asked for, with the person's own data."""
    visit = visit_of(request_id)
    if visit is None:
        return to_sign_in(request_id)
    return _page(visit, visit.seat) if visit.seat is not None else back_to_request(request_id)


@bp.post("/consent/<request_id>")
def answer(request_id: str) -> ResponseReturnValue:
    """Keep the decision, bound to the account the page was opened for."""
    visit = visit_of(request_id)
    if visit is None:
        return to_sign_in(request_id)
    check_human()
    decision, seat = request.form.get("decision"), visit.seat
    if seat is None:
        return back_to_request(request_id)
    if decision not in {"accept", "refuse"} or request.form.get("seat") != visit.seat_key:
        return _page(visit, seat)
    with transaction():
        if decision == "accept":
            agree(seat, visit.client.id, sorted(scopes_to_agree(visit.scope, visit.asked)))
        note_decision(request_id, seat.account_id, agreed=decision == "accept")
    return back_to_request(request_id)


def _page(visit: Visit, acting: Acting) -> str:
    scopes = scopes_to_agree(visit.scope, visit.asked)
    return render_template(
        "consent/ask.html",
        application=application_of(visit.client),
        acting=person_of(acting),
        seat_key=visit.seat_key,
        claims=[line for scope in CLAIMS_OF_SCOPE if scope in scopes for line in _lines(scope, acting)],
        offline=OFFLINE in scopes,
        offline_days=settings().offline_days,
        policy_uri=visit.client.policy_uri,
        tos_uri=visit.client.tos_uri,
    )


def _with_detail(name: str, detail: str) -> str:
    return str(gettext("%(name)s（%(detail)s）", name=name, detail=detail))


def _lines(scope: str, acting: Acting) -> list[dict[str, Any]]:
    """The words of one scope, with what would be told now."""
    company = acting.company
    lines: dict[str, list[tuple[str, str | None]]] = {
        "profile": [(gettext("姓名與帳號"), _with_detail(acting.name, acting.username))],
        "email": [("Email", acting.email)],
        "phone": [(gettext("手機電話"), acting.phone)],
        "address": [(gettext("公司地址"), company.address if company else None)],
        "company": [
            (gettext("公司名稱與統一編號"), _with_detail(company.name, company.tax_id) if company else None),
            (gettext("您在公司的權限"), str(ROLE_LABELS[acting.role]) if acting.role else None),
        ],
        "menus": [(gettext("選單權限"), gettext("這個應用系統中您可以使用的選單"))],
        "electronic_id": [(gettext("帳號識別碼"), acting.electronic_id)],
        # Who came directly has none: the client learns of no other account.
        "linked_accounts": [(gettext("可切換的公司帳號"), gettext("您能以鏈結帳號使用這個應用系統的其他公司與權限"))]
        if acting.via
        else [],
    }
    return [{"title": title, "detail": detail or gettext("（未填）")} for title, detail in lines[scope]]
