"""Token, userinfo, introspection and revocation: each one transaction, answered as JSON."""

import json
from collections.abc import Callable
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError
from flask import Blueprint, Response, request

from idp.db import transaction
from idp.oidc.claims import claims_for, introspection_of
from idp.oidc.client_authentication import authenticate_client
from idp.oidc.requests import ProtocolRequest, form_request, single_values
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
    try:
        value = _bearer_token()
    except OAuth2Error as error:
        return _challenge(400, error.error, str(error.description))
    if value is None:
        return _challenge(401, None, "")
    found = kept.find_token(value)
    if found is None or found.kind != kept.ACCESS or not is_usable(found) or found.grant is None:
        return _challenge(401, "invalid_token", "The access token is expired, revoked or unknown.")
    if "openid" not in found.scope.split():
        return _challenge(403, "insufficient_scope", "The scope openid is needed.")
    return _json(claims_for(found.grant, found.client_id, found.scope))


def _bearer_token() -> str | None:
    if "access_token" in request.args:
        raise InvalidRequestError("The access token belongs into the header or the body.")
    header = request.headers.get("Authorization", "")
    in_body = None
    if request.method == "POST" and request.mimetype == "application/x-www-form-urlencoded":
        in_body = single_values(request.form).get("access_token")
    if header and in_body:
        raise InvalidRequestError("The access token is given twice.")
    if not header:
        return in_body
    scheme, _, value = header.partition(" ")
    return value.strip() if scheme.lower() == "bearer" and value.strip() else None


def _challenge(status: int, error: str | None, description: str) -> Response:
    """RFC 6750 §3: the reason in WWW-Authenticate; without a token there is no reason to name."""
    value = 'Bearer realm="userinfo"'
    if error:
        value += f', error="{error}", error_description="{description}"'
    body = {"error": error, "error_description": description} if error else {}
    response = _json(body, status)
    response.headers["WWW-Authenticate"] = value
    return response


@bp.post("/introspect")
def introspect() -> Response:
    """Introspection (RFC 7662): a client asks about its own tokens; all others are ``active: false``."""
    return protocol_endpoint(_introspect)


def _introspect() -> Response:
    asked = form_request()
    client = _confidential_client(asked)
    found = kept.find_token(_token_parameter(asked))
    if found is None or not is_usable(found) or found.client_id != client:
        return _json({"active": False})
    return _json(introspection_of(found))


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
    return _json({})


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


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status=status, headers=JSON_HEADERS)
