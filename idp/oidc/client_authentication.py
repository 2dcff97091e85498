"""Client authentication: exactly one method, the one registered (RFC 6749 §2.3, RFC 7523, OIDC Core §9)."""

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError

from idp.config import settings
from idp.db import now, session
from idp.models import UsedAssertion
from idp.oidc.requests import ProtocolRequest
from idp.policies.scopes import ContradictingWishes, granted_scope
from idp.services.clients import ClientRecord, client_anew, client_by_id
from idp.services.secrets import digest

ASSERTION_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
ASSERTION_LEEWAY = 10
LONGEST_ASSERTION = timedelta(minutes=10)
LONGEST_JWT = 8192


class RegisteredClient(ClientMixin):
    """A client as Authlib asks about it; the answers come from our immutable record."""

    def __init__(self, record: ClientRecord) -> None:
        self.record = record
        self.client_id = record.id
        self.id_token_signed_response_alg = record.id_token_alg

    def get_client_id(self) -> str:
        return self.record.id

    def get_default_redirect_uri(self) -> None:
        """None: a request must name its redirect_uri (OIDC Core §3.1.2.1)."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The scopes of a sign-in that may be granted; None is ``invalid_scope``."""
        try:
            return granted_scope(scope or "", self.record.scopes, is_public=self.record.is_public)
        except ContradictingWishes:
            raise InvalidRequestError("Two companies are asked for.") from None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Byte equality with a registered address (RFC 9700 §4.1)."""
        return redirect_uri in self.record.redirect_uris or (
            self._is_renewed() and redirect_uri in self.record.redirect_uris
        )

    def check_client_secret(self, client_secret: str) -> bool:
        return self.record.knows_secret(client_secret) or (
            self._is_renewed() and self.record.knows_secret(client_secret)
        )

    def _is_renewed(self) -> bool:
        """Whether the client was changed since this process read it; what it is now is then taken."""
        fresh = client_anew(self.client_id)
        if fresh is None or fresh == self.record:
            return False
        self.record = fresh
        return True

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """The registered method only, at every endpoint."""
        return method == self.record.auth_method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and "authorization_code" in self.record.grant_types

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.record.grant_types


def registered_client(client_id: str) -> RegisteredClient | None:
    """The client of this id for Authlib, or None."""
    record = client_by_id(client_id)
    return RegisteredClient(record) if record is not None else None


class ClientAssertion(JWTBearerClientAssertion):
    """``private_key_jwt``: issuer or token endpoint as audience, short-lived, each used once."""

    CLIENT_AUTH_METHOD = "private_key_jwt"

    def __init__(self) -> None:
        super().__init__(validate_jti=True, leeway=ASSERTION_LEEWAY)

    def get_audiences(self) -> list[str]:
        return [settings().issuer, settings().link("/token")]

    def resolve_client_public_key(self, client: RegisteredClient) -> KeySet:
        if client.record.auth_method != self.CLIENT_AUTH_METHOD or not client.record.jwks:
            raise InvalidClientError(description="The client does not authenticate by assertion.")
        return KeySet.import_key_set(client.record.jwks)  # type: ignore[arg-type]  # a JWKS as registered

    def process_assertion_claims(self, assertion: str, resolve_key: KeySet) -> dict[str, Any]:
        """Verify signature and claims; the algorithms are ours to list, not the token's to choose."""
        token = jwt.decode(assertion, resolve_key, algorithms=ASSERTION_ALGORITHMS)
        # Judged before its jti is kept: what is refused leaves nothing behind.
        _refuse_loose_claims(token.claims)
        self.verify_claims(token.claims)
        return dict(token.claims)

    def validate_jti(self, claims: dict[str, Any], jti: Any) -> bool:
        """Accept each ``jti`` of a client once, decided by the primary key."""
        session.execute(delete(UsedAssertion).where(UsedAssertion.expires_at < now()))
        try:
            with session.begin_nested():
                session.execute(
                    insert(UsedAssertion).values(
                        client_id=claims["sub"],
                        jti_hash=digest(str(jti)),
                        expires_at=datetime.fromtimestamp(int(claims["exp"]) + ASSERTION_LEEWAY, UTC),
                    )
                )
        except IntegrityError:
            return False
        return True


def _refuse_loose_claims(claims: dict[str, Any]) -> None:
    moment = now().timestamp()
    allowed = {settings().issuer, settings().link("/token")}
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if not set(audience) <= allowed:
        raise InvalidClientError(description="The assertion is meant for others as well.")
    if float(claims["exp"]) > moment + LONGEST_ASSERTION.total_seconds():
        raise InvalidClientError(description="The assertion lives too long.")
    if float(claims.get("iat", moment)) > moment + ASSERTION_LEEWAY:
        raise InvalidClientError(description="The assertion is from the future.")


_assertion = ClientAssertion()


def authenticate_client(request: ProtocolRequest) -> RegisteredClient:
    """The client that authenticates with this request, by the one method it is registered with.

    Raises InvalidRequestError for two methods at once, InvalidClientError (401) for anything else that is wrong.
    """
    form = request.payload.data
    header = request.headers.get("Authorization", "")
    presented = [
        name
        for name, there in (
            ("client_secret_basic", bool(header)),
            ("client_secret_post", "client_secret" in form),
            ("private_key_jwt", "client_assertion" in form or "client_assertion_type" in form),
        )
        if there
    ]
    if len(presented) > 1:
        raise InvalidRequestError("More than one client authentication is used.")
    method = presented[0] if presented else "none"
    client = _by_method(method, request, header)
    stated = form.get("client_id")
    if client is None or client.record.auth_method != method or stated not in {None, client.client_id}:
        raise _refusal()
    request.auth_method = method
    request.client = client
    return client


def _refusal() -> InvalidClientError:
    return InvalidClientError(status_code=401, description="Client authentication failed.")


def _by_method(method: str, request: ProtocolRequest, header: str) -> RegisteredClient | None:
    form = request.payload.data
    if method == "client_secret_basic":
        return _by_secret(*_basic(header))
    if method == "client_secret_post":
        return _by_secret(form.get("client_id", ""), form["client_secret"])
    if method == "private_key_jwt":
        return _by_assertion(request)
    return registered_client(form.get("client_id", ""))


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise _refusal()
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise _refusal() from None
    client_id, _, secret = decoded.partition(":")
    # RFC 6749 §2.3.1: both were form-encoded before they were joined; openid-client encodes even a hyphen.
    return unquote_plus(client_id), unquote_plus(secret)


def _by_secret(client_id: str, secret: str) -> RegisteredClient | None:
    client = registered_client(client_id)
    return client if client is not None and secret and client.check_client_secret(secret) else None


def _by_assertion(request: ProtocolRequest) -> RegisteredClient | None:
    if len(request.payload.data.get("client_assertion", "")) > LONGEST_JWT:
        return None
    try:
        client: RegisteredClient | None = _assertion(registered_client, request)
    except InvalidClientError:
        raise
    except Exception as error:  # joserfc and Authlib raise many kinds for hostile JWTs
        raise _refusal() from error
    return client
