"""The link of a new mailbox (P27): it changes the mailbox of an account once its person says so here (R-140, R-141).

    link --> (its hash kept in a run of this browser) --> page with a button --> changed: sign in again
                                                      --> used, expired, replaced, taken, unknown: a page that says so

Looking changes nothing: mail scanners look. In the browser that asked for it, or where its account is signed in, the
button is enough; elsewhere the account's password is asked too, so that a mail passed on is worth nothing (R-085, D-3).
"""

from datetime import timedelta

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from idp.browser import browser_id, current_sign_in, forget_current_sign_in, prefer_language
from idp.db import transaction
from idp.errors import LinkUnusable, Refused
from idp.flows.forms import check_stamp, with_retry
from idp.flows.own_password import PasswordForm, judged, password_sentence
from idp.models import Account
from idp.policies.names import masked_email
from idp.services.flows import KeptRun, any_run, finish_run, start_run
from idp.services.mailbox_changes import account_of_change, apply_change
from idp.services.one_time_links import Link, Purpose, link_of_hash
from idp.services.password_sign_in import settle_password
from idp.services.passwords import has_password
from idp.services.secrets import digest

bp = Blueprint("mailbox_link", __name__)

KIND = "mailbox_change"
LASTS = timedelta(hours=24)
TROUBLES = {
    "unknown": (
        lazy_gettext("找不到這個連結"),
        lazy_gettext("連結不正確，或早已逾時。請確認網址完整，或登入後重新申請變更。"),
    ),
    "used": (
        lazy_gettext("這個連結已經使用過"),
        lazy_gettext("Email 已經變更。請重新登入確認 Email 資訊是否正確。"),
    ),
    "expired": (
        lazy_gettext("這個連結已經逾時"),
        lazy_gettext("認證信有效時限為 24 小時，Email 沒有變更。請登入後補發驗證信，再點選新信件中的連結。"),
    ),
    "replaced": (
        lazy_gettext("這個連結已經失效"),
        lazy_gettext("已由較新的驗證信取代，或變更已經取消。請點選最後收到的信件中的連結，或登入後重新申請變更。"),
    ),
    "taken": (
        lazy_gettext("這個信箱無法使用"),
        lazy_gettext("這個信箱已經用於另一個帳號，Email 沒有變更。請登入後改用其他信箱。"),
    ),
    "suspended": (
        lazy_gettext("目前無法變更 Email"),
        lazy_gettext("這個帳號目前停用，Email 沒有變更。如有疑問，請洽貴公司群組管理員或客服。"),
    ),
}


@bp.get("/mailbox/<token>")
def follow(token: str) -> ResponseReturnValue:
    """Keep the link's hash in a run of this browser, and go to an address without the token (EL09)."""
    hashed = digest(token)
    run = _run()
    if link_of_hash(Purpose.MAILBOX_CHANGE, hashed) is None:
        browser_session.pop(KIND, None)
    elif run is None or run.data.get("link") != hashed.hex():
        with transaction():
            browser_session[KIND] = start_run(
                KIND, "confirm", {"link": hashed.hex()}, browser=browser_id(), lasts=LASTS
            )
    response = make_response(redirect(url_for("mailbox_link.ask"), 303))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.get("/mailbox")
def ask() -> ResponseReturnValue:
    """Show which mailbox the account will have and the button; or what became of the link."""
    run = _run()
    link = _link(run)
    if run is not None and run.is_finished:
        return _done()
    if link is None:
        return _trouble("unknown")
    try:
        account = account_of_change(link)
    except LinkUnusable as refused:
        return _trouble(str(refused.details["because"]))
    prefer_language([account.locale])
    return _page(PasswordForm(), link, account)


@bp.post("/mailbox")
def confirm() -> ResponseReturnValue:
    """Change the mailbox, once; whoever sends it twice sees that it is done."""
    check_stamp()
    run = _run()
    link = _link(run)
    if run is None or run.is_finished or link is None:
        return redirect(url_for("mailbox_link.ask"), 303)
    form = PasswordForm(request.form)
    try:
        account = account_of_change(link)
        if not _is_hers(link) and not (has_password(account.id) and form.validate()):
            return _page(form, link, account, status=400)
        _confirm(run, link, account, form)
    except LinkUnusable:
        pass  # the page says why
    except Refused as refused:
        return _page(form, link, account, refused=refused, status=refused.status)
    forget_current_sign_in()
    return redirect(url_for("mailbox_link.ask"), 303)


def _confirm(run: KeptRun, link: Link, account: Account, form: PasswordForm) -> None:
    # The account is the link's, whatever a form says.
    tried = None if _is_hers(link) else judged(account.username, form.password.data or "")
    with transaction():
        held = any_run(run.id, KIND, browser=browser_id(), lock=True)
        if held is None or held.is_finished:
            return
        if tried is not None:
            settle_password(*tried)
        apply_change(link)
        finish_run(run.id, {"link": run.data["link"]})


def _run() -> KeptRun | None:
    run_id = browser_session.get(KIND)
    run = any_run(run_id, KIND, browser=browser_id()) if isinstance(run_id, str) else None
    return None if run is None or run.has_expired else run


def _link(run: KeptRun | None) -> Link | None:
    hashed = run.data.get("link") if run is not None else None
    return link_of_hash(Purpose.MAILBOX_CHANGE, bytes.fromhex(hashed)) if hashed else None


def _is_hers(link: Link) -> bool:
    """Whether this is the browser in which the change was asked for, or one where its account is signed in."""
    signed_in = current_sign_in()
    is_signed_in = signed_in is not None and signed_in.human.account_id == link.account_id
    return is_signed_in or link.browser_hash == digest(browser_id())


def _page(
    form: PasswordForm, link: Link, account: Account, *, refused: Refused | None = None, status: int = 200
) -> Response:
    g.here = url_for("mailbox_link.ask")
    is_hers = _is_hers(link)
    page = render_template(
        "account/mailbox_confirm.html",
        form=form,
        username=account.username,
        # Who has only been sent the mail of another is told no more than it says.
        mailbox=link.address if is_hers else masked_email(link.address),
        until=link.expires_at,
        asks_password=not is_hers and has_password(account.id),
        asks_sign_in=not is_hers and not has_password(account.id),
        refusal=password_sentence(refused) if refused else None,
    )
    return with_retry(make_response(page, status), refused)


def _trouble(because: str) -> Response:
    g.here = url_for("mailbox_link.ask")
    heading, lead = TROUBLES[because]
    page = render_template("account/mailbox_trouble.html", heading=heading, lead=lead, because=because)
    return make_response(page, LinkUnusable.status)


def _done() -> str:
    sign_in_href = url_for("sign_in.ask", other=1 if current_sign_in() else None)
    return render_template("account/mailbox_done.html", sign_in_href=sign_in_href)
