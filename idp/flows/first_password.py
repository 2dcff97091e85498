"""The first password of an account that came from another system: one link of a mail, one page, one button.

    link --> (its hash kept in a run of this browser) --> form --> password set --> done, also for a second click
                                                               --> used, expired, replaced …: a page, and whom to ask

Looking uses nothing up, and nobody is signed in by it: who has set the password signs in with it.
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
from idp.db import transaction
from idp.errors import LinkUnusable, PasswordRefused, Refused
from idp.flows.account_fields import AtMost, CredentialFields, add_error
from idp.flows.forms import check_stamp, with_retry
from idp.flows.messages import sentence_for
from idp.policies.entities import EntityKind
from idp.policies.limits import PASSWORDS_JUDGED_PER_ADDRESS
from idp.services.first_passwords import Awaited, awaited, check_first_password, knows_company, set_first_password
from idp.services.flows import KeptRun, any_run, finish_run, start_run
from idp.services.limits import spend
from idp.services.one_time_links import Purpose, link_of_hash
from idp.services.passwords import hash_password
from idp.services.secrets import digest

bp = Blueprint("first_password", __name__)

KIND = "first_password"
LASTS = timedelta(hours=24)
LONGEST_NUMBER = 64
TROUBLES = {
    "unknown": (
        lazy_gettext("找不到這個連結"),
        lazy_gettext("連結不正確，或早已逾時。請確認網址完整；若仍無法開啟，請洽客服重新寄送。"),
    ),
    "used": (
        lazy_gettext("這個連結已經使用過"),
        lazy_gettext("密碼已經設定，請直接登入。若不是您本人設定的，請立即通知貴公司群組管理員與客服。"),
    ),
    "done": (lazy_gettext("這個帳號已經有密碼"), lazy_gettext("請直接登入。若您無法登入，請洽客服。")),
    "expired": (
        lazy_gettext("這個連結已經逾時"),
        lazy_gettext("設定密碼的連結有效期限為 7 天。請洽客服重新寄送，再點擊新信件中的連結。"),
    ),
    "replaced": (
        lazy_gettext("這個連結已由較新的信件取代"),
        lazy_gettext("請點擊最後收到的信件中的連結。若沒有收到，請洽客服重新寄送。"),
    ),
    "suspended": (
        lazy_gettext("目前無法設定密碼"),
        lazy_gettext("這個帳號或公司目前停用。如有疑問，請洽貴公司群組管理員或客服。"),
    ),
}


class FirstPasswordForm(CredentialFields):
    """帳號 (fixed), 統一編號 as a check, 密碼, 確認密碼."""

    tax_id = StringField(
        lazy_gettext("統一編號"),
        [
            InputRequired(lazy_gettext("請輸入貴公司的統一編號。")),
            AtMost(LONGEST_NUMBER, lazy_gettext("統一編號與這個帳號的公司不符，請確認後再試。")),
        ],
    )

    def __init__(self, who: Awaited, formdata: Any = None) -> None:
        super().__init__(formdata)
        self._fields = {name: self._fields[name] for name in ("username", "tax_id", "password", "password_again")}
        self.username.data = who.account.username
        if who.company.id_type != EntityKind.UBN:
            self.tax_id.label.text = gettext("貴公司登記的編號")


@bp.get("/first-password/<token>")
def follow(token: str) -> ResponseReturnValue:
    """Keep the link's hash in a run of this browser, and go to an address without the token (EL09)."""
    hashed = digest(token)
    run = _run()
    if link_of_hash(Purpose.FIRST_PASSWORD, hashed) is None:
        browser_session.pop(KIND, None)
    elif run is None or run.data.get("link") != hashed.hex():
        with transaction():
            browser_session[KIND] = start_run(KIND, "form", {"link": hashed.hex()}, browser=browser_id(), lasts=LASTS)
    response = make_response(redirect(url_for("first_password.show"), 303))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.get("/first-password")
def show() -> ResponseReturnValue:
    """Show the form, or what became of the link."""
    run = _run()
    if run is None:
        return _trouble("unknown")
    if run.is_finished:
        return _done()
    try:
        who = awaited(_link(run))
    except LinkUnusable as refused:
        return _trouble(str(refused.details["because"]))
    prefer_language([who.account.locale])
    return _page(FirstPasswordForm(who), who)


@bp.post("/first-password")
def answer() -> ResponseReturnValue:
    """Set the password; a second click finds it set."""
    run = _run()
    check_stamp()
    if run is None or run.is_finished:
        return redirect(url_for("first_password.show"), 303)
    try:
        who = awaited(_link(run))
        form = FirstPasswordForm(who, request.form)
        return _set(run, who, form)
    except LinkUnusable:
        return redirect(url_for("first_password.show"), 303)


def _set(run: KeptRun, who: Awaited, form: FirstPasswordForm) -> ResponseReturnValue:
    if not form.validate():
        return _page(form, who, status=400)
    password = form.password.data or ""
    try:
        with transaction():
            is_known = knows_company(who, form.tax_id.data or "")
            if is_known:
                spend(PASSWORDS_JUDGED_PER_ADDRESS, peer_address())
        if not is_known:
            add_error(form, "tax_id", gettext("統一編號與這個帳號的公司不符，請確認後再試。"))
            return _page(form, who, status=400)
        check_first_password(who, password)
    except PasswordRefused as refused:
        add_error(form, "password", sentence_for(refused))
        return _page(form, who, status=refused.status)
    except Refused as refused:
        return _page(form, who, refused=refused, status=refused.status)
    # Hashing takes its time, and no writer waits for it.
    hashed = hash_password(password)
    with transaction():
        set_first_password(_link(run), hashed)
        finish_run(run.id, {"link": run.data["link"]})
    return redirect(url_for("first_password.show"), 303)


def _run() -> KeptRun | None:
    run_id = browser_session.get(KIND)
    run = any_run(run_id, KIND, browser=browser_id()) if isinstance(run_id, str) else None
    return None if run is None or run.has_expired else run


def _link(run: KeptRun) -> bytes:
    return bytes.fromhex(run.data["link"])


def _page(form: FirstPasswordForm, who: Awaited, *, refused: Refused | None = None, status: int = 200) -> Response:
    page = render_template(
        "first_password/choose.html",
        form=form,
        refusal=sentence_for(refused) if refused else None,
        name=who.account.name,
        until=who.link.expires_at,
        has_tax_id=who.company.id_type == EntityKind.UBN,
    )
    return with_retry(make_response(page, status), refused)


def _trouble(because: str) -> Response:
    g.here = url_for("first_password.show")
    heading, lead = TROUBLES[because]
    page = render_template(
        "first_password/trouble.html", heading=heading, lead=lead, may_sign_in=because in {"used", "done"}
    )
    return make_response(page, LinkUnusable.status)


def _done() -> str:
    sign_in_href = url_for("sign_in.ask", other=1 if current_sign_in() else None)
    return render_template("first_password/done.html", sign_in_href=sign_in_href)
