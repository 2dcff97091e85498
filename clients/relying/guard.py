"""Who may enter: every view says whom it admits, and a view that says nothing admits nobody.

request --> which seat? --> fresh? --> menu code in entitlements? --> form of this sid? --> CSRF? --> view
"""

from collections.abc import Callable
from typing import TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request, session
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, Conflict, Forbidden, NotFound, Unauthorized

from clients.relying.addresses import seat_named
from clients.relying.drafts import Kept, is_form_ours, keep_draft, kept_at
from clients.relying.parts import parts
from clients.relying.provider import ProviderUnreachable, SessionOver
from clients.relying.sessions import Session
from clients.relying.words import language_of

OUTSIDE, ANYWHERE, ANYONE, SIGNED_IN = "outside", "anywhere", "anyone", "signed in"
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


class SeatLeft(Conflict):
    """A page of a seat that this browser has left for another company: its tab is asked which one is meant."""

    def __init__(self, opened: Session) -> None:
        super().__init__()
        self.opened = opened


class SeveralSeats(Conflict):
    """An address that names no seat, in a browser that has several."""

    def __init__(self, seats: list[Session]) -> None:
        super().__init__()
        self.seats = seats


class FormNotOurs(BadRequest):
    """A form without our CSRF token."""


def outside(view: View) -> View:
    """A view of the protocol or of the machinery, which knows no session."""
    return _admitting(view, OUTSIDE)


def anywhere(view: View) -> View:
    """A page that is of no company; who is signed in sees the own name on it."""
    return _admitting(view, ANYWHERE)


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


def keeps(
    fields: tuple[str, ...], shown_again: Callable[[str, Session | None], str], preset: tuple[str, ...] = ()
) -> Callable[[View], View]:
    """A view that takes a form of which nothing written may be lost; ``take_draft`` at its address gives it back."""

    def marked(view: View) -> View:
        view.keeps = Kept(fields, shown_again, preset)  # type: ignore[attr-defined]  # a mark, read by kept_at()
        return view

    return marked


def kept_here() -> Kept | None:
    """What is kept of the form that was sent to this address; None where it is of no matter."""
    return kept_at(request.path) if request.method == "POST" else None


def whom_admitted() -> str | None:
    """Whom the view of this request admits: a menu code or one of the words above; None where it says nothing."""
    return getattr(current_app.view_functions.get(request.endpoint or ""), "admits", None)


def held() -> Session:
    """The session of the person at this page; only for views that admit signed-in people."""
    return cast(Session, g.held)


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
    return redirect(address + request.root_path + _asked())


def _asked() -> str:
    return request.full_path if request.query_string else request.path


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
    whom = whom_admitted() if request.endpoint else ANYWHERE
    if whom is None:
        raise NotFound
    if whom == OUTSIDE:
        return None
    seats = parts().sessions.of_browser(request.cookies.get(parts().application.cookie, ""))
    if whom == ANYWHERE:
        g.held = _fresh_if_possible(_newest(seats))
        return None
    return _admit_as(whom, _seat(seats))


def _admit_as(whom: str, found: Session | None) -> ResponseReturnValue | None:
    if found is not None and _is_elsewhere(found):
        return redirect(found.root + _asked())
    if whom == ANYONE:
        g.held = _fresh_if_possible(found)
        if g.held is None and found is not None and seat_named() is not None:
            raise SignInEnded  # a tab is told what became of its company
        return None
    if found is None:
        return _sign_in_first()
    g.held = _fresh(found)
    if whom != SIGNED_IN and not parts().application.menus.may(g.held.facts, whom):
        raise MenuMissing(whom)
    if request.method == "POST":
        _check_form(g.held)
    return None


def _is_elsewhere(found: Session) -> bool:
    """Whether the pages of this session have another address than the one asked for."""
    return request.method == "GET" and found.ended_at is None and request.root_path != found.root


def _newest(seats: list[Session]) -> Session | None:
    return next((seat for seat in seats if seat.ended_at is None), None)


def _seat(seats: list[Session]) -> Session | None:
    """The session this request is for: named by its address, by its form, or the only one that lives."""
    named = seat_named()
    if named is not None:
        return _named_seat(next((seat for seat in seats if seat.id == named), None), _newest(seats))
    living = [seat for seat in seats if seat.ended_at is None]
    if len(living) > 1 and request.method == "GET":
        raise SeveralSeats(living)
    of_form = [seat for seat in living if seat.sid == request.form.get("sid")]
    return next(iter([*of_form, *living, *seats]), None)


def _named_seat(seat: Session | None, current: Session | None) -> Session | None:
    if seat is None or current is None or not seat.was_left:
        return seat
    if request.method == "GET":
        g.held = _fresh_if_possible(current)
        raise SeatLeft(seat)
    return current  # whose form this is not: _check_form() says so


def _fresh(found: Session) -> Session:
    if found.ended_at is not None:
        keep_draft(request.path)
        raise SignInEnded
    try:
        return parts().freshness.fresh(found)
    except SessionOver as over:
        keep_draft(request.path)
        raise SignInEnded from over


def _fresh_if_possible(found: Session | None) -> Session | None:
    if found is None or found.ended_at is not None:
        return None
    try:
        return parts().freshness.fresh(found)
    except SessionOver:
        return None
    except ProviderUnreachable:
        return found


def _sign_in_first() -> ResponseReturnValue:
    if request.method == "GET":
        return parts().provider.begin(_asked(), g.language)
    keep_draft(request.path)
    raise SignInEnded


def _check_form(current: Session) -> None:
    sid = request.form.get("sid", "")
    if not is_form_ours():
        raise FormNotOurs
    if sid != current.sid:
        keep_draft(request.path)
        raise OtherSignIn(parts().sessions.last_of_sid(sid))
