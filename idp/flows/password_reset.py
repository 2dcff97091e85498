"""重設密碼 (P17): one link of a mail, one page, one button (R-218 as D-1 has it).

    link --> (its hash kept in a run of this browser) --> form --> password set --> done, also for a second click
                                                               --> used, expired, replaced …: a page, and the way on

Looking uses nothing up, and nobody is signed in by it. Who has an authenticator app gives its code too, once in a run:
a mailbox alone must not be enough. Not of one that whoever knew the password may have set up these days: it falls.
"""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import StringField
from wtforms.validators import InputRequired

from idp.browser import browser_id, current_sign_in, peer_address, prefer_language
from idp.db import end_reading, transaction
from idp.errors import BadCode, LinkUnusable, PasswordRefused, Refused
from idp.flows.account_fields import AtMost, CredentialFields, add_error
from idp.flows.forms import check_stamp, with_retry
from idp.flows.messages import sentence_for
from idp.policies.limits import PASSWORDS_JUDGED_PER_ADDRESS
from idp.policies.names import masked_username
from idp.services.flows import KeptRun, any_run, finish_run, keep_run, start_run
from idp.services.limits import spend
from idp.services.one_time_links import Purpose, link_of_hash
from idp.services.password_changes import check_new
from idp.services.password_resets import Awaited, awaited_reset, reset_password
from idp.services.passwords import check_password_rules, hash_password
from idp.services.second_factors import reset_asks_for_code, take_code
from idp.services.secrets import digest

bp = Blueprint("password_reset", __name__)

KIND = "password_reset"
STEP = "form"
LASTS = timedelta(minutes=30)
LONGEST_CODE = 40
PROVEN = "code_given"
TROUBLES = {
    "unknown": (lazy_gettext("找不到這個連結"), lazy_gettext("連結不正確，或早已逾時。請確認網址完整，或重新申請。")),
    "used": (
        lazy_gettext("這個連結已經使用過"),
        lazy_gettext("密碼已經重設，請以新密碼登入。若不是您本人重設的，請立即重新申請，並通知客服。"),
    ),
    "expired": (
        lazy_gettext("這個連結已經逾時"),
        lazy_gettext("重設密碼的連結有效期限為 30 分鐘，您的密碼沒有變更。請重新申請。"),
    ),
    "replaced": (
        lazy_gettext("這個連結已經失效"),
        lazy_gettext("您已重新申請，或帳號的資料已經變更。請點擊最後收到的信件中的連結，或重新申請。"),
    ),
    "suspended": (
        lazy_gettext("目前無法重設密碼"),
        lazy_gettext("這個帳號或公司目前停用。如有疑問，請洽貴公司群組管理員或客服。"),
    ),
}


class PasswordResetForm(CredentialFields):
    """新密碼, 新密碼確認; 驗證碼 where the account has an authenticator app."""

    code = StringField(
        lazy_gettext("驗證碼"),
        [InputRequired(lazy_gettext("請輸入驗證碼。")), AtMost(LONGEST_CODE, lazy_gettext("驗證碼不正確。"))],
    )

    def __init__(self, formdata: Any = None, *, asks_code: bool) -> None:
        super().__init__(formdata)
        self._fields = {name: self._fields[name] for name in ("code", "password", "password_again")}
        self.ask_code(asks_code)
        self.password.label.text = gettext("新密碼")
        self.password_again.label.text = gettext("新密碼確認")

    def ask_code(self, asks_code: bool) -> None:
        """Ask the code of the authenticator app, or leave it out."""
        self.asks_code = asks_code
        if not asks_code:
            self._fields.pop("code", None)


@bp.get("/password/reset/<token>")
def follow(token: str) -> ResponseReturnValue:
    """Keep the link's hash in a run of this browser, and go to an address without the token (EL09)."""
    hashed = digest(token)
    run = _run()
    if link_of_hash(Purpose.PASSWORD_RESET, hashed) is None:
        browser_session.pop(KIND, None)
    elif run is None or run.data.get("link") != hashed.hex():
        with transaction():
            browser_session[KIND] = start_run(KIND, STEP, {"link": hashed.hex()}, browser=browser_id(), lasts=LASTS)
    response = make_response(redirect(url_for("password_reset.show"), 303))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.get("/password/reset")
def show() -> ResponseReturnValue:
    """Show the form, or what became of the link."""
    run = _run()
    if run is None:
        return _trouble("unknown")
    if run.is_finished:
        return _done()
    try:
        who = awaited_reset(_link(run))
    except LinkUnusable as refused:
        return _trouble(str(refused.details["because"]))
    prefer_language([who.account.locale])
    return _page(PasswordResetForm(asks_code=_asks_code(run, who)), who)


@bp.post("/password/reset")
def answer() -> ResponseReturnValue:
    """Set the password; a second click finds it set."""
    run = _run()
    check_stamp()
    if run is None or run.is_finished:
        return redirect(url_for("password_reset.show"), 303)
    try:
        who = awaited_reset(_link(run))
        return _reset(run, who, PasswordResetForm(request.form, asks_code=_asks_code(run, who)))
    except LinkUnusable:
        return redirect(url_for("password_reset.show"), 303)


def _reset(run: KeptRun, who: Awaited, form: PasswordResetForm) -> ResponseReturnValue:
    if not form.validate():
        return _page(form, who, status=400)
    password = form.password.data or ""
    try:
        _check(run, who, form, password)
    except BadCode as refused:
        form.code.data = ""
        add_error(form, "code", sentence_for(refused))
        return _page(form, who, status=refused.status)
    except PasswordRefused as refused:
        form.ask_code(_asks_code(_run() or run, who))
        add_error(form, "password", sentence_for(refused))
        return _page(form, who, status=refused.status)
    except Refused as refused:
        return _page(form, who, refused=refused, status=refused.status)
    # Hashing takes its time, and no writer waits for it.
    hashed = hash_password(password)
    with transaction():
        held = any_run(run.id, KIND, browser=browser_id(), lock=True)
        if held is not None and not held.is_finished:
            reset_password(_link(run), hashed)
            finish_run(run.id, {"link": run.data["link"]})
    return redirect(url_for("password_reset.show"), 303)


def _check(run: KeptRun, who: Awaited, form: PasswordResetForm, password: str) -> None:
    """The password's rules, the code, and whether it is one of the last three: what former passwords were is told to
    nobody who has the mailbox alone.

    Raises TooManyRequests, TooManyTries, PasswordRefused, BadCode.
    """
    account_id = who.account.id
    check_password_rules(password, who.account)
    end_reading()
    with transaction():
        spend(PASSWORDS_JUDGED_PER_ADDRESS, peer_address())
        if form.asks_code:
            take_code(account_id, form.code.data or "", browser_id(), peer_address(), at_reset=True)
            keep_run(run.id, STEP, {**run.data, PROVEN: True})
    check_new(account_id, password)


def _asks_code(run: KeptRun, who: Awaited) -> bool:
    return not run.data.get(PROVEN) and reset_asks_for_code(who.account.id)


def _run() -> KeptRun | None:
    run_id = browser_session.get(KIND)
    run = any_run(run_id, KIND, browser=browser_id()) if isinstance(run_id, str) else None
    return None if run is None or run.has_expired else run


def _link(run: KeptRun) -> bytes:
    return bytes.fromhex(run.data["link"])


def _page(form: PasswordResetForm, who: Awaited, *, refused: Refused | None = None, status: int = 200) -> Response:
    g.here = url_for("password_reset.show")
    page = render_template(
        "password/reset.html",
        form=form,
        refusal=sentence_for(refused) if refused else None,
        username=masked_username(who.account.username),
        until=who.link.expires_at,
    )
    return with_retry(make_response(page, status), refused)


def _trouble(because: str) -> Response:
    g.here = url_for("password_reset.show")
    heading, lead = TROUBLES[because]
    page = render_template("password/trouble.html", heading=heading, lead=lead, because=because)
    return make_response(page, LinkUnusable.status)


def _done() -> str:
    sign_in_href = url_for("sign_in.ask", other=1 if current_sign_in() else None)
    return render_template("password/done.html", sign_in_href=sign_in_href)
