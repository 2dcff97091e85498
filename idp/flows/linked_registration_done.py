"""The application for a linked account is sent: the mailbox that was written to, and what comes next (R-077).

    shown --> resend: another link, once a minute --> shown
          --> another mailbox, while this one is not confirmed --> shown

It is found by the finished run alone, so in the browser that sent it; as registration_done for general accounts.
"""

from dataclasses import dataclass

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.browser import browser_id, peer_address
from idp.config import settings
from idp.db import session, transaction
from idp.errors import AlreadyExists, FormOfAnotherRun, Refused
from idp.flows.account_fields import add_error
from idp.flows.forms import with_retry
from idp.flows.messages import PROBLEMS
from idp.flows.page_context import NOTICE
from idp.flows.registration_done import MailboxForm, resend_sentence
from idp.flows.registration_kinds import linked_label
from idp.flows.registration_run import find_run
from idp.flows.shown_texts import mailbox_of, service_name
from idp.models import Account, Service
from idp.policies.limits import LINKS_ASKED_PER_ADDRESS
from idp.policies.names import canonical_email, masked_email
from idp.policies.standing import AccountStatus
from idp.services.limits import spend
from idp.services.linked_registration import change_mailbox, resend_linked
from idp.services.mailbox_checks import WAITING, seconds_until_resend
from idp.services.one_time_links import Purpose, live_link
from idp.services.service_registry import registration_policy

bp = Blueprint("linked_registration_done", __name__)


@dataclass(frozen=True, slots=True)
class SentLinked:
    """What a finished run has led to."""

    run_id: str
    request_id: str | None
    account: Account


@bp.get("/register/linked/done")
def done() -> ResponseReturnValue:
    """Show what was sent."""
    kept = find_run(request.args.get("run", ""))
    if kept is not None and not kept.is_finished:
        return redirect(url_for("registration.check", run=kept.id), 303)
    sent = _sent_by(request.args.get("run", ""))
    if sent is None:
        browser_session[NOTICE] = gettext("這次申請已經完成或逾時，請重新開始。")
        return redirect(url_for("registration.begin"), 303)
    return _page(sent, MailboxForm())


@bp.post("/register/linked/done/resend")
def resend() -> ResponseReturnValue:
    """Send the link again (R-083)."""
    sent = _sent_or_gone()
    try:
        with transaction():
            spend(LINKS_ASKED_PER_ADDRESS, peer_address())
            resend_linked(sent.account.id, browser=browser_id())
    except Refused as refused:
        return _page(sent, MailboxForm(), refused=refused)
    return _told(sent, gettext("已補發驗證信，先前信件中的連結已失效。"))


@bp.post("/register/linked/done/mailbox")
def change() -> ResponseReturnValue:
    """Send the link to another mailbox; the application is the same."""
    sent = _sent_or_gone()
    form = MailboxForm(request.form)
    if not form.validate():
        return _page(sent, form, status=400)
    email, version = canonical_email(form.email.data or "") or "", request.form.get("version", type=int) or 0
    try:
        with transaction():
            spend(LINKS_ASKED_PER_ADDRESS, peer_address())
            change_mailbox(sent.account.id, version, email, browser=browser_id())
    except AlreadyExists as taken:
        add_error(form, "email", str(PROBLEMS[str(taken.details["problem"])]))
        return _page(sent, form, status=taken.status)
    except Refused as refused:
        return _page(sent, form, refused=refused)
    return _told(sent, gettext("驗證信已寄到新的信箱，先前信件中的連結已失效。"))


def _told(sent: SentLinked, notice: str) -> ResponseReturnValue:
    browser_session[NOTICE] = notice
    return redirect(url_for("linked_registration_done.done", run=sent.run_id), 303)


def _sent_by(run_id: str) -> SentLinked | None:
    kept = find_run(run_id)
    if kept is None or not kept.is_finished or "linked" not in kept.data:
        return None
    account = session.get(Account, str(kept.data["linked"]), populate_existing=True)
    return SentLinked(kept.id, kept.request_id, account) if account is not None else None


def _sent_or_gone() -> SentLinked:
    sent = _sent_by(request.form.get("run", ""))
    if sent is None:
        raise FormOfAnotherRun
    return sent


def _page(sent: SentLinked, form: MailboxForm, *, refused: Refused | None = None, status: int = 200) -> Response:
    account = session.get_one(Account, sent.account.id, populate_existing=True)
    service = session.get_one(Service, account.service_id)
    waits = account.status in WAITING
    link = live_link(Purpose.VERIFY, account_id=account.id) if waits else None
    g.here = url_for("linked_registration_done.done", run=sent.run_id)
    page = render_template(
        "registration/linked_done.html",
        run=sent.run_id,
        request_id=sent.request_id,
        account=account,
        form=form,
        label=linked_label(registration_policy(service)),
        service_name=service_name(service),
        sender=service.mail_from or settings().mail_sender,
        mailbox=mailbox_of(service),
        masked_email=masked_email(account.email),
        waits=waits,
        is_open=account.status is AccountStatus.ACTIVE,
        until=link.expires_at if link else None,
        hours=round((link.expires_at - link.created_at).total_seconds() / 3600) if link else None,
        seconds=seconds_until_resend(account.id) if waits else 0,
        refusal=resend_sentence(refused) if refused else None,
        notice=browser_session.pop(NOTICE, None) if request.method == "GET" else None,
    )
    return with_retry(make_response(page, refused.status if refused else status), refused)
