"""An operator comes to be one: a link of a mail, a password, an authenticator app, recovery codes (AD01, AD02).

link --> (its hash kept in a run of this browser) --> password --> QR and first code --> ten recovery codes --> active
                                                                                     --> used, expired …: a page

The link is used up at the very end: until then it begins anew, in this browser or another. All that is chosen on the
way is of no effect before, and the first who comes to the end has it.
"""

import io
from datetime import timedelta
from typing import Any

import segno
from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.browser import browser_id, peer_address, prefer_language
from idp.db import end_reading, transaction
from idp.errors import LinkUnusable, PasswordRefused, Refused
from idp.flows.account_fields import add_error
from idp.flows.forms import PlainForm, with_retry
from idp.flows.messages import sentence_for
from idp.flows.ops.setup_forms import TROUBLES, FirstCodeForm, PasswordForm, SavedForm
from idp.policies.limits import PASSWORDS_JUDGED_PER_ADDRESS
from idp.services.authenticators import (
    GROUP,
    address_of,
    begin_authenticator,
    confirm_authenticator,
    make_recovery_codes,
    unconfirmed_secret,
)
from idp.services.flows import KeptRun, any_run, finish_run, keep_run, start_run
from idp.services.limits import spend
from idp.services.one_time_links import Purpose, link_of_hash
from idp.services.operators import AwaitedOperator, activate, awaited_operator, hashed_operator_password
from idp.services.secrets import digest

bp = Blueprint("ops_setup", __name__, url_prefix="/ops/setup")

KIND = "operator_setup"
LASTS = timedelta(hours=24)
PASSWORD, APP, CODES = "password", "app", "codes"


@bp.get("/<token>")
def follow(token: str) -> ResponseReturnValue:
    """Keep the link's hash in a run of this browser, and go to an address without the token (EL09).

    Who follows it again begins again.
    """
    hashed = digest(token)
    run = _run()
    if link_of_hash(Purpose.OPERATOR_SETUP, hashed) is None:
        browser_session.pop(KIND, None)
    elif run is None or run.step != PASSWORD or run.data.get("link") != hashed.hex():
        with transaction():
            browser_session[KIND] = start_run(KIND, PASSWORD, {"link": hashed.hex()}, browser=browser_id(), lasts=LASTS)
    response = make_response(redirect(url_for("ops_setup.show"), 303))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.get("")
def show() -> ResponseReturnValue:
    """Show the step that the run is at, or what became of the link."""
    run = _run()
    if run is None or run.is_finished:
        return _trouble("used" if run else "unknown")
    try:
        who = awaited_operator(_link(run))
    except LinkUnusable as refused:
        return _trouble(str(refused.details["because"]))
    prefer_language([who.operator.locale])
    if run.step == APP and unconfirmed_secret(run.data["authenticator"]) is not None:
        return _app_page(run, who, FirstCodeForm())
    if run.step == CODES:
        return _codes_page(who, SavedForm())
    return _password_page(who, PasswordForm())


@bp.post("")
def choose_password() -> ResponseReturnValue:
    """Take the password, of which the run keeps the hash, and make a secret for the app."""
    run, who = _here(PASSWORD, APP)
    form = PasswordForm(request.form)
    if not form.validate():
        return _password_page(who, form, status=400)
    try:
        with transaction():
            spend(PASSWORDS_JUDGED_PER_ADDRESS, peer_address())
        hashed = hashed_operator_password(who.operator, form.password.data or "")
    except PasswordRefused as refused:
        add_error(form, "password", sentence_for(refused))
        return _password_page(who, form, status=refused.status)
    except Refused as refused:
        return with_retry(_password_page(who, form, refused=refused, status=refused.status), refused)
    with transaction():
        authenticator_id = begin_authenticator(who.operator.id)
        keep_run(run.id, APP, {"link": run.data["link"], "hash": hashed, "authenticator": authenticator_id})
    return _on()


@bp.get("/qr.svg")
def qr() -> Response:
    """The secret of this run as an image: never kept by the browser, gone once the first code was right."""
    run = _run()
    secret = unconfirmed_secret(run.data["authenticator"]) if run and run.step == APP and run.data else None
    if run is None or secret is None:
        abort(404)
    image = io.BytesIO()
    address = _address(awaited_operator(_link(run)), secret)
    segno.make(address, error="m").save(image, kind="svg", scale=5, border=4, light="#fff", xmldecl=False)
    return Response(image.getvalue(), mimetype="image/svg+xml")


@bp.post("/app")
def confirm_app() -> ResponseReturnValue:
    """Take the first code; the recovery codes are in this answer, and nowhere else."""
    run, who = _here(APP)
    form = FirstCodeForm(request.form)
    if not form.validate():
        return _app_page(run, who, form, status=400)
    end_reading()
    with transaction():
        is_right = confirm_authenticator(who.operator.id, run.data["authenticator"], form.code.data or "")
        codes = make_recovery_codes(who.operator.id) if is_right else []
        if is_right:
            keep_run(run.id, CODES, run.data)
    if not is_right:
        add_error(form, "code", gettext("驗證碼不正確。請確認手機時間正確，並輸入驗證器目前顯示的 6 位數字。"))
        return _app_page(run, who, form, status=400)
    return _codes_page(who, SavedForm(), codes=codes)


@bp.post("/codes")
def new_codes() -> ResponseReturnValue:
    """Make ten others, for who left the page before they were kept."""
    who = _here(CODES)[1]
    with transaction():
        codes = make_recovery_codes(who.operator.id)
    return _codes_page(who, SavedForm(), codes=codes)


@bp.post("/done")
def finish() -> ResponseReturnValue:
    """Use the link up: from now on the operator can sign in."""
    run, who = _here(CODES)
    form = SavedForm(request.form)
    if not form.validate():
        return _codes_page(who, form, status=400)
    try:
        with transaction():
            activate(_link(run), password_hash=run.data["hash"], authenticator_id=run.data["authenticator"])
            finish_run(run.id)
    except LinkUnusable as refused:
        return _trouble(str(refused.details["because"]))
    return redirect(url_for("ops_sign_in.ask", set_up=1), 303)


def _here(*steps: str) -> tuple[KeptRun, AwaitedOperator]:
    """The run of this browser at one of these steps, and whose it is; else back to where it is."""
    run = _run()
    if run is None or run.is_finished or run.step not in steps:
        abort(_on())
    try:
        return run, awaited_operator(_link(run))
    except LinkUnusable:
        abort(_on())


def _on() -> Response:
    return make_response(redirect(url_for("ops_setup.show"), 303))


def _run() -> KeptRun | None:
    run_id = browser_session.get(KIND)
    run = any_run(run_id, KIND, browser=browser_id()) if isinstance(run_id, str) else None
    return None if run is None or run.has_expired else run


def _link(run: KeptRun) -> bytes:
    return bytes.fromhex(run.data["link"])


def _address(who: AwaitedOperator, secret: str) -> str:
    return address_of(secret, name=who.operator.username, issuer=gettext("企業帳號中心"))


def _password_page(
    who: AwaitedOperator, form: PasswordForm, *, refused: Refused | None = None, status: int = 200
) -> Response:
    return _page("password", who, form, status=status, refusal=sentence_for(refused) if refused else None)


def _app_page(run: KeptRun, who: AwaitedOperator, form: FirstCodeForm, *, status: int = 200) -> Response:
    secret = unconfirmed_secret(run.data["authenticator"]) or ""
    letters = [secret[i : i + GROUP] for i in range(0, len(secret), GROUP)]
    return _page("app", who, form, status=status, letters=letters)


def _codes_page(
    who: AwaitedOperator, form: SavedForm, *, codes: list[str] | None = None, status: int = 200
) -> Response:
    return _page("codes", who, form, status=status, codes=codes)


def _page(step: str, who: AwaitedOperator, form: PlainForm, *, status: int, **more: Any) -> Response:
    g.here = url_for("ops_setup.show")
    page = render_template(f"ops/setup_{step}.html", form=form, who=who.operator, until=who.link.expires_at, **more)
    return make_response(page, status)


def _trouble(because: str) -> Response:
    heading, lead = TROUBLES[because]
    page = render_template("ops/setup_trouble.html", heading=heading, lead=lead, may_sign_in=because == "used")
    return make_response(page, LinkUnusable.status)
