"""What pages on the way to an application share: the waiting request, its client, and who is asked."""

from dataclasses import dataclass

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from idp.browser import browser_id, current_sign_in
from idp.errors import RequestGone
from idp.flows.page_context import entering_as, on_the_way_to
from idp.policies.asking import Asked, read_asked
from idp.policies.scopes import granted_scope
from idp.policies.standing import AccountKind
from idp.services.acting import Acting
from idp.services.authorization_requests import WaitingRequest, waiting_request
from idp.services.clients import ClientRecord, client_by_id
from idp.services.seats import seat_of_binding
from idp.services.sign_ins import SignedIn


@dataclass(frozen=True, slots=True)
class Visit:
    """A person on the way to an application."""

    waiting: WaitingRequest
    client: ClientRecord
    signed_in: SignedIn
    asked: Asked
    scope: str
    # Whom the request is answered as, as things stand; None where a linked account has yet to choose.
    seat: Acting | None

    @property
    def seat_key(self) -> str:
        """What a page says whom it was opened for: an old one must not answer for another."""
        if self.seat is None:
            return ""
        return self.seat.via.binding_id if self.seat.via is not None else self.seat.account_id


def visit_of(request_id: str) -> Visit | None:
    """The visit of this request; None when nobody is signed in. Raises RequestGone when the request waits no more."""
    waiting = waiting_request(request_id, browser=browser_id())
    client = client_by_id(waiting.client_id) if waiting else None
    if waiting is None or client is None:
        raise RequestGone
    on_the_way_to(client)
    signed_in = current_sign_in()
    if signed_in is None:
        return None
    asked = read_asked(waiting.parameters, registered_scopes=client.scopes)
    scope = granted_scope(waiting.parameters.get("scope", ""), client.scopes, is_public=client.is_public)
    seat = _seat(waiting, signed_in.human)
    entering_as(seat)
    return Visit(waiting, client, signed_in, asked, scope or "", seat)


def _seat(waiting: WaitingRequest, human: Acting) -> Acting | None:
    if human.kind is not AccountKind.LINKED:
        return human
    bound = seat_of_binding(human.account_id, waiting.binding_id) if waiting.binding_id is not None else None
    return bound.acting if bound is not None and bound.acting.is_able else None


def to_sign_in(request_id: str) -> ResponseReturnValue:
    """To the sign-in page of this request."""
    return redirect(url_for("sign_in.ask", request_id=request_id), 303)


def address_of_request(request_id: str) -> str:
    """Where the authorization endpoint asks anew what is missing."""
    return url_for("authorize.resume", request_id=request_id)


def back_to_request(request_id: str) -> ResponseReturnValue:
    """Back to the authorization endpoint."""
    return redirect(address_of_request(request_id), 303)
