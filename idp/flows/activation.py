"""Activate an account (P15, 啟用帳號): one link of a mail, one page, one button.

    link --> (its hash kept in a run of this browser) --> form --> activated: what became of it, also for a second click
                                                               --> used, expired, replaced …: a page, 補發

Looking uses nothing up. Nobody is signed in by it: the link and the company's number make no sign-in (R-195).
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
from idp.errors import InvalidInput, LinkUnusable, PasswordRefused, Refused
from idp.flows.account_fields import AtMost, CredentialFields, add_error
from idp.flows.activation_words import TROUBLES
from idp.flows.forms import check_stamp, with_retry
from idp.flows.messages import PROBLEMS, sentence_for
from idp.flows.verified_person import about_found, confirmed_by
from idp.mails.words import CREDENTIAL_SET_LABELS
from idp.policies.entities import EntityKind
from idp.policies.limits import PASSWORDS_JUDGED_PER_ADDRESS
from idp.services.activations import Awaited, activate, awaited_activation, check_chosen_password, knows_company
from idp.services.flows import KeptRun, any_run, finish_run, start_run
from idp.services.limits import spend
from idp.services.one_time_links import Purpose, link_of_hash
from idp.services.passwords import hash_password
from idp.services.secrets import digest

bp = Blueprint("activation", __name__)

KIND = "activation"
LASTS = timedelta(hours=24)
LONGEST_NUMBER = 64
WRONG_COMPANY = lazy_gettext("統一編號與這個帳號的公司不符，請確認後再試。")


class ActivationForm(CredentialFields):
    """統一編號 as a check, 密碼, 確認密碼; who signs in by a card may leave the password out (R-222)."""

    tax_id = StringField(
        lazy_gettext("統一編號"),
        [InputRequired(lazy_gettext("請輸入貴公司的統一編號。")), AtMost(LONGEST_NUMBER, WRONG_COMPANY)],
    )

    def __init__(self, who: Awaited, formdata: Any = None) -> None:
        super().__init__(formdata)
        self._fields = {name: self._fields[name] for name in ("tax_id", "password", "password_again")}
        if who.company.id_type != EntityKind.UBN:
            self.tax_id.label.text = gettext("貴公司登記的編號")
        if not who.needs_password and not (self.password.data or self.password_again.data):
            for field in (self.password, self.password_again):
                field.validators = ()
                field.flags.required = False


@bp.get("/activate/<token>")
def follow(token: str) -> ResponseReturnValue:
    """Keep the link's hash in a run of this browser, and go to an address without the token (EL09)."""
    hashed = digest(token)
    run = _run()
    if link_of_hash(Purpose.ACTIVATION, hashed) is None:
        browser_session.pop(KIND, None)
    elif run is None or run.data.get("link") != hashed.hex():
        with transaction():
            browser_session[KIND] = start_run(KIND, "form", {"link": hashed.hex()}, browser=browser_id(), lasts=LASTS)
    response = make_response(redirect(url_for("activation.show"), 303))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.get("/activate")
def show() -> ResponseReturnValue:
    """Show the account's number and the form, or what became of the link."""
    run = _run()
    if run is None:
        return _trouble("unknown")
    if run.is_finished:
        return _done(run.data)
    try:
        who = awaited_activation(_link(run))
    except LinkUnusable as refused:
        return _after_use(run) or _trouble(str(refused.details["because"]))
    prefer_language([who.account.locale])
    return _page(ActivationForm(who), who)


@bp.post("/activate")
def answer() -> ResponseReturnValue:
    """Activate the account; a second click finds it activated."""
    run = _run()
    check_stamp()
    if run is None or run.is_finished:
        return redirect(url_for("activation.show"), 303)
    try:
        who = awaited_activation(_link(run))
        return _activate(run, who, ActivationForm(who, request.form))
    except LinkUnusable as unusable:
        # Told here: nothing in the link itself says that another account has its company's place by now.
        if unusable.details["because"] == "taken":
            return _trouble("taken")
    return redirect(url_for("activation.show"), 303)


def _activate(run: KeptRun, who: Awaited, form: ActivationForm) -> ResponseReturnValue:
    if not form.validate():
        return _page(form, who, status=400)
    password = form.password.data or ""
    try:
        _check(who, form, password)
        # Hashing takes its time, and no writer waits for it.
        hashed = hash_password(password) if password and not form.errors else None
        if form.errors:
            return _page(form, who, status=400)
        _use(run, who, hashed)
    except LinkUnusable:
        raise
    except PasswordRefused as refused:
        add_error(form, "password", sentence_for(refused))
        return _page(form, who, status=refused.status)
    except InvalidInput as refused:
        add_error(form, "password", str(PROBLEMS[str(refused.details["problem"])]))
        return _page(form, who, status=refused.status)
    except Refused as refused:
        return _page(form, who, refused=refused, status=refused.status)
    return redirect(url_for("activation.show"), 303)


def _check(who: Awaited, form: ActivationForm, password: str) -> None:
    """The company's number, told beside its field; then the password's rules.

    Raises TooManyRequests, PasswordRefused.
    """
    with transaction():
        is_known = knows_company(who, form.tax_id.data or "")
        if is_known and password:
            spend(PASSWORDS_JUDGED_PER_ADDRESS, peer_address())
    if not is_known:
        add_error(form, "tax_id", str(WRONG_COMPANY))
    elif password:
        check_chosen_password(who, password)


def _use(run: KeptRun, who: Awaited, hashed: str | None) -> None:
    with transaction():
        held = any_run(run.id, KIND, browser=browser_id(), lock=True)
        if held is None or held.is_finished:
            return
        activate(_link(run), hashed)
        finish_run(run.id, {"link": run.data["link"], "case": who.case.id})


def _run() -> KeptRun | None:
    run_id = browser_session.get(KIND)
    run = any_run(run_id, KIND, browser=browser_id()) if isinstance(run_id, str) else None
    return None if run is None or run.has_expired else run


def _link(run: KeptRun) -> bytes:
    return bytes.fromhex(run.data["link"])


def _page(form: ActivationForm, who: Awaited, *, refused: Refused | None = None, status: int = 200) -> Response:
    g.here = url_for("activation.show")
    page = render_template(
        "activation/activate.html",
        form=form,
        refusal=sentence_for(refused) if refused else None,
        number=who.account.username,
        kind=CREDENTIAL_SET_LABELS[who.credential],
        credential=str(who.credential),
        needs_password=who.needs_password,
        until=who.link.expires_at,
        has_tax_id=who.company.id_type == EntityKind.UBN,
    )
    return with_retry(make_response(page, status), refused)


def _after_use(run: KeptRun) -> ResponseReturnValue | None:
    """Who has activated by this very link, perhaps in another browser, is told what became of it."""
    link = link_of_hash(Purpose.ACTIVATION, _link(run))
    found = confirmed_by(link) if link is not None and link.used_at is not None else None
    return _done(found) if found is not None else None


def _trouble(because: str) -> Response:
    g.here = url_for("activation.show")
    heading, lead = TROUBLES[because]
    page = render_template("activation/trouble.html", heading=heading, lead=lead, because=because)
    return make_response(page, LinkUnusable.status)


def _done(found: Any) -> ResponseReturnValue:
    about = about_found(found)
    if about is None or about["progress"] is None:
        return _trouble("unknown")
    g.here = url_for("activation.show")
    sign_in_href = url_for("sign_in.ask", other=1 if current_sign_in() else None)
    return render_template("activation/done.html", sign_in_href=sign_in_href, **about)
