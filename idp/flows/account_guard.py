"""Who may come to the pages under /account: whoever is signed in, about her own account.

Who acts through a linked account sees the pages of the account acted as, and changes nothing there: its credentials,
mailbox, consents, sign-ins and bindings are its owner's, whatever the role (tokens.md "Acting through a linked
account").
"""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from idp.browser import current_sign_in, peer_address
from idp.errors import NotFound, NotWhileActing
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
    set_circumstances(circumstances_of(signed_in.seat))
    if request.method == "POST":
        check_stamp()
        only_by_owner(signed_in.seat)
    return None


def circumstances_of(seat: Acting) -> Circumstances:
    """What audit rows say of who does something as this seat: the human, and the binding she acts through (LK10)."""
    binding_id = seat.via.binding_id if seat.via else None
    return Circumstances(actor=seat.human_id, address=peer_address(), binding_id=binding_id)


def only_by_owner(seat: Acting) -> None:
    """Raise NotWhileActing for who acts through a linked account."""
    if seat.via is not None:
        raise NotWhileActing


def oneself() -> Acting:
    """Who was let in: the account acted as, else the account that is signed in."""
    signed_in = current_sign_in()
    if signed_in is None:
        raise NotFound
    return signed_in.seat
