"""Who may come to the pages under /account: whoever is signed in, about herself."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from idp.browser import current_sign_in, peer_address
from idp.errors import NotFound
from idp.flows.forms import check_stamp
from idp.services.acting import Acting
from idp.services.audit import Circumstances, set_circumstances


def account_pages(name: str) -> Blueprint:
    """A blueprint of pages under /account, behind this guard."""
    pages = Blueprint(name, __name__, url_prefix="/account")
    pages.before_request(only_signed_in)
    return pages


def only_signed_in() -> ResponseReturnValue | None:
    """Let in who is signed in; others sign in first and come back."""
    signed_in = current_sign_in()
    if signed_in is None:
        expired = 1 if request.method == "POST" else None
        return redirect(url_for("sign_in.ask", back=request.path, expired=expired), 303)
    if request.method == "POST":
        check_stamp()
    set_circumstances(Circumstances(actor=signed_in.human.account_id, address=peer_address()))
    return None


def oneself() -> Acting:
    """Who was let in."""
    signed_in = current_sign_in()
    if signed_in is None:
        raise NotFound
    return signed_in.human
