"""解除綁定 (P24), by the linked account: a binding ended, or a request for one taken back (R-121 … R-123, R-129).

question --> 解除帳號 --> ended at once, with all that runs through it --> home          --> 取消 --> home
"""

from flask import redirect, render_template, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.db import transaction
from idp.flows.linked_binding import own_binding
from idp.flows.linked_guard import linked_pages, own_linked
from idp.flows.linked_words import ASKED, shown_binding
from idp.flows.page_context import NOTICE
from idp.services.binding_decisions import linked_unbinds
from idp.services.binding_requests import cancel_request

bp = linked_pages("linked_unbind")


@bp.get("/bindings/<binding_id>/unbind")
def ask(binding_id: str) -> ResponseReturnValue:
    """Ask whether it is to end, and tell what follows."""
    return render_template("linked/unbind.html", one=shown_binding(own_binding(binding_id)))


@bp.post("/bindings/<binding_id>/unbind")
def answer(binding_id: str) -> ResponseReturnValue:
    """End it."""
    is_asked = own_binding(binding_id).shown in ASKED
    with transaction():
        if is_asked:
            cancel_request(own_linked(), binding_id)
        else:
            linked_unbinds(own_linked(), binding_id)
    browser_session[NOTICE] = gettext("已取消綁定申請。") if is_asked else gettext("帳號解除綁定成功。")
    return redirect(url_for("linked.home"), 303)
