"""Confirm one's mailbox by the link of a mail (P13).

    link --> (known: its hash kept in a run of this browser) --> page with a button --> confirmed: what became of it
                                                               --> used, expired, replaced, unknown: a page, 補發驗證信

Looking confirms nothing: mail scanners look. In another browser than the one that applied, the button asks for the
account's password too, so that a forwarded mail alone is worth nothing (R-085, D-3).
"""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue

from idp.browser import browser_id, prefer_language
from idp.config import settings
from idp.db import transaction
from idp.errors import LinkUnusable, Refused
from idp.flows.forms import check_stamp, with_retry
from idp.flows.messages import LINK_TROUBLES
from idp.flows.own_password import PasswordForm, judged, password_sentence
from idp.flows.page_context import on_the_way_to
from idp.models import Account, Case
from idp.policies.names import masked_email
from idp.services.case_progress import CaseProgress, progress_of
from idp.services.clients import client_by_id
from idp.services.flows import KeptRun, any_run, finish_run, start_run
from idp.services.mailbox_checks import account_to_verify, confirm_mailbox, confirmed_case
from idp.services.one_time_links import Link, Purpose, link_of_hash, link_of_token
from idp.services.password_sign_in import settle_password
from idp.services.secrets import digest

bp = Blueprint("email_verification", __name__)

KIND = "verification"
# What the browser remembers in place of a run after a link that never was: nothing is kept for such.
UNKNOWN = "unknown"


@bp.get("/verify/<token>")
def follow(token: str) -> ResponseReturnValue:
    """Keep the link's hash in a run of this browser, and go to an address without the token (EL09)."""
    hashed = digest(token).hex()
    run = _run()
    if link_of_token(Purpose.VERIFY, token) is None:
        browser_session[KIND] = UNKNOWN
    elif run is None or run.data.get("link") != hashed or run.has_expired:
        with transaction():
            browser_session[KIND] = start_run(KIND, "confirm", {"link": hashed}, browser=browser_id())
    response = make_response(redirect(url_for("email_verification.ask"), 303))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.get("/verify")
def ask() -> ResponseReturnValue:
    """Show whose mailbox it is and the button; or what became of the link."""
    run = _run()
    if run is not None and run.is_finished:
        return _done(str(run.data.get("case")))
    link = _link(run)
    if run is None or run.has_expired or link is None:
        is_unknown = browser_session.get(KIND) == UNKNOWN or (run is not None and not run.has_expired)
        return _trouble("unknown" if is_unknown else "away", None)
    try:
        account, case = account_to_verify(link)
    except LinkUnusable as refused:
        return _trouble(str(refused.details["because"]), link)
    prefer_language([account.locale])
    return _page(PasswordForm(), case, link)


@bp.post("/verify")
def confirm() -> ResponseReturnValue:
    """Confirm the mailbox, once; whoever sends it twice sees that it is done."""
    check_stamp()
    run = _run()
    link = _link(run)
    if run is None or run.is_finished or run.has_expired or link is None:
        return redirect(url_for("email_verification.ask"), 303)
    form = PasswordForm(request.form)
    try:
        account, case = account_to_verify(link)
        if not _is_at_home(link) and not form.validate():
            return _page(form, case, link, status=400)
        _confirm(run, link, account, form)
    except LinkUnusable:
        pass  # the page says why
    except Refused as refused:
        return _page(form, case, link, refused=refused, status=refused.status)
    return redirect(url_for("email_verification.ask"), 303)


def _confirm(run: KeptRun, link: Link, account: Account, form: PasswordForm) -> None:
    # The account is the link's, whatever a form says.
    tried = None if _is_at_home(link) else judged(account.username, form.password.data or "")
    with transaction():
        held = any_run(run.id, KIND, browser=browser_id(), lock=True)
        if held is None or held.is_finished:
            return
        if tried is not None:
            settle_password(*tried)
        _, case, _ = confirm_mailbox(link.hash)
        finish_run(run.id, {"case": case.id})


def _run() -> KeptRun | None:
    run_id = browser_session.get(KIND)
    return any_run(str(run_id), KIND, browser=browser_id()) if run_id else None


def _link(run: KeptRun | None) -> Link | None:
    hashed = run.data.get("link") if run is not None else None
    return link_of_hash(Purpose.VERIFY, bytes.fromhex(hashed)) if hashed else None


def _is_at_home(link: Link) -> bool:
    """Whether this is the browser in which the application was sent."""
    return link.browser_hash == digest(browser_id())


def _page(form: PasswordForm, case: Case, link: Link, *, refused: Refused | None = None, status: int = 200) -> Response:
    progress = progress_of(case.id)
    if progress is None:
        return _trouble("unknown", None)
    g.here = url_for("email_verification.ask")
    page = render_template(
        "verify/confirm.html",
        form=form,
        asks_password=not _is_at_home(link),
        refusal=password_sentence(refused) if refused else None,
        **_about(progress),
    )
    return with_retry(make_response(page, status), refused)


def _trouble(because: str, link: Link | None) -> Response:
    """Why a link works no more; who has used it already is told what became of it."""
    case_id = confirmed_case(link) if link is not None else None
    if case_id is not None:
        return _done(case_id)
    page = render_template("verify/trouble.html", because=because, words=LINK_TROUBLES[because])
    return make_response(page, LinkUnusable.status)


def _done(case_id: str) -> Response:
    progress = progress_of(case_id)
    if progress is None:
        return _trouble("unknown", None)
    return make_response(render_template("verify/done.html", **_about(progress)))


def _about(progress: CaseProgress) -> dict[str, Any]:
    """The case, and the way back to the application where it began."""
    client = client_by_id(progress.case.client_id) if progress.case.client_id else None
    on_the_way_to(client)
    address = client.initiate_login_uri if client is not None else None
    joint = "&" if address and "?" in address else "?"
    return {
        "progress": progress,
        "masked": masked_email(progress.account.email),
        "back_href": address + joint + urlencode({"iss": settings().issuer}) if address else None,
    }
