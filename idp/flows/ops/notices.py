"""「登出通知」: which applications could not be told that a session ended, and why; told once more, or given up.

list --> one, or all of an application, again | one given up --> list
"""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from idp.db import transaction
from idp.errors import ChangedMeanwhile, NotFound
from idp.flows.asked import number_asked, number_in
from idp.flows.ops.guard import must, operator, ops_pages
from idp.flows.ops.mail_words import as_answered
from idp.flows.ops.notice_words import ENDINGS, NOTICE_STATES, why_not_taken
from idp.flows.page_context import NOTICE, application_of
from idp.mails.leases import DEAD, WAITING
from idp.policies.duties import Power
from idp.services.clients import all_clients, client_by_id
from idp.services.ops_notices import (
    ON_A_PAGE,
    SeenNotice,
    give_notice_up,
    notices,
    tell_again,
    tell_all_again,
)

bp = ops_pages("ops_notices", Power.SEE_MAIL, path="/notices")
ANY = "all"


@bp.get("")
def outbox() -> str:
    """Show a page of the notices, the newest first; where nothing was asked for, those that came to nothing."""
    state, client_id = request.args.get("state") or DEAD, request.args.get("client") or ""
    asked: dict[str, Any] = {"state": state, "client": client_id or None}
    before = number_asked("before")
    found = notices("" if state == ANY else state, client_id, before=before, most=ON_A_PAGE + 1)
    rows = found[:ON_A_PAGE]
    may_help = operator().may(Power.HELP_PEOPLE)
    return render_template(
        "ops/notices.html",
        rows=[_row(seen, may_help) for seen in rows],
        states=[(ANY, gettext("全部")), *((name, words[0]) for name, words in NOTICE_STATES.items())],
        clients=[(one.id, application_of(one).name) for one in all_clients() if one.backchannel_logout_uri],
        asked=asked,
        all_again=client_id if may_help and state == DEAD and rows else None,
        is_first=before is None,
        newest=url_for("ops_notices.outbox", **asked),
        older=url_for("ops_notices.outbox", **asked, before=rows[-1].notice.id) if len(found) > ON_A_PAGE else None,
        notice=browser_session.pop(NOTICE, None),
    )


@bp.post("/<notice_id>/again")
def again(notice_id: str) -> ResponseReturnValue:
    """Have a dead notice tried at once."""
    must(Power.HELP_PEOPLE)
    return _done(notice_id, tell_again, gettext("已排入通知，請稍後重新整理本頁查看結果。"))


@bp.post("/<notice_id>/give-up")
def give_up(notice_id: str) -> ResponseReturnValue:
    """Try a notice no more."""
    must(Power.HELP_PEOPLE)
    return _done(notice_id, give_notice_up, gettext("已放棄這則登出通知。"))


@bp.post("/again")
def all_again() -> ResponseReturnValue:
    """Have all dead notices of one application tried at once."""
    must(Power.HELP_PEOPLE)
    with transaction():
        count = tell_all_again(request.form.get("client", ""))
    told = ngettext("已將 %(num)d 則登出通知排入通知。", "已將 %(num)d 則登出通知排入通知。", count)
    return _back(told)


def _done(notice_id: str, act: Any, told: str) -> ResponseReturnValue:
    number = number_in(notice_id)
    if number is None:
        raise NotFound(what="notice")
    try:
        with transaction():
            act(number)
    except ChangedMeanwhile:
        return _back(gettext("這則登出通知已由背景程式或其他人處理，沒有變更。"))
    return _back(told)


def _back(told: str) -> ResponseReturnValue:
    browser_session[NOTICE] = told
    return redirect(url_for("ops_notices.outbox", client=request.form.get("client") or None), 303)


def _row(seen: SeenNotice, may_help: bool) -> dict[str, Any]:
    notice = seen.notice
    client = client_by_id(notice.client_id or "")
    label, tone, sign = NOTICE_STATES[notice.state]
    because = str(notice.payload.get("reason") or "")
    return {
        "id": notice.id,
        "at": notice.created_at,
        "client": application_of(client).name if client else notice.client_id,
        "address": notice.recipient,
        "account_id": notice.account_id,
        "name": seen.account_name,
        "username": seen.username,
        "because": str(ENDINGS.get(because, because)),
        "state": {"label": label, "tone": tone, "sign": sign},
        "attempts": notice.attempts,
        "next_at": notice.next_attempt_at if notice.state == WAITING and notice.attempts else None,
        "reason": why_not_taken(notice.last_error),
        "answered": as_answered(notice.last_error),
        "can_send": may_help and notice.state == DEAD,
        "can_give_up": may_help and notice.state in {DEAD, WAITING},
    }
