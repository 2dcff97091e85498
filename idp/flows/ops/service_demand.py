"""What a service demands of a sign-in (P38): nothing, a second factor, or the company's card.

one --> demand --> saved --> one        changed by somebody else meanwhile: demand, with the sentence
"""

from dataclasses import replace
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, RadioField

from idp.db import transaction
from idp.errors import Refused
from idp.flows.forms import PlainForm
from idp.flows.messages import sentence_for
from idp.flows.ops.guard import must, ops_pages
from idp.flows.ops.services import name_of, row_of, seen_version, service_of_id
from idp.flows.page_context import NOTICE
from idp.models import Service
from idp.policies.assurance import Acr
from idp.policies.duties import Power
from idp.services.service_registry import change_service, profile_of

bp = ops_pages("ops_service_demand", Power.SEE_SETUP, path="/services")

NONE = "none"
DEMAND_LABELS: dict[str, Any] = {
    NONE: lazy_gettext("不另外要求"),
    Acr.MFA: lazy_gettext("第二因素"),
    Acr.CARD: lazy_gettext("工商憑證"),
}
DETAILS = {
    NONE: lazy_gettext("以密碼即可登入；公司或應用系統另有要求時，依其要求。"),
    str(Acr.MFA): lazy_gettext("密碼加驗證器的驗證碼、通行密鑰、工商憑證或自然人憑證。"),
    str(Acr.CARD): lazy_gettext("載明所代表公司的工商憑證。沒有以統一編號登記的公司，以及鏈結帳號，將無法登入。"),
}


class DemandForm(PlainForm):
    """The least a sign-in must have reached."""

    version = HiddenField()
    demand = RadioField(lazy_gettext("登入要求"), choices=[(str(name), label) for name, label in DEMAND_LABELS.items()])


@bp.get("/<service_id>/demand")
def ask(service_id: str) -> Response:
    """Show the choice."""
    must(Power.CHANGE_SETUP)
    service = service_of_id(service_id)
    return _page(service, DemandForm(data={"version": service.version, "demand": service.required_acr or NONE}))


@bp.post("/<service_id>/demand")
def change(service_id: str) -> ResponseReturnValue:
    """Demand it from the next sign-in on."""
    must(Power.CHANGE_SETUP)
    service, form = service_of_id(service_id), DemandForm(request.form)
    if not form.validate():
        return _page(service, form, status=400)
    wanted = None if form.demand.data == NONE else form.demand.data
    try:
        with transaction():
            change_service(service, replace(profile_of(service), required_acr=wanted), seen_version=seen_version())
    except Refused as refused:
        # Sent again it is a decision about what is there now.
        now_so = service_of_id(service_id)
        form.version.data = str(now_so.version)
        return _page(now_so, form, refused=refused, status=refused.status)
    browser_session[NOTICE] = gettext("已儲存「%(name)s」的登入要求。", name=name_of(service))
    return redirect(url_for("ops_services.one", service_id=service_id), 303)


def _page(service: Service, form: DemandForm, *, refused: Refused | None = None, status: int = 200) -> Response:
    page = render_template(
        "ops/service_demand.html",
        service=row_of(service),
        form=form,
        details=DETAILS,
        refusal=sentence_for(refused) if refused else None,
    )
    return make_response(page, status)
