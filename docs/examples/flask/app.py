"""A Flask application that signs people in with company accounts, on Authlib's Flask client.

    pip install "Authlib~=1.9.6" "Flask~=3.1" "requests~=2.34"
    ISSUER=http://localhost:5100 CLIENT_ID=my-app CLIENT_SECRET=… python app.py     then open http://localhost:3000

Sessions live in this one process, which is enough to learn from. Anything real keeps them in a database, so
that every process finds them and a logout token ends them everywhere: see clients/dreams.
"""

import os
import secrets
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from authlib.integrations.flask_client import OAuth, OAuthError
from flask import Flask, abort, g, jsonify, redirect, request, session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

ISSUER = os.environ["ISSUER"]
CLIENT_ID = os.environ["CLIENT_ID"]
PORT = int(os.environ.get("PORT", "3000"))
HERE = f"http://localhost:{PORT}"
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"

app = Flask(__name__)
app.json.ensure_ascii = False
# Cookies on localhost ignore ports: every application needs a cookie name of its own.
app.config.update(
    SECRET_KEY=os.environ.get("SECRET_KEY") or secrets.token_hex(32),
    SESSION_COOKIE_NAME="my_app",
    SESSION_COOKIE_SAMESITE="Lax",
)
idp = OAuth(app).register(
    "idp",
    client_id=CLIENT_ID,
    client_secret=os.environ["CLIENT_SECRET"],
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={
        "scope": "openid profile email company menus",
        "code_challenge_method": "S256",
        "default_timeout": 5,
    },
)
SESSIONS: dict[str, dict[str, Any]] = {}  # opaque cookie value -> session
SEEN: dict[str, int] = {}  # jti of logout tokens -> their exp


def current() -> dict[str, Any] | None:
    """The session of this browser, with rights that are at most five minutes old."""
    held = SESSIONS.get(session.get("id", ""))
    if held is None or time.time() >= held["claims"]["session_expiry"]:
        return None
    if time.time() - held["checked_at"] > 240:
        answer = idp.get(idp.load_server_metadata()["userinfo_endpoint"], token=held["token"])
        if answer.status_code != 200:  # without a refresh token, a new sign-in (mostly without a page) is the way
            SESSIONS.pop(session["id"], None)
            return None
        held["userinfo"], held["checked_at"] = answer.json(), time.time()
    return held


def needs(code: str) -> Callable[..., Any]:
    """Refuse on the server whoever has not got the menu code; send strangers to sign in."""

    def around(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            g.held = current()
            if g.held is None:
                return redirect("/login")
            if code not in g.held["userinfo"].get("entitlements", []):
                abort(403, f"You are not entitled to {code}.")
            return view(*args, **kwargs)

        return guarded

    return around


@app.get("/login")
def login() -> Any:
    """Also the initiate_login_uri: the provider may send a person here."""
    if request.args.get("iss", ISSUER) != ISSUER:
        abort(400, "Not our identity provider.")
    wishes = {name: request.args[name] for name in ("tenant", "login_hint") if name in request.args}
    begun = idp.create_authorization_url(f"{HERE}/callback", **wishes)
    idp.save_authorize_data(redirect_uri=f"{HERE}/callback", tenant=wishes.get("tenant"), **begun)
    return redirect(begun["url"])


@app.get("/callback")
def callback() -> Any:
    """Authlib checks state, nonce, PKCE and the ID token; iss (RFC 9207) and aud are told to it here."""
    if request.args.get("iss") != ISSUER:
        abort(400, "The answer is not from our identity provider.")
    under_way = idp.framework.get_state_data(session, request.args.get("state", "")) or {}
    expected = {"iss": {"essential": True, "value": ISSUER}, "aud": {"essential": True, "value": CLIENT_ID}}
    try:
        token = idp.authorize_access_token(claims_options=expected, leeway=30)
    except OAuthError as error:
        abort(400, f"Not signed in: {error.error}")
    claims, userinfo = token["userinfo"], idp.userinfo(token=token)
    if userinfo["sub"] != claims["sub"]:
        abort(400, "Two different accounts.")
    if under_way.get("tenant") and claims["tenant"] != under_way["tenant"]:
        abort(400, "Another company than the one asked for.")
    SESSIONS.pop(session.get("id", ""), None)
    session["id"] = secrets.token_urlsafe(32)
    SESSIONS[session["id"]] = {
        "key": (claims["iss"], claims["tenant"], claims["sub"]),  # the key of records; never mail or tax ID
        "claims": dict(claims),
        "userinfo": dict(userinfo),
        "token": token,
        "checked_at": time.time(),
    }
    return redirect("/")


@app.get("/")
def index() -> Any:
    """Who is signed in."""
    held = current()
    if held is None:
        return '<p><a id="sign-in" href="/login">登入 Sign in</a></p>'
    return jsonify(claims=held["claims"], userinfo=held["userinfo"], sign_out="/logout", try_this="/sites")


@app.get("/sites")
@needs("site.list")
def sites() -> Any:
    """Something only for people with the menu code site.list."""
    return jsonify(company=g.held["userinfo"]["company_name"], tenant=g.held["claims"]["tenant"], sites=[])


@app.get("/logout")
def logout() -> Any:
    """End the session here, then at the provider. (Use a POST with a CSRF token in anything real.)"""
    held = SESSIONS.pop(session.pop("id", ""), None)
    if held is None:
        return redirect("/")
    return idp.logout_redirect(f"{HERE}/", id_token_hint=held["token"]["id_token"], client_id=CLIENT_ID)


@app.post("/backchannel-logout")
def backchannel_logout() -> Any:
    """End sessions at the provider's word (Back-Channel Logout 1.0 §2.6)."""
    algorithms = idp.load_server_metadata()["id_token_signing_alg_values_supported"]
    try:
        keys = KeySet.import_key_set(idp.fetch_jwk_set(force=True))
        registry = JWSRegistry(algorithms=algorithms)
        token = jwt.decode(request.form.get("logout_token", ""), keys, registry=registry)
    except (JoseError, ValueError):
        return jsonify(error="invalid_request"), 400
    said, now = token.claims, time.time()
    good = (
        token.header.get("typ") == "logout+jwt"
        and (said.get("iss"), said.get("aud")) in ((ISSUER, CLIENT_ID), (ISSUER, [CLIENT_ID]))
        and said.get("exp", 0) > now - 60
        and isinstance(said.get("events", {}).get(LOGOUT), dict)
        and "nonce" not in said
        and ("sid" in said or "sub" in said)
        and said.get("jti")
        and said["jti"] not in SEEN
    )
    if not good:
        return jsonify(error="invalid_request"), 400
    SEEN[said["jti"]] = said["exp"]
    name = "sid" if "sid" in said else "sub"
    for key, held in list(SESSIONS.items()):
        if held["claims"][name] == said[name]:
            del SESSIONS[key]
    return "", 200, {"Cache-Control": "no-store"}


if __name__ == "__main__":
    app.run("localhost", PORT)
