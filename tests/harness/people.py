"""Who lives at a provider under test: companies, people and clients, made by the ``idp`` command."""

import json
import random
import secrets
import tempfile
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey, RSAKey

from tests.harness.browser import Browser
from tests.harness.relying_party import Client, Person, RelyingParty
from tests.harness.server import Server

PASSWORD = "tests-Passw0rd-92"
EVERYTHING = "openid profile email phone address company menus electronic_id offline_access"
MENUS: list[dict[str, Any]] = [
    {
        "code": "site.list",
        "label_zh": "案場列表",
        "label_en": "Sites",
        "parent": None,
        "default_roles": ["guest", "staff", "group_admin"],
    },
    {
        "code": "site.new",
        "label_zh": "申請新案場",
        "label_en": "New site",
        "parent": None,
        "default_roles": ["staff", "group_admin"],
    },
    {
        "code": "site.review",
        "label_zh": "審核",
        "label_en": "Review",
        "parent": None,
        "default_roles": ["group_admin"],
    },
]
OTHER_MENUS: list[dict[str, Any]] = [
    {
        "code": "port.pass",
        "label_zh": "通行證",
        "label_en": "Pass",
        "parent": None,
        "default_roles": ["guest", "staff", "group_admin"],
    },
]

# What each client of the tests is registered with, beyond the defaults of Town.new_client.
CLIENTS: dict[str, dict[str, Any]] = {
    "app": {"scope": EVERYTHING, "consent": False, "menus": MENUS},
    "other": {"scope": EVERYTHING, "consent": False, "menus": OTHER_MENUS},
    # As the conformance suite's clients: no PKCE, and the person is asked for consent.
    "first": {"scope": "openid profile email address phone offline_access", "pkce": False},
    "second": {"scope": "openid profile email address phone offline_access", "pkce": False},
    "post": {"scope": "openid", "pkce": False, "auth_method": "client_secret_post"},
    "public": {"scope": "openid profile", "auth_method": "none", "consent": False},
    "jwt": {"scope": "openid", "auth_method": "private_key_jwt", "consent": False},
    "es256": {"scope": "openid", "alg": "ES256", "consent": False},
    "eddsa": {"scope": "openid", "alg": "EdDSA", "consent": False},
    "plain": {"scope": "openid", "consent": False, "grants": ["authorization_code"]},
    "machine": {"scope": "sites.read", "grants": ["client_credentials"], "redirect": False},
}


class Town:
    """One provider and everybody who is registered there."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.issuer = server.issuer
        self.idp = server.idp
        self._parties: dict[str, RelyingParty] = {}
        self._companies: dict[str, dict[str, Any]] = {}
        for tax_id, name in (("00000016", "測試一號有限公司"), ("00000022", "測試二號有限公司")):
            self._companies[tax_id] = self.idp.kept(
                "company", "add", "--tax-id", tax_id, "--name", name, "--proof", "document"
            )

    def browser(self) -> Browser:
        """A fresh browser."""
        return Browser(self.issuer)

    def company(self, tax_id: str) -> dict[str, Any]:
        """What the provider knows of a company."""
        return self._companies[tax_id]

    def new_company(self, name: str = "新公司") -> dict[str, Any]:
        """A company that no other test knows."""
        tax_id = new_tax_id()
        company: dict[str, Any] = self.idp.kept(
            "company", "add", "--tax-id", tax_id, "--name", name + tax_id, "--proof", "none"
        )
        self._companies[tax_id] = company
        return company

    def person(self, role: str, *, tax_id: str = "00000016", name: str = "王小明") -> Person:
        """A new person with a general account in that company."""
        username = f"{role.replace('_', '-')[:8]}-{secrets.token_hex(5)}"
        email = f"{username}@example.test"
        account = self.idp.kept(
            "account",
            "add",
            "--tax-id",
            tax_id,
            "--username",
            username,
            "--name",
            name,
            "--email",
            email,
            "--role",
            role,
            "--password-stdin",
            stdin=PASSWORD,
        )
        return Person(username, PASSWORD, account["sub"], tax_id, name, email, role)

    def set_role(self, person: Person, role: str) -> None:
        """Give a person another role."""
        self.idp.kept("account", "set-role", "--username", person.username, "--role", role)

    def suspend(self, person: Person) -> None:
        """Suspend a person's account."""
        self.idp.kept("account", "suspend", "--username", person.username, "--reason", "test")

    def restore(self, person: Person) -> None:
        """End the suspension."""
        self.idp.kept("account", "restore", "--username", person.username)

    def suspend_company(self, tax_id: str) -> None:
        """Suspend a company with all its accounts."""
        self.idp.kept("company", "suspend", "--tax-id", tax_id, "--reason", "test")

    def rp(self, name: str) -> RelyingParty:
        """A relying party of the table above, registered at its first use."""
        if name not in self._parties:
            self._parties[name] = self.new_rp(**CLIENTS[name])
        return self._parties[name]

    def new_rp(self, **registration: Any) -> RelyingParty:
        """A relying party that no other test knows."""
        return RelyingParty(self.issuer, self.new_client(**registration))

    def new_client(
        self,
        *,
        scope: str = "openid",
        auth_method: str = "client_secret_basic",
        pkce: bool = True,
        consent: bool = True,
        alg: str | None = None,
        grants: list[str] | None = None,
        menus: list[dict[str, Any]] | None = None,
        redirect: bool | str = True,
        secret: str | None = None,
        more: list[str] | None = None,
    ) -> Client:
        """Register a client by the ``idp`` command."""
        client_id = "t-" + secrets.token_hex(6)
        redirect_uri = redirect if isinstance(redirect, str) else f"https://{client_id}.example/callback"
        after = f"https://{client_id}.example/signed-out"
        words = [
            "client",
            "add",
            "--client-id",
            client_id,
            "--name",
            f"應用程式 {client_id}",
            "--scope",
            scope,
        ]
        words += ["--auth-method", auth_method]
        if redirect:
            words += ["--redirect-uri", redirect_uri, "--post-logout-redirect-uri", after]
            words += ["--initiate-login-uri", f"https://{client_id}.example/login"]
        for grant in grants or ["authorization_code", "refresh_token"]:
            words += ["--grant-type", grant]
        words += [] if pkce else ["--no-pkce"]
        words += [] if consent else ["--no-consent"]
        words += ["--alg", alg] if alg else []
        words += ["--secret-stdin"] if secret else []
        words += more or []
        asked = " ".join(word for word in scope.split() if word != "offline_access")
        client = Client(client_id, redirect_uri, asked, auth_method=auth_method, pkce=pkce)
        client.post_logout_redirect_uri = after
        with tempfile.TemporaryDirectory() as folder:
            if auth_method == "private_key_jwt":
                client.key, words = _with_keys(Path(folder), words)
            answer = self.idp.kept(*words, stdin=secret or "")
            if menus:
                file = Path(folder, "menus.json")
                file.write_text(json.dumps({"client_id": client_id, "menus": menus}))
                self.idp.kept("menu", "import", str(file))
        client.secret = secret or answer.get("client_secret") or ""
        return client


def _with_keys(folder: Path, words: list[str]) -> tuple[RSAKey, list[str]]:
    key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})
    file = folder / "jwks.json"
    file.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    return key, [*words, "--jwks", str(file)]


def new_ec_key() -> ECKey:
    """An EC key that nobody knows."""
    return ECKey.generate_key("P-256", {"kid": secrets.token_hex(4)})


def new_tax_id() -> str:
    """A well-formed tax ID (the rule of 2023-04-01), drawn at random."""
    while True:
        digits = f"{random.randint(10_000_000, 99_999_999)}"
        products = [int(digit) * weight for digit, weight in zip(digits, (1, 2, 1, 2, 1, 2, 4, 1), strict=True)]
        if digits[6] != "7" and sum(p // 10 + p % 10 for p in products) % 5 == 0:
            return digits
