"""Discovery and JWKS: bytes made once and answered in WSGI, before Flask (ecosystem.md 2.2)."""

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from idp.config import Settings
from idp.oidc.keys import CACHE_SECONDS, public_keys
from idp.policies.asking import PROMPTS
from idp.policies.assurance import Acr
from idp.policies.scopes import CLAIMS_OF_SCOPE, SCOPES

DISCOVERY_PATH = "/.well-known/openid-configuration"
JWKS_PATH = "/jwks"
AUTH_METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
PROTECTED = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
ASSERTION_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
HEADERS = [
    ("Content-Type", "application/json"),
    ("Cache-Control", "public, max-age=300"),
    ("Access-Control-Allow-Origin", "*"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    ("Referrer-Policy", "no-referrer"),
]
HSTS = ("Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload")

Start = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def _classes(settings: Settings) -> tuple[Acr, ...]:
    """The classes that can be reached here."""
    return tuple(Acr) if settings.offers_cards else (Acr.PASSWORD, Acr.MFA)


def discovery_document(settings: Settings) -> dict[str, Any]:
    """The provider's metadata (OIDC Discovery §3, RFC 8414): what is offered, and nothing that is not."""
    claims = sorted({name for names in CLAIMS_OF_SCOPE.values() for name in names})
    always = ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "acr", "amr", "sid", "act"]
    return {
        "issuer": settings.issuer,
        "authorization_endpoint": settings.link("/authorize"),
        "token_endpoint": settings.link("/token"),
        "userinfo_endpoint": settings.link("/userinfo"),
        "jwks_uri": settings.link(JWKS_PATH),
        "introspection_endpoint": settings.link("/introspect"),
        "revocation_endpoint": settings.link("/revoke"),
        "end_session_endpoint": settings.link("/logout"),
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "EdDSA"],
        "token_endpoint_auth_methods_supported": AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": PROTECTED,
        "introspection_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": AUTH_METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": [str(acr) for acr in _classes(settings)],
        "claim_types_supported": ["normal"],
        "claims_supported": [*always, "session_expiry", *claims],
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "require_request_uri_registration": False,
        "prompt_values_supported": sorted(PROMPTS),
        "display_values_supported": ["page", "popup"],
        "ui_locales_supported": ["zh-TW", "en"],
        "authorization_response_iss_parameter_supported": True,
    }


class StaticDocuments:
    """WSGI in front of Flask: answers the two documents from memory, the JWKS at most a few seconds old."""

    def __init__(self, app: Flask, inner: Wsgi, settings: Settings) -> None:
        self._app = app
        self._inner = inner
        self._headers = HEADERS + ([HSTS] if settings.secure else [])
        self._discovery = json.dumps(discovery_document(settings)).encode()
        self._jwks = b""
        self._jwks_good_until = 0.0

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == JWKS_PATH and environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
            return self._answer(self._current_jwks(), environ, start)
        if path == DISCOVERY_PATH and environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
            return self._answer(self._discovery, environ, start)
        return self._inner(environ, start)

    def _answer(self, body: bytes, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        start("200 OK", [*self._headers, ("Content-Length", str(len(body)))])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def _current_jwks(self) -> bytes:
        if self._jwks_good_until <= time.monotonic():
            try:
                with self._app.app_context():
                    self._jwks = json.dumps(public_keys()).encode()
            except Exception:
                # Clients may verify tokens while the database is away, as long as we have keys to show.
                if not self._jwks:
                    raise
                self._app.logger.exception("The JWKS could not be read anew; the last one is served.")
            self._jwks_good_until = time.monotonic() + CACHE_SECONDS
        return self._jwks
