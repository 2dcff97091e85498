"""Talking to the identity provider: Authlib's Flask client, and the checks it leaves to the application."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from authlib.integrations.flask_client import OAuth, OAuthError
from flask import Flask, Response, session
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from requests import RequestException
from requests import Response as Answer
from werkzeug.datastructures import MultiDict

from clients.relying.application import Application
from clients.relying.database import Clock, Pending
from clients.relying.logout_token import LogoutToken, LogoutTokenRefused, verify_logout_token
from clients.relying.sessions import Session, Tokens, human_of
from clients.relying.settings import Settings
from clients.relying.strength import needed_from

# Without offline_access: what we may ask for ends with the sign-in, so that signing out at the provider ends us too.
SCOPE = "openid profile email company menus linked_accounts"
TIMEOUT = 5
MOST_UNDER_WAY = 8  # sign-ins begun in one browser and not finished: more would not fit its cookie
KEYS_AGAIN = 30  # seconds: a stranger's key id must not make us ask the provider at every request


class ProviderUnreachable(Exception):
    """The provider does not answer, or not as it should; worth trying again."""


class SignInFailed(Exception):
    """This sign-in comes to nothing; ``code`` is the provider's error or ours, for the words on the page."""

    def __init__(self, code: str, under_way: dict[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.under_way = under_way or {}


class SessionOver(Exception):
    """The provider does not stand by this session any more."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a finished sign-in brings: verified claims, userinfo, tokens, and where the person was going."""

    claims: dict[str, Any]
    userinfo: dict[str, Any]
    tokens: Tokens
    accounts: list[dict[str, Any]]
    under_way: dict[str, Any]


class Provider:
    """The one identity provider we trust, found by discovery (OpenID Connect Discovery 1.0 §4)."""

    def __init__(
        self, app: Flask, application: Application, settings: Settings, pending: Pending, clock: Clock
    ) -> None:
        self.key = application.key
        self.settings = settings
        self.clock = clock
        self._keys_read_at = 0
        options: dict[str, Any] = {
            "scope": " ".join([SCOPE, *application.scopes]),
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT,
            "trust_env": not settings.issuer_is_local,
        }
        self.client: Any = OAuth(app, cache=pending).register(
            self.key,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            server_metadata_url=settings.at_the_provider("/.well-known/openid-configuration"),
            client_kwargs=options,
        )

    def metadata(self) -> dict[str, Any]:
        """The provider's metadata, read once; raises ``ProviderUnreachable``.

        Discovery 1.0 §4.3: a document that names another issuer is not our provider's.
        """
        try:
            metadata: dict[str, Any] = self.client.load_server_metadata()
        except (RequestException, ValueError) as error:
            raise ProviderUnreachable(str(error)) from error
        if metadata.get("issuer") != self.settings.issuer:
            metadata.pop("_loaded_at", None)
            raise ProviderUnreachable("the issuer in the metadata is another one")
        return metadata

    def begin(self, target: str, language: str, kept: dict[str, str] | None = None, **wishes: str) -> Response:
        """Send the browser to sign in.

        ``wishes`` go to the provider: ``tenant``, ``claims`` and ``id_token_hint`` (hard), ``login_hint`` (soft),
        ``prompt``. What is ``kept`` comes back with the answer: ``sub`` and ``human`` (the answer must be theirs), and
        what switching needs.
        """
        self.metadata()
        self._forget_oldest()
        redirect_uri = f"{self.settings.address}/callback"
        started = self.client.create_authorization_url(redirect_uri, ui_locales=language, **wishes)
        self.client.save_authorize_data(
            redirect_uri=redirect_uri, target=target, tenant=wishes.get("tenant"), **(kept or {}), **started
        )
        return Response(status=302, headers={"Location": started["url"]})

    def finish(self, answer: MultiDict[str, str]) -> Arrival:
        """Turn the provider's answer at the redirect address into an ``Arrival``.

        Raises ``SignInFailed`` or ``ProviderUnreachable``. ``state`` is judged first: what does not belong to
        this browser is not even read; then ``iss`` (RFC 9207 §2.4), then the error or the code.
        """
        metadata = self.metadata()
        state = answer.get("state", "")
        under_way = self.client.framework.get_state_data(session, state)
        if not under_way or "code_verifier" not in under_way:
            raise SignInFailed("unknown_state")
        self._check_issuer(answer, metadata)
        if answer.get("error"):
            self.client.framework.clear_state_data(session, state)
            raise SignInFailed(answer["error"], under_way)
        token = self._redeemed()
        claims = self._checked(token.get("userinfo"), under_way)
        tokens = self._tokens(token, None)
        userinfo = self.userinfo(tokens.access_token)
        if userinfo is None or not same_person(claims, userinfo):
            raise SignInFailed("another_person")
        return Arrival(claims, userinfo, tokens, self.accounts(tokens.access_token, claims), dict(under_way))

    def accounts(self, access_token: str, claims: dict[str, Any]) -> list[dict[str, Any]]:
        """Whom this person can act as here, for the menu 切換公司; nobody where she came without a linked account.

        Nothing hangs on it: without an answer the menu leads to the provider's own page.
        """
        if not claims.get("act"):
            return []
        try:
            answer: Answer = self.client.get(
                self.settings.at_the_provider("/me/accounts"),
                token={"access_token": access_token, "token_type": "Bearer"},
            )
            listed = answer.json()["accounts"] if answer.ok else []
        except (RequestException, ValueError, KeyError, TypeError):
            return []
        wanted = ("sub", "tenant", "company_name")
        return [one for one in listed if all(isinstance(one.get(name), str) for name in wanted)]

    def introspect(self, token: str) -> dict[str, Any] | None:
        """What the provider says of an access token that somebody brings (RFC 7662); None where it is not for us."""
        try:
            answer: Answer = self.client.post(
                self.metadata()["introspection_endpoint"],
                withhold_token=True,
                data={"token": token, "token_type_hint": "access_token"},
                auth=self._credentials(),
            )
            answer.raise_for_status()
            facts = answer.json()
        except (RequestException, ValueError, KeyError) as error:
            raise ProviderUnreachable(str(error)) from error
        if not isinstance(facts, dict) or facts.get("active") is not True or facts.get("token_type") != "Bearer":
            return None
        return facts if facts.get("client_id") == self.settings.client_id else None

    def userinfo(self, access_token: str) -> dict[str, Any] | None:
        """What the provider says of the person now; None when it does not take the access token any more."""
        address = self.metadata()["userinfo_endpoint"]
        try:
            answer: Answer = self.client.get(address, token={"access_token": access_token, "token_type": "Bearer"})
            if answer.status_code in (401, 403):
                return None
            answer.raise_for_status()
            userinfo = answer.json()
        except (RequestException, ValueError) as error:
            raise ProviderUnreachable(str(error)) from error
        if not isinstance(userinfo, dict):
            raise ProviderUnreachable("userinfo is no object")
        return userinfo

    def asked_by_itself(self, path: str, scope: str) -> Answer:
        """The answer to a question that the application asks by itself, with a token of its own (RFC 6749 §4.4).

        Raises ``ProviderUnreachable``, also where the provider does not give it such a token.
        """
        self.metadata()
        try:
            token = self.client.fetch_access_token(grant_type="client_credentials", scope=scope)
            answer: Answer = self.client.get(self.settings.at_the_provider(path), token=token)
        except (OAuthError, RequestException, ValueError) as error:
            raise ProviderUnreachable(str(error)) from error
        return answer

    def refreshed(self, held: Session) -> Tokens:
        """New tokens for a session; raises ``SessionOver`` on ``invalid_grant`` or for somebody else.

        A refreshed ID token names the same person, actor and sign-in as the first (Core §12.2).
        """
        if not held.tokens.refresh_token:
            raise SessionOver
        try:
            token = self.client.fetch_access_token(grant_type="refresh_token", refresh_token=held.tokens.refresh_token)
        except OAuthError as error:
            if error.error == "invalid_grant":
                raise SessionOver from error
            raise ProviderUnreachable(str(error)) from error
        except (RequestException, ValueError) as error:
            raise ProviderUnreachable(str(error)) from error
        self._check_refreshed(token, held)
        return self._tokens(token, held.tokens)

    def sign_out(self, id_token: str, language: str) -> Response:
        """Send the browser to the provider's sign-out (RP-Initiated Logout 1.0 §2)."""
        self.metadata()
        answer: Response = self.client.logout_redirect(
            post_logout_redirect_uri=f"{self.settings.address}/signed-out",
            id_token_hint=id_token,
            client_id=self.settings.client_id,
            ui_locales=language,
        )
        return answer

    def returned_from_sign_out(self) -> bool:
        """Whether ``/signed-out`` was asked with the ``state`` of a sign-out begun in this browser."""
        try:
            self.client.validate_logout_response()
        except OAuthError:
            return False
        return True

    def give_back(self, tokens: Tokens) -> None:
        """Revoke a session's refresh token (RFC 7009); a provider that is away loses nothing by it."""
        if not tokens.refresh_token:
            return
        try:
            address = self.metadata()["revocation_endpoint"]
            self.client.post(
                address,
                withhold_token=True,
                data={"token": tokens.refresh_token, "token_type_hint": "refresh_token"},
                auth=self._credentials(),
            )
        except (RequestException, KeyError, ProviderUnreachable):
            return

    def _credentials(self) -> tuple[str, str]:
        # RFC 6749 §2.3.1: both are form-encoded before they are joined.
        return quote(self.settings.client_id, safe=""), quote(self.settings.client_secret, safe="")

    def logout_token(self, token: str) -> LogoutToken:
        """Verify a logout token; raises ``LogoutTokenRefused`` or ``ProviderUnreachable``."""
        metadata = self.metadata()
        for again in (False, True):
            try:
                return verify_logout_token(
                    token,
                    keys=self._keys(again),
                    expected_issuer=self.settings.issuer,
                    expected_audience=self.settings.client_id,
                    algorithms=metadata.get("id_token_signing_alg_values_supported", ["RS256"]),
                    now=self.clock(),
                )
            except InvalidKeyIdError:
                continue
        raise LogoutTokenRefused("signed with an unknown key")

    def _keys(self, again: bool) -> KeySet:
        now = self.clock()
        force = again and now - self._keys_read_at >= KEYS_AGAIN
        if force:
            self._keys_read_at = now
        try:
            return KeySet.import_key_set(self.client.fetch_jwk_set(force=force))
        except (RequestException, RuntimeError, ValueError) as error:
            raise ProviderUnreachable(str(error)) from error

    def _forget_oldest(self) -> None:
        ours = f"_state_{self.key}_"
        begun = sorted((value.get("exp", 0), key) for key, value in session.items() if key.startswith(ours))
        for _expiry, key in begun[: max(0, len(begun) - MOST_UNDER_WAY + 1)]:
            session.pop(key, None)

    def _check_issuer(self, answer: MultiDict[str, str], metadata: dict[str, Any]) -> None:
        heard = answer.getlist("iss")
        promised = metadata.get("authorization_response_iss_parameter_supported")
        if (promised and not heard) or any(iss != self.settings.issuer for iss in heard):
            raise SignInFailed("another_issuer")

    def _redeemed(self) -> dict[str, Any]:
        expected = {
            "iss": {"essential": True, "value": self.settings.issuer},
            "aud": {"essential": True, "value": self.settings.client_id},
        }
        try:
            token: dict[str, Any] = self.client.authorize_access_token(claims_options=expected, leeway=30)
        except OAuthError as error:
            raise SignInFailed(error.error or "oauth_error") from error
        except RequestException as error:
            raise ProviderUnreachable(str(error)) from error
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise SignInFailed("bad_id_token") from error
        return token

    def _checked(self, claims: Any, asked: dict[str, Any]) -> dict[str, Any]:
        """The claims we cannot do without, and the company and person that were asked for (tokens.md)."""
        if not claims:
            raise SignInFailed("bad_id_token")
        for name in ("sub", "sid", "tenant"):
            if not isinstance(claims.get(name), str) or not claims[name]:
                raise SignInFailed("missing_claim")
        if not isinstance(claims.get("session_expiry"), int) or claims["session_expiry"] <= self.clock():
            raise SignInFailed("missing_claim")
        self._check_asked(claims, asked)
        return dict(claims)

    def _check_asked(self, claims: dict[str, Any], asked: dict[str, Any]) -> None:
        """The company, the person and the strength that were asked for (Core §3.1.3.7, 12 and 13)."""
        if asked.get("tenant") and claims["tenant"] != asked["tenant"]:
            raise SignInFailed("another_company")
        for wanted, given in (("sub", claims["sub"]), ("human", human_of(claims))):
            if asked.get(wanted) and given != asked[wanted]:
                raise SignInFailed("another_person")
        needed = needed_from(str(asked.get("acr") or ""), str(asked.get("max_age") or ""))
        if needed is not None and not needed.is_met_by(claims, self.clock()):
            raise SignInFailed("weak_sign_in")

    def _check_refreshed(self, token: dict[str, Any], held: Session) -> None:
        if "id_token" not in token:
            return
        try:
            claims = self.client.parse_id_token(token, nonce=None, leeway=30)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise SessionOver from error
        names = ("iss", "sub", "aud", "sid", "auth_time", "tenant", "act")
        if any(claims.get(name) != held.claims.get(name) for name in names):
            raise SessionOver

    def _tokens(self, token: dict[str, Any], before: Tokens | None) -> Tokens:
        lifetime = token.get("expires_in")
        seconds = int(lifetime) if isinstance(lifetime, (int, float)) else 60
        return Tokens(
            id_token=str(token.get("id_token") or (before.id_token if before else "")),
            access_token=str(token["access_token"]),
            access_expires_at=self.clock() + seconds,
            refresh_token=token.get("refresh_token") or (before.refresh_token if before else None),
        )


def same_person(claims: dict[str, Any], userinfo: dict[str, Any]) -> bool:
    """Whether userinfo speaks of the seat, company and actor of the ID token (Core §5.3.2: ``sub``)."""
    if userinfo.get("sub") != claims["sub"]:
        return False
    return all(userinfo.get(name, claims.get(name)) == claims.get(name) for name in ("tenant", "act", "sid"))
