"""Step-up: a stronger or a younger sign-in for a locked menu item, or because an API asked for it (RFC 9470 §4).

an item that is locked, an API's challenge --> a page with its reason --> POST /step-up --> provider --> /callback
    --> the page asked for: the same session, raised        declined: the page where the button was

What an application does with it:

    needs("case.electronic")        # Needed, where this sign-in is too weak for an item that the person has, else None
    {% from "step_up.html" import step_up with context %}
    {{ step_up(needs("case.electronic"), "/electronic") }}   {# the form with the button; every template has needs() #}
    raise StrongerSignInNeeded(needed)                       # from a view: the page with the reason and the button

A view that is marked ``@menu(code)`` is guarded already: an address typed by hand shows the same page (403).
"""

import json

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, Forbidden

from clients.relying.addresses import bare_path
from clients.relying.guard import held, signed_in
from clients.relying.menus import needed_acr
from clients.relying.parts import parts
from clients.relying.sessions import Session
from clients.relying.sign_in import own_path
from clients.relying.strength import Needed, needed_from

bp = Blueprint("step_up", __name__)


class StrongerSignInNeeded(Forbidden):
    """The person is signed in, but not so strongly, or not so lately, as what she wants needs."""

    def __init__(self, needed: Needed) -> None:
        super().__init__()
        self.needed = needed


def needs(code: str) -> Needed | None:
    """What this sign-in lacks for a menu item that the person has (claim ``entitlements_locked``), else None."""
    acr = needed_acr(g.held.facts, code) if g.get("held") else None
    return Needed((acr,)) if acr is not None else None


@bp.post("/step-up")
@signed_in
def raise_sign_in() -> ResponseReturnValue:
    """Send the person to the provider for what the form names, and then to ``target``."""
    form = request.form
    needed = needed_from(form.get("acr", ""), form.get("max_age", ""))
    if needed is None:
        raise BadRequest
    address = parts().settings.address
    target = own_path(bare_path(form.get("target", "")), address)
    return begin_step_up(held(), needed, target, back=own_path(bare_path(form.get("back", "")), address))


def begin_step_up(current: Session, needed: Needed, target: str, *, back: str) -> ResponseReturnValue:
    """Ask the provider for exactly this account again, by a sign-in that is strong and young enough.

    As an essential claim, so that nobody comes back as weak as before (Core §5.5.1.1); ``acr_values`` says the same to
    providers that know no ``claims``.
    """
    claims: dict[str, object] = {"sub": {"value": current.sub}}
    wishes = {"tenant": current.tenant}
    if needed.acr_values:
        claims["acr"] = {"essential": True, "values": list(needed.acr_values)}
        wishes["acr_values"] = " ".join(needed.acr_values)
    if needed.max_age is not None:
        wishes["max_age"] = str(needed.max_age)
    wishes["claims"] = json.dumps({"id_token": claims})
    kept = {"sub": current.sub, "human": current.human, "origin": current.id, "back": back, "leaves": ""}
    kept |= {"acr": wishes.get("acr_values", ""), "max_age": wishes.get("max_age", "")}
    return parts().provider.begin(target, g.language, kept, **wishes)
