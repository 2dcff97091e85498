"""「服務與政策」 (P38): services, each with its names and mails; policy, texts and menus have pages of their own.

list --> new --> one: its policy is next        list --> one --> names and mails | policy | preview | texts | menus
"""

from dataclasses import replace
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.db import session, transaction
from idp.errors import AlreadyExists, ChangedMeanwhile, InvalidInput, NotFound
from idp.flows.group_words import ACR_LABELS
from idp.flows.messages import sentence_for
from idp.flows.moments import is_english
from idp.flows.ops.guard import must, operator, ops_pages
from idp.flows.ops.service_forms import BrandForm, NewServiceForm, tell
from idp.flows.ops.service_policy_words import POLICY_WORDS, PRESET_WORDS
from idp.flows.ops.shell import open_pages
from idp.flows.page_context import NOTICE
from idp.models import Service
from idp.policies.assurance import Acr
from idp.policies.duties import Power
from idp.services.service_registry import (
    add_service,
    change_service,
    clients_of_service,
    list_services,
    profile_of,
    registration_policy,
)

bp = ops_pages("ops_services", Power.SEE_SETUP, path="/services")


@bp.get("")
def everything() -> str:
    """Show all services."""
    return render_template(
        "ops/services.html",
        rows=[row_of(service) for service in list_services()],
        may_change=operator().may(Power.CHANGE_SETUP),
        notice=browser_session.pop(NOTICE, None),
    )


@bp.get("/new")
def ask_new() -> Response:
    """Show the form for another service."""
    must(Power.CHANGE_SETUP)
    return _new_page(NewServiceForm())


@bp.post("/new")
def add() -> ResponseReturnValue:
    """Add a service; its policy is looked at next."""
    must(Power.CHANGE_SETUP)
    form = NewServiceForm(request.form)
    if not form.validate():
        return _new_page(form, status=400)
    try:
        with transaction():
            added = add_service((form.service.data or "").strip(), form.profile())
    except (AlreadyExists, InvalidInput) as refused:
        tell(form, refused)
        return _new_page(form, status=refused.status)
    browser_session[NOTICE] = gettext("已新增服務「%(name)s」。請接著確認註冊政策。", name=name_of(added))
    return redirect(url_for("ops_service_policy.policy", service_id=added.id), 303)


@bp.get("/<service_id>")
def one(service_id: str) -> str:
    """Show one service: what it is, and how its policy differs from its preset."""
    service = service_of_id(service_id)
    return render_template(
        "ops/service.html",
        service=row_of(service),
        profile=profile_of(service),
        clients=[
            {"id": client.id, "name": client.name_en if is_english() else client.name_zh}
            for client in clients_of_service(service_id)
        ],
        clients_are_built=any(page.name == "clients" for page in open_pages()),
        changed=[POLICY_WORDS[key].label for key in POLICY_WORDS if key in service.policy],
        demand=_demand_label(service),
        roles=len(registration_policy(service).roles),
        may_change=operator().may(Power.CHANGE_SETUP),
        notice=browser_session.pop(NOTICE, None),
    )


@bp.get("/<service_id>/brand")
def ask_brand(service_id: str) -> Response:
    """Show the form of names and mails."""
    must(Power.CHANGE_SETUP)
    service = service_of_id(service_id)
    return _brand_page(service, BrandForm.of(service))


@bp.post("/<service_id>/brand")
def change_brand(service_id: str) -> ResponseReturnValue:
    """Change names and mails."""
    must(Power.CHANGE_SETUP)
    service = service_of_id(service_id)
    form = BrandForm(request.form)
    if not form.validate():
        return _brand_page(service, form, status=400)
    try:
        with transaction():
            profile = replace(profile_of(service), **form.values())
            change_service(service, profile, seen_version=seen_version())
    except InvalidInput as refused:
        tell(form, refused)
        return _brand_page(service, form, status=refused.status)
    except ChangedMeanwhile as refused:
        # What was typed stays; sent again it is a decision about what is there now.
        now_so = service_of_id(service_id)
        form.version.data = str(now_so.version)
        return _brand_page(now_so, form, refusal=sentence_for(refused), status=refused.status)
    browser_session[NOTICE] = gettext("已儲存「%(name)s」的名稱與信件。", name=name_of(service))
    return redirect(url_for("ops_services.one", service_id=service_id), 303)


def _demand_label(service: Service) -> Any:
    acr = service.required_acr
    return ACR_LABELS[Acr(acr)] if acr else None


def service_of_id(service_id: str) -> Service:
    """A service as it stands. Raises NotFound."""
    found = session.get(Service, service_id, populate_existing=True)
    if found is None:
        raise NotFound(what="service")
    return found


def seen_version() -> int:
    """The version that the form was opened for; 0, which is none, where it does not say."""
    return request.form.get("version", 0, type=int)


def name_of(service: Service) -> str:
    """What a service is called in the language of this page."""
    return service.name_en if is_english() else service.name_zh


def row_of(service: Service) -> dict[str, Any]:
    """How a service stands in lists and above its pages."""
    preset = service.policy.get("preset")
    return {
        "id": service.id,
        "name": name_of(service),
        "other_name": service.name_zh if is_english() else service.name_en,
        "preset": PRESET_WORDS[preset][0] if preset in PRESET_WORDS else gettext("預設"),
        "differs": len(set(service.policy) - {"preset"}),
        "mail_from": service.mail_from,
        "version": service.version,
        "since": service.created_at,
    }


def _new_page(form: NewServiceForm, *, status: int = 200) -> Response:
    details = {name: about for name, (_, about) in PRESET_WORDS.items()}
    details[""] = gettext("由營運人員查證公司，第一位申請人成為群組管理員，同事由群組管理員審核。")
    return make_response(render_template("ops/service_new.html", form=form, details=details), status)


def _brand_page(service: Service, form: BrandForm, *, refusal: str | None = None, status: int = 200) -> Response:
    page = render_template("ops/service_brand.html", service=row_of(service), form=form, refusal=refusal)
    return make_response(page, status)
