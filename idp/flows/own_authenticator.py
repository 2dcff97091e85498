"""One's own authenticator app (P30): set up, its recovery codes made anew, taken away. All of it by a fresh sign-in.

prepare --> begin --> QR and first code --> ten recovery codes, shown once --> back: P30, or the application that waits
P30 --> other recovery codes, shown once --> P30        P30 --> 移除 --> confirmed --> P30

Until the first code nothing has changed: an app of before goes on.
"""

import io
from typing import Any

import segno
from flask import Response, abort, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.browser import browser_id, current_sign_in, peer_address, set_sign_in_cookie, use_sign_in
from idp.db import end_reading, transaction
from idp.errors import InvalidInput
from idp.flows.account_fields import add_error
from idp.flows.account_guard import account_pages, oneself, only_by_owner
from idp.flows.forms import PlainForm
from idp.flows.fresh import fresh_sign_in
from idp.flows.ops.setup_forms import FirstCodeForm
from idp.flows.page_context import NOTICE
from idp.policies.assurance import Method, methods_with
from idp.services.authenticators import GROUP, address_of, begin_authenticator, unconfirmed_secret
from idp.services.factors import factors_of
from idp.services.flows import KeptRun, any_run, finish_run, start_run
from idp.services.second_factors import confirm_app, remove_app, renew_recovery_codes
from idp.services.sign_ins import begin_sign_in

bp = account_pages("own_authenticator")

KIND = "own_app"
STEP = "app"


@bp.before_request
def only_owner_and_fresh() -> ResponseReturnValue | None:
    """Let the owner in who has signed in lately; an app beside no password would ask for nothing."""
    only_by_owner(oneself())
    if (again := fresh_sign_in()) is not None:
        return again
    return None if factors_of(oneself().account_id).has_password else _to_credentials()


@bp.get("/credentials/app")
def show() -> ResponseReturnValue:
    """Show what is needed, or, once begun, the QR code and the field for the first code."""
    run = _run()
    return _page("app") if run is None else _scan_page(run, FirstCodeForm())


@bp.post("/credentials/app")
def go_on() -> ResponseReturnValue:
    """Make a secret for the app, or take its first code."""
    return _confirm() if request.form.get("do") == "confirm" else _begin()


def _begin() -> ResponseReturnValue:
    request_id = request.form.get("request_id") or None
    with transaction():
        kept = {"authenticator": begin_authenticator(oneself().account_id), "account": oneself().account_id}
        run_id = start_run(KIND, STEP, {**kept, "request": request_id}, browser=browser_id())
    browser_session[KIND] = run_id
    return redirect(url_for("own_authenticator.show"), 303)


@bp.get("/credentials/app/qr.svg")
def qr() -> Response:
    """The secret of this run as an image: never kept by the browser, gone once the first code was right."""
    run = _run()
    secret = unconfirmed_secret(run.data["authenticator"]) if run is not None else None
    if secret is None:
        abort(404)
    image = io.BytesIO()
    address = address_of(secret, name=oneself().username, issuer=gettext("企業帳號中心"))
    segno.make(address, error="m").save(image, kind="svg", scale=5, border=4, light="#fff", xmldecl=False)
    return Response(image.getvalue(), mimetype="image/svg+xml")


def _confirm() -> ResponseReturnValue:
    """Take the first code; the recovery codes are in this answer, and nowhere else.

    The sign-in in which it was typed has now two factors, where it was begun by the password.
    """
    run = _run()
    if run is None:
        return redirect(url_for("own_authenticator.show"), 303)
    form = FirstCodeForm(request.form)
    if not form.validate():
        return _scan_page(run, form, status=400)
    end_reading()
    with transaction():
        codes = confirm_app(oneself().account_id, run.data["authenticator"], form.code.data or "", browser=browser_id())
        token = _raised() if codes is not None and finish_run(run.id) else None
    if codes is None or token is None:
        add_error(form, "code", gettext("驗證碼不正確。請確認手機時間正確，並輸入驗證器目前顯示的 6 位數字。"))
        return _scan_page(run, form, status=400)
    response = make_response("")
    # First the new sign-in, so that the page is stamped for it.
    set_sign_in_cookie(response, token)
    use_sign_in(token)
    response.set_data(_codes_page(codes, run.data["request"]))
    return response


@bp.get("/credentials/codes")
def ask_for_codes() -> ResponseReturnValue:
    """Ask whether other recovery codes are wanted, for those of before are void then."""
    return _page("app_new_codes") if factors_of(oneself().account_id).has_app else _to_credentials()


@bp.post("/credentials/codes")
def new_codes() -> ResponseReturnValue:
    """Make ten other recovery codes; they are in this answer, and nowhere else."""
    try:
        with transaction():
            codes = renew_recovery_codes(oneself().account_id)
    except InvalidInput:
        return _to_credentials()
    return make_response(_codes_page(codes, None))


@bp.get("/credentials/app/remove")
def ask_to_remove() -> ResponseReturnValue:
    """Ask whether the app is to be removed, and tell what follows."""
    if not factors_of(oneself().account_id).has_app:
        return _to_credentials()
    return _page("app_remove")


@bp.post("/credentials/app/remove")
def remove() -> ResponseReturnValue:
    """Remove it."""
    try:
        with transaction():
            remove_app(oneself().account_id)
    except InvalidInput:
        return _to_credentials()
    browser_session[NOTICE] = gettext("已移除驗證器與備用碼，以密碼登入時不再需要驗證碼。")
    return _to_credentials()


def _raised() -> str | None:
    """The new token of the sign-in that runs, which the code has raised (SS01); None where it has ended.

    Her own new app says nothing of who is there: the sign-in is no fresher by it, and lasts no longer.
    """
    signed_in = current_sign_in()
    if signed_in is None:
        return None
    added = [Method.ONE_TIME_CODE] if Method.PASSWORD in signed_in.methods else []
    methods = methods_with(signed_in.methods, added[0]) if added else list(signed_in.methods)
    _, token = begin_sign_in(
        signed_in.human,
        methods,
        previous=signed_in,
        browser=browser_id(),
        address=peer_address(),
        user_agent=request.headers.get("User-Agent"),
        card_tax_id=signed_in.card_tax_id,
        must_live=True,
        keeps_time=True,
    )
    return token


def _run() -> KeptRun | None:
    """The run of this browser and account while its secret waits for the first code."""
    run_id = browser_session.get(KIND)
    run = any_run(run_id, KIND, browser=browser_id()) if isinstance(run_id, str) else None
    if run is None or run.is_finished or run.has_expired or run.data["account"] != oneself().account_id:
        return None
    return run if unconfirmed_secret(run.data["authenticator"]) is not None else None


def _to_credentials() -> ResponseReturnValue:
    return redirect(url_for("credentials.look"), 303)


def _scan_page(run: KeptRun, form: PlainForm, *, status: int = 200) -> Response:
    secret = unconfirmed_secret(run.data["authenticator"]) or ""
    letters = [secret[i : i + GROUP] for i in range(0, len(secret), GROUP)]
    return _page("app_scan", form=form, letters=letters, status=status)


def _codes_page(codes: list[str], request_id: str | None) -> str:
    goes_on = url_for("authorize.resume", request_id=request_id) if request_id else url_for("credentials.look")
    return render_template("account/app_codes.html", codes=codes, goes_on=goes_on, is_on_the_way=bool(request_id))


def _page(name: str, *, status: int = 200, **context: Any) -> Response:
    request_id = request.args.get("request_id", "")
    has_app = factors_of(oneself().account_id).has_app
    page = render_template(f"account/{name}.html", request_id=request_id, has_app=has_app, **context)
    return make_response(page, status)
