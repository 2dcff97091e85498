"""Errors in words, with an incident number where the fault is ours (security.md LG03, HD02)."""

import json
import logging
import secrets
from contextlib import suppress

from flask import Flask, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import ClientDisconnected, HTTPException, MethodNotAllowed

from idp.db import now, session, transaction
from idp.errors import DatabaseBusy, FormOfAnotherAccount, NotFound, Refused, RequestGone, SignInEnded
from idp.flows.conflict import conflict_page
from idp.flows.messages import sentence_for
from idp.flows.ops.shell import is_console
from idp.services.audit import record

log = logging.getLogger("idp")

RETRY_SECONDS = 2
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
PROTOCOL_PATHS = frozenset({"/token", "/userinfo", "/introspect", "/revoke", "/me/accounts"})
LOOKUPS = "/accounts/by-electronic-id/"


def register(app: Flask) -> None:
    """Give the application its error pages."""
    app.register_error_handler(Refused, refused_page)
    app.register_error_handler(SignInEnded, ended_page)
    app.register_error_handler(CSRFError, csrf_page)
    app.register_error_handler(HTTPException, http_page)
    for kind in (DatabaseBusy, OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(kind, busy_page)
    app.register_error_handler(Exception, accident_page)


def refused_page(refused: Refused) -> Response:
    """A refusal that no form shows: its sentence as a page."""
    if isinstance(refused, RequestGone):
        return Response(render_template("errors/authorization.html", code="expired_request", at=now()), refused.status)
    if isinstance(refused, FormOfAnotherAccount) and not is_console() and (page := conflict_page(refused.status)):
        return page
    if isinstance(refused, NotFound):
        heading = gettext("找不到這個頁面")
    elif isinstance(refused, FormOfAnotherAccount):
        heading = gettext("身分已變更，表單沒有送出")
    else:
        heading = gettext("無法進行這項操作")
    return _page(refused.status if refused.status >= 400 else 403, heading, sentence_for(refused))


def ended_page(ended: SignInEnded) -> ResponseReturnValue:
    """To the sign-in page, for the application that waits."""
    return redirect(url_for("sign_in.ask", request_id=request.form.get("request_id") or None, expired=1), 303)


def csrf_page(error: CSRFError) -> Response:
    """A form without its token: nothing was done (HD03)."""
    heading = gettext("這份表單已經失效，沒有送出")
    lead = gettext("可能是頁面開啟太久，或瀏覽器停用了 Cookie。請回到上一頁重新整理後再試一次。")
    return _page(403, heading, lead)


def http_page(error: HTTPException) -> Response:
    """400, 404, 405, 413 and their like in words."""
    texts = {
        400: (gettext("無法處理這個請求"), gettext("送來的資料格式不正確，因此沒有處理。請重新整理頁面後再試一次。")),
        404: (gettext("找不到這個頁面"), gettext("網址可能有誤，或頁面已經移動。")),
        405: (gettext("無法以這個方式開啟頁面"), gettext("請由網站上的按鈕或連結操作。")),
        408: (gettext("資料沒有完整送達"), gettext("傳送的時間過長，因此沒有處理。請檢查網路連線後再試一次。")),
        413: (gettext("送出的資料太大"), gettext("請減少內容後再試一次，您的資料沒有送出。")),
    }
    # Who sent too slowly, or not all of it, is told so as far as there is anybody to tell.
    status = 408 if isinstance(error, ClientDisconnected) else error.code or 500
    heading, lead = texts.get(status, (gettext("無法處理這個請求"), gettext("請稍候再試一次。")))
    if _is_for_programs():
        response = _json(status, "invalid_request", heading_for_developers(status))
    else:
        response = _page(status, heading, lead)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _is_for_programs() -> bool:
    return request.path in PROTOCOL_PATHS or request.path.startswith(LOOKUPS)


def heading_for_developers(status: int) -> str:
    """A short English reason for protocol endpoints."""
    return {404: "Not found.", 405: "Method not allowed.", 413: "The request is too large."}.get(
        status, "The request can't be read."
    )


def busy_page(error: Exception) -> Response:
    """The database is locked or away: 503 with Retry-After, nothing half done (FT03)."""
    if isinstance(error, DBAPIError) and not _is_passing(error):
        return accident_page(error)
    log.warning("The database was not available: %s", type(error).__name__)
    _let_go()
    if _is_for_programs():
        response = _json(503, "temporarily_unavailable", "The database is busy. Please try again.")
    else:
        heading = gettext("系統忙碌中，您的資料沒有送出")
        response = _page(503, heading, gettext("請稍候幾秒再試一次。"))
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _is_passing(error: DBAPIError) -> bool:
    """Whether a database error is a matter of the moment: a lock, a lost or refused connection, a time-out."""
    if error.connection_invalidated:
        return True
    text = str(error.orig).lower()
    missing = ("no such table", "no such column", "syntax error", "does not exist")
    return not any(words in text for words in missing)


def accident_page(error: Exception) -> Response:
    """A fault of ours: logged with an incident number, told without a word of its insides."""
    incident = "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(2))
    log.error("Incident %s at %s", incident, request.endpoint, exc_info=error)
    _let_go()
    _note(incident, error)
    if _is_for_programs():
        return _json(500, "server_error", f"Incident {incident}.")
    heading = gettext("系統發生錯誤，您的資料沒有送出")
    lead = gettext("這不是您的操作問題。請稍候一分鐘再試一次；若仍無法完成，請將事件編號提供給客服。")
    return _page(500, heading, lead, incident=incident)


def _note(incident: str, error: Exception) -> None:
    """Write the number into the audit log too, by which operators find when and where it was; never what was wrong."""
    if isinstance(error, DBAPIError | PoolTimeout):
        return
    with suppress(SQLAlchemyError, DatabaseBusy), transaction():
        record("server:accident", outcome="failed", incident=incident, endpoint=request.endpoint)


def _let_go() -> None:
    """Drop the transaction, and show the page without asking the database again."""
    g.without_database = True
    session.rollback()


def _page(status: int, heading: str, lead: str, *, incident: str | None = None) -> Response:
    retry = request.full_path.rstrip("?") if request.method == "GET" and status >= 500 else None
    try:
        page = render_template(
            "errors/page.html",
            heading=heading,
            lead=lead,
            incident=incident,
            at=now(),
            code=None,
            retry_href=retry,
            home=True,
        )
    except (DBAPIError, PoolTimeout):
        _let_go()
        return _page(status, heading, lead, incident=incident)
    return Response(page, status=status)


def _json(status: int, code: str, text: str) -> Response:
    body = json.dumps({"error": code, "error_description": text})
    return Response(body, status=status, mimetype="application/json", headers={"Cache-Control": "no-store"})
