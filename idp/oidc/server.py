"""Every Authlib subclass: it lends our tables to Authlib and delegates at once.

Authlib's ``user`` is our Acting, never our Account (services/acting.py). Where Authlib's defaults fall short of the bar
(security.md §1.8, ecosystem.md 1.3) the reason stands beside the override.
"""

import json
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.rfc6749 import AuthorizationServer as BaseServer
from authlib.oauth2.rfc6749 import OAuth2Error, grants
from authlib.oauth2.rfc6749.errors import InvalidRequestError, InvalidScopeError
from authlib.oauth2.rfc6749.util import scope_to_list
from authlib.oauth2.rfc7636 import CodeChallenge as BaseChallenge
from authlib.oidc.core.grants import OpenIDCode as BaseOpenIDCode
from flask import Response, render_template

from idp.config import settings
from idp.db import now
from idp.oidc import keys
from idp.oidc.claims import id_token_claims, seconds
from idp.oidc.client_authentication import RegisteredClient, authenticate_client, registered_client
from idp.oidc.requests import ProtocolRequest
from idp.policies.asking import BadParameter, read_response_mode
from idp.policies.scopes import SCOPES
from idp.services import grants as granting
from idp.services import tokens as kept
from idp.services.acting import Acting
from idp.services.admission import admission_of
from idp.services.clients import client_by_id
from idp.services.grants import GrantFacts
from idp.services.secrets import new_secret
from idp.services.tokens import TokenFacts

S256_LENGTH = 43
NO_STORE = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
JSON_HEADERS = [("Content-Type", "application/json"), *NO_STORE]


class AnswerGivenBefore(Exception):
    """A refresh token was sent again within the grace: the client gets the identical answer."""

    def __init__(self, answer: bytes) -> None:
        super().__init__("answer given before")
        self.answer = answer


class Code:
    """An authorization code just consumed, as Authlib asks about it."""

    def __init__(self, grant: GrantFacts) -> None:
        self.grant = grant
        self.code_challenge = grant.code_challenge
        self.code_challenge_method = "S256"

    def get_redirect_uri(self) -> str:
        return self.grant.redirect_uri

    def get_scope(self) -> str:
        return self.grant.scope


class RefreshCredential:
    """A refresh token in use, as Authlib asks about it."""

    def __init__(self, token: TokenFacts, value: str) -> None:
        self.token = token
        self.value = value

    def check_client(self, client: RegisteredClient) -> bool:
        return self.token.client_id == client.client_id

    def get_scope(self) -> str:
        return self.token.scope


def is_admitted(grant: GrantFacts) -> bool:
    """Whether the client is still there and still admits the account, whose role or company may have changed since."""
    client = client_by_id(grant.client_id)
    return client is not None and admission_of(grant.acting, client) is None


def is_usable(token: TokenFacts) -> bool:
    """Whether a token may be used now, at its client as that is registered now."""
    return token.is_live and (token.grant is None or is_admitted(token.grant))


class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):
    """Code flow: the code is consumed in one statement, after client authentication and before all other checks."""

    def create_authorization_response(self, redirect_uri: str, grant_user: Any) -> tuple[int, str, list[Any]]:
        """The answer to the client with a code for what was ordered (``grant_user`` is the order and its seat)."""
        order, acting, signed_in, running, by_page = grant_user
        code = granting.issue_code(order, acting, signed_in, running=running, by_page=by_page)
        return authorization_answer(redirect_uri, {"code": code}, self.request.payload.data)

    def query_authorization_code(self, code: str, client: RegisteredClient) -> Code | None:
        grant = granting.redeem_code(code, client.client_id)
        return Code(grant) if grant is not None else None

    def authenticate_user(self, authorization_code: Code) -> Acting | None:
        grant = authorization_code.grant
        return grant.acting if grant.is_good and is_admitted(grant) else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Nothing: it was consumed before it was looked at, and is kept so that a replay is seen."""


class RefreshTokenGrant(grants.RefreshTokenGrant):
    """Refresh with rotation, reuse detection for the family and a short grace for a repeated request."""

    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshCredential | None:
        """The token if it may be used now. The client is compared first: nobody else can kill a family."""
        token = kept.find_token(refresh_token, for_update=True)
        client = self.request.client
        if token is None or token.kind != kept.REFRESH or token.client_id != client.client_id:
            return None
        if token.used_at is not None:
            self._judge_repeat(token, refresh_token)
            return None
        return RefreshCredential(token, refresh_token) if is_usable(token) else None

    def _judge_repeat(self, token: TokenFacts, value: str) -> None:
        if token.grant is None or not token.grant.is_good or token.revoked_at is not None:
            return
        if not is_admitted(token.grant):
            return
        answer = kept.answer_again(token, value)
        if answer is not None:
            raise AnswerGivenBefore(answer)
        granting.revoke_grant(token.grant.id, because="refresh_reused")

    def authenticate_user(self, refresh_token: RefreshCredential) -> Acting | None:
        grant = refresh_token.token.grant
        return grant.acting if grant is not None else None

    def revoke_old_credential(self, refresh_token: RefreshCredential) -> None:
        """Nothing yet: the endpoint marks it used together with the answer, which holds the ID token as well."""


class ClientCredentialsGrant(grants.ClientCredentialsGrant):
    """A client for itself: ``sub`` is its id, no company, no ID token; only scopes it is registered for."""

    def validate_requested_scope(self) -> None:
        """Raises InvalidScopeError for a scope of sign-ins or one the client is not registered for."""
        wanted = scope_to_list(self.request.payload.scope or "") or []
        registered = self.request.client.record.scopes
        if not wanted or any(s in SCOPES or s not in registered for s in wanted):
            raise InvalidScopeError()


class CodeChallenge(BaseChallenge):
    """PKCE, S256 only, demanded of every client (RFC 9700 §2.1.1).

    Authlib demands it of public clients alone and takes ``plain``, also where no method is named.
    """

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        parameters = grant.request.payload.data
        challenge = parameters.get("code_challenge")
        method = parameters.get("code_challenge_method")
        if not challenge and not method and not grant.request.client.record.require_pkce:
            return
        if not challenge:
            raise InvalidRequestError("A code_challenge is needed (PKCE with S256).")
        if method != "S256" or len(challenge) != S256_LENGTH:
            raise InvalidRequestError("The code_challenge_method must be S256.")
        super().validate_code_challenge(grant, redirect_uri)


class IdToken(BaseOpenIDCode):
    """The ID token of a code exchange or a refresh: claims, ``auth_time`` and ``act`` always come from the grant.

    Authlib would set ``auth_time`` anew at a refresh, give no ``kid``, and judge ``prompt`` without a session.
    """

    def __call__(self, grant: Any) -> None:
        grant.register_hook("after_create_token_response", self.process_token)

    def encode_id_token(self, token: dict[str, Any], request: Any) -> str:
        facts = granted(request)
        client: RegisteredClient = request.client
        alg = client.record.id_token_alg
        claims = id_token_payload(facts, client.client_id, token["scope"], access_token=token["access_token"], alg=alg)
        if facts.nonce is not None and request.authorization_code is not None:
            claims["nonce"] = facts.nonce
        return keys.sign(claims, alg)


def id_token_payload(facts: GrantFacts, client_id: str, scope: str, *, access_token: str, alg: str) -> dict[str, Any]:
    """Everything an ID token says but the nonce, which belongs to the code exchange alone."""
    moment = seconds(now())
    return {
        "iss": settings().issuer,
        "aud": client_id,
        "iat": moment,
        "exp": moment + settings().id_token_seconds,
        "at_hash": keys.half_hash(access_token, alg),
    } | id_token_claims(facts, client_id, scope)


def granted(request: Any) -> GrantFacts:
    """The grant behind a token request: of the code just consumed, or of the refresh token in use."""
    if request.authorization_code is not None:
        facts: GrantFacts = request.authorization_code.grant
        return facts
    token: TokenFacts = request.refresh_token.token
    if token.grant is None:
        raise InvalidRequestError("The token has no grant.")
    return token.grant


class AuthorizationServer(BaseServer):
    """Authlib's server over our services. It never commits: the endpoint holds the one transaction."""

    def query_client(self, client_id: str) -> RegisteredClient | None:
        return registered_client(client_id)

    def authenticate_client(self, request: Any, methods: Any, endpoint: str = "token") -> RegisteredClient:
        """By the client's one registered method, at every endpoint; Authlib would try a list of them in turn."""
        return authenticate_client(request)

    def create_oauth2_request(self, request: ProtocolRequest) -> ProtocolRequest:
        return request

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def generate_token(
        self,
        grant_type: str,
        client: RegisteredClient,
        user: Any = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> dict[str, Any]:
        """Fresh random tokens. Authlib's generator asks the client for a scope of sign-ins, also for services."""
        chosen = settings()
        through_linked = user is not None and user.via is not None
        token = {
            "access_token": new_secret(),
            "token_type": "Bearer",
            "expires_in": chosen.acting_access_token_seconds if through_linked else chosen.access_token_seconds,
            "scope": scope or "",
        }
        if include_refresh_token and user is not None and client.check_grant_type("refresh_token"):
            token["refresh_token"] = new_secret()
        return token

    def save_token(self, token: dict[str, Any], request: Any) -> None:
        facts = granted(request) if request.user is not None else None
        kept.save_tokens(
            access_token=token["access_token"],
            refresh_token=token.get("refresh_token"),
            client_id=request.client.client_id,
            scope=token["scope"],
            grant=facts,
            expires_in=token["expires_in"],
        )

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:
        if isinstance(body, dict):
            return Response(json.dumps(body, ensure_ascii=False), status=status, headers=_json_headers(headers))
        return Response(body, status=status, headers=headers)

    def handle_error_response(self, request: Any, error: OAuth2Error) -> Response:
        """To the client with ``state`` and ``iss`` once its redirect_uri is known to be its own; else JSON."""
        if error.redirect_uri:
            parameters = {"error": error.error, "error_description": str(error.get_error_description() or "")}
            return self.handle_response(*authorization_answer(error.redirect_uri, parameters, request.payload.data))
        return self.handle_response(*error())


def _json_headers(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    kept_headers = [h for h in headers if h[0] == "WWW-Authenticate"]
    return JSON_HEADERS + kept_headers


def authorization_answer(
    redirect_uri: str, answer: dict[str, str], parameters: dict[str, str]
) -> tuple[int, str, list[tuple[str, str]]]:
    """Send an answer, good or bad, to a client's registered address, with ``state`` and ``iss`` (RFC 9207)."""
    fields = {name: value for name, value in answer.items() if value}
    if parameters.get("state"):
        fields["state"] = parameters["state"]
    fields["iss"] = settings().issuer
    try:
        mode = read_response_mode(parameters)
    except BadParameter:
        mode = "query"
    if mode == "form_post":
        # One form only, the client's: without a person there is no header menu with another.
        page = render_template("oidc/form_post.html", action=redirect_uri, fields=fields, person=None)
        return 200, page, [("Content-Type", "text/html; charset=utf-8"), *NO_STORE]
    joint = "&" if "?" in redirect_uri else "?"
    location = redirect_uri + joint + urlencode(fields)
    # RFC 9700 §4.12: 303, so that no browser sends a form on to the client.
    return 303, "", [("Location", location), ("Referrer-Policy", "no-referrer"), *NO_STORE]


def make_server() -> AuthorizationServer:
    """The server with its grants."""
    server = AuthorizationServer()
    server.register_grant(AuthorizationCodeGrant, [CodeChallenge(required=False), IdToken()])
    server.register_grant(RefreshTokenGrant, [IdToken()])
    server.register_grant(ClientCredentialsGrant)
    return server


server = make_server()
