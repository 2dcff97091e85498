"""The operations: what browser and application send, and what must come back. Every answer is checked."""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from ipaddress import IPv4Address
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

from tests.bench.wire import Answer, Broken

# An operation yields the bytes of a request and is sent the answer to it.
Steps = Generator[bytes, Answer, None]

SIGNATURE_CHECKED_EVERY = 50
MOST_HOPS = 8
FIRST_ADDRESS = int(IPv4Address("192.0.2.1"))
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


class Wrong(Exception):
    """An answer is not what the operation must get."""

    def __init__(self, what: str, answer: Answer | None = None) -> None:
        super().__init__(f"{what}: {answer.status} {_start(answer)}" if answer else what)
        self.status = answer.status if answer else 0


def _start(answer: Answer) -> str:
    """The first words of a body: of a page only what it says."""
    text = re.sub(
        r"<(style|script|title)\b.*?</\1>|<[^>]*>", " ", answer.body.decode(errors="replace"), flags=re.DOTALL
    )
    return " ".join(text.split())[:200]


@dataclass(frozen=True, slots=True)
class Client:
    """An application registered for the bench."""

    client_id: str
    secret: str
    scope: str
    method: str = "client_secret_basic"
    alg: str = "RS256"


@dataclass(frozen=True, slots=True)
class Person:
    """A general account that signs in."""

    username: str
    tax_id: str
    sub: str


@dataclass(frozen=True, slots=True)
class Target:
    """Where the load goes and as whom."""

    host: str
    port: int
    issuer: str
    redirect_uri: str
    password: str
    people: tuple[Person, ...]
    clients: dict[str, Client]


class Visitor:
    """One virtual user: a browser with its cookies, and the applications that act for it."""

    def __init__(self, target: Target, number: int) -> None:
        self.target = target
        self.person = target.people[number % len(target.people)]
        self.cookies: dict[str, str] = {}
        self.access_token = ""
        self.refresh_token = ""
        self.flows = 0
        self.static: dict[str, bytes] = {}
        self.come_from(number)

    def come_from(self, number: int) -> None:
        """Have this address of the network from now on."""
        scheme, _, host = self.target.issuer.partition("://")
        address = IPv4Address(FIRST_ADDRESS + number)
        common = f"Host: {host}\r\nX-Forwarded-Proto: {scheme}\r\nX-Forwarded-For: {address}\r\n"
        self._application = f" HTTP/1.1\r\n{common}User-Agent: bench\r\nAccept: */*\r\n"
        self._browser = (
            f" HTTP/1.1\r\n{common}User-Agent: {BROWSER}\r\nAccept: text/html,application/xhtml+xml\r\n"
            "Accept-Language: zh-TW,zh;q=0.9,en;q=0.8\r\nAccept-Encoding: identity\r\n"
        )

    def client(self, name: str) -> Client:
        """The application of this name."""
        return self.target.clients[name]

    def fetch(self, path: str, headers: str = "") -> bytes:
        """A GET of an application."""
        return f"GET {path}{self._application}{headers}\r\n".encode()

    def call(self, path: str, client: Client, fields: dict[str, str]) -> bytes:
        """A form POST of an application that proves who it is (RFC 6749 §2.3.1)."""
        header = ""
        if client.method == "client_secret_basic":
            pair = f"{quote(client.client_id, safe='')}:{quote(client.secret, safe='')}"
            header = f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}\r\n"
        else:
            fields = fields | {"client_id": client.client_id, "client_secret": client.secret}
        return self._post(path, self._application + header, fields)

    def open(self, path: str) -> bytes:
        """A page opened by the browser."""
        return f"GET {path}{self._browser}{self._cookie()}\r\n".encode()

    def submit(self, path: str, fields: dict[str, str]) -> bytes:
        """A form sent by the browser."""
        origin = f"Origin: {self.target.issuer}\r\nReferer: {self.target.issuer}/login\r\n"
        return self._post(path, self._browser + origin + "Sec-Fetch-Site: same-origin\r\n" + self._cookie(), fields)

    def keep(self, answer: Answer) -> None:
        """Take over the cookies of an answer."""
        for name, value in answer.cookies():
            if value:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)

    def _cookie(self) -> str:
        if not self.cookies:
            return ""
        return "Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()) + "\r\n"

    @staticmethod
    def _post(path: str, headers: str, fields: dict[str, str]) -> bytes:
        body = urlencode(fields)
        kind = "Content-Type: application/x-www-form-urlencoded\r\n"
        return f"POST {path}{headers}{kind}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def expect(condition: object, what: str, answer: Answer) -> None:
    """Go on only when the condition holds; Wrong names what does not."""
    if not condition:
        raise Wrong(what, answer)


def _static(visitor: Visitor, path: str, check: Callable[[Answer], bool]) -> Steps:
    answer = yield visitor.fetch(path)
    expect(answer.status == 200, path, answer)
    # Read once, compared after that: the document does not change between two requests.
    if visitor.static.get(path) != answer.body:
        expect(check(answer), path, answer)
        visitor.static[path] = answer.body


def discovery(visitor: Visitor) -> Steps:
    """The metadata (OIDC Discovery 4): the issuer is the one asked for."""
    return _static(
        visitor,
        "/.well-known/openid-configuration",
        lambda answer: answer.fields().get("issuer") == visitor.target.issuer,
    )


def jwks(visitor: Visitor) -> Steps:
    """The public keys: each has a kid, none has a private part."""
    return _static(visitor, "/jwks", _only_public_keys)


def _only_public_keys(answer: Answer) -> bool:
    keys = answer.fields().get("keys") or []
    return bool(keys) and all("kid" in key and "d" not in key for key in keys)


def client_credentials(visitor: Visitor) -> Steps:
    """A token for the application itself (RFC 6749 §4.4)."""
    client = visitor.client("machine")
    answer = yield visitor.call("/token", client, {"grant_type": "client_credentials", "scope": client.scope})
    fields = _token_fields(answer)
    expect("refresh_token" not in fields, "client_credentials gave a refresh token", answer)


def refresh(visitor: Visitor) -> Steps:
    """A rotating refresh (RFC 6749 §6, RFC 9700 §4.14.2): each answer's token is the next request's."""
    client = visitor.client("basic")
    answer = yield visitor.call(
        "/token", client, {"grant_type": "refresh_token", "refresh_token": visitor.refresh_token}
    )
    fields = _token_fields(answer)
    following = str(fields.get("refresh_token", ""))
    expect(following and following != visitor.refresh_token, "the refresh token was not rotated", answer)
    visitor.refresh_token = following
    if "id_token" in fields:
        _check_id_token(visitor, client, fields["id_token"], None, answer)


def userinfo(visitor: Visitor) -> Steps:
    """Who the token is for (OIDC Core 5.3)."""
    answer = yield visitor.fetch("/userinfo", f"Authorization: Bearer {visitor.access_token}\r\n")
    expect(answer.status == 200, "userinfo", answer)
    expect(answer.fields().get("sub") == visitor.person.sub, "userinfo of another", answer)


def introspection(visitor: Visitor) -> Steps:
    """Whether the token is good (RFC 7662), asked by the client it was given to."""
    answer = yield visitor.call("/introspect", visitor.client("basic"), {"token": visitor.access_token})
    expect(answer.status == 200, "introspection", answer)
    fields = answer.fields()
    expect(fields.get("active") is True, "introspection says inactive", answer)
    expect(fields.get("sub") == visitor.person.sub, "introspection of another", answer)


def sign_on(client_name: str) -> Callable[[Visitor], Steps]:
    """The single-sign-on flow of one client: authorize with the running sign-in, code, token, PKCE."""

    def steps(visitor: Visitor) -> Steps:
        return _flow(visitor, visitor.client(client_name), signs_in=False)

    return steps


def password_sign_in(visitor: Visitor) -> Steps:
    """A new browser: authorize, the sign-in page, the form, code, token."""
    visitor.cookies = {}
    return _flow(visitor, visitor.client("basic"), signs_in=True)


def have_sign_in(visitor: Visitor) -> Steps:
    """Before sign_on: sign in by password once, and keep the browser's cookies."""
    if not visitor.cookies:
        yield from _flow(visitor, visitor.client("basic"), signs_in=True)


def have_tokens(visitor: Visitor) -> Steps:
    """Before refresh, userinfo and introspection: fresh tokens of the running sign-in."""
    yield from have_sign_in(visitor)
    yield from _flow(visitor, visitor.client("basic"), signs_in=False)


def _flow(visitor: Visitor, client: Client, *, signs_in: bool) -> Steps:
    verifier, state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(12), secrets.token_urlsafe(12)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = urlencode(
        {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": visitor.target.redirect_uri,
            "scope": client.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
    )
    answer = yield from _back_at_the_client(visitor, visitor.open(f"/authorize?{query}"), signs_in=signs_in)
    back = dict(parse_qsl(urlsplit(answer.header("location") or "").query))
    expect(
        back.get("state") == state and back.get("iss") == visitor.target.issuer and "code" in back,
        "code",
        answer,
    )
    answer = yield visitor.call(
        "/token",
        client,
        {
            "grant_type": "authorization_code",
            "code": back["code"],
            "redirect_uri": visitor.target.redirect_uri,
            "code_verifier": verifier,
        },
    )
    fields = _token_fields(answer)
    _check_id_token(visitor, client, fields.get("id_token"), nonce, answer)
    visitor.access_token = fields["access_token"]
    visitor.refresh_token = str(fields.get("refresh_token", ""))


def _back_at_the_client(visitor: Visitor, request: bytes, *, signs_in: bool) -> Generator[bytes, Answer, Answer]:
    """Follow our own redirects, through the sign-in form where it may come, until one leads to the client."""
    path = "/authorize"
    for _ in range(MOST_HOPS):
        answer = yield request
        visitor.keep(answer)
        if answer.status == 200 and signs_in:
            signs_in = False
            action, fields = form_with("password", answer)
            path = _local(visitor, path, action, answer)
            fields |= {"username": visitor.person.username, "password": visitor.target.password}
            request = visitor.submit(path, fields)
            continue
        location = answer.header("location") or ""
        expect(answer.status in {302, 303} and location, f"{path} leads nowhere", answer)
        if location.startswith(visitor.target.redirect_uri):
            return answer
        path = _local(visitor, path, location, answer)
        request = visitor.open(path)
    raise Wrong("too many redirects")


def _local(visitor: Visitor, page: str, address: str, answer: Answer) -> str:
    whole = urljoin(visitor.target.issuer + page, address)
    expect(whole.startswith(visitor.target.issuer + "/"), f"led away to {whole}", answer)
    return whole[len(visitor.target.issuer) :]


_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL | re.IGNORECASE)
_INPUT = re.compile(r"<(?:input|button)\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(name|value|action|type)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


def _attributes(tag: str) -> dict[str, str]:
    return {name.lower(): unescape(one or other) for name, one, other in _ATTRIBUTE.findall(tag)}


def form_with(field: str, answer: Answer) -> tuple[str, dict[str, str]]:
    """Address and prefilled fields of the form that has this field. Raises Wrong where there is none."""
    for attributes, content in _FORM.findall(answer.body.decode()):
        inputs = [_attributes(tag) for tag in _INPUT.findall(content)]
        if any(each.get("name") == field for each in inputs):
            fields = {each["name"]: each.get("value", "") for each in inputs if each.get("name")}
            return _attributes(attributes).get("action", ""), fields
    raise Wrong(f"no form with {field}", answer)


def _token_fields(answer: Answer) -> dict[str, Any]:
    expect(answer.status == 200, "token", answer)
    fields = answer.fields()
    good = str(fields.get("token_type", "")).lower() == "bearer" and fields.get("access_token")
    expect(good and int(fields.get("expires_in", 0)) > 0, "token answer", answer)
    return fields


def _check_id_token(visitor: Visitor, client: Client, token: object, nonce: str | None, answer: Answer) -> None:
    expect(isinstance(token, str), "no ID token", answer)
    header, payload, _ = (str(token) + "..").split(".", 2)
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    audience = claims.get("aud")
    wanted = (visitor.target.issuer, client.client_id, visitor.person.sub)
    got = (claims.get("iss"), audience[0] if isinstance(audience, list) else audience, claims.get("sub"))
    expect(wanted == got, f"ID token of {got}", answer)
    expect(nonce is None or claims.get("nonce") == nonce, "nonce", answer)
    expect(json.loads(base64.urlsafe_b64decode(header + "=="))["alg"] == client.alg, "alg", answer)
    visitor.flows += 1
    if visitor.flows % SIGNATURE_CHECKED_EVERY == 1 and "/jwks" in visitor.static:
        _check_signature(str(token), visitor.static["/jwks"], client.alg)


@lru_cache(maxsize=4)
def _keys(document: bytes) -> Any:
    from joserfc.jwk import KeySet

    return KeySet.import_key_set(json.loads(document))


def _check_signature(token: str, document: bytes, alg: str) -> None:
    from joserfc import jwt

    try:
        jwt.decode(token, _keys(document), algorithms=[alg])
    except ValueError as error:
        raise Wrong(f"the ID token's signature: {error}") from error


@dataclass(frozen=True, slots=True)
class Operation:
    """A row of the table. ``most``: the target in ms of server CPU on SQLite; ``writes``: p99 < 10 x p50."""

    title: str
    steps: Callable[[Visitor], Steps]
    prepare: Callable[[Visitor], Steps] | None = None
    most: float | None = None
    writes: bool = False


OPERATIONS: dict[str, Operation] = {
    "discovery": Operation("discovery", discovery, None, 0.2),
    "jwks": Operation("JWKS", jwks, None, 0.2),
    "userinfo": Operation("userinfo", userinfo, have_tokens, 1.0),
    "introspection": Operation("introspection", introspection, have_tokens, 1.0),
    "client_credentials": Operation("client_credentials", client_credentials, None, 1.5, True),
    "refresh": Operation("refresh, rotating", refresh, have_tokens, 4.0, True),
    "sso": Operation("single sign-on flow", sign_on("basic"), have_sign_in, 6.0, True),
    "sso_post": Operation("  by client_secret_post", sign_on("post"), have_sign_in, None, True),
    "sso_es256": Operation("  with ES256", sign_on("es256"), have_sign_in, None, True),
    "password": Operation("password sign-in flow", password_sign_in, None, None, True),
}

__all__ = ["OPERATIONS", "Answer", "Broken", "Client", "Operation", "Person", "Steps", "Target", "Visitor", "Wrong"]
