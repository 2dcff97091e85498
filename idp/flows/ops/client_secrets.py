"""A client's secret (P38): another one, with or without an overlap, told once; the old one ended; the client removed.

one --> secret: rotated --> told once        secret: the old one withdrawn --> secret        one --> remove --> list
"""

from datetime import timedelta
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, RadioField

from idp.db import transaction
from idp.errors import Refused
from idp.flows.forms import PlainForm
from idp.flows.messages import PROBLEMS, sentence_for
from idp.flows.ops.clients import about, told_once
from idp.flows.ops.guard import ops_pages
from idp.flows.page_context import NOTICE
from idp.policies.duties import Power
from idp.services.client_registry import (
    client_to_change,
    client_to_see,
    remove_client,
    rotate_secret,
    version_of,
    withdraw_old_secret,
)

bp = ops_pages("ops_client_secrets", Power.CHANGE_SETUP, path="/clients")

OVERLAPS: dict[str, tuple[timedelta, Any]] = {
    "none": (timedelta(0), lazy_gettext("立即停止")),
    "hour": (timedelta(hours=1), lazy_gettext("再使用 1 小時")),
    "day": (timedelta(days=1), lazy_gettext("再使用 24 小時")),
    "week": (timedelta(days=7), lazy_gettext("再使用 7 天")),
    "month": (timedelta(days=30), lazy_gettext("再使用 30 天")),
}


class OverlapForm(PlainForm):
    """How long the secret of before goes on working."""

    version = HiddenField()
    overlap = RadioField(
        lazy_gettext("目前的密鑰"),
        choices=[(name, label) for name, (_, label) in OVERLAPS.items()],
        default="day",
    )


@bp.get("/<client_id>/secret")
def ask(client_id: str) -> Response:
    """Show how the secret is renewed."""
    return _page(client_id)


@bp.post("/<client_id>/secret")
def rotate(client_id: str) -> ResponseReturnValue:
    """Give the client another secret, and tell it in this answer alone."""
    form = OverlapForm(request.form)
    if form.overlap.data not in OVERLAPS:
        form.overlap.errors = [str(PROBLEMS["overlap.range"])]
        return _page(client_id, form, status=400)
    try:
        with transaction():
            client = client_to_change(client_id, form.version.data or "")
            secret = rotate_secret(client, OVERLAPS[form.overlap.data][0])
    except Refused as refused:
        return _page(client_id, refused=refused, status=refused.status)
    return told_once(client, secret)


@bp.post("/<client_id>/secret/withdraw")
def withdraw(client_id: str) -> ResponseReturnValue:
    """End the overlap at once."""
    try:
        with transaction():
            withdraw_old_secret(client_to_change(client_id, request.form.get("version", "")))
    except Refused as refused:
        return _page(client_id, refused=refused, status=refused.status)
    browser_session[NOTICE] = gettext("舊密鑰已停止使用，最多 3 秒後在所有伺服器生效。")
    return redirect(url_for("ops_client_secrets.ask", client_id=client_id), 303)


@bp.get("/<client_id>/remove")
def ask_remove(client_id: str) -> Response:
    """Ask before a client is removed."""
    return _question(client_id)


@bp.post("/<client_id>/remove")
def remove(client_id: str) -> ResponseReturnValue:
    """Remove a client: what was granted to it ends at once."""
    try:
        with transaction():
            client = client_to_change(client_id, request.form.get("version", ""))
            remove_client(client)
    except Refused as refused:
        return _question(client_id, refused=refused)
    browser_session[NOTICE] = gettext("已移除應用系統 %(id)s，它的登入與權杖已經結束。", id=client_id)
    return redirect(url_for("ops_clients.everything"), 303)


def _page(
    client_id: str, form: OverlapForm | None = None, *, refused: Refused | None = None, status: int = 200
) -> Response:
    seen = client_to_see(client_id)
    form = form or OverlapForm()
    form.version.data = version_of(seen)
    page = render_template(
        "ops/client_secret.html",
        seen=about(seen),
        form=form,
        refusal=sentence_for(refused) if refused else None,
        notice=browser_session.pop(NOTICE, None),
    )
    return make_response(page, status)


def _question(client_id: str, *, refused: Refused | None = None) -> Response:
    seen = about(client_to_see(client_id))
    page = render_template("ops/client_remove.html", seen=seen, refusal=sentence_for(refused) if refused else None)
    return make_response(page, refused.status if refused else 200)
