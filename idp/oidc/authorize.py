"""The authorization endpoint: entry and exit of every sign-in at a client.

It reads the request, asks what is still missing (policies/requirements.py), sends the person to that page, and issues
the code when nothing is. Pages never lead to one another: each returns here, where the request is judged again.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Error
from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from idp.browser import browser_id, current_sign_in, prefer_language
from idp.db import now, transaction
from idp.oidc.client_authentication import RegisteredClient, registered_client
from idp.oidc.keys import claims_of_hint
from idp.oidc.requests import ProtocolRequest, single_values
from idp.oidc.server import authorization_answer, server
from idp.oidc.tried import told_error, told_tokens
from idp.policies.asking import PARAMETERS, Asked, BadParameter, read_asked, scopes_to_agree
from idp.policies.assurance import Shortfall
from idp.policies.requirements import Requirement, Situation, next_requirement
from idp.policies.scopes import COMPANY, OFFLINE, ContradictingWishes, read_scope
from idp.policies.wishes import ContradictingWish, MalformedWish, Wish, read_wish
from idp.services import authorization_requests as waiting_room
from idp.services.acting import Acting
from idp.services.admission import admission_of
from idp.services.agreements import must_agree
from idp.services.authorization_requests import WaitingRequest
from idp.services.consents import agreed_scopes
from idp.services.grants import CodeOrder, Visits, visits
from idp.services.sign_ins import SignedIn, is_due_to_be_seen, see_sign_in
from idp.services.step_up import lack_of
from idp.services.wishes import can_be_met

bp = Blueprint("authorize", __name__)

FRESH_FOR_A_REQUEST = timedelta(minutes=5)
LONGEST_REQUEST = 16_384
# Where each requirement's page is; flows are named, never imported.
PAGES = {
    "register": "registration.begin",
    "sign_in": "sign_in.ask",
    "choose_account": "choose_account.ask",
    "agreements": "agreements.ask",
    "consent": "consent.ask",
    "step_up": "card_step_up.ask",
}


class ToBeShown(Exception):
    """An error that must not redirect: the client or its address is not known to be genuine."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was read and found to be a registered client's."""

    parameters: dict[str, str]
    protocol: ProtocolRequest
    grant: Any
    client: RegisteredClient
    redirect_uri: str
    scope: str
    asked: Asked
    wish: Wish


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
    seen = visits(signed_in.id, asked.client.client_id) if signed_in else Visits({}, has_left=False)
    situation = _situation(asked, waiting, signed_in, seen)
    missing = next_requirement(situation)
    if missing is None and signed_in is not None:
        return _issue(asked, waiting, signed_in, seen)
    if missing is None:
        return _page("server_error")
    return _ask_for(missing, asked, waiting, situation)


def _situation(asked: Request, waiting: WaitingRequest | None, signed_in: SignedIn | None, seen: Visits) -> Situation:
    if signed_in is None:
        return Situation(
            is_signed_in=False,
            must_sign_in_again=True,
            must_register=_must_register(asked),
            meets_wish=True,
            wishes_for_somebody_else=False,
            is_admitted=True,
            has_left_client=False,
            must_choose=False,
            must_agree=False,
            must_consent=False,
            must_step_up=False,
            is_beyond_reach=False,
        )
    seat = signed_in.human
    was_chosen = waiting is not None and waiting.account_id == seat.account_id
    meets_wish = asked.wish.is_met_by(seat.seat)
    lacks = lack_of(asked.asked, signed_in).shortfall
    return Situation(
        is_signed_in=True,
        must_sign_in_again=_must_sign_in_again(asked.asked, waiting, signed_in),
        must_register=_must_register(asked) and not _signed_in_for_this(waiting, signed_in),
        meets_wish=meets_wish,
        wishes_for_somebody_else=not meets_wish and asked.wish.is_for_somebody,
        is_admitted=admission_of(seat, asked.client.record) is None,
        has_left_client=seen.has_left and not was_chosen and not _signed_in_for_this(waiting, signed_in),
        must_choose="select_account" in asked.asked.prompts and not was_chosen,
        must_agree=must_agree(seat, asked.client.record),
        must_consent=_must_consent(asked, waiting, seat),
        must_step_up=_must_step_up(asked.asked, waiting, lacks),
        is_beyond_reach=lacks is Shortfall.BEYOND_REACH,
    )


def _must_register(asked: Request) -> bool:
    """Whether the client asks for a new account; where its service is unknown there is nothing to apply for."""
    return "create" in asked.asked.prompts and asked.client.record.service_id is not None


def _signed_in_for_this(waiting: WaitingRequest | None, signed_in: SignedIn) -> bool:
    """Whether this very sign-in was made, or made again, since the request came, and not long ago."""
    if waiting is None or signed_in.auth_time < waiting.created_at:
        return False
    return now() - signed_in.auth_time <= FRESH_FOR_A_REQUEST


def _must_sign_in_again(asked: Asked, waiting: WaitingRequest | None, signed_in: SignedIn) -> bool:
    if _signed_in_for_this(waiting, signed_in):
        return False
    if asked.prompts & {"login", "create"}:
        return True
    # OIDC Core §3.1.2.1: max_age counts from the last active authentication, not from the cookie's birth.
    age = (now() - signed_in.auth_time).total_seconds()
    return asked.max_age is not None and age > asked.max_age


def _must_consent(asked: Request, waiting: WaitingRequest | None, seat: Acting) -> bool:
    has_agreed = waiting is not None and waiting.consented_at is not None and waiting.account_id == seat.account_id
    if "consent" in asked.asked.prompts and not has_agreed:
        return True
    if not asked.client.record.asks_consent:
        return False
    to_agree = scopes_to_agree(asked.scope, asked.asked)
    return not to_agree <= agreed_scopes(seat, asked.client.client_id)


def _must_step_up(asked: Asked, waiting: WaitingRequest | None, lacks: Shortfall) -> bool:
    """Whether a stronger sign-in is asked for; what a client merely wishes for is asked for once, on a page."""
    if lacks is Shortfall.WISHED:
        return not asked.is_silent and (waiting is None or waiting.went_on_at is None)
    return lacks is Shortfall.DEMANDED


def _ask_for(missing: Requirement, asked: Request, waiting: WaitingRequest | None, situation: Situation) -> Response:
    if asked.asked.is_silent or missing.page not in PAGES:
        return _give_up(asked, waiting, missing.error(situation))
    prefer_language(asked.asked.ui_locales)
    if waiting is None:
        with transaction():
            request_id = waiting_room.keep_request(
                asked.client.client_id, _known(asked.parameters), browser=browser_id()
            )
    else:
        request_id = waiting.id
    # An id_token_hint is verified here only, so the page is told when the account at hand is not the one meant.
    unmet = 1 if missing.page == "choose_account" and not situation.meets_wish else None
    return _see_other(url_for(PAGES[missing.page], request_id=request_id, unmet=unmet))


def _issue(asked: Request, waiting: WaitingRequest | None, signed_in: SignedIn, seen: Visits) -> Response:
    seat = signed_in.human
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
    with transaction():
        if waiting is not None and not waiting_room.finish_request(waiting.id):
            return _page("expired_request")
        if is_due_to_be_seen(signed_in):
            see_sign_in(signed_in)
        response: Response = server.create_authorization_response(
            request=asked.protocol,
            grant_user=(order, seat, signed_in, seen.live.get(seat.account_id)),
            grant=asked.grant,
        )
        return response


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
