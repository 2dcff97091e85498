"""Ask for another link to confirm one's mailbox (P14): 補發驗證信.

ask --> one neutral answer for everybody
"""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from wtforms import StringField
from wtforms.validators import InputRequired

from idp.browser import peer_address
from idp.db import transaction
from idp.errors import Refused
from idp.flows.account_fields import LONGEST_TYPED, AtMost
from idp.flows.equal_time import in_equal_time
from idp.flows.forms import PlainForm, check_stamp, with_retry
from idp.flows.messages import sentence_for
from idp.policies.limits import LINKS_ASKED_PER_ADDRESS
from idp.services.limits import spend
from idp.services.verification_resend import resend_to_whoever

bp = Blueprint("verification_resend", __name__)


class ResendForm(PlainForm):
    """Whose link is to be sent anew, however she knows herself."""

    who = StringField(
        lazy_gettext("帳號或 Email"),
        [
            InputRequired(lazy_gettext("請輸入帳號或 Email。")),
            AtMost(LONGEST_TYPED, lazy_gettext("帳號或 Email 太長。")),
        ],
    )


@bp.get("/verify/resend")
def ask() -> str:
    """Ask whose link is to be sent anew; after it was sent, say so to everybody alike."""
    return render_template(
        "verify/resent.html" if request.args.get("sent") else "verify/resend.html", form=ResendForm()
    )


@bp.post("/verify/resend")
def resend() -> ResponseReturnValue:
    """Send new links to whoever waits for one. The answer does not tell whether there is anybody (R-083)."""
    check_stamp()
    form = ResendForm(request.form)
    if not form.validate():
        return make_response(render_template("verify/resend.html", form=form), 400)
    try:
        with in_equal_time(), transaction():
            spend(LINKS_ASKED_PER_ADDRESS, peer_address())
            resend_to_whoever(form.who.data or "")
    except Refused as refused:
        page = render_template("verify/resend.html", form=form, refusal=sentence_for(refused))
        return with_retry(make_response(page, refused.status), refused)
    return redirect(url_for("verification_resend.ask", sent=1), 303)
