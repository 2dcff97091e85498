"""The authorization endpoint: entry and exit of every sign-in at a client.

It reads the request, asks what is still missing (policies/requirements.py), sends the person to that page, and issues
the code when nothing is. Pages never lead to one another: each returns here, where the request is judged again.
"""

from authlib.oauth2.rfc6749 import OAuth2Error
from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from idp.browser import browser_id, current_sign_in, prefer_language
from idp.db import now, transaction
from idp.oidc.client_authentication import RegisteredClient, registered_client
from idp.oidc.keys import claims_of_hint
from idp.oidc.requests import ProtocolRequest, single_values
from idp.oidc.server import authorization_answer, server
from idp.oidc.situation import Request, signed_in_for_this, situation_of
from idp.oidc.tried import told_error, told_tokens
from idp.policies.asking import PARAMETERS, Asked, BadParameter, read_asked
from idp.policies.requirements import Requirement, Situation, next_requirement
from idp.policies.scopes import COMPANY, OFFLINE, ContradictingWishes, read_scope
from idp.policies.standing import AccountKind
from idp.policies.wishes import ContradictingWish, MalformedWish, Wish, read_wish
from idp.services import authorization_requests as waiting_room
from idp.services.authorization_requests import WaitingRequest
from idp.services.grants import CodeOrder, Visited, Visits, visits
from idp.services.launches import take_launch
from idp.services.seat_choice import Choice, choose_seat
from idp.services.seats import BoundSeat
from idp.services.sign_ins import SignedIn, is_due_to_be_seen, see_sign_in
from idp.services.uses import take_seat
from idp.services.wishes import can_be_met

bp = Blueprint("authorize", __name__)

LONGEST_REQUEST = 16_384
# Where each requirement's page is; flows are named, never imported.
PAGES = {
    "register": "registration.begin",
    "sign_in": "sign_in.ask",
    "choose_account": "choose_account.ask",
    "agreements": "agreements.ask",
    "consent": "consent.ask",
    "step_up": "step_up.ask",
}
# Pages that ask for one seat, which must not become another one underneath.
PAGES_OF_A_SEAT = frozenset({"agreements", "consent", "step_up"})


class ToBeShown(Exception):
    """An error that must not redirect: the client or its address is not known to be genuine."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@bp.route("/authorize", methods=["GET", "POST"])
def authorize() -> Response:
    """The authorization endpoint (OIDC Core §3.1.2), by GET and by POST.

    A POST comes from another site, without our cookies: the request is kept and goes on by GET (303).
    """
    values = request.args if request.method == "GET" else request.form
    try:
        asked = _read(values)
    except ToBeShown as error:
        return _page(error.code)
    except _AnswerError as error:
        return error.response
    if request.method == "GET":
        return _decide(asked, None)
    with transaction():
        request_id = waiting_room.keep_request(asked.client.client_id, _known(asked.parameters), browser=None)
    return _see_other(url_for("authorize.resume", request_id=request_id))


@bp.get("/authorize/<request_id>")
def resume(request_id: str) -> Response:
    """Come back to a request that waited for a page. It is validated again from what was sent."""
    browser = browser_id()
    # Claimed first: until a browser has it, no page may be answered for it.
    with transaction():
        waiting_room.claim_request(request_id, browser=browser)
    waiting = waiting_room.waiting_request(request_id, browser=browser)
    if waiting is None:
        return _page("expired_request")
    try:
        asked = _read(MultiDict(waiting.parameters))
    except ToBeShown as error:
        return _page(error.code)
    except _AnswerError as error:
        if waiting.is_try:
            return told_error(waiting, error.code) or _page("expired_request")
        return error.response
    return _decide(asked, waiting)


def _known(parameters: dict[str, str]) -> dict[str, str]:
    """The parameters that mean something here: what a mistaken client sends besides may be a secret."""
    return {name: value for name, value in parameters.items() if name in PARAMETERS}


class _AnswerError(Exception):
    """An error that goes back to the client."""

    def __init__(self, response: Response, code: str) -> None:
        super().__init__("answered")
        self.response = response
        self.code = code


def _read(values: MultiDict[str, str]) -> Request:
    """Read and validate a request. Raises ToBeShown before the client's address is known to be its own, else
    _AnswerError, which holds the answer to it."""
    try:
        parameters = single_values(values)
        protocol = ProtocolRequest(request.method, parameters, request.headers)
        grant = server.get_consent_grant(protocol)
    except OAuth2Error as error:
        if error.redirect_uri:
            raise _AnswerError(_answer_error(error.redirect_uri, values, error), str(error.error)) from error
        raise ToBeShown(_code_to_show(values, error)) from error
    except (ValueError, UnicodeError) as error:
        # Authlib can't put odd characters into an error text (ecosystem.md 1.3-26).
        raise ToBeShown("invalid_redirect_uri") from error
    client: RegisteredClient = protocol.client
    if sum(map(len, parameters.values())) > LONGEST_REQUEST:
        raise ToBeShown("invalid_request")
    try:
        asked = read_asked(parameters, registered_scopes=client.record.scopes)
        wish = _wish(parameters, asked, client)
    except BadParameter as problem:
        answer = _answer_error(grant.redirect_uri, values, OAuth2Error(error=problem.code, description=str(problem)))
        raise _AnswerError(answer, problem.code) from problem
    return Request(parameters, protocol, grant, client, grant.redirect_uri, protocol.scope, asked, wish)


def _code_to_show(values: MultiDict[str, str], error: OAuth2Error) -> str:
    """The code on the page; Authlib calls an address that is not registered ``invalid_request`` like all else."""
    client = registered_client(values.get("client_id", ""))
    if client is None and "client_id" in values:
        return "invalid_client"
    if client is not None and not client.check_redirect_uri(values.get("redirect_uri", "")):
        return "invalid_redirect_uri"
    return str(error.error)


def _wish(parameters: dict[str, str], asked: Asked, client: RegisteredClient) -> Wish:
    try:
        company = read_scope(parameters.get("scope", "")).company
        wish = read_wish(tenant=asked.tenant, company=company, claims=asked.claims, hinted=_hinted(asked, client))
    except (ContradictingWish, ContradictingWishes):
        raise BadParameter("The wishes for an account contradict each other.") from None
    except MalformedWish:
        raise BadParameter("A value in the claims parameter has the wrong form.") from None
    if COMPANY not in client.record.scopes and (wish.company or {"tenant", "company_tax_id"} & set(wish.allowed)):
        # It would learn by trial for which company somebody is here.
        raise BadParameter("The client is not registered for companies.", "invalid_scope")
    if not can_be_met(wish):
        raise BadParameter("The wishes for an account contradict each other.")
    return wish


def _hinted(asked: Asked, client: RegisteredClient) -> tuple[str, str | None] | None:
    """The account and actor of an ``id_token_hint``: ours by signature, for this client, of any age."""
    if asked.id_token_hint is None:
        return None
    claims = claims_of_hint(asked.id_token_hint)
    if claims is None or claims.get("aud") != client.client_id:
        raise BadParameter("The id_token_hint is not an ID token of this provider for this client.")
    return str(claims["sub"]), (claims.get("act") or {}).get("sub")


def _decide(asked: Request, waiting: WaitingRequest | None) -> Response:
    if waiting is not None and waiting.refused_at is not None:
        return _give_up(asked, waiting, "access_denied")
    signed_in = current_sign_in()
    waiting = _with_launch(asked, waiting, signed_in)
    seen, choice = Visits({}, has_left=False), Choice(None)
    if signed_in is not None:
        seen = visits(signed_in.id, asked.client.client_id)
        choice = choose_seat(signed_in, asked.client.record, asked.wish, waiting, seen, is_silent=asked.asked.is_silent)
    situation = situation_of(asked, waiting, signed_in, choice, seen)
    missing = next_requirement(situation)
    if missing is not None:
        return _ask_for(missing, asked, waiting, situation, choice)
    if signed_in is None or choice.seat is None:
        return _page("server_error")
    return _issue(asked, waiting, signed_in, choice, seen.as_seat(choice.seat))


def _with_launch(asked: Request, waiting: WaitingRequest | None, signed_in: SignedIn | None) -> WaitingRequest | None:
    """The account that was clicked for this client at /linked, chosen for this request: once (tokens.md, rule 4).

    A silent request with a wish needs no click, one for another account leaves it, and a click is worth nothing where a
    page is to ask anew.
    """
    if signed_in is None or signed_in.human.kind is not AccountKind.LINKED:
        return waiting
    if (asked.asked.is_silent and asked.wish) or (waiting is not None and waiting.chosen_at is not None):
        return waiting
    with transaction():
        clicked = take_launch(signed_in, asked.client.client_id, asked.wish)
        if clicked is None or "select_account" in asked.asked.prompts:
            return waiting
        request_id = waiting.id if waiting is not None else _keep(asked)
        waiting_room.note_chosen(request_id, *clicked)
    return waiting_room.waiting_request(request_id, browser=browser_id())


def _keep(asked: Request) -> str:
    return waiting_room.keep_request(asked.client.client_id, _known(asked.parameters), browser=browser_id())


def _ask_for(
    missing: Requirement, asked: Request, waiting: WaitingRequest | None, situation: Situation, choice: Choice
) -> Response:
    if asked.asked.is_silent or missing.page not in PAGES:
        return _give_up(asked, waiting, missing.error(situation))
    prefer_language(asked.asked.ui_locales)
    with transaction():
        request_id = waiting.id if waiting is not None else _keep(asked)
        if missing.page in PAGES_OF_A_SEAT and choice.bound is not None and not choice.was_made:
            # What is asked next is asked for this seat, whatever another tab does meanwhile.
            waiting_room.note_chosen(request_id, choice.bound.acting.account_id, choice.bound.binding_id)
    # An id_token_hint is verified here only, so the page is told when the account at hand is not the one meant.
    unmet = 1 if missing.page == "choose_account" and not situation.meets_wish else None
    return _see_other(url_for(PAGES[missing.page], request_id=request_id, unmet=unmet))


def _issue(
    asked: Request, waiting: WaitingRequest | None, signed_in: SignedIn, choice: Choice, running: Visited | None
) -> Response:
    seat = choice.seat
    if seat is None:
        return _page("server_error")
    scopes = asked.scope.split()
    order = CodeOrder(
        client_id=asked.client.client_id,
        redirect_uri=asked.redirect_uri,
        scope=asked.scope,
        claims={place: list(names) for place, names in asked.asked.wanted_claims.items()} or None,
        nonce=asked.asked.nonce,
        code_challenge=asked.asked.code_challenge,
        is_offline=OFFLINE in scopes and not asked.client.record.is_public and seat.via is None,
    )
    if waiting is not None and waiting.is_try:
        return told_tokens(waiting, asked.client, order, seat, signed_in) or _page("expired_request")
    by_page = choice.was_made or signed_in_for_this(waiting, signed_in)
    with transaction():
        if choice.bound is not None and not take_seat(choice.bound, order.client_id):
            return _without_seat(asked, waiting, choice.bound)
        if waiting is not None and not waiting_room.finish_request(waiting.id):
            return _page("expired_request")
        if is_due_to_be_seen(signed_in):
            see_sign_in(signed_in)
        response: Response = server.create_authorization_response(
            request=asked.protocol, grant_user=(order, seat, signed_in, running, by_page), grant=asked.grant
        )
        return response


def _without_seat(asked: Request, waiting: WaitingRequest | None, lost: BoundSeat) -> Response:
    """The binding has ended, or is held, since it was read: the chooser says so, and nothing is issued."""
    if asked.asked.is_silent:
        return _give_up(asked, waiting, "interaction_required")
    request_id = waiting.id if waiting is not None else _keep(asked)
    waiting_room.note_chosen(request_id, lost.acting.account_id, lost.binding_id)
    return _see_other(url_for("authorize.resume", request_id=request_id))


def _give_up(asked: Request, waiting: WaitingRequest | None, code: str) -> Response:
    if waiting is not None and waiting.is_try:
        return told_error(waiting, code) or _page("expired_request")
    if waiting is not None:
        with transaction():
            waiting_room.finish_request(waiting.id)
    return server.handle_response(*authorization_answer(asked.redirect_uri, {"error": code}, asked.parameters))


def _answer_error(redirect_uri: str, values: MultiDict[str, str], error: OAuth2Error) -> Response:
    answer = {"error": str(error.error), "error_description": str(error.get_error_description() or "")}
    return server.handle_response(*authorization_answer(redirect_uri, answer, values.to_dict()))


def _see_other(location: str) -> Response:
    response = redirect(location, 303)
    response.headers["Cache-Control"] = "no-store"
    return response  # type: ignore[return-value]  # werkzeug's base class, which Flask makes its own


def _page(code: str) -> Response:
    """An error in words, with the protocol's code in small and no link back."""
    page = render_template("errors/authorization.html", code=code, at=now())
    return Response(page, status=400)
