"""The menus of a service's applications (P38): a file is compared with what is there, and then taken over.

list --> file --> compared --> taken over --> list        compared --> given up
"""

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.browser import browser_id
from idp.db import transaction
from idp.errors import ChangedMeanwhile, InvalidInput, NotFound, Refused
from idp.flows.messages import PROBLEMS, sentence_for
from idp.flows.moments import is_english
from idp.flows.ops.guard import must, operator, ops_pages
from idp.flows.ops.service_menu_rows import compared_groups, value_in_words
from idp.flows.ops.services import row_of, service_of_id
from idp.flows.page_context import NOTICE
from idp.models import Service
from idp.policies.duties import Power
from idp.services.flows import finish_run, running, start_run
from idp.services.menu_catalogue import (
    LARGEST_FILE,
    compare_menus,
    import_menus,
    menu_items_of,
    read_menu_file,
)
from idp.services.service_registry import clients_of_service

bp = ops_pages("ops_service_menus", Power.SEE_SETUP, path="/services")
KIND, COMPARED_STEP = "menus", "compared"


@bp.get("/<service_id>/menus")
def menus(service_id: str) -> Response:
    """Show the applications with their menus."""
    return _page(service_of_id(service_id))


@bp.post("/<service_id>/menus")
def compare(service_id: str) -> ResponseReturnValue:
    """Compare a file with what is there; nothing is changed yet."""
    must(Power.CHANGE_SETUP)
    service = service_of_id(service_id)
    try:
        client_id, items = read_menu_file(_file())
        _check_client(service, client_id)
        comparison = compare_menus(client_id, items)
    except Refused as refused:
        return _page(service, refusal=_sentence(refused), status=400)
    data = {"service_id": service_id, "client_id": client_id, "stamp": comparison.stamp, "menus": items}
    with transaction():
        run_id = start_run(KIND, COMPARED_STEP, data, browser=browser_id())
    return render_template(
        "ops/service_menus_compared.html",
        service=row_of(service),
        client=_client(service_id, client_id),
        run=run_id,
        comparison=comparison,
        groups=compared_groups(comparison),
        moved=[change.code for change in comparison.changed if change.parts == ("position",)],
    )


@bp.post("/<service_id>/menus/apply")
def apply(service_id: str) -> ResponseReturnValue:
    """Take over what was compared, unless somebody else has changed the menus since."""
    must(Power.CHANGE_SETUP)
    service = service_of_id(service_id)
    run = running(request.form.get("run", ""), KIND, browser=browser_id())
    if run is None or run.data.get("service_id") != service_id:
        return _page(service, refusal=gettext("這次比較已經完成或逾時，請重新選擇檔案。"), status=410)
    client_id = str(run.data["client_id"])
    try:
        with transaction():
            _check_client(service, client_id)
            if finish_run(run.id):
                import_menus(client_id, run.data["menus"], seen=str(run.data["stamp"]))
    except ChangedMeanwhile:
        return _page(service, refusal=gettext("選單在比較後已經變更，沒有套用。請重新選擇檔案再比較一次。"), status=409)
    except Refused as refused:
        return _page(service, refusal=_sentence(refused), status=refused.status)
    browser_session[NOTICE] = gettext("已更新「%(name)s」的選單。", name=_client(service_id, client_id)["name"])
    return redirect(url_for("ops_service_menus.menus", service_id=service_id), 303)


def _file() -> bytes:
    """What was sent. Raises InvalidInput for no file, and for one that is too large to be a catalogue."""
    sent = request.files.get("file")
    content = sent.stream.read(LARGEST_FILE + 1) if sent is not None and sent.filename else b""
    if not content:
        raise InvalidInput(field="menus", problem="menus.no_file")
    if len(content) > LARGEST_FILE:
        raise InvalidInput(field="menus", problem="menus.large")
    return content


def _check_client(service: Service, client_id: str) -> None:
    if all(client.id != client_id for client in clients_of_service(service.id)):
        raise InvalidInput(field="menus", problem="menus.other_service")


def _client(service_id: str, client_id: str) -> dict[str, str]:
    found = next((client for client in clients_of_service(service_id) if client.id == client_id), None)
    if found is None:
        raise NotFound(what="client")
    return {"id": found.id, "name": found.name_en if is_english() else found.name_zh}


def _sentence(refused: Refused) -> str:
    about = refused.details.get("code")
    if isinstance(refused, InvalidInput) and about:
        return str(gettext("選單「%(code)s」：%(sentence)s", code=about, sentence=sentence_for(refused)))
    return str(PROBLEMS["menus.other_service"]) if isinstance(refused, NotFound) else sentence_for(refused)


def _page(service: Service, *, refusal: str | None = None, status: int = 200) -> Response:
    listed = []
    for client in clients_of_service(service.id):
        items = menu_items_of(client.id)
        for item in items:
            item |= {
                "label": item["label_en"] if is_english() else item["label_zh"],
                "roles": value_in_words("default_roles", item["default_roles"]),
            }
        name = client.name_en if is_english() else client.name_zh
        listed.append({"id": client.id, "name": name, "items": items})
    page = render_template(
        "ops/service_menus.html",
        service=row_of(service),
        clients=listed,
        refusal=refusal,
        may_change=operator().may(Power.CHANGE_SETUP),
        notice=browser_session.pop(NOTICE, None),
    )
    return make_response(page, status)
