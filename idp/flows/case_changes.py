"""Correct an application, or take it back, from its timeline (P12).

    timeline --> correct (password, or link) --> the wizard, with everything filled in
             --> withdraw (password, or link) --> timeline
             --> no password yet: a link to the mailbox is asked for --> timeline

Number and mailbox show an application; only its account's password changes anything, or a link to its mailbox where it
has none (P15 sets it).
"""

from collections.abc import Callable

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.browser import peer_address
from idp.db import transaction
from idp.errors import ChangedMeanwhile, LinkUnusable, Refused
from idp.flows.case_status import link_of_this_browser, of_this_browser
from idp.flows.forms import check_stamp, with_retry
from idp.flows.messages import sentence_for
from idp.flows.own_password import PasswordForm, judged, password_sentence
from idp.flows.page_context import NOTICE
from idp.flows.registration_run import begin_correction
from idp.policies.limits import LINKS_ASKED_PER_ADDRESS
from idp.policies.names import masked_email
from idp.policies.standing import AccountStatus
from idp.services.case_links import send_case_link, use_case_link
from idp.services.case_progress import CaseProgress, progress_of
from idp.services.cases import withdraw_case
from idp.services.limits import spend
from idp.services.password_sign_in import settle_password
from idp.services.passwords import has_password

bp = Blueprint("case_changes", __name__)


@bp.get("/register/status/correct")
@of_this_browser(only_open=True)
def ask_correction(progress: CaseProgress) -> ResponseReturnValue:
    """Ask for the password before anything that was filled in is shown."""
    return _password_page("case/correct.html", PasswordForm(), progress)


@bp.post("/register/status/correct")
@of_this_browser(only_open=True)
def correct(progress: CaseProgress) -> ResponseReturnValue:
    """Open the wizard with everything that was filled in, at the document where only another file is wanted."""

    def begin() -> ResponseReturnValue:
        run = begin_correction(progress.case, progress.account, progress.company)
        page = "registration.document" if progress.wants_file else "registration.company"
        return redirect(url_for(page, run=run), 303)

    return _after_password("case/correct.html", progress, begin)


@bp.get("/register/status/withdraw")
@of_this_browser(only_open=True)
def ask_withdrawal(progress: CaseProgress) -> ResponseReturnValue:
    """Ask whether the application is to be taken back."""
    return _password_page("case/withdraw.html", PasswordForm(), progress)


@bp.post("/register/status/withdraw")
@of_this_browser(only_open=False)
def withdraw(progress: CaseProgress) -> ResponseReturnValue:
    """Take it back, once; who sends it twice sees that it is done."""
    if not progress.is_open:
        return _told(progress)

    def take_back() -> ResponseReturnValue:
        withdraw_case(progress.case.id, _seen_version())
        browser_session[NOTICE] = gettext("申請已撤回。")
        return redirect(url_for("case_status.show"), 303)

    return _after_password("case/withdraw.html", progress, take_back)


def _told(progress: CaseProgress) -> ResponseReturnValue:
    if progress.account.status is not AccountStatus.WITHDRAWN:
        browser_session[NOTICE] = sentence_for(ChangedMeanwhile())
    return redirect(url_for("case_status.show"), 303)


def _seen_version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


@bp.post("/register/status/link")
@of_this_browser(only_open=True)
def send_link(progress: CaseProgress) -> ResponseReturnValue:
    """Send the link that stands for a password which is not there yet."""
    check_stamp()
    try:
        with transaction():
            spend(LINKS_ASKED_PER_ADDRESS, peer_address())
            send_case_link(progress.case.id)
    except ChangedMeanwhile:
        return _told(progress)
    except Refused as refused:
        return _link_page(progress, refused=refused)
    browser_session[NOTICE] = gettext("已寄出確認連結，請開啟信件中的連結，再修正或撤回申請。")
    return redirect(url_for("case_status.show"), 303)


def _link_page(progress: CaseProgress, *, refused: Refused | None = None) -> Response:
    page = render_template(
        "case/prove.html",
        progress=progress,
        masked=masked_email(progress.account.email),
        refusal=sentence_for(refused) if refused is not None else None,
    )
    return with_retry(make_response(page, refused.status if refused is not None else 200), refused)


def _after_link(progress: CaseProgress, link: bytes, act: Callable[[], ResponseReturnValue]) -> ResponseReturnValue:
    try:
        with transaction():
            use_case_link(link, progress.case.id)
            return act()
    except LinkUnusable:
        return _link_page(progress)
    except ChangedMeanwhile:
        later = progress_of(progress.case.id)
        return _told(later) if later is not None else redirect(url_for("case_status.ask"), 303)


def _after_password(
    template: str, progress: CaseProgress, act: Callable[[], ResponseReturnValue]
) -> ResponseReturnValue:
    """Do what the applicant wants, after her right password; hashing holds nobody else up."""
    check_stamp()
    if not has_password(progress.account.id):
        link = link_of_this_browser(progress.case.id)
        return _after_link(progress, link, act) if link is not None else _link_page(progress)
    form = PasswordForm(request.form)
    if not form.validate():
        return _password_page(template, form, progress, status=400)
    try:
        tried = judged(progress.account.username, form.password.data or "")
        with transaction():
            settle_password(*tried)
            return act()
    except ChangedMeanwhile:
        later = progress_of(progress.case.id)
        return _told(later) if later is not None else redirect(url_for("case_status.ask"), 303)
    except Refused as refused:
        return _password_page(template, form, progress, refused=refused, status=refused.status)


def _password_page(
    template: str, form: PasswordForm, progress: CaseProgress, *, refused: Refused | None = None, status: int = 200
) -> Response:
    asks_password = has_password(progress.account.id)
    if not asks_password and link_of_this_browser(progress.case.id) is None:
        return _link_page(progress)
    page = render_template(
        template,
        form=form,
        progress=progress,
        asks_password=asks_password,
        refusal=password_sentence(refused) if refused is not None else None,
    )
    return with_retry(make_response(page, status), refused)
