"""Who may come into the operators' console: a session of its own, and for each page a power (AD02, GA rows)."""

from flask import Blueprint, Response, g, redirect, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue

from idp.browser import operator_cookie_name, peer_address
from idp.browser import operator_token as operator_token
from idp.config import settings
from idp.db import now, transaction
from idp.errors import FormOfAnotherAccount, OperatorForbidden
from idp.policies.duties import Power
from idp.services.audit import Circumstances, record, set_circumstances
from idp.services.operator_sessions import OnDuty, on_duty, see_session

SEEN_EVERY_SECONDS = 30


def ops_pages(name: str, needs: Power | None, *, path: str = "") -> Blueprint:
    """A blueprint of pages under /ops, all of which need this power (None: no more than to be an operator).

    A view that needs another asks ``must``.
    """
    pages = Blueprint(name, __name__, url_prefix=f"/ops{path}")

    @pages.before_request
    def only_operators() -> ResponseReturnValue | None:
        here = operator_here()
        if here is None:
            back = request.full_path.rstrip("?") if request.method == "GET" else None
            return redirect(url_for("ops_sign_in.ask", back=back, expired=1 if operator_token() else None), 303)
        set_circumstances(Circumstances(actor=here.operator_id, address=peer_address()))
        if needs is not None:
            must(needs)
        if request.method == "POST":
            check_operator_stamp()
        keep_alive(here)
        return None

    return pages


def set_operator_cookie(response: Response, token: str) -> None:
    """Give the browser its session, and a new CSRF token with it; no other site's link brings it along (Strict)."""
    response.set_cookie(
        operator_cookie_name(), token, httponly=True, secure=settings().secure, samesite="Strict", path="/"
    )
    browser_session.pop("csrf_token", None)


def drop_operator_cookie(response: Response) -> None:
    """Take the console's cookie away."""
    response.delete_cookie(operator_cookie_name(), httponly=True, secure=settings().secure, samesite="Strict", path="/")


def operator_here() -> OnDuty | None:
    """The operator at the keyboard, read once a request."""
    if "operator" not in g:
        token = operator_token()
        g.operator = on_duty(token) if token else None
    here: OnDuty | None = g.operator
    return here


def operator() -> OnDuty:
    """The operator who was let in."""
    here = operator_here()
    if here is None:
        raise OperatorForbidden
    return here


def must(power: Power) -> None:
    """Raise OperatorForbidden where the operator's duties do not allow this; the try is in the audit log."""
    if operator().may(power):
        return
    with transaction():
        record("operator:forbidden", outcome="refused", power=str(power), path=request.path)
    raise OperatorForbidden(power=power)


def check_operator_stamp() -> None:
    """Refuse a form that another operator has opened in this browser. Raises FormOfAnotherAccount."""
    here = operator_here()
    if request.form.get("operator", "") != (here.operator_id if here else ""):
        raise FormOfAnotherAccount


def keep_alive(here: OnDuty) -> None:
    """Note that the session is in use, at most every half minute."""
    token = operator_token()
    if token is not None and (now() - here.last_seen_at).total_seconds() > SEEN_EVERY_SECONDS:
        with transaction():
            see_session(token)
