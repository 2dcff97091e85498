"""Who may enter: every view says whom it admits, and a view that says nothing admits nobody.

request --> session? --> fresh? --> menu code in entitlements? --> form of this sid? --> CSRF? --> view
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request, session
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, Conflict, Forbidden, NotFound, Unauthorized

from clients.relying.parts import parts
from clients.relying.provider import ProviderUnreachable, SessionOver
from clients.relying.sessions import Session
from clients.relying.words import language_of

OUTSIDE, ANYONE, SIGNED_IN = "outside", "anyone", "signed in"
DRAFT_SECONDS = 3600
LONGEST_DRAFT = 500  # characters of a field
View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


class MenuMissing(Forbidden):
    """The person is signed in but may not open this menu item."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.menu = code


class SignInEnded(Unauthorized):
    """The session of this browser has ended: by sign-out elsewhere, by the provider, or by time."""


class OtherSignIn(Conflict):
    """A form opened under another ``sid``: perhaps for another company (tokens.md: what a client must do)."""

    def __init__(self, opened: Session | None) -> None:
        super().__init__()
        self.opened = opened


class FormNotOurs(BadRequest):
    """A form without our CSRF token."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a form loses nothing by: its fields, and how it is shown again with what was written into it.

    ``shown_again`` takes the form's values and why it was not taken: ``other`` (another sign-in, whose session is
    given where it is known) or ``form`` (no token of ours).
    """

    fields: tuple[str, ...]
    shown_again: Callable[[str, Session | None], str]


def outside(view: View) -> View:
    """A view of the protocol or of the machinery, which knows no session."""
    return _admitting(view, OUTSIDE)


def anyone(view: View) -> View:
    """A page for everybody; who is signed in sees the own name on it."""
    return _admitting(view, ANYONE)


def signed_in(view: View) -> View:
    """A page for whoever is signed in, whatever the rights."""
    return _admitting(view, SIGNED_IN)


def menu(code: str) -> Callable[[View], View]:
    """A page for those in whose ``entitlements`` the code is."""
    return lambda view: _admitting(view, code)


def _admitting(view: View, whom: str) -> View:
    view.admits = whom  # type: ignore[attr-defined]  # a mark on the function, read by admit()
    return view


def keeps(fields: tuple[str, ...], shown_again: Callable[[str, Session | None], str]) -> Callable[[View], View]:
    """A view that takes a form of which nothing written may be lost; ``take_draft`` at its address gives it back."""

    def marked(view: View) -> View:
        view.keeps = Kept(fields, shown_again)  # type: ignore[attr-defined]  # a mark, read by kept_here()
        return view

    return marked


def kept_here() -> Kept | None:
    """What is kept of the form that was sent to this address; None where it is of no matter."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "keeps", None) if request.method == "POST" else None


def whom_admitted() -> str | None:
    """Whom the view of this request admits: a menu code or one of the words above; None where it says nothing."""
    return getattr(current_app.view_functions.get(request.endpoint or ""), "admits", None)


def held() -> Session:
    """The session of the person at this page; only for views that admit signed-in people."""
    return cast(Session, g.held)


def csrf_token(sid: str) -> str:
    """The token of all forms of one sign-in, so that an old tab still works after signing in again."""
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, b"form:" + sid.encode(), hashlib.sha256).hexdigest()


def watch(app: Flask) -> None:
    """Put the guard before every request of the application."""
    app.before_request(_to_our_own_host)
    app.before_request(_choose_language)
    app.before_request(_admit)


def _to_our_own_host() -> ResponseReturnValue | None:
    # A sign-in begun at http://127.0.0.1 would come back to http://localhost, where its cookie is not known;
    # any other name in the Host header is not ours to answer for.
    address = parts().settings.address
    if request.endpoint == "relying.health" or request.host == urlsplit(address).netloc:
        return None
    if request.method != "GET":
        raise BadRequest
    return redirect(address + (request.full_path if request.query_string else request.path))


def _choose_language() -> None:
    asked = request.args.get("lang")
    g.language = language_of(asked, session.get("language"), request.accept_languages)
    if asked == g.language:
        session["language"] = asked


def _admit() -> ResponseReturnValue | None:
    g.held = None
    if request.endpoint == "static":
        return None
    # An address that is not there is told to the person one is, with her own header.
    whom = whom_admitted() if request.endpoint else ANYONE
    if whom is None:
        raise NotFound
    if whom == OUTSIDE:
        return None
    cookie = request.cookies.get(parts().application.cookie, "")
    found = parts().sessions.find(cookie) if cookie else None
    if whom == ANYONE:
        g.held = _fresh_if_possible(cookie, found)
        return None
    if found is None:
        return _sign_in_first()
    g.held = _fresh(cookie, found)
    if whom != SIGNED_IN and not parts().application.menus.may(g.held.facts, whom):
        raise MenuMissing(whom)
    if request.method == "POST":
        _check_form(g.held)
    return None


def _fresh(cookie: str, found: Session) -> Session:
    if found.ended_at is not None:
        _keep_draft()
        raise SignInEnded
    try:
        return parts().freshness.fresh(cookie, found)
    except SessionOver as over:
        _keep_draft()
        raise SignInEnded from over


def _fresh_if_possible(cookie: str, found: Session | None) -> Session | None:
    if found is None or found.ended_at is not None:
        return None
    try:
        return parts().freshness.fresh(cookie, found)
    except SessionOver:
        return None
    except ProviderUnreachable:
        return found


def _sign_in_first() -> ResponseReturnValue:
    if request.method == "GET":
        target = request.full_path if request.query_string else request.path
        return parts().provider.begin(target, g.language)
    _keep_draft()
    raise SignInEnded


def _check_form(current: Session) -> None:
    sid, given = request.form.get("sid", ""), request.form.get("csrf_token", "")
    if not hmac.compare_digest(given.encode(), csrf_token(sid).encode()):
        raise FormNotOurs
    if sid != current.sid:
        raise OtherSignIn(parts().sessions.last_of_sid(sid))


def browser_id() -> str:
    """A random name for this browser, under which a draft waits for its writer to sign in again."""
    if "browser" not in session:
        session["browser"] = secrets.token_urlsafe(16)
    return str(session["browser"])


def _keep_draft() -> None:
    """Keep what was written into a form whose session ended meanwhile, for its writer alone."""
    sid, kept = request.form.get("sid", ""), kept_here()
    if kept is None or not sid:
        return
    writer = parts().sessions.last_of_sid(sid)
    if writer is None or not hmac.compare_digest(request.form.get("csrf_token", "").encode(), csrf_token(sid).encode()):
        return
    values = {field: request.form.get(field, "")[:LONGEST_DRAFT] for field in kept.fields}
    draft = json.dumps({"tenant": writer.tenant, "sub": writer.sub, "values": values})
    parts().pending.set(_place_of_draft(), draft, DRAFT_SECONDS)


def _place_of_draft() -> str:
    return f"draft:{browser_id()}:{request.path}"


def take_draft(current: Session) -> dict[str, str]:
    """The draft that waits for this person in this browser at this address, empty if none; it is then forgotten."""
    if "browser" not in session:
        return {}
    kept = parts().pending.get(_place_of_draft())
    if kept is None:
        return {}
    draft = json.loads(kept)
    if (draft["tenant"], draft["sub"]) != (current.tenant, current.sub):
        return {}
    parts().pending.delete(_place_of_draft())
    return cast(dict[str, str], draft["values"])
