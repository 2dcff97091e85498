"""A small real OpenID provider, and a person with a browser between it and an application."""

import json
import re
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from flask import Flask, jsonify, redirect, request
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

EVENT = "http://schemas.openid.net/event/backchannel-logout"


class SmallIssuer:
    """A real OpenID provider of one person, over HTTP; tests change ``person``, ``seats`` and ``faults``.

    ``seats`` are whom a client may ask for by ``sub``; ``asked`` is the last authorization request.
    """

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig", "alg": "ES256"})
        self.person: dict[str, Any] = {}
        self.faults: dict[str, Any] = {}
        self.seats: dict[str, dict[str, Any]] = {}
        self.asked: dict[str, str] = {}
        self.codes: dict[str, tuple[dict[str, str], dict[str, Any]]] = {}
        self.person_of: dict[str, dict[str, Any]] = {}
        self.refresh_tokens: set[str] = set()
        self.access_tokens: set[str] = set()
        self.revoked: list[str] = []
        self.client_id = ""
        self.server = make_server("127.0.0.1", 0, self._app(), threaded=True)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def serve(self, client_id: str) -> None:
        """Be the provider of this one client, without faults."""
        self.client_id, self.faults, self.seats = client_id, {}, {}

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def be(self, username: str, name: str, role: str, entitlements: list[str], company: str = "one") -> None:
        names = {"one": ("00000016", "測試一號有限公司"), "two": ("00000022", "測試二號有限公司")}
        tax_id, company_name = names[company]
        self.person = {
            "sub": f"ga_{username}",
            "sid": f"sid-{username}-{secrets.token_hex(4)}",
            "name": name,
            "preferred_username": username,
            "tenant": f"co_{company}",
            "company_tax_id": tax_id,
            "company_name": company_name,
            "company": {"id": f"co_{company}", "tax_id": tax_id, "name": company_name, "proof": "document"},
            "roles": [role],
            "entitlements": entitlements,
            "perm_ver": 1,
            "acr": "urn:company-idp:acr:password",
            "amr": ["pwd"],
            "auth_time": int(time.time()),
            "session_expiry": int(time.time()) + 12 * 3600,
        }

    def signed(self, claims: dict[str, Any], typ: str = "JWT", kid: str = "k1") -> str:
        return jwt.encode({"alg": "ES256", "kid": kid, "typ": typ}, claims, self.key)

    def logout_token(self, **changes: Any) -> str:
        typ, now = changes.pop("typ", "logout+jwt"), int(time.time())
        claims = {"iss": self.address, "aud": self.client_id, "iat": now, "exp": now + 120, "events": {EVENT: {}}}
        claims |= {"jti": secrets.token_hex(8), "sub": self.person["sub"], "sid": self.person["sid"]}
        claims |= changes
        return self.signed({name: value for name, value in claims.items() if value is not None}, typ)

    def _app(self) -> Flask:
        app = Flask("small_issuer")
        app.add_url_rule("/.well-known/openid-configuration", view_func=self._metadata)
        app.add_url_rule("/jwks", view_func=self._jwks)
        app.add_url_rule("/authorize", view_func=self._authorize)
        app.add_url_rule("/token", view_func=self._token, methods=["POST"])
        app.add_url_rule("/userinfo", view_func=self._userinfo)
        app.add_url_rule("/me/accounts", view_func=self._my_accounts)
        app.add_url_rule("/introspect", view_func=self._introspect, methods=["POST"])
        app.add_url_rule("/revoke", view_func=self._revoke, methods=["POST"])
        app.add_url_rule("/logout", view_func=self._logout)
        return app

    def _metadata(self) -> Any:
        at = self.address
        return jsonify(
            issuer=self.faults.get("metadata_issuer", at),
            authorization_endpoint=f"{at}/authorize",
            token_endpoint=f"{at}/token",
            userinfo_endpoint=f"{at}/userinfo",
            jwks_uri=f"{at}/jwks",
            revocation_endpoint=f"{at}/revoke",
            end_session_endpoint=f"{at}/logout",
            introspection_endpoint=f"{at}/introspect",
            response_types_supported=["code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["ES256"],
            code_challenge_methods_supported=["S256"],
            token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post"],
            authorization_response_iss_parameter_supported=True,
        )

    def _jwks(self) -> Any:
        return jsonify(keys=[self.key.as_dict(private=False)])

    def _authorize(self) -> Any:
        code, self.asked = secrets.token_urlsafe(16), request.args.to_dict()
        wanted = json.loads(self.asked.get("claims", "{}")).get("id_token", {}).get("sub", {}).get("value")
        self.person = self.seats.get(wanted, self.person)
        self.codes[code] = (self.asked, self.person)
        answer = {"code": code, "state": request.args["state"], "iss": self.address}
        answer |= self.faults.get("answer", {})
        if self.asked.get("prompt") == "none":
            answer |= self.faults.get("silent_answer", {})
        kept = {name: value for name, value in answer.items() if value is not None}
        return redirect(f"{request.args['redirect_uri']}?{urlencode(kept)}")

    def _token(self) -> Any:
        assert request.authorization is not None
        assert request.authorization.password == "secret"
        assert request.authorization.username == self.client_id
        form = request.form
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] not in self.refresh_tokens:
                return jsonify(error="invalid_grant"), 400
            self.refresh_tokens.discard(form["refresh_token"])
            return self._issued({}, self.person_of[form["refresh_token"]])
        asked, person = self.codes.pop(form["code"])
        challenge = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        assert asked["code_challenge"] == challenge
        return self._issued({"nonce": asked["nonce"]}, person)

    def _issued(self, more: dict[str, Any], person: dict[str, Any]) -> Any:
        now = int(time.time())
        claims = {"iss": self.address, "aud": self.client_id, "iat": now, "exp": now + 600} | person | more
        claims |= self.faults.get("id_token", {})
        access, refresh = secrets.token_urlsafe(8), secrets.token_urlsafe(8)
        self.person_of |= {access: person, refresh: person}
        self.access_tokens.add(access)
        self.refresh_tokens.add(refresh)
        token = {"access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": 600}
        return jsonify(token | {"id_token": self.signed(claims)})

    def _userinfo(self) -> Any:
        if self.faults.get("userinfo_status"):
            return "", self.faults["userinfo_status"]
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.access_tokens:
            return "", 401
        return jsonify(self.person_of[token] | self.faults.get("userinfo", {}))

    def _introspect(self) -> Any:
        assert request.authorization is not None
        assert request.authorization.password == "secret"
        token = request.form["token"]
        if token not in self.access_tokens:
            return jsonify(active=False)
        told = {"active": True, "client_id": self.client_id, "token_type": "Bearer"}
        return jsonify(told | self.person_of[token] | self.faults.get("introspection", {}))

    def _my_accounts(self) -> Any:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.access_tokens:
            return "", 401
        names = ("sub", "tenant", "company_tax_id", "company_name", "roles")
        return jsonify(accounts=[{name: seat[name] for name in names} for seat in self.seats.values()])

    def _revoke(self) -> Any:
        self.revoked.append(request.form["token"])
        return ""

    def _logout(self) -> Any:
        asked = request.args
        return redirect(f"{asked['post_logout_redirect_uri']}?{urlencode({'state': asked['state']})}")


class Clock:
    """The time, which a test may move on."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return int(time.time()) + self.ahead


class Person:
    """A browser: the application by the test client, the issuer by HTTP. ``form`` is a page with a form."""

    def __init__(self, app: Flask, form: str) -> None:
        self.browser: FlaskClient = app.test_client()
        self.here: str = app.extensions["relying"].settings.address
        self.form = form
        self.root = ""  # what the addresses of the tab begin with

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.browser.get(self.at(path), base_url=self.here, headers=headers)

    def post(self, path: str, form: dict[str, str] | None = None) -> TestResponse:
        return self.browser.post(self.at(path), base_url=self.here, data=form or {})

    def at(self, path: str) -> str:
        """A page's address in the tab the person is at."""
        return path if path.startswith(("/~", "/callback")) else self.root + path

    def follow(self, answer: TestResponse) -> TestResponse:
        """Go where the answer sends the browser, through the issuer and back."""
        address = answer.headers.get("Location", "")
        while address:
            if address.startswith("http://127.0.0.1"):
                address = requests.get(address, allow_redirects=False, timeout=5).headers["Location"]
                continue
            parts = urlsplit(address)
            named = re.match(r"/~[0-9a-f]{12}", parts.path)
            self.root = named[0] if named else ""
            answer = self.get(f"{parts.path}?{parts.query}" if parts.query else parts.path)
            address = answer.headers.get("Location", "")
        return answer

    def sign_in(self, start: str = "/login") -> TestResponse:
        return self.follow(self.get(start))

    def send(self, path: str, **fields: str) -> TestResponse:
        """Fill in the form of a page and send it."""
        return self.post(path, form_keys(self.get(self.form).text) | fields)


def form_keys(page: str) -> dict[str, str]:
    """The hidden fields of the last form on a page."""
    names = ("csrf_token", "sid", "once")
    found = {name: page.rpartition(f'name="{name}" value="')[2].partition('"')[0] for name in names}
    assert all(found.values()), page
    return found
