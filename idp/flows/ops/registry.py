"""「登記資料」 (P39): which register serves, imports ordered and watched, and what is on file about one number.

state --> order --> (worker) --> state        state --> stop | resume --> state        state --> look up --> ask GCIS
"""

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.config import settings
from idp.db import now, transaction
from idp.errors import NotFound, Refused
from idp.flows.asked import number_in
from idp.flows.document_answers import size_of
from idp.flows.messages import PROBLEMS, sentence_for
from idp.flows.ops.guard import operator, ops_pages
from idp.flows.ops.registry_words import (
    FINDING_SENTENCES,
    ORDER_LABELS,
    PHASE_LABELS,
    PHASES,
    PROBLEM_SENTENCES,
    STATUS_LABELS,
)
from idp.flows.page_context import NOTICE
from idp.models import RegisterOrder
from idp.policies.duties import Power
from idp.policies.registry import OPEN_ORDERS, Finding
from idp.policies.tax_id import TaxId, parse_tax_id
from idp.services.register_orders import (
    DEAD_AFTER,
    RESUMABLE,
    order_import,
    order_of_id,
    orders,
    register_files,
    resume_order,
    stop_order,
)
from idp.services.registry import Look, answer_from_network, ask_network_soon, look_up, register_state

bp = ops_pages("ops_registry", Power.IMPORT_REGISTER, path="/registry")


@bp.get("")
def register() -> Response:
    """Show the state of the register, its imports, and what is known of the number that is looked up."""
    return _page()


@bp.post("/import")
def order() -> ResponseReturnValue:
    """Have a file of the folder imported."""
    name = request.form.get("file", "")
    try:
        with transaction():
            order_import(name, anyway="anyway" in request.form, ordered_by=operator().operator_id)
    except NotFound:
        return _page(refusal=gettext("請選擇資料夾中的一個檔案。"), status=400)
    except Refused as refused:
        return _page(refusal=sentence_for(refused), status=refused.status)
    return _told(gettext("已安排匯入 %(file)s，由背景程式進行。", file=name))


@bp.post("/orders/<order_id>/stop")
def stop(order_id: str) -> ResponseReturnValue:
    """Stop an import."""
    found = _found(order_id)
    try:
        with transaction():
            stop_order(found.id, operator().operator_id)
    except Refused as refused:
        return _page(refusal=sentence_for(refused), status=refused.status)
    return _told(gettext("已要求停止匯入。原有的登記資料照常使用，之後可以繼續。"))


@bp.post("/orders/<order_id>/resume")
def resume(order_id: str) -> ResponseReturnValue:
    """Go on with an import that was stopped."""
    found = _found(order_id)
    try:
        with transaction():
            resume_order(found.id)
    except Refused as refused:
        return _page(refusal=sentence_for(refused), status=refused.status)
    return _told(gettext("已安排繼續匯入 %(file)s。", file=found.file_name))


@bp.post("/ask")
def ask() -> ResponseReturnValue:
    """Have GCIS asked about a number."""
    number = parse_tax_id(request.form.get("number", ""))
    if number is None or not settings().gcis_url:
        return redirect(url_for("ops_registry.register"), 303)
    with transaction():
        ask_network_soon(number)
    return redirect(url_for("ops_registry.register", number=number, _anchor="look"), 303)


def _found(order_id: str) -> RegisterOrder:
    number = number_in(order_id)
    if number is None:
        raise NotFound(what="order")
    return order_of_id(number)


def _told(notice: str) -> ResponseReturnValue:
    browser_session[NOTICE] = notice
    return redirect(url_for("ops_registry.register"), 303)


def _page(*, refusal: str | None = None, status: int = 200) -> Response:
    state = register_state()
    listed = orders()
    ours = listed[0] if listed and listed[0].state in OPEN_ORDERS else None
    # What a command imports has no order; what is ordered is told by its order alone.
    by_command = state.working if ours is None else None
    page = render_template(
        "ops/registry.html",
        serving=state.serving,
        serving_phase=PHASE_LABELS[state.serving.phase] if state.serving else None,
        by_command=_by_command(by_command) if by_command is not None else None,
        running=_order(ours) if ours else None,
        orders=[_order(one) for one in listed if one is not ours],
        can_order=ours is None,
        folder=settings().register_folder,
        files=[(file.name, size_of(file.size), file.changed_at) for file in register_files()],
        looked=_looked(request.args.get("number", "").strip()),
        refusal=refusal,
        notice=browser_session.pop(NOTICE, None),
    )
    return make_response(page, status)


def _by_command(row: Any) -> dict[str, Any]:
    return {
        "file": row.file_name,
        "phase": PHASE_LABELS[row.phase],
        "done": row.done,
        "of": row.rows,
        "is_broken_off": now() - row.updated_at > DEAD_AFTER,
        "at": row.updated_at,
    }


def _order(one: RegisterOrder) -> dict[str, Any]:
    label, tone, sign = ORDER_LABELS[one.state]
    sentence = PROBLEM_SENTENCES.get(one.problem or "")
    return {
        "id": one.id,
        "file": one.file_name,
        "state": {"label": label, "tone": tone, "sign": sign},
        "ordered_at": one.ordered_at,
        "finished_at": one.finished_at,
        "updated_at": one.updated_at,
        "is_stopping": one.stop_asked_by is not None and one.state in OPEN_ORDERS,
        "phase": PHASE_LABELS[one.phase] if one.phase else None,
        "step": PHASES.index(one.phase) + 1 if one.phase else 0,
        "steps": len(PHASES) - 1,
        "done": one.done,
        "of": one.of,
        "sentence": sentence,
        "line": one.line,
        "can_resume": one.state in RESUMABLE,
    }


def _looked(typed: str) -> dict[str, Any] | None:
    if not typed:
        return None
    number = parse_tax_id(typed)
    if number is None:
        return {"typed": typed, "problem": PROBLEMS["tax_id.form"]}
    found: dict[str, Any] = {"typed": typed, "number": number, "problem": None}
    return found | {"register": _register(number), "gcis": _gcis(number)}


def _register(number: TaxId) -> dict[str, Any]:
    look = look_up(number)
    is_ours = look.finding is Finding.FOUND and look.source is not None and look.source.value == "tax_register"
    return _told_of(look if is_ours else Look(Finding.NOT_FOUND, number))


def _gcis(number: TaxId) -> dict[str, Any] | None:
    if not settings().gcis_url:
        return None
    look = answer_from_network(number)
    return _told_of(look) | {"can_ask": look.finding is Finding.UNASKED}


def _told_of(look: Look) -> dict[str, Any]:
    return {
        "look": look,
        "is_found": look.finding is Finding.FOUND,
        "status": STATUS_LABELS[look.status],
        "sentence": FINDING_SENTENCES.get(look.finding),
    }
