"""Token, userinfo, introspection and revocation: each one transaction, answered as JSON."""

from collections.abc import Callable

from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError
from flask import Blueprint, Response

from idp.db import transaction
from idp.oidc.bearer import bearer, challenge, json_answer
from idp.oidc.claims import claims_for, introspection_of
from idp.oidc.client_authentication import authenticate_client
from idp.oidc.requests import ProtocolRequest, form_request
from idp.oidc.server import JSON_HEADERS, AnswerGivenBefore, RefreshCredential, is_usable, server
from idp.services import tokens as kept

bp = Blueprint("oidc", __name__)


def protocol_endpoint(answer: Callable[[], Response]) -> Response:
    """Answer in OAuth's own error format whatever a client sends; anything but our own faults is a 400 or 401."""
    try:
        return answer()
    except OAuth2Error as error:
        return server.handle_response(*error())
    except (ValueError, UnicodeError):
        # Authlib raises ValueError where a client's odd characters reach an error text (ecosystem.md 1.3-26).
        return server.handle_response(*InvalidRequestError("The request can't be read.")())


@bp.post("/token")
def token() -> Response:
    """The token endpoint (RFC 6749 §3.2): code, refresh_token, client_credentials."""
    return protocol_endpoint(_token)


def _token() -> Response:
    asked = form_request()
    if "grant_type" not in asked.payload.data:
        raise InvalidRequestError("The grant_type is missing.")
    with transaction():
        try:
            response: Response = server.create_token_response(asked)
        except AnswerGivenBefore as repeat:
            # Answered in here, so that what the client proved itself with is used up.
            return Response(repeat.answer, headers=JSON_HEADERS)
        used: RefreshCredential | None = asked.refresh_token
        if used is not None and response.status_code == 200:
            kept.use_refresh_token(used.token, used.value, response.get_data())
        return response


@bp.route("/userinfo", methods=["GET", "POST"])
def userinfo() -> Response:
    """Userinfo (OIDC Core §5.3): GET or POST, the token in the header or a form body, never in the address."""
    asked = bearer("userinfo")
    if isinstance(asked, Response):
        return asked
    found, grant = asked
    if "openid" not in found.scope.split():
        return challenge("userinfo", 403, "insufficient_scope", "The scope openid is needed.")
    return json_answer(claims_for(grant, found.client_id, found.scope))


@bp.post("/introspect")
def introspect() -> Response:
    """Introspection (RFC 7662): a client asks about its own tokens; all others are ``active: false``."""
    return protocol_endpoint(_introspect)


def _introspect() -> Response:
    asked = form_request()
    client = _confidential_client(asked)
    found = kept.find_token(_token_parameter(asked))
    if found is None or not is_usable(found) or found.client_id != client:
        return json_answer({"active": False})
    return json_answer(introspection_of(found))


@bp.post("/revoke")
def revoke() -> Response:
    """Revocation (RFC 7009): a client ends its own token; another's or an unknown one is left alone, answer 200."""
    return protocol_endpoint(_revoke)


def _revoke() -> Response:
    asked = form_request()
    with transaction():
        client = authenticate_client(asked)
        found = kept.find_token(_token_parameter(asked))
        if found is not None and found.client_id == client.client_id:
            kept.revoke_token(found)
    return json_answer({})


def _confidential_client(asked: ProtocolRequest) -> str:
    if "client_assertion" in asked.payload.data:
        with transaction():  # an assertion's jti is kept
            client = authenticate_client(asked)
    else:
        client = authenticate_client(asked)
    if client.record.is_public:
        raise InvalidClientError(status_code=401, description="Public clients may not introspect.")
    return client.client_id


def _token_parameter(asked: ProtocolRequest) -> str:
    value = asked.payload.data.get("token")
    if not value:
        raise InvalidRequestError("The token is missing.")
    return value
