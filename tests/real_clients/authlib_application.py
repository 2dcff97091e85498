"""A tiny Flask application on Authlib's client, as docs/connect-an-application.md shows it.

Started as ``python authlib_application.py PORT ISSUER CLIENT_ID``, with the secret in APPLICATION_SECRET.
"""

import os
import sys

from authlib.integrations.flask_client import OAuth
from flask import Flask, jsonify, redirect, session
from flask.typing import ResponseReturnValue


def create_application(port: int, issuer: str, client_id: str, secret: str) -> Flask:
    """The application: /login, /callback, and / which shows who is signed in."""
    application = Flask(__name__)
    # Cookies on localhost ignore ports: each application has a name of its own.
    application.config.update(SECRET_KEY=os.urandom(32), SESSION_COOKIE_NAME="authlib_application")
    oauth = OAuth(application)
    provider = oauth.register(
        "idp",
        client_id=client_id,
        client_secret=secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile email company menus", "code_challenge_method": "S256"},
    )

    @application.get("/login")
    def login() -> ResponseReturnValue:
        answer: ResponseReturnValue = provider.authorize_redirect(f"http://localhost:{port}/callback")
        return answer

    @application.get("/callback")
    def callback() -> ResponseReturnValue:
        token = provider.authorize_access_token()
        session["claims"] = dict(token["userinfo"])
        session["userinfo"] = dict(provider.userinfo(token=token))
        return redirect("/")

    @application.get("/")
    def index() -> ResponseReturnValue:
        return jsonify(claims=session.get("claims"), userinfo=session.get("userinfo"))

    return application


if __name__ == "__main__":
    number, its_issuer, its_id = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    create_application(number, its_issuer, its_id, os.environ["APPLICATION_SECRET"]).run("127.0.0.1", number)
