"""忘記密碼 (P16): ask for a link by which a new password is set (R-215 … R-217).

ask --> one neutral answer for everybody; what there is comes by mail (password_reset.py)
"""

import time
from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired

from idp.browser import browser_id, peer_address
from idp.config import settings
from idp.db import transaction
from idp.errors import Refused
from idp.flows.account_fields import LONGEST_TYPED, AtMost
from idp.flows.forms import PlainForm, check_stamp, with_retry
from idp.flows.messages import sentence_for
from idp.flows.page_context import on_the_way_to
from idp.policies.limits import LINKS_ASKED_PER_ADDRESS
from idp.services.authorization_requests import waiting_request
from idp.services.clients import client_by_id
from idp.services.limits import spend
from idp.services.password_resets import ask_reset

bp = Blueprint("forgotten_password", __name__)

# Longer than any mail takes to write: the time of the answer does not tell whether one was written.
ANSWER_SECONDS = 0.1
COMPANY_CARDS = "https://moeaca.nat.gov.tw/"
CITIZEN_CARDS = "https://moica.nat.gov.tw/"


class ForgottenForm(PlainForm):
    """統一編號 and 帳號; a linked account has no company, and leaves the number out."""

    request_id = HiddenField()
    tax_id = StringField(lazy_gettext("統一編號"), [AtMost(LONGEST_TYPED, lazy_gettext("統一編號太長。"))])
    username = StringField(
        lazy_gettext("帳號或帳號識別碼（IC）"),
        [
            InputRequired(lazy_gettext("請輸入帳號或帳號識別碼。")),
            AtMost(LONGEST_TYPED, lazy_gettext("帳號或帳號識別碼太長。")),
        ],
    )


@bp.get("/password/forgot")
def ask() -> ResponseReturnValue:
    """Ask whose password it is; after it was sent, say the same to everybody."""
    form = ForgottenForm(data={"request_id": request.args.get("request_id", "")})
    return _page(form, "password/sent.html" if request.args.get("sent") else "password/forgot.html")


@bp.post("/password/forgot")
def send() -> ResponseReturnValue:
    """Mail a link to whoever it is. The answer does not tell whether there is anybody (PW10)."""
    check_stamp()
    form = ForgottenForm(request.form)
    if not form.validate():
        return _page(form, status=400)
    answer_at = time.monotonic() + ANSWER_SECONDS
    try:
        with transaction():
            spend(LINKS_ASKED_PER_ADDRESS, peer_address())
            ask_reset(form.username.data or "", form.tax_id.data or "")
    except Refused as refused:
        return _page(form, refused=refused, status=refused.status)
    time.sleep(max(0.0, answer_at - time.monotonic()))
    return redirect(url_for("forgotten_password.ask", sent=1, request_id=form.request_id.data or None), 303)


def _page(
    form: ForgottenForm, template: str = "password/forgot.html", *, refused: Refused | None = None, status: int = 200
) -> Response:
    request_id = form.request_id.data or ""
    waiting = waiting_request(request_id, browser=browser_id()) if request_id else None
    on_the_way_to(client_by_id(waiting.client_id) if waiting else None)
    on_the_way: dict[str, Any] = {"request_id": waiting.id if waiting else None}
    is_sent = template == "password/sent.html"
    g.here = url_for("forgotten_password.ask", **on_the_way, sent=1 if is_sent else None)
    page = render_template(
        template,
        form=form,
        refusal=sentence_for(refused) if refused else None,
        sign_in_href=url_for("sign_in.ask", **on_the_way),
        again_href=url_for("forgotten_password.ask", **on_the_way),
        offers_cards=settings().offers_cards,
        company_cards=COMPANY_CARDS,
        citizen_cards=CITIZEN_CARDS,
    )
    return with_retry(make_response(page, status), refused)
