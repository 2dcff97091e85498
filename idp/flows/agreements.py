"""Texts at the first sign-in (P18): what a service asks everybody to agree to before its applications open.

ask --> every text ticked: agreed --> the waiting request        ask --> declined, signed out --> it gives up
"""

from collections.abc import Collection
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.browser import drop_sign_in_cookie, forget_current_sign_in, peer_address
from idp.db import session, transaction
from idp.flows.forms import check_human
from idp.flows.registration_words import AGREED_TITLES
from idp.flows.shown_texts import mailbox_of, service_name, shown_text
from idp.flows.waiting import Visit, back_to_request, to_sign_in, visit_of
from idp.models import Service
from idp.policies.agreements import Due, DueText, Named, unticked
from idp.services.acting import Acting
from idp.services.agreements import agree_to_texts, decline_texts, texts_due
from idp.services.authorization_requests import note_decision
from idp.services.sign_ins import end_sign_in

bp = Blueprint("agreements", __name__)


@bp.get("/agreements/<request_id>")
def ask(request_id: str) -> ResponseReturnValue:
    """Show the texts that are to be agreed to; where there are none, go on."""
    visit = visit_of(request_id)
    if visit is None:
        return to_sign_in(request_id)
    due = texts_due(_who(visit), visit.client)
    return _page(visit, due) if due.texts else back_to_request(request_id)


@bp.post("/agreements/<request_id>")
def answer(request_id: str) -> ResponseReturnValue:
    """Keep what was agreed to, when nothing is missing; or sign out (R-092)."""
    visit = visit_of(request_id)
    if visit is None:
        return to_sign_in(request_id)
    check_human()
    due = texts_due(_who(visit), visit.client)
    if request.form.get("do") == "decline":
        return _decline(visit, due)
    ticks = ticks_of(due)
    if unticked(due.texts, ticks):
        return _page(visit, due, ticks=ticks)
    with transaction():
        agree_to_texts(_who(visit), visit.client, due.texts, peer_address())
    return back_to_request(request_id)


def _who(visit: Visit) -> Acting:
    """Who agrees: the human, whichever account she would enter as."""
    return visit.seat or visit.signed_in.human


def _decline(visit: Visit, due: Due) -> Response:
    with transaction():
        decline_texts(_who(visit), visit.client, due.texts)
        note_decision(visit.waiting.id, _who(visit).account_id, agreed=False)
        end_sign_in(visit.signed_in.id, because="declined")
    forget_current_sign_in()
    response = make_response(back_to_request(visit.waiting.id))
    drop_sign_in_cookie(response)
    return response


def ticks_of(due: Due) -> set[Named]:
    """What was ticked in the form that was sent."""
    return {(text.id, request.form.get(f"agree-{text.id}", "")) for text in due.texts}


def _page(visit: Visit, due: Due, *, ticks: Collection[Named] | None = None) -> Response:
    return texts_page(session.get_one(Service, visit.client.service_id), due, ticks=ticks)


def texts_page(service: Service, due: Due, *, ticks: Collection[Named] | None = None) -> Response:
    """The page; with ticks, that of a form in which some are missing."""
    missing = unticked(due.texts, ticks) if ticks is not None else ()
    page = render_template(
        "agreements/ask.html",
        service_name=service_name(service),
        mailbox=mailbox_of(service),
        texts=[
            _shown(service, text, is_ticked=text.named in (ticks or ()), is_missing=text in missing)
            for text in due.texts
        ],
        is_first=due.is_first,
    )
    return make_response(page, 200 if ticks is None else 400)


def _shown(service: Service, text: DueText, *, is_ticked: bool, is_missing: bool) -> dict[str, Any]:
    title = str(AGREED_TITLES.get(text.id, text.id))
    shown = shown_text(service, text.id, text.version)
    return {
        "id": text.id,
        "title": title,
        "version": text.version,
        "page": shown.page,
        "blocks": shown.blocks,
        "must_scroll": text.must_scroll,
        "is_update": text.is_update,
        "is_ticked": is_ticked,
        "problem": _problem(text, title) if is_missing else None,
    }


def _problem(text: DueText, title: str) -> str:
    if text.must_scroll:
        return str(gettext("請滑動「%(title)s」右側卷軸完成閱讀，並勾選「我同意」。", title=title))
    return str(gettext("請閱讀「%(title)s」，並勾選「我同意」。", title=title))
