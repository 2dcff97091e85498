"""Follow an application without an account (P12); what its applicant may do from there is in case_changes.

    number and mailbox --> timeline          unknown pair: one neutral sentence

The timeline is a page of its own, kept for this browser for some minutes: reloading it sends nothing.
"""

from collections.abc import Callable
from functools import wraps

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import StringField
from wtforms.validators import InputRequired

from idp.browser import browser_id, peer_address
from idp.config import settings
from idp.db import transaction
from idp.errors import Refused
from idp.flows.account_fields import LONGEST_TYPED, AtMost
from idp.flows.forms import PlainForm, check_stamp, with_retry
from idp.flows.messages import sentence_for
from idp.flows.page_context import NOTICE, on_the_way_to
from idp.mails.words import DOCUMENT_REASON_SENTENCES, REASON_SENTENCES
from idp.policies.limits import CASES_LOOKED_UP_PER_ADDRESS
from idp.policies.names import masked_email
from idp.services.case_links import case_of_link
from idp.services.case_progress import CaseProgress, progress_of
from idp.services.cases import case_by_number
from idp.services.clients import client_by_id
from idp.services.flows import running, start_run
from idp.services.limits import spend
from idp.services.secrets import digest

bp = Blueprint("case_status", __name__)

KIND = "case"


class LookUpForm(PlainForm):
    """What an applicant knows of her case: its number, and the mailbox that she gave."""

    number = StringField(
        lazy_gettext("案件編號"),
        [
            InputRequired(lazy_gettext("請輸入案件編號。")),
            AtMost(LONGEST_TYPED, lazy_gettext("案件編號太長。")),
        ],
    )
    email = StringField(
        "Email",
        [
            InputRequired(lazy_gettext("請輸入 Email。")),
            AtMost(LONGEST_TYPED, lazy_gettext("Email 太長。")),
        ],
    )


Step = Callable[[CaseProgress], ResponseReturnValue]


def of_this_browser(*, only_open: bool) -> Callable[[Step], Callable[[], ResponseReturnValue]]:
    """Hand over the case that was looked up in this browser; without one, back to the form.

    ``only_open``: what was decided or withdrawn can't be changed any more; its timeline says so.
    """

    def decorate(step: Step) -> Callable[[], ResponseReturnValue]:
        @wraps(step)
        def view() -> ResponseReturnValue:
            run = running(str(browser_session.get(KIND)), KIND, browser=browser_id())
            progress = progress_of(str(run.data.get("case"))) if run is not None else None
            if progress is None:
                return redirect(url_for("case_status.ask"), 303)
            if only_open and not progress.is_open:
                return redirect(url_for("case_status.show"), 303)
            on_the_way_to(client_by_id(progress.case.client_id) if progress.case.client_id else None)
            return step(progress)

        return view

    return decorate


@bp.get("/register/status")
def ask() -> Response:
    """Ask for number and mailbox; the link of a mail brings the number along."""
    browser_id()  # made here, so that a form sent twice comes from one browser
    return _form(LookUpForm(data={"number": request.args.get("number", "")[:LONGEST_TYPED]}), None, 200)


@bp.post("/register/status")
def look_up() -> ResponseReturnValue:
    """Find the case, and show it on a page that can be reloaded."""
    check_stamp()
    form = LookUpForm(request.form)
    if not form.validate():
        return _form(form, None, 400)
    try:
        with transaction():
            spend(CASES_LOOKED_UP_PER_ADDRESS, peer_address())
            case = case_by_number(form.number.data or "", form.email.data or "")
            if case is not None:
                browser_session[KIND] = start_run(KIND, "seen", {"case": case.id}, browser=browser_id())
    except Refused as refused:
        return with_retry(_form(form, sentence_for(refused), refused.status), refused)
    if case is None:
        return _form(form, gettext("查無符合的申請，請確認案件編號與 Email 是否正確。"), 404)
    return redirect(url_for("case_status.show"), 303)


def link_of_this_browser(case_id: str) -> bytes | None:
    """The hash of the link by which this browser came to the case, while it works; None otherwise."""
    run = running(str(browser_session.get(KIND)), KIND, browser=browser_id())
    hashed = run.data.get("link") if run is not None else None
    link = bytes.fromhex(hashed) if hashed else None
    return link if link is not None and case_of_link(link) == case_id else None


@bp.get("/register/status/open/<token>")
def follow(token: str) -> ResponseReturnValue:
    """Keep the link's hash in a run of this browser, and go to an address without the token (EL09)."""
    hashed = digest(token)
    case_id = case_of_link(hashed)
    if case_id is None:
        browser_session[NOTICE] = gettext("這個連結已經失效。請查詢申請進度，再寄送一次確認連結。")
        target = url_for("case_status.ask")
    else:
        with transaction():
            data = {"case": case_id, "link": hashed.hex()}
            browser_session[KIND] = start_run(KIND, "seen", data, browser=browser_id())
        browser_session[NOTICE] = gettext("已確認是您本人，可以修正或撤回申請。")
        target = url_for("case_status.show")
    response = make_response(redirect(target, 303))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.get("/register/status/case")
@of_this_browser(only_open=False)
def show(progress: CaseProgress) -> ResponseReturnValue:
    """What has been, what is now, who decides, and what to do."""
    return render_template(
        "case/progress.html",
        progress=progress,
        status=progress.account.status,
        masked=masked_email(progress.account.email),
        sender=progress.service.mail_from or settings().mail_sender,
        reasons=REASON_SENTENCES,
        document_reasons=DOCUMENT_REASON_SENTENCES,
        notice=browser_session.pop(NOTICE, None),
    )


def _form(form: LookUpForm, refusal: str | None, status: int) -> Response:
    g.here = url_for("case_status.ask")
    return make_response(
        render_template("case/ask.html", form=form, refusal=refusal, notice=browser_session.pop(NOTICE, None)), status
    )
