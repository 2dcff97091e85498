"""Who may come to the pages under /linked: whoever is signed in with a linked account, about her own bindings.

What she acts as at our pages changes nothing here: the bindings are the linked account's, and so is its password.
"""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from idp.browser import current_sign_in
from idp.errors import NotFound
from idp.flows.account_guard import circumstances_of
from idp.flows.forms import check_human
from idp.policies.agreements import Due
from idp.policies.standing import AccountKind
from idp.services.acting import Acting
from idp.services.agreements import texts_due_at
from idp.services.audit import set_circumstances
from idp.services.sign_ins import SignedIn

AGREEMENTS = "linked_agreements"


def linked_pages(name: str) -> Blueprint:
    """A blueprint of pages under /linked, behind this guard."""
    pages = Blueprint(name, __name__, url_prefix="/linked")
    pages.before_request(only_linked)
    return pages


def only_linked() -> ResponseReturnValue | None:
    """Let a linked account in; others sign in first. A general account has nothing here, but at the home a way on."""
    signed_in = current_sign_in()
    if signed_in is None:
        expired = 1 if request.method == "POST" else None
        return redirect(url_for("sign_in.ask", back=request.path, expired=expired), 303)
    if request.method == "POST":
        check_human()
    if signed_in.human.kind is not AccountKind.LINKED and request.endpoint != "linked.home":
        raise NotFound
    set_circumstances(circumstances_of(signed_in.human))
    # the texts of the service where it was registered stand before all of its pages.
    if request.blueprint != AGREEMENTS and texts_at_home(signed_in.human).texts:
        return redirect(url_for(f"{AGREEMENTS}.ask"), 303)
    return None


def texts_at_home(linked: Acting) -> Due:
    """What a linked account's person has yet to agree to, of the service where it was registered."""
    is_asked = linked.kind is AccountKind.LINKED and linked.service_id is not None
    return texts_due_at(linked.account_id, linked.service_id) if is_asked else Due()


def own_sign_in() -> SignedIn:
    """The sign-in of who was let in."""
    signed_in = current_sign_in()
    if signed_in is None:
        raise NotFound
    return signed_in


def own_linked() -> Acting:
    """The linked account that was let in."""
    return own_sign_in().human
