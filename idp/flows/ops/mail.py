"""「寄件匣」 (P39): which mails wait, were sent or came to nothing, and why. A dead one is sent once more or given up.

list --> one --> again | give up --> one
"""

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from jinja2 import TemplateError

from idp.db import transaction
from idp.errors import NotFound, Refused
from idp.flows.asked import number_asked, number_in
from idp.flows.messages import sentence_for
from idp.flows.ops.framed import framed
from idp.flows.ops.guard import must, operator, ops_pages
from idp.flows.ops.mail_words import STATE_LABELS, as_answered, reason_in_words, template_label
from idp.flows.page_context import NOTICE
from idp.mails.leases import DEAD, WAITING
from idp.mails.samples import template_names
from idp.models import OutboxEntry
from idp.policies.duties import Power
from idp.services.ops_mail import (
    ON_A_PAGE,
    MailSearch,
    give_up,
    has_content,
    mail_of_id,
    mails,
    masked,
    send_again,
    why_not_sendable,
)

bp = ops_pages("ops_mail", Power.SEE_MAIL, path="/mail")
ASKED = ("state", "template", "address")


@bp.get("")
def outbox() -> str:
    """Show a page of the mails, the newest first."""
    asked: dict[str, Any] = {name: request.args.get(name) or None for name in ASKED}
    search = MailSearch(**{name: value or "" for name, value in asked.items()})
    before = number_asked("before")
    found = mails(search, before=before, most=ON_A_PAGE + 1)
    rows = found[:ON_A_PAGE]
    return render_template(
        "ops/mail.html",
        rows=[_row(mail) for mail in rows],
        states=[(name, label) for name, (label, _, _) in STATE_LABELS.items()],
        templates=[(name, template_label(name)) for name in template_names()],
        asked=asked,
        is_first=before is None,
        newest=url_for("ops_mail.outbox", **asked),
        older=url_for("ops_mail.outbox", **asked, before=rows[-1].id) if len(found) > ON_A_PAGE else None,
        notice=browser_session.pop(NOTICE, None),
    )


@bp.get("/<mail_id>")
def one(mail_id: str) -> Response:
    """Show one mail, without its link."""
    return _page(_found(mail_id))


@bp.get("/<mail_id>/html")
def html(mail_id: str) -> Response:
    """The HTML of one mail, without its link, for the frame."""
    must(Power.SEE_PEOPLE)
    message = masked(_found(mail_id))
    if message is None:
        raise NotFound(what="mail")
    return framed(message.html)


@bp.post("/<mail_id>/again")
def again(mail_id: str) -> ResponseReturnValue:
    """Have a dead mail tried at once."""
    must(Power.HELP_PEOPLE)
    found = _found(mail_id)
    try:
        with transaction():
            send_again(found.id)
    except Refused as refused:
        return _page(_found(mail_id), refused)
    return _told(found, gettext("已排入寄送，請稍後重新整理本頁查看結果。"))


@bp.post("/<mail_id>/give-up")
def give_it_up(mail_id: str) -> ResponseReturnValue:
    """Try a mail no more."""
    must(Power.HELP_PEOPLE)
    found = _found(mail_id)
    try:
        with transaction():
            give_up(found.id)
    except Refused as refused:
        return _page(_found(mail_id), refused)
    return _told(found, gettext("已放棄寄送這封信，信件內容已刪除。"))


def _found(mail_id: str) -> OutboxEntry:
    number = number_in(mail_id)
    if number is None:
        raise NotFound(what="mail")
    return mail_of_id(number)


def _told(mail: OutboxEntry, notice: str) -> ResponseReturnValue:
    browser_session[NOTICE] = notice
    return redirect(url_for("ops_mail.one", mail_id=mail.id), 303)


def _row(mail: OutboxEntry) -> dict[str, Any]:
    label, tone, sign = STATE_LABELS[mail.state]
    return {
        "id": mail.id,
        "to": mail.recipient,
        "kind": template_label(mail.template),
        "state": {"label": label, "tone": tone, "sign": sign},
        "at": mail.created_at,
        "sent_at": mail.sent_at,
        "attempts": mail.attempts,
        "reason": reason_in_words(mail.last_error),
    }


def _page(mail: OutboxEntry, refused: Refused | None = None) -> Response:
    may_help, may_read = operator().may(Power.HELP_PEOPLE), operator().may(Power.SEE_PEOPLE)
    message, is_broken = None, False
    try:
        message = masked(mail) if may_read else None
    except TemplateError:
        is_broken = True
    why_not = why_not_sendable(mail)
    page = render_template(
        "ops/mail_one.html",
        seen={
            **_row(mail),
            "template": mail.template,
            "message_id": mail.message_id,
            "account_id": mail.account_id,
            "next_at": mail.next_attempt_at if mail.state == WAITING else None,
            "answered": as_answered(mail.last_error),
            "has_content": has_content(mail),
            "lang": "en" if str(mail.payload.get("locale")).startswith("en") else "zh-Hant-TW",
        },
        message=message,
        may_read=may_read,
        is_broken=is_broken,
        can_send=may_help and why_not is None,
        is_link_over=mail.state == DEAD and why_not == "over",
        can_give_up=may_help and mail.state in {DEAD, WAITING},
        refusal=sentence_for(refused) if refused else None,
        notice=browser_session.pop(NOTICE, None),
    )
    return make_response(page, refused.status if refused else 200)
