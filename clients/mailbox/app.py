"""The pages of the mailbox: the list, one mail, and the same as JSON for tests and scripts."""

import re
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, abort, current_app, jsonify, render_template, request

from clients.mailbox import authenticator
from clients.mailbox.reading import Mail
from clients.mailbox.store import Store

TAIWAN = ZoneInfo("Asia/Taipei")
MOST_SHOWN = 200
HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
OURS = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A mail's HTML is a stranger's: no script, no request to anywhere, and links open beside the mailbox.
THEIRS = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'self'"
)


pages = Blueprint("pages", __name__)


def create_app(store: Store, app_file: Path | None = None) -> Flask:
    """The application over one folder of mails, and over the file of an authenticator app if there is one."""
    app = Flask(__name__)
    # Another site must not read the mails under a name of its own that it points at this machine.
    app.config["TRUSTED_HOSTS"] = ["localhost", "127.0.0.1"]
    app.extensions["mails"] = store
    app.extensions["authenticator"] = app_file
    app.jinja_env.filters.update(clock=_clock, day=_day)
    app.register_blueprint(pages)
    app.register_blueprint(authenticator.pages)
    app.register_error_handler(404, _missing)
    app.after_request(_guarded)
    return app


@pages.get("/")
def index() -> str:
    """The list, or those of it to one recipient or with these words."""
    recipient, words = request.args.get("to", "").strip(), request.args.get("q", "").strip()
    return render_template(
        "index.html",
        mails=list(islice(_store().mails(recipient=recipient, words=words), MOST_SHOWN)),
        recipients=_recipients(),
        recipient=recipient,
        words=words,
        total=len(_store().ids()),
        newest=_newest(),
    )


@pages.get("/mails.json")
def mails_json() -> Response:
    """The same list for tests and scripts: ``?to=`` one recipient, ``?q=`` words, newest first."""
    found = _store().mails(recipient=request.args.get("to", ""), words=request.args.get("q", ""))
    return jsonify([_as_json(mail) for mail in islice(found, MOST_SHOWN)])


@pages.get("/newest")
def newest() -> Response:
    """The id of the newest mail, by which the page notices that there is a new one."""
    return Response(_newest(), mimetype="text/plain")


@pages.get("/mail/<mail_id>")
def show(mail_id: str) -> str:
    """One mail: envelope, both parts, headers."""
    return render_template("mail.html", mail=_found(mail_id), newest=_newest())


@pages.get("/mail/<mail_id>/html")
def html_part(mail_id: str) -> Response:
    """The HTML part alone, for the frame."""
    response = Response(_with_links_outside(_found(mail_id).html or ""), mimetype="text/html")
    response.headers["Content-Security-Policy"] = THEIRS
    return response


@pages.get("/mail/<mail_id>/raw")
def raw(mail_id: str) -> Response:
    """The bytes as they came."""
    return Response(_store().raw(_found(mail_id).id), content_type="text/plain; charset=utf-8")


def _missing(_error: Exception) -> tuple[str, int]:
    return render_template("missing.html", newest=_newest()), 404


def _guarded(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", OURS)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    if not request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-store"
    return response


def _store() -> Store:
    store: Store = current_app.extensions["mails"]
    return store


def _found(mail_id: str) -> Mail:
    mail = _store().mail(mail_id)
    if mail is None:
        abort(404)
    return mail


def _newest() -> str:
    return next(iter(_store().ids()), "")


def _recipients() -> list[tuple[str, int]]:
    """Every recipient and how many mails there are for it, by name."""
    counts: dict[str, int] = {}
    for mail in _store().mails():
        for recipient in mail.recipients:
            counts[recipient] = counts.get(recipient, 0) + 1
    return sorted(counts.items())


def _as_json(mail: Mail) -> dict[str, Any]:
    return {
        "id": mail.id,
        "received": mail.received.isoformat(),
        "from": mail.sender,
        "to": mail.recipients,
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "links": mail.links,
        "attachments": mail.attachments,
    }


def _with_links_outside(html: str) -> str:
    """The mail's HTML, whose links open a page of their own: inside the frame the CSP forbids them."""
    base = '<base target="_blank">'
    if HEAD.search(html):
        return HEAD.sub(lambda found: found.group() + base, html, count=1)
    return f'<!doctype html><meta charset="utf-8">{base}{html}'


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(TAIWAN):%H:%M}"


def _day(moment: datetime) -> str:
    there = moment.astimezone(TAIWAN)
    return f"{there.month}月{there.day}日"
