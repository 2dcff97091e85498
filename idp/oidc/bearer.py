"""Asking with an access token (RFC 6750): the token taken out, and what is answered without a good one."""

import json
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oauth2.rfc6749.errors import InvalidRequestError
from flask import Response, request

from idp.oidc.requests import single_values
from idp.oidc.server import JSON_HEADERS, is_usable
from idp.services import tokens as kept
from idp.services.grants import GrantFacts
from idp.services.tokens import TokenFacts


def bearer(realm: str) -> tuple[TokenFacts, GrantFacts] | Response:
    """The access token of this request with its grant; or the answer to who has none that is good."""
    found = _token(realm)
    if isinstance(found, Response):
        return found
    return (found, found.grant) if found.grant is not None else _not_good(realm)


def client_bearer(realm: str) -> TokenFacts | Response:
    """The access token that a client got for itself (client_credentials); or the answer to who has no such one."""
    found = _token(realm)
    if isinstance(found, Response):
        return found
    return found if found.grant is None else _not_good(realm)


def _token(realm: str) -> TokenFacts | Response:
    try:
        value = _token_value()
    except OAuth2Error as error:
        return challenge(realm, 400, error.error, str(error.description))
    if value is None:
        return challenge(realm, 401, None, "")
    found = kept.find_token(value)
    if found is None or found.kind != kept.ACCESS or not is_usable(found):
        return _not_good(realm)
    return found


def _not_good(realm: str) -> Response:
    return challenge(realm, 401, "invalid_token", "The access token is expired, revoked or unknown.")


def _token_value() -> str | None:
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


def challenge(realm: str, status: int, error: str | None, description: str) -> Response:
    """RFC 6750 §3: the reason in WWW-Authenticate; without a token there is no reason to name."""
    value = f'Bearer realm="{realm}"'
    if error:
        value += f', error="{error}", error_description="{description}"'
    body = {"error": error, "error_description": description} if error else {}
    response = json_answer(body, status)
    response.headers["WWW-Authenticate"] = value
    return response


def json_answer(body: dict[str, Any], status: int = 200) -> Response:
    """An object as JSON that nobody stores."""
    return Response(json.dumps(body, ensure_ascii=False), status=status, headers=JSON_HEADERS)
