"""Confirm one's mailbox by the link of a mail (P13).

    link --> (known: its hash kept in a run of this browser) --> page with a button --> confirmed: what became of it
                                                               --> used, expired, replaced, unknown: a page, 補發驗證信

Looking confirms nothing: mail scanners look. In another browser than the one that applied, the button asks for the
account's password too, so that a forwarded mail alone is worth nothing (R-085, D-3).
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue

from idp.browser import browser_id, prefer_language
from idp.db import transaction
from idp.errors import LinkUnusable, Refused
from idp.flows.forms import check_stamp, with_retry
from idp.flows.messages import LINK_TROUBLES
from idp.flows.own_password import PasswordForm, judged, password_sentence
from idp.flows.verified_person import Person, about_found, confirmed_by
from idp.policies.standing import AccountKind
from idp.services.flows import KeptRun, any_run, finish_run, start_run
from idp.services.linked_registration import confirm_linked
from idp.services.mailbox_checks import account_to_verify, confirm_mailbox
from idp.services.one_time_links import Link, Purpose, link_of_hash, link_of_token
from idp.services.password_sign_in import settle_password
from idp.services.secrets import digest

bp = Blueprint("email_verification", __name__)

KIND = "verification"
# What the browser remembers in place of a run after a link that never was: nothing is kept for such.
UNKNOWN = "unknown"
TAKEN = frozenset({"taken", "taken_linked"})


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
        return _done(run.data)
    link = _link(run)
    if run is None or run.has_expired or link is None:
        is_unknown = browser_session.get(KIND) == UNKNOWN or (run is not None and not run.has_expired)
        return _trouble("unknown" if is_unknown else "away", None)
    try:
        person = Person(*account_to_verify(link))
    except LinkUnusable as refused:
        return _trouble(str(refused.details["because"]), link)
    prefer_language([person.account.locale])
    return _page(PasswordForm(), person, link)


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
        person = Person(*account_to_verify(link))
        if not _is_at_home(link) and not form.validate():
            return _page(form, person, link, status=400)
        _confirm(run, link, person, form)
    except LinkUnusable as unusable:
        # Told here: nothing in the link itself says that another account has its mailbox by now.
        if unusable.details["because"] in TAKEN:
            return _trouble(str(unusable.details["because"]), None)
    except Refused as refused:
        return _page(form, person, link, refused=refused, status=refused.status)
    return redirect(url_for("email_verification.ask"), 303)


def _confirm(run: KeptRun, link: Link, person: Person, form: PasswordForm) -> None:
    # The account is the link's, whatever a form says.
    tried = None if _is_at_home(link) else judged(person.account.username, form.password.data or "")
    with transaction():
        held = any_run(run.id, KIND, browser=browser_id(), lock=True)
        if held is None or held.is_finished:
            return
        if tried is not None:
            settle_password(*tried)
        if person.account.kind is AccountKind.LINKED:
            confirm_linked(link.hash)
        else:
            confirm_mailbox(link.hash)
        finish_run(run.id, person.found)


def _run() -> KeptRun | None:
    run_id = browser_session.get(KIND)
    return any_run(str(run_id), KIND, browser=browser_id()) if run_id else None


def _link(run: KeptRun | None) -> Link | None:
    hashed = run.data.get("link") if run is not None else None
    return link_of_hash(Purpose.VERIFY, bytes.fromhex(hashed)) if hashed else None


def _is_at_home(link: Link) -> bool:
    """Whether this is the browser in which the application was sent."""
    return link.browser_hash == digest(browser_id())


def _page(
    form: PasswordForm, person: Person, link: Link, *, refused: Refused | None = None, status: int = 200
) -> Response:
    about = about_found(person.found)
    if about is None:
        return _trouble("unknown", None)
    g.here = url_for("email_verification.ask")
    page = render_template(
        "verify/confirm.html",
        form=form,
        asks_password=not _is_at_home(link),
        refusal=password_sentence(refused) if refused else None,
        **about,
    )
    return with_retry(make_response(page, status), refused)


def _trouble(because: str, link: Link | None) -> Response:
    """Why a link works no more; who has used it already is told what became of it."""
    found = confirmed_by(link) if link is not None else None
    if found is not None:
        return _done(found)
    page = render_template("verify/trouble.html", because=because, words=LINK_TROUBLES[because])
    return make_response(page, LinkUnusable.status)


def _done(found: Mapping[str, Any]) -> Response:
    about = about_found(found)
    if about is None:
        return _trouble("unknown", None)
    page = "verify/done.html" if about["progress"] is not None else "verify/linked_done.html"
    return make_response(render_template(page, **about))
