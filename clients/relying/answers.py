"""What is answered when a request comes to nothing: a page that says why and what to do."""

import secrets

from flask import Flask, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from clients.relying.guard import (
    FormNotOurs,
    MenuMissing,
    OtherSignIn,
    SeatLeft,
    SeveralSeats,
    SignInEnded,
    kept_here,
    whom_admitted,
)
from clients.relying.parts import menu_label, parts
from clients.relying.provider import ProviderUnreachable, SignInFailed
from clients.relying.sign_in import ForeignIssuer
from clients.relying.step_up import StrongerSignInNeeded, needs


def answer_errors(app: Flask) -> None:
    """Give every error of the application its page."""
    app.register_error_handler(MenuMissing, _forbidden)
    app.register_error_handler(StrongerSignInNeeded, _stronger)
    app.register_error_handler(SignInEnded, _ended)
    app.register_error_handler(OtherSignIn, _other_sign_in)
    app.register_error_handler(SeatLeft, _seat_left)
    app.register_error_handler(SeveralSeats, _several_seats)
    app.register_error_handler(FormNotOurs, _form_not_ours)
    app.register_error_handler(SignInFailed, _sign_in_failed)
    app.register_error_handler(ProviderUnreachable, _unreachable)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _accident)


def _forbidden(missing: MenuMissing) -> ResponseReturnValue:
    target = request.path if request.method == "GET" else "/"
    return render_template("forbidden.html", menu=missing.menu, needed=needs(missing.menu), target=target), 403


def _stronger(missing: StrongerSignInNeeded) -> ResponseReturnValue:
    return render_template("stronger.html", needed=missing.needed, target=request.path), 403


def _ended(_ended: SignInEnded) -> ResponseReturnValue:
    kept = kept_here() is not None
    target = request.path if request.method == "GET" or kept else "/"
    form = menu_label(str(whom_admitted())) if kept else ""
    cookie = parts().application.cookie
    others = [seat for seat in parts().sessions.of_browser(request.cookies.get(cookie, "")) if seat.ended_at is None]
    answer = make_response(render_template("ended.html", target=target, form=form, others=others), 401)
    if not others:
        answer.delete_cookie(cookie, httponly=True, samesite="Lax")
    return answer


def _other_sign_in(error: OtherSignIn) -> ResponseReturnValue:
    if kept := kept_here():
        return kept.shown_again("other", error.opened), 409
    return render_template("other_sign_in.html", opened=error.opened), 409


def _seat_left(left: SeatLeft) -> ResponseReturnValue:
    return render_template("seat_left.html", opened=left.opened, target=request.path), 409


def _several_seats(several: SeveralSeats) -> ResponseReturnValue:
    return render_template("several_seats.html", seats=several.seats, target=request.path)


def _form_not_ours(_error: FormNotOurs) -> ResponseReturnValue:
    if kept := kept_here():
        return kept.shown_again("form", None), 400
    return render_template("error.html", kind="form"), 400


def _sign_in_failed(failure: SignInFailed) -> ResponseReturnValue:
    cancelled = failure.code == "access_denied"
    return render_template("sign_in_failed.html", code=failure.code), 200 if cancelled else 400


def _unreachable(error: ProviderUnreachable) -> ResponseReturnValue:
    current_app.logger.warning("provider unreachable: %s", error)
    return render_template("error.html", kind="unreachable"), 503, {"Retry-After": "10"}


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if isinstance(error, ForeignIssuer):
        return render_template("error.html", kind="issuer"), status
    kind = {404: "missing", 405: "missing", 413: "large"}.get(status, "request")
    return render_template("error.html", kind=kind), status


def _accident(_error: Exception) -> ResponseReturnValue:
    incident = secrets.token_hex(4).upper()
    current_app.logger.exception("incident %s", incident)
    return render_template("error.html", kind="accident", incident=incident), 500
