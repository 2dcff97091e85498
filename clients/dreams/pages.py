"""The pages of DREAMS. Each names the menu item it stands behind; the guard has asked before a view runs."""

import dataclasses
import secrets
from collections.abc import Mapping
from typing import cast

from flask import Blueprint, Response, current_app, g, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from clients.dreams.new_site import FIELDS, read_new_site
from clients.dreams.report import sites_as_csv
from clients.dreams.sites import Site, Sites, figure
from clients.relying.addresses import here
from clients.relying.api import api, call_api
from clients.relying.drafts import draft_waits, take_draft
from clients.relying.guard import anyone, held, keeps, menu
from clients.relying.parts import parts
from clients.relying.sessions import Session
from clients.relying.strength import MFA

bp = Blueprint("pages", __name__)


def all_sites() -> Sites:
    """The sites that this application keeps."""
    return cast(Sites, current_app.extensions["sites"])


@bp.get("/")
@anyone
def home() -> ResponseReturnValue:
    """What DREAMS is and the way in; for who is signed in, what one may do here."""
    if g.held is None:
        return render_template("welcome.html")
    return render_template("home.html", waits=draft_waits(held(), "/sites/new"))


@bp.get("/sites")
@menu("site.list")
def sites() -> ResponseReturnValue:
    """案場查詢: the company's sites, for guests too (R-041)."""
    own = all_sites().of_company(held().tenant)
    return render_template("sites.html", sites=own, figures=_figures(own), largest=_largest(own))


@bp.get("/sites/<number>")
@menu("site.view")
def site(number: str) -> ResponseReturnValue:
    """案場資料: one site of the company acted for."""
    found = all_sites().find(held().tenant, number)
    if found is None:
        raise NotFound
    return render_template("site.html", site=found, just_sent=request.args.get("sent") == "1")


@bp.get("/sites/new")
@menu("site.new")
def new_site() -> ResponseReturnValue:
    """申請新案場: the form, with a draft that waited for its writer to sign in again."""
    draft = take_draft(held())
    return new_site_form(draft, {}, restored=bool(draft))


def _form_again(problem: str, opened: Session | None) -> str:
    return new_site_form(request.form, {}, opened=opened, problem=problem)


@bp.post("/sites/new")
@menu("site.new")
@keeps(FIELDS, _form_again)
def send_new_site() -> ResponseReturnValue:
    """Store the application for the company acted for (R-042), or show what is wrong beside each field."""
    new, errors = read_new_site(request.form)
    if new is None:
        return new_site_form(request.form, errors), 422
    number = all_sites().apply(held(), new, request.form.get("once", "") or secrets.token_urlsafe(16))
    return redirect(here(f"/sites/{number}?sent=1"))


@bp.get("/cases")
@menu("case.track")
def cases() -> ResponseReturnValue:
    """申請進度: the applications that are not in operation yet."""
    under_way = [site for site in all_sites().of_company(held().tenant) if site.status != "grid"]
    return render_template("cases.html", cases=under_way)


@bp.get("/reports")
@menu("report.download")
def reports() -> ResponseReturnValue:
    """報表下載: what can be downloaded."""
    return render_template("reports.html", count=len(all_sites().of_company(held().tenant)))


@bp.get("/reports/sites.csv")
@menu("report.download")
def sites_csv() -> ResponseReturnValue:
    """The company's sites as a CSV file."""
    text = sites_as_csv(all_sites().of_company(held().tenant), g.language)
    answer = Response(text, mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="dreams-sites.csv"'
    return answer


@bp.get("/api/sites")
@api("report.download", acr=MFA)
def sites_api() -> ResponseReturnValue:
    """The same for machines, as JSON: for a token whose person has signed in with two factors (RFC 9470)."""
    return jsonify(sites=[dataclasses.asdict(site) for site in all_sites().of_company(str(g.bearer["tenant"]))])


@bp.get("/reports/sites.json")
@menu("report.download")
def sites_json() -> ResponseReturnValue:
    """What the API answers to this person; where it asks for a stronger sign-in, that is said with a way to it."""
    answer = jsonify(call_api("/api/sites", held()))
    answer.headers["Content-Disposition"] = 'attachment; filename="dreams-sites.json"'
    return answer


@bp.get("/group/users")
@menu("group.users")
def group_users() -> ResponseReturnValue:
    """使用者管理: the provider's group console, where people are reviewed and get their menus (R-037)."""
    return redirect(parts().settings.at_the_provider("/group/users"), 303)


def new_site_form(
    values: Mapping[str, str],
    errors: dict[str, str],
    *,
    restored: bool = False,
    opened: Session | None = None,
    problem: str = "",
) -> str:
    """The form with what was written into it, and what stands in the way of storing it."""
    return render_template(
        "new_site.html",
        values={field: values.get(field, "") for field in FIELDS},
        errors=errors,
        restored=restored,
        opened=opened,
        problem=problem,
        once=secrets.token_urlsafe(16),
    )


def _figures(own: list[Site]) -> dict[str, str]:
    running = [site for site in own if site.status == "grid"]
    return {
        "running": str(len(running)),
        "capacity": figure(sum(site.capacity_kw for site in running)),
        "waiting": str(sum(site.status in ("submitted", "review") for site in own)),
        "supplement": str(sum(site.status == "supplement" for site in own)),
    }


def _largest(own: list[Site]) -> float:
    return max((site.capacity_kw for site in own), default=1)
