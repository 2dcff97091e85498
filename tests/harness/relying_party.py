"""A relying party written plainly: what a developer would write who has read the specifications."""

import base64
import hashlib
import json
import secrets
import time
import warnings
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import requests
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, KeySet, RSAKey

from tests.harness.browser import BOUNDED, Browser, Page, new_session, parameters_of

ALGORITHMS = ["RS256", "ES256", "EdDSA", "Ed25519"]
# Seconds are whole in a token and not on a clock.
LEEWAY = 1
CONSENT = "consent-accept"


@dataclass
class Client:
    """What a relying party was registered with."""

    client_id: str
    redirect_uri: str
    scope: str
    secret: str = ""
    auth_method: str = "client_secret_basic"
    post_logout_redirect_uri: str = ""
    pkce: bool = True
    key: RSAKey | ECKey | None = None
    key_alg: str = "RS256"


@dataclass
class Person:
    """Somebody who can sign in."""

    username: str
    password: str
    sub: str = ""
    tax_id: str = ""
    name: str = ""
    email: str = ""
    role: str = ""


@dataclass
class Asked:
    """One authorization request and what the relying party remembers of it."""

    parameters: dict[str, str]
    verifier: str | None

    @property
    def state(self) -> str | None:
        return self.parameters.get("state")

    @property
    def nonce(self) -> str | None:
        return self.parameters.get("nonce")

    @property
    def redirect_uri(self) -> str:
        return self.parameters["redirect_uri"]


@dataclass
class Answer:
    """What came back at the redirect URI."""

    asked: Asked
    parameters: dict[str, str]
    page: Page
    pages_seen: list[Page] = field(default_factory=list)

    @property
    def code(self) -> str:
        assert "code" in self.parameters, f"no code but {self.parameters}"
        return self.parameters["code"]

    @property
    def error(self) -> str | None:
        return self.parameters.get("error")

    @property
    def asked_for_password(self) -> bool:
        return any(page.asks_for_password for page in self.pages_seen)

    @property
    def asked_for_consent(self) -> bool:
        return any(page.asks_for_consent for page in self.pages_seen)


class RelyingParty:
    """One client at one provider."""

    def __init__(self, issuer: str, client: Client) -> None:
        self.issuer = issuer
        self.client = client
        self.http = new_session()
        self.metadata: dict[str, Any] = self._get_json("/.well-known/openid-configuration")

    def _get_json(self, path: str) -> Any:
        answer = self.http.get(self.issuer + path, timeout=BOUNDED)
        assert answer.status_code == 200, answer.text
        return answer.json()

    # The authorization request.

    def ask(self, **changes: str | None) -> Asked:
        """The parameters of a request with all that good practice wants. None leaves one out."""
        verifier = secrets.token_urlsafe(48) if self.client.pkce else None
        parameters: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": self.client.redirect_uri,
            "scope": self.client.scope,
            "state": secrets.token_urlsafe(12),
            "nonce": secrets.token_urlsafe(12),
        }
        if verifier:
            parameters |= {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
        parameters |= changes
        return Asked({name: value for name, value in parameters.items() if value is not None}, verifier)

    def url(self, asked: Asked) -> str:
        """The address to send the browser to."""
        return f"{self.metadata['authorization_endpoint']}?{urlencode(asked.parameters)}"

    def open(self, browser: Browser, asked: Asked, *, post: bool = False) -> Page:
        """Send the browser there and give the page it ends at."""
        endpoint = self.metadata["authorization_endpoint"]
        if post:
            return browser.post(endpoint, asked.parameters, headers={"Origin": "https://rp.example"})
        return browser.get(endpoint, asked.parameters)

    def arrival(self, page: Page, asked: Asked) -> Answer | None:
        """What the page brings to the redirect URI, or None while the person is still at the provider."""
        if page.left_to is not None:
            assert page.left_to.startswith(asked.redirect_uri), f"sent to {page.left_to}"
            return Answer(asked, parameters_of(page.left_to), page)
        form = page.posts_itself_to
        if form is None:
            return None
        assert form.action == asked.redirect_uri
        assert form.method == "post"
        assert page.response.headers["Content-Type"].startswith("text/html")
        assert "no-store" in page.response.headers.get("Cache-Control", "")
        return Answer(asked, dict(form.fields), page)

    def authorize(
        self,
        browser: Browser,
        person: Person | None = None,
        *,
        asked: Asked | None = None,
        post: bool = False,
        **changes: str | None,
    ) -> Answer:
        """Send the browser, let the person sign in and agree where asked, and give what came back.

        Raises AssertionError where the person ends at a page with neither form, and without a person at any.
        """
        asked = asked or self.ask(**changes)
        page = self.open(browser, asked, post=post)
        return self.finish(browser, page, asked, person)

    def finish(self, browser: Browser, page: Page, asked: Asked, person: Person | None) -> Answer:
        """Walk on from a page of the provider to the redirect URI."""
        seen: list[Page] = []
        for _ in range(5):
            answer = self.arrival(page, asked)
            if answer is not None:
                self._check_answer(answer)
                answer.pages_seen = seen
                return answer
            seen.append(page)
            page = self.step(browser, page, person)
        raise AssertionError(f"five pages and still not back: {page!r}")

    @staticmethod
    def step(browser: Browser, page: Page, person: Person | None) -> Page:
        """Fill in the form of a page of the provider."""
        if page.asks_for_password:
            assert person is not None, f"asked for a password: {page!r}"
            found = page.button("sign-in")
            # Who signs in again is not asked for a name: it is fixed to the person signed in.
            named = {"username": person.username} if found and "username" in found[0].kinds else {}
            return browser.submit(page, "sign-in", password=person.password, **named)
        if page.asks_for_consent:
            return browser.submit(page, CONSENT)
        raise AssertionError(f"neither back nor a form to fill in: {page!r}")

    def _check_answer(self, answer: Answer) -> None:
        # RFC 9207 and RFC 6749 4.1.2: each answer, good or bad, names its issuer and brings the state back.
        assert answer.parameters.get("iss") == self.issuer, answer.parameters
        assert answer.parameters.get("state") == answer.asked.state, answer.parameters
        known = {"code", "state", "iss", "error", "error_description", "error_uri"}
        assert answer.parameters.keys() <= known, answer.parameters

    # The token endpoint and its siblings.

    def authenticated(self, data: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and body with this client's own authentication added."""
        client, body, headers = self.client, dict(data), {"Accept": "application/json"}
        if client.auth_method == "client_secret_basic":
            # RFC 6749 2.3.1: both parts are form-encoded before they are joined.
            pair = f"{quote(client.client_id, safe='')}:{quote(client.secret, safe='')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        elif client.auth_method == "client_secret_post":
            body |= {"client_id": client.client_id, "client_secret": client.secret}
        elif client.auth_method == "private_key_jwt":
            body |= {
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": self.assertion(),
            }
        else:
            body |= {"client_id": client.client_id}
        return headers, body

    def assertion(self, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A client assertion (RFC 7523). None leaves a claim out."""
        assert self.client.key is not None
        now = int(time.time())
        claims = {
            "iss": self.client.client_id,
            "sub": self.client.client_id,
            "aud": self.issuer,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + 60,
        } | changes
        head = {"alg": self.client.key_alg, "kid": self.client.key.kid} | (header or {})
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(head, kept, self.client.key, algorithms=[self.client.key_alg])

    def post(self, endpoint: str, data: dict[str, str], **kwargs: Any) -> requests.Response:
        """POST to an endpoint named as in the discovery document, as this client."""
        headers, body = self.authenticated(data)
        return self.http.post(self.metadata[endpoint], data=body, headers=headers, timeout=BOUNDED, **kwargs)

    def exchange(self, answer: Answer, **changes: str | None) -> requests.Response:
        """Exchange the code that came back."""
        return self.post("token_endpoint", self.code_form(answer, **changes))

    def code_form(self, answer: Answer, **changes: str | None) -> dict[str, str]:
        """The body of a code exchange, without the client's authentication."""
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": answer.code,
            "redirect_uri": answer.asked.redirect_uri,
            "code_verifier": answer.asked.verifier,
        } | changes
        return {name: value for name, value in form.items() if value is not None}

    def tokens(self, answer: Answer) -> "Tokens":
        """Exchange the code and check everything a relying party has to check."""
        response = self.exchange(answer)
        assert response.status_code == 200, response.text
        self.check_token_answer(response)
        tokens = Tokens(response.json())
        tokens.claims = self.verified(tokens.id_token)
        assert tokens.claims.get("nonce") == answer.asked.nonce
        if "at_hash" in tokens.claims:
            assert tokens.claims["at_hash"] == half_hash(tokens.access_token, self.header(tokens.id_token)["alg"])
        return tokens

    @staticmethod
    def check_token_answer(response: requests.Response) -> None:
        """RFC 6749 5.1: JSON, never stored, and nothing in it that no specification knows."""
        assert response.headers["Content-Type"].startswith("application/json")
        assert "no-store" in response.headers["Cache-Control"]
        body = response.json()
        known = {"access_token", "token_type", "expires_in", "refresh_token", "id_token", "scope"}
        assert body.keys() <= known, body.keys()
        assert body["token_type"].lower() == "bearer"
        assert body["expires_in"] > 0
        assert body["access_token"].isascii()

    def keys(self) -> KeySet:
        """The provider's public keys, fetched anew."""
        return KeySet.import_key_set(self._get_json("/jwks"))

    @staticmethod
    def header(token: str) -> dict[str, Any]:
        """The header of a JWT, unchecked."""
        raw = token.split(".", 1)[0]
        header: dict[str, Any] = json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
        return header

    def verified(self, id_token: str) -> dict[str, Any]:
        """The claims of an ID token after every check of OpenID Connect Core 3.1.3.7."""
        with warnings.catch_warnings():
            # RFC 9864 has a new name for EdDSA; clients register, and libraries know, the old one.
            warnings.simplefilter("ignore", SecurityWarning)
            token = jwt.decode(id_token, self.keys(), algorithms=ALGORITHMS)
        claims: dict[str, Any] = token.claims
        now = time.time()
        assert claims["iss"] == self.issuer
        assert claims["aud"] in (self.client.client_id, [self.client.client_id])
        assert claims["exp"] > now - LEEWAY
        assert abs(claims["iat"] - now) < 60
        assert 1 <= len(claims["sub"]) <= 255
        return claims

    def userinfo(self, access_token: str, *, method: str = "GET", body: bool = False) -> requests.Response:
        """Userinfo by header, or by the body of a POST."""
        url = self.metadata["userinfo_endpoint"]
        if body:
            return self.http.post(url, data={"access_token": access_token}, timeout=BOUNDED)
        return self.http.request(method, url, headers={"Authorization": f"Bearer {access_token}"}, timeout=BOUNDED)

    def person(self, access_token: str) -> dict[str, Any]:
        """The claims of userinfo, which must answer."""
        response = self.userinfo(access_token)
        assert response.status_code == 200, response.text
        claims: dict[str, Any] = response.json()
        return claims

    def refresh(self, refresh_token: str, **changes: str) -> requests.Response:
        """Ask for new tokens by a refresh token."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token} | changes
        return self.post("token_endpoint", form)

    def introspect(self, token: str, **more: str) -> dict[str, Any]:
        """What the provider says of a token."""
        response = self.post("introspection_endpoint", {"token": token} | more)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def revoke(self, token: str, **more: str) -> requests.Response:
        """Revoke a token."""
        return self.post("revocation_endpoint", {"token": token} | more)

    # Signing out.

    def logout_address(self, **parameters: str | None) -> str:
        """The address of an RP-initiated logout with just these parameters."""
        kept = {name: value for name, value in parameters.items() if value is not None}
        return f"{self.metadata['end_session_endpoint']}?{urlencode(kept)}"

    # The whole of it.

    def sign_in(self, browser: Browser, person: Person | None = None, **changes: str | None) -> "Tokens":
        """From the request to checked tokens."""
        return self.tokens(self.authorize(browser, person, asked=self.ask(**changes)))

    def silently(self, browser: Browser, **changes: str | None) -> Answer:
        """``prompt=none``: an answer without any page."""
        answer = self.authorize(browser, None, asked=self.ask(prompt="none", **changes))
        assert not answer.pages_seen
        return answer


@dataclass
class Tokens:
    """What a token answer holds."""

    answer: dict[str, Any]
    claims: dict[str, Any] = field(default_factory=dict)

    @property
    def access_token(self) -> str:
        token: str = self.answer["access_token"]
        return token

    @property
    def id_token(self) -> str:
        token: str = self.answer["id_token"]
        return token

    @property
    def refresh_token(self) -> str:
        token: str = self.answer["refresh_token"]
        return token


def challenge_of(verifier: str) -> str:
    """S256 of RFC 7636 4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def half_hash(token: str, algorithm: str) -> str:
    """``at_hash`` of OpenID Connect Core 3.1.3.6."""
    digest = hashlib.sha512 if algorithm in {"EdDSA", "Ed25519"} else hashlib.sha256
    raw = digest(token.encode()).digest()
    return base64.urlsafe_b64encode(raw[: len(raw) // 2]).decode().rstrip("=")
