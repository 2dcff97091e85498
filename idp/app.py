"""create_app(): settings, database, pages and protocol, headers. Served by ``wsgi:app``."""

import logging
import re
import secrets
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, abort, g, request
from flask_babel import Babel
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined
from sqlalchemy import text
from werkzeug.datastructures import MultiDict
from werkzeug.middleware.proxy_fix import ProxyFix

from idp import db
from idp.browser import browser_cookie_name, peer_address
from idp.config import Settings
from idp.config import settings as current_settings
from idp.flows import (
    account,
    acting,
    activation,
    agreements,
    card_answers,
    card_help,
    card_sign_in,
    case_changes,
    case_status,
    choose_account,
    company_proof,
    consent,
    credentials,
    email_verification,
    error_pages,
    first_password,
    forgotten_password,
    group_bindings,
    group_console,
    group_documents,
    group_menus,
    group_person,
    group_records,
    group_sign_in,
    invitations,
    invited,
    linked,
    linked_agreements,
    linked_bind,
    linked_binding,
    linked_registration_done,
    linked_unbind,
    mailbox_link,
    moments,
    own_authenticator,
    own_bindings,
    own_closing,
    own_email,
    own_export,
    own_password_change,
    own_profile,
    own_sign_ins,
    page_context,
    passkey_challenges,
    passkey_sign_in,
    passkeys,
    password_reset,
    preferences,
    privacy,
    registration,
    registration_done,
    second_step,
    sign_in,
    sign_out,
    step_up,
    succession,
    unknown_card,
    verification_resend,
)
from idp.flows.ops import account_acts as ops_account_acts
from idp.flows.ops import account_bindings as ops_account_bindings
from idp.flows.ops import accounts as ops_accounts
from idp.flows.ops import audit as ops_audit
from idp.flows.ops import client_secrets as ops_client_secrets
from idp.flows.ops import client_sheet as ops_client_sheet
from idp.flows.ops import client_try as ops_client_try
from idp.flows.ops import clients as ops_clients
from idp.flows.ops import companies as ops_companies
from idp.flows.ops import company_acts as ops_company_acts
from idp.flows.ops import home as ops_home
from idp.flows.ops import mail as ops_mail
from idp.flows.ops import mail_samples as ops_mail_samples
from idp.flows.ops import notices as ops_notices
from idp.flows.ops import operators as ops_operators
from idp.flows.ops import own as ops_own
from idp.flows.ops import queue as ops_queue
from idp.flows.ops import registry as ops_registry
from idp.flows.ops import review as ops_review
from idp.flows.ops import service_demand as ops_service_demand
from idp.flows.ops import service_menus as ops_service_menus
from idp.flows.ops import service_policy as ops_service_policy
from idp.flows.ops import service_texts as ops_service_texts
from idp.flows.ops import services as ops_services
from idp.flows.ops import setup as ops_setup
from idp.flows.ops import sign_in as ops_sign_in
from idp.flows.request_bodies import leave_seat, prepare_body
from idp.oidc import account_lookup, authorize, endpoints, logout, my_accounts
from idp.oidc.discovery import HSTS, StaticDocuments
from idp.services import passwords
from idp.services.audit import Circumstances, set_circumstances

LARGEST_REQUEST = 256 * 1024
# Normalising text takes time by the square of its length where marks are piled upon a letter, and stops every thread.
LONGEST_VALUE = 4096
LONGEST_FIELD_NAME = 200
# What a card gives is longer, and letters and digits only.
CARD_PARTS, LONGEST_CARD_PART = frozenset({"certificate", "signature", "message"}), 16_384
# What an operator registers for an application is longer too, and ASCII: keys, and many addresses.
LISTS, LONGEST_LIST = frozenset({"jwks", "redirect_uris", "post_logout_redirect_uris"}), 65_536
# A text that people agree to, as it is written at the console. It is compared with nothing, so it is not normalised.
WRITES_TEXTS, TEXT_PARTS, LONGEST_TEXT_PART = "ops_service_texts.publish", frozenset({"zh", "en"}), 16_000
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*", re.ASCII)
BROWSER_COOKIE_LIFE = timedelta(days=400)
# A page whose form ends at a client: Chromium checks every hop of the redirect against form-action.
LEADS_TO_CLIENTS = frozenset(
    {"sign_in", "second_step", "card_sign_in", "passkey_sign_in", "step_up"}
    | {"agreements", "consent"}
    | {"choose_account", "sign_out", "account", "authorize", "acting", "linked"}
)
# Whose pages there are.
FLOWS = (
    *(sign_in, second_step, card_sign_in, step_up, unknown_card, card_answers),
    *(passkey_sign_in, passkey_challenges, passkeys),
    *(credentials, own_authenticator, own_sign_ins, own_bindings, company_proof, succession, card_help),
    *(agreements, consent, choose_account, sign_out, account, preferences, acting),
    *(email_verification, verification_resend, case_status, case_changes),
    *(forgotten_password, password_reset),
    *(invitations, invited, first_password, activation),
    *(linked, linked_bind, linked_binding, linked_unbind),
    *(own_profile, own_email, mailbox_link, own_password_change, own_closing, own_export, privacy),
    *(group_console, group_person, group_menus, group_records, group_documents, group_bindings, group_sign_in),
    *(registration, registration_done, linked_registration_done, linked_agreements),
)
# The operators' console.
CONSOLE = (
    *(ops_sign_in.bp, ops_setup.bp, ops_home.bp, ops_operators.bp, ops_own.bp),
    *(ops_mail.bp, ops_mail_samples.bp, ops_audit.bp, ops_registry.bp),
    *(ops_companies.bp, ops_company_acts.bp, ops_accounts.bp, ops_account_acts.bp, ops_queue.bp, ops_review.bp),
    *(ops_notices.bp, ops_account_bindings.bp),
    *(ops_clients.bp, ops_client_secrets.bp, ops_client_sheet.bp, ops_client_try.bp),
    *(ops_services.bp, ops_service_policy.bp, ops_service_texts.bp, ops_service_menus.bp, ops_service_demand.bp),
)
# Pages that show a mail as its reader has it, in a frame without rights.
WITH_A_FRAME = frozenset({"ops_mail.one", "ops_mail_samples.one"})
HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
]
STATIC_CACHE = "public, max-age=31536000, immutable"


def create_app(settings: Settings | None = None) -> Flask:
    """The provider as a WSGI application. Raises pydantic's ValidationError when a setting is missing or unsafe."""
    chosen = settings or current_settings()
    # Authlib logs whole tokens at DEBUG (ecosystem.md 1.3-9).
    logging.getLogger("authlib").setLevel(logging.INFO)
    app = Flask("idp", static_folder="static", static_url_path="/static")
    _configure(app, chosen)
    db.init_app(app, chosen)
    Babel(app, locale_selector=page_context.chosen_language, default_locale="zh_Hant_TW")
    app.before_request(_before)
    app.teardown_request(leave_seat)
    csrf = CSRFProtect(app)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.filters.update(moments.FILTERS)
    app.context_processor(page_context.common_context)
    # The authorization and logout endpoints take other sites' forms by their specifications; they change nothing.
    for blueprint in (authorize.bp, endpoints.bp, logout.bp):
        app.register_blueprint(blueprint)
        csrf.exempt(blueprint)
    app.register_blueprint(my_accounts.bp)
    app.register_blueprint(account_lookup.bp)
    for flow in FLOWS:
        app.register_blueprint(flow.bp)
    app.register_blueprint(own_closing.done_bp)
    for blueprint in CONSOLE:
        app.register_blueprint(blueprint)
    app.add_url_rule("/health", "health", _health)
    error_pages.register(app)
    passwords.warm_up()
    app.after_request(_finish(chosen))
    wsgi: Any = app.wsgi_app
    if chosen.trusted_proxies:
        hops = chosen.trusted_proxies
        wsgi = ProxyFix(wsgi, x_for=hops, x_proto=hops, x_host=0, x_port=0, x_prefix=0)
    app.wsgi_app = StaticDocuments(app, wsgi, chosen)  # type: ignore[method-assign, assignment]  # as Flask documents it
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.derived_key("browser cookie"),
        SESSION_COOKIE_NAME=browser_cookie_name(),
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=BROWSER_COOKIE_LIFE,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST,
        MAX_FORM_PARTS=200,
        TRUSTED_HOSTS=[settings.host.rpartition(":")[0] or settings.host, settings.host],
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        WTF_I18N_ENABLED=False,
        BABEL_TRANSLATION_DIRECTORIES="translations",
        DEBUG=settings.debug,
        TESTING=False,
        MAIL_SERVER=settings.mail_server,
        MAIL_PORT=settings.mail_port,
        MAIL_USERNAME=settings.mail_username or None,
        MAIL_PASSWORD=settings.mail_password.get_secret_value() or None,
        MAIL_USE_TLS=settings.mail_tls == "starttls",
        MAIL_USE_SSL=settings.mail_tls == "tls",
        MAIL_DEFAULT_SENDER=settings.mail_sender,
    )


def _before() -> None:
    if current_settings().count_statements:
        g.statements = db.count_statements_from_here()
    g.nonce = secrets.token_urlsafe(16)
    set_circumstances(Circumstances(address=peer_address()))
    if not request.path.isprintable():
        abort(404)
    if request.blueprint in {"oidc", "authorize", "logout"}:
        return
    if request.method == "POST" and not _is_from_here():
        abort(403)
    prepare_body()
    if _has_odd_text(request.args) or (request.method == "POST" and _has_odd_text(request.form)):
        abort(400)


def _is_from_here() -> bool:
    """Whether a form comes from a page of ours. Browsers name the origin of every POST; ``null`` is nobody's."""
    origin = request.headers.get("Origin")
    return origin is None or origin == current_settings().issuer


def _has_odd_text(values: MultiDict[str, str]) -> bool:
    """Whether any field is longer than what any form of ours takes, or holds what no person types.

    That is NUL, which PostgreSQL can't keep, and what was no UTF-8.
    """
    return any(
        _is_too_long(name, t) or "\0" in t or "\N{REPLACEMENT CHARACTER}" in t for name, t in values.items(multi=True)
    ) or any(len(name) > LONGEST_FIELD_NAME or "\0" in name for name in values)


def _is_too_long(name: str, value: str) -> bool:
    if len(value) <= LONGEST_VALUE:
        return False
    if request.endpoint == WRITES_TEXTS and name in TEXT_PARTS:
        return len(value) > LONGEST_TEXT_PART
    if name in LISTS:
        return len(value) > LONGEST_LIST or not value.isascii()
    return name not in CARD_PARTS or len(value) > LONGEST_CARD_PART or not BASE64.fullmatch(value)


def _health() -> Response:
    """200 when the database answers; a load balancer asks here."""
    db.session.execute(text("SELECT 1"))
    return Response("ok\n", mimetype="text/plain")


def _finish(settings: Settings) -> Any:
    always = [*HEADERS, HSTS] if settings.secure else HEADERS

    def add_headers(response: Response) -> Response:
        """The headers of every answer (HD01, HD02, HD07)."""
        if response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            db.end_reading()
        headers = response.headers
        there = {name.lower() for name, _ in headers}
        headers.extend([pair for pair in always if pair[0].lower() not in there])
        if "content-security-policy" not in there:
            headers.add("Content-Security-Policy", _policy())
        if "statements" in g:
            headers["X-Statements"] = str(g.statements[0])
        if request.endpoint == "static" and response.status_code == 200:
            headers["Cache-Control"] = STATIC_CACHE
        elif "cache-control" not in there:
            headers["Cache-Control"] = "no-store"
            response.vary.add("Cookie")
        return response

    return add_headers


def _policy() -> str:
    form_action = "" if request.blueprint in LEADS_TO_CLIENTS else " form-action 'self';"
    frame = " frame-src 'self';" if request.endpoint in WITH_A_FRAME else ""
    return (
        f"default-src 'none'; script-src 'nonce-{g.get('nonce', '')}'; style-src 'self'; img-src 'self';"
        f" connect-src 'self';{form_action}{frame} frame-ancestors 'none'; base-uri 'none'"
    )
