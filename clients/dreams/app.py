"""``create_app``: the Flask application with its guard, its headers and its error pages."""

import secrets
import time
from datetime import timedelta
from typing import Any

from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from clients.dreams import pages, sign_in
from clients.dreams.database import Clock, Database, Pending
from clients.dreams.freshness import Freshness
from clients.dreams.guard import (
    COOKIE,
    FormNotOurs,
    MenuMissing,
    OtherSignIn,
    SignInEnded,
    csrf_token,
    watch,
)
from clients.dreams.menus import needs_stronger_sign_in, shown_to
from clients.dreams.parts import Parts
from clients.dreams.provider import Provider, ProviderUnreachable, SignInFailed
from clients.dreams.sessions import Sessions
from clients.dreams.settings import Settings
from clients.dreams.sites import Sites
from clients.dreams.words import LANGUAGES, ROLE_WORDS, STATUS_WORDS, translated


def now() -> int:
    """The time as the claims have it: whole seconds since 1970 in UTC."""
    return int(time.time())


def create_app(settings: Settings, clock: Clock = now) -> Flask:
    """Make the application; ``clock`` tells the time, so that a test may let five minutes pass."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="dreams_browser",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.address.startswith("https:"),
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        MAX_CONTENT_LENGTH=64 * 1024,
        MAX_FORM_MEMORY_SIZE=64 * 1024,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    database = Database(settings.data)
    pending = Pending(database, clock)
    sessions = Sessions(database, clock)
    provider = Provider(app, settings, pending, clock)
    app.extensions["dreams"] = Parts(
        settings=settings,
        clock=clock,
        pending=pending,
        sessions=sessions,
        sites=Sites(database, clock),
        provider=provider,
        freshness=Freshness(provider, sessions, clock),
    )
    watch(app)
    app.register_blueprint(sign_in.bp)
    app.register_blueprint(pages.bp)
    app.context_processor(lambda: _words_and_person(settings))
    app.after_request(lambda answer: _with_headers(answer, settings))
    _answer_errors(app)
    return app


def _words_and_person(settings: Settings) -> dict[str, Any]:
    language = g.get("language", "zh-TW")
    held = g.get("held")
    return {
        "_": lambda sentence, **values: translated(sentence, language, **values),
        "language": language,
        "html_lang": LANGUAGES[language],
        "held": held,
        "role": translated(ROLE_WORDS.get(held.role, held.role), language) if held else "",
        "menus": shown_to(held.facts) if held else [],
        "csrf_token": csrf_token(held.sid) if held else "",
        "status_words": STATUS_WORDS,
        "menu_label": pages.menu_label,
        "issuer": settings.issuer,
        "account_address": settings.issuer.rstrip("/") + "/account",
    }


def _with_headers(answer: Response, settings: Settings) -> Response:
    answer.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        # Chromium holds every redirect after a form to this: signing out everywhere goes on to the provider.
        f"form-action 'self' {settings.issuer_origin}",
    )
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Referrer-Policy", "same-origin")
    answer.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if settings.address.startswith("https:"):
        answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        answer.headers["Cache-Control"] = "no-store"
    return answer


def _answer_errors(app: Flask) -> None:
    app.register_error_handler(MenuMissing, _forbidden)
    app.register_error_handler(SignInEnded, _ended)
    app.register_error_handler(OtherSignIn, _other_sign_in)
    app.register_error_handler(FormNotOurs, _form_not_ours)
    app.register_error_handler(SignInFailed, _sign_in_failed)
    app.register_error_handler(ProviderUnreachable, _unreachable)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _accident)


def _forbidden(missing: MenuMissing) -> ResponseReturnValue:
    weak = needs_stronger_sign_in(g.held.facts, missing.menu)
    return render_template("forbidden.html", menu=missing.menu, weak=weak), 403


def _ended(_ended: SignInEnded) -> ResponseReturnValue:
    target = request.path if request.method == "GET" or request.path == "/sites/new" else "/"
    answer = make_response(render_template("ended.html", target=target, kept=request.method == "POST"), 401)
    answer.delete_cookie(COOKIE, httponly=True, samesite="Lax")
    return answer


def _other_sign_in(error: OtherSignIn) -> ResponseReturnValue:
    if request.endpoint == "pages.send_new_site":
        return pages.new_site_form(request.form, {}, opened=error.opened, problem="other"), 409
    return render_template("other_sign_in.html", opened=error.opened), 409


def _form_not_ours(_error: FormNotOurs) -> ResponseReturnValue:
    if request.endpoint == "pages.send_new_site":
        return pages.new_site_form(request.form, {}, problem="form"), 400
    return render_template("error.html", kind="form"), 400


def _sign_in_failed(failure: SignInFailed) -> ResponseReturnValue:
    cancelled = failure.code == "access_denied"
    return render_template("sign_in_failed.html", code=failure.code), 200 if cancelled else 400


def _unreachable(error: ProviderUnreachable) -> ResponseReturnValue:
    current_app.logger.warning("provider unreachable: %s", error)
    return render_template("error.html", kind="unreachable"), 503, {"Retry-After": "10"}


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if isinstance(error, sign_in.ForeignIssuer):
        return render_template("error.html", kind="issuer"), status
    kind = {404: "missing", 405: "missing", 413: "large"}.get(status, "request")
    return render_template("error.html", kind=kind), status


def _accident(_error: Exception) -> ResponseReturnValue:
    incident = secrets.token_hex(4).upper()
    current_app.logger.exception("incident %s", incident)
    return render_template("error.html", kind="accident", incident=incident), 500
