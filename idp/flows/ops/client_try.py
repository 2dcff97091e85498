"""「測試登入」 (P38): which tokens would this client get? A person signs in at /login as always; the answer comes here.

ask --> begun: the waiting request of the client, marked as a try --> /login, consent … --> show: tokens, in words

What makes it harmless stands in services/client_tries.py and oidc/tried.py.
"""

import json
from datetime import datetime
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from idp.browser import browser_id, operator_token
from idp.db import transaction
from idp.errors import InvalidInput, NotFound
from idp.flows.messages import sentence_for
from idp.flows.moments import TAIPEI
from idp.flows.ops.claim_words import CLAIMS, ERRORS, HEADERS, MOMENTS
from idp.flows.ops.client_words import SCOPE_EXPLANATIONS, SCOPE_LABELS
from idp.flows.ops.clients import about
from idp.flows.ops.guard import operator, ops_pages
from idp.policies.duties import Power
from idp.services.client_registry import client_to_see
from idp.services.client_tries import Seat, answered_try, begin_try, scopes_to_try
from idp.services.clients import ClientRecord, client_anew

bp = ops_pages("ops_client_try", Power.CHANGE_SETUP, path="/clients")


@bp.get("/<client_id>/try")
def ask(client_id: str) -> Response:
    """Show what a try is, and what it may ask for."""
    return _page(_client(client_id))


@bp.post("/<client_id>/try")
def begin(client_id: str) -> ResponseReturnValue:
    """Begin a sign-in in this browser, whose answer this session at the console alone gets."""
    client = _client(client_id)
    scopes = tuple(request.form.getlist("scopes"))
    try:
        with transaction():
            request_id = begin_try(client, scopes, _seat(), asks_anew=bool(request.form.get("asks_anew")))
    except InvalidInput as refused:
        return _page(client, refusal=sentence_for(refused), status=refused.status)
    return redirect(url_for("authorize.resume", request_id=request_id), 303)


@bp.get("/<client_id>/try/<try_id>")
def show(client_id: str, try_id: str) -> Response:
    """Show what the client would have been told, or the error it would have heard."""
    answer = answered_try(try_id, client_id, _seat()).answer or {}
    error = answer.get("error")
    page = render_template(
        "ops/client_tried.html",
        seen=about(client_to_see(client_id)),
        error=error,
        told=ERRORS.get(str(error)),
        answer=answer,
        parts=[] if error else _parts(answer),
        whole=[] if error else [(name, json.dumps(answer[name], ensure_ascii=False, indent=2)) for name in WHOLE],
    )
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


WHOLE = ("header", "id_token", "access_token", "userinfo")


def _client(client_id: str) -> ClientRecord:
    found = client_anew(client_to_see(client_id).id)
    if found is None:
        raise NotFound(what="client")
    return found


def _seat() -> Seat:
    return Seat(operator().operator_id, operator_token() or "", browser_id())


def _parts(answer: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Header, ID token, access token and userinfo: each claim with its value and what it means."""
    explained = [("header", [_claim(name, value, HEADERS) for name, value in answer["header"].items()])]
    for part in WHOLE[1:]:
        explained.append((part, [_claim(name, value, CLAIMS) for name, value in answer[part].items()]))
    return explained


def _claim(name: str, value: Any, words: dict[str, Any]) -> dict[str, Any]:
    plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return {"name": name, "value": plain, "at": _moment(value) if name in MOMENTS else None, "means": words.get(name)}


def _moment(value: Any) -> Any:
    return datetime.fromtimestamp(int(value), TAIPEI)


def _page(client: ClientRecord, *, refusal: str | None = None, status: int = 200) -> Response:
    seen = about(client_to_see(client.id))
    to_ask = [(scope, SCOPE_LABELS[scope], SCOPE_EXPLANATIONS[scope]) for scope in scopes_to_try(client)]
    page = render_template("ops/client_try.html", seen=seen, to_ask=to_ask, refusal=refusal)
    return make_response(page, status)
