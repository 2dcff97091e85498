"""``relying_app``: a Flask application with the guard, the headers and the pages that all of ours have."""

import time
from datetime import timedelta
from typing import Any

from flask import Flask, Response, current_app, g, request

from clients.relying import pages, sign_in, step_up, switching
from clients.relying.addresses import SeatAddresses
from clients.relying.answers import answer_errors
from clients.relying.application import Application
from clients.relying.database import Clock, Database, Pending
from clients.relying.drafts import csrf_token
from clients.relying.freshness import Freshness
from clients.relying.guard import watch
from clients.relying.parts import Parts, Welcome, menu_label
from clients.relying.provider import Provider
from clients.relying.sessions import Session, Sessions
from clients.relying.settings import Settings
from clients.relying.words import LANGUAGES, ROLE_WORDS


def now() -> int:
    """The time as the claims have it: whole seconds since 1970 in UTC."""
    return int(time.time())


def relying_app(
    application: Application, settings: Settings, database: Database, clock: Clock, welcome: Welcome
) -> Flask:
    """Make the application, to which its own pages are then added.

    ``clock`` tells the time, so that a test may let five minutes pass; ``welcome`` is told of every arrival.
    """
    app = Flask(application.package)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME=f"{application.key}_browser",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        MAX_CONTENT_LENGTH=64 * 1024,
        MAX_FORM_MEMORY_SIZE=64 * 1024,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    pending = Pending(database, clock)
    sessions = Sessions(database, clock)
    provider = Provider(app, application, settings, pending, clock)
    app.extensions["relying"] = Parts(
        application=application,
        settings=settings,
        clock=clock,
        pending=pending,
        sessions=sessions,
        provider=provider,
        freshness=Freshness(provider, sessions, clock),
        welcome=welcome,
    )
    watch(app)
    app.wsgi_app = SeatAddresses(app.wsgi_app)  # type: ignore[method-assign, assignment]  # as Flask documents it
    app.register_blueprint(sign_in.bp)
    app.register_blueprint(switching.bp)
    app.register_blueprint(step_up.bp)
    app.register_blueprint(pages.bp)
    app.context_processor(lambda: _words_and_person(application, settings))
    app.after_request(lambda answer: _with_headers(answer, settings))
    answer_errors(app)
    return app


def _words_and_person(application: Application, settings: Settings) -> dict[str, Any]:
    language = g.get("language", "zh-TW")
    held = g.get("held")
    translated = application.translated
    return {
        "_": lambda sentence, **values: translated(sentence, language, **values),
        "app": translated(application.name, language),
        "language": language,
        "html_lang": LANGUAGES[language],
        "held": held,
        "left": left_seat(),
        "here": held.root if held else "",
        "draft_form": "",
        "linked_address": settings.at_the_provider("/linked"),
        "role": translated(ROLE_WORDS.get(held.role, held.role), language) if held else "",
        "menus": application.menus.shown_to(held.facts) if held else [],
        "csrf_token": csrf_token(held.sid) if held else "",
        "menu_label": menu_label,
        "needs": step_up.needs,
        "issuer": settings.issuer,
        "account_address": settings.at_the_provider("/account"),
    }


def left_seat() -> Session | None:
    """The seat somebody has just left with something written and not sent, which is kept there."""
    cookie = request.cookies.get(current_app.extensions["relying"].application.cookie, "")
    seat = request.args.get("from", "")
    return current_app.extensions["relying"].sessions.find(cookie, seat) if seat else None


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
    if settings.is_https:
        answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        answer.headers["Cache-Control"] = "no-store"
    return answer
