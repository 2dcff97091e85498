"""Where one is signed in, listed at /account and P30: one of them ended, or all but this."""

from typing import Any

from flask import redirect, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from ua_parser import parse

from idp.browser import current_sign_in, forget_current_sign_in
from idp.db import transaction
from idp.errors import NotFound
from idp.flows.account_guard import account_pages, oneself
from idp.flows.messages import METHOD_LABELS
from idp.flows.page_context import NOTICE
from idp.services.sign_ins import SignedIn, SignInSummary, end_other_sign_ins, end_own_sign_in, running_sign_ins

bp = account_pages("own_sign_ins")


@bp.get("/sign-ins/end")
@bp.get("/sign-ins/end-others")
def look() -> ResponseReturnValue:
    """Lead who had to sign in again on the way to the list."""
    return redirect(url_for("account.overview"), 303)


@bp.post("/sign-ins/end")
def end_one() -> ResponseReturnValue:
    """End a sign-in of one's own; another's and an unknown one are told alike."""
    with transaction():
        if not end_own_sign_in(request.form.get("sign_in", ""), oneself().account_id):
            raise NotFound
    forget_current_sign_in()
    browser_session[NOTICE] = gettext("已結束該裝置的登入。")
    return redirect(_page_it_came_from(), 303)


@bp.post("/sign-ins/end-others")
def end_others() -> ResponseReturnValue:
    """End every sign-in of one's own but this one."""
    signed_in = current_sign_in()
    if signed_in is None:
        raise NotFound
    with transaction():
        ended = end_other_sign_ins(signed_in)
    browser_session[NOTICE] = ngettext("已結束 %(num)d 個其他登入。", "已結束 %(num)d 個其他登入。", ended)
    return redirect(_page_it_came_from(), 303)


def devices_of(signed_in: SignedIn) -> list[dict[str, Any]]:
    """The running sign-ins of who is signed in, as pages show them, last used first."""
    return [_device(one, signed_in) for one in running_sign_ins(signed_in.seat.account_id)]


def _page_it_came_from() -> str:
    return url_for("credentials.look" if request.form.get("page") == "credentials" else "account.overview")


def _device(one: SignInSummary, signed_in: SignedIn) -> dict[str, Any]:
    agent = parse(one.user_agent or "").with_defaults()
    known = {"Other": gettext("其他裝置")}
    return {
        "id": one.id,
        "current": one.id == signed_in.id,
        "device": known.get(agent.os.family, agent.os.family),
        "browser": gettext("其他瀏覽器") if agent.user_agent.family == "Other" else agent.user_agent.family,
        "method_label": gettext("、").join(str(METHOD_LABELS[method]) for method in one.methods),
        "since": one.since,
        "last_seen": one.last_seen_at,
    }
