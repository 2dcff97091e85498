"""「應用系統」 (P38): the clients; one of them with all its metadata; another one added. A secret is told once.

list --> new --> told once, with the next steps        list --> one: changed --> one (a secret it now needs: told once)
"""

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.db import now, transaction
from idp.errors import AlreadyExists, ChangedMeanwhile, InvalidInput
from idp.flows.messages import sentence_for
from idp.flows.moments import is_english
from idp.flows.ops.client_forms import ClientForm, NewClientForm, filled_in, first_proposal, form_of
from idp.flows.ops.client_words import (
    AUTH_METHOD_EXPLANATIONS,
    AUTH_METHOD_LABELS,
    GRANT_EXPLANATIONS,
    NARROWING_EXPLANATIONS,
    SCOPE_EXPLANATIONS,
)
from idp.flows.ops.guard import must, operator, ops_pages
from idp.flows.page_context import NOTICE, asset, css_class
from idp.models import Client, Service
from idp.policies.duties import Power
from idp.services.client_list import clients_listed, services_by_id
from idp.services.client_registry import (
    SECRET_METHODS,
    add_client,
    change_client,
    client_to_change,
    client_to_see,
    registration_of,
    version_of,
)
from idp.services.secrets import new_id

bp = ops_pages("ops_clients", Power.SEE_SETUP, path="/clients")


@bp.get("")
def everything() -> str:
    """Show a page of the clients."""
    words, service = request.args.get("q", "").strip(), request.args.get("service") or None
    after = request.args.get("after")
    page, services = clients_listed(words, service, after), services_by_id()
    kept: dict[str, Any] = {"q": words or None, "service": service}
    return render_template(
        "ops/clients.html",
        words=words,
        service=service,
        services=[(one.id, name_of(one)) for one in services.values()],
        rows=[_row(one, services) for one in page.rows],
        may_change=operator().may(Power.CHANGE_SETUP),
        first=url_for("ops_clients.everything", **kept) if after else None,
        next=url_for("ops_clients.everything", **kept, after=page.after) if page.after else None,
        notice=browser_session.pop(NOTICE, None),
    )


@bp.get("/new")
def ask_new() -> Response:
    """Show the form for another client; the id offered makes a form that is sent twice add one client."""
    must(Power.CHANGE_SETUP)
    proposal = filled_in(first_proposal()) | {"client_id": new_id("c-"), "service": request.args.get("service", "")}
    return _new_page(NewClientForm(data=proposal))


@bp.post("/new")
def add() -> ResponseReturnValue:
    """Add a client, and tell its secret in this answer alone."""
    must(Power.CHANGE_SETUP)
    form = NewClientForm(request.form)
    if not form.validate():
        return _new_page(form, status=400)
    try:
        with transaction():
            added, secret = add_client(
                form.registration(first_proposal()), client_id=(form.client_id.data or "").strip()
            )
    except (InvalidInput, AlreadyExists) as refused:
        form.tell(refused)
        return _new_page(form, status=refused.status)
    return told_once(added, secret, is_new=True)


@bp.get("/<client_id>")
def one(client_id: str) -> Response:
    """Show a client: as a form to those who may change it."""
    found = client_to_see(client_id)
    return _one_page(found, form_of(found, version_of(found)))


@bp.post("/<client_id>")
def change(client_id: str) -> ResponseReturnValue:
    """Make a client what was filled in, unless it has changed meanwhile."""
    must(Power.CHANGE_SETUP)
    found, form = client_to_see(client_id), ClientForm(request.form)
    if not form.validate():
        return _one_page(found, form, status=400)
    try:
        with transaction():
            changed = client_to_change(client_id, form.version.data or "")
            secret = change_client(changed, form.registration(registration_of(changed)))
    except InvalidInput as refused:
        form.tell(refused)
        return _one_page(found, form, status=refused.status)
    except ChangedMeanwhile as refused:
        # What was filled in stays, beside what there is now: sending it once more is then a decision.
        fresh = client_to_see(client_id)
        form.version.data = version_of(fresh)
        return _one_page(fresh, form, refusal=sentence_for(refused), status=refused.status)
    if secret is not None:
        return told_once(changed, secret)
    browser_session[NOTICE] = gettext("已儲存。最多 3 秒後，所有伺服器都會採用新的設定。")
    return redirect(url_for("ops_clients.one", client_id=changed.id), 303)


def told_once(client: Client, secret: str | None, *, is_new: bool = False) -> Response:
    """The answer with a secret in it: never an address, a cookie or a row has it, and no cache keeps it."""
    page = render_template("ops/client_once.html", seen=about(client), secret=secret, is_new=is_new)
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


def name_of(thing: Client | Service) -> str:
    """The name of a client or service in the language of the page."""
    return thing.name_en if is_english() else thing.name_zh


def about(client: Client) -> dict[str, Any]:
    """What every page about a client shows at its head."""
    until = client.previous_secret_expires_at
    return {
        "id": client.id,
        "name": name_of(client),
        "css": css_class(client.id),
        "icon": asset("icons/app.svg"),
        "method": AUTH_METHOD_LABELS.get(client.auth_method, client.auth_method),
        "has_secret": client.auth_method in SECRET_METHODS,
        "old_until": until if until is not None and until > now() else None,
        "signs_in": "authorization_code" in client.grant_types,
        "version": version_of(client),
        "created_at": client.created_at,
        "updated_at": client.updated_at,
    }


def _row(client: Client, services: dict[str, Service]) -> dict[str, Any]:
    service = services.get(client.service_id or "")
    return about(client) | {
        "service": name_of(service) if service else None,
        "addresses": len(client.redirect_uris),
        "first_address": next(iter(client.redirect_uris), None),
    }


def _new_page(form: NewClientForm, *, status: int = 200) -> Response:
    page = render_template("ops/client_new.html", form=form.offer(services_by_id().values()), **_explained(form))
    return make_response(page, status)


def _one_page(found: Client, form: ClientForm, *, refusal: str | None = None, status: int = 200) -> Response:
    form.offer(services_by_id().values())
    page = render_template(
        "ops/client.html",
        seen=about(found),
        differences=form.differences(form_of(found, version_of(found))) if refusal else [],
        form=form,
        may_change=operator().may(Power.CHANGE_SETUP),
        refusal=refusal,
        notice=browser_session.pop(NOTICE, None),
        **_explained(form),
    )
    return make_response(page, status)


def _explained(form: ClientForm) -> dict[str, Any]:
    return {
        "bad_lines": form.bad_lines(),
        "methods": AUTH_METHOD_EXPLANATIONS,
        "grants": GRANT_EXPLANATIONS,
        "scopes": SCOPE_EXPLANATIONS,
        "narrowing": NARROWING_EXPLANATIONS,
    }
