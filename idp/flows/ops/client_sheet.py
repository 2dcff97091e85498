"""The connection sheet (P38): what a developer needs to connect this client, and nothing secret."""

import json

from flask import render_template

from idp.config import settings
from idp.flows.ops.client_words import AUTH_METHOD_LABELS
from idp.flows.ops.clients import about
from idp.flows.ops.guard import ops_pages
from idp.models import Client
from idp.policies.duties import Power
from idp.policies.scopes import SCOPES
from idp.services.client_registry import client_to_see

bp = ops_pages("ops_client_sheet", Power.SEE_SETUP, path="/clients")

# As oidc/discovery.py has them; tests/ops/test_clients.py holds the two together.
ENDPOINTS = {
    "authorization_endpoint": "/authorize",
    "token_endpoint": "/token",
    "userinfo_endpoint": "/userinfo",
    "jwks_uri": "/jwks",
    "introspection_endpoint": "/introspect",
    "revocation_endpoint": "/revoke",
    "end_session_endpoint": "/logout",
}


@bp.get("/<client_id>/sheet")
def show(client_id: str) -> str:
    """Show the sheet."""
    client = client_to_see(client_id)
    issuer = settings().issuer
    return render_template(
        "ops/client_sheet.html",
        seen=about(client),
        client=client,
        issuer=issuer,
        discovery=settings().link("/.well-known/openid-configuration"),
        endpoints={name: settings().link(path) for name, path in ENDPOINTS.items()},
        method=AUTH_METHOD_LABELS.get(client.auth_method, client.auth_method),
        scope=_scope(client),
        authlib=_authlib(client),
        openid_client=_openid_client(client),
    )


def _scope(client: Client) -> str:
    """What a sign-in asks for; offline access is asked for by who needs it."""
    return " ".join(s for s in client.scopes if s in SCOPES and s != "offline_access")


def _quoted(text: str) -> str:
    """A text as Python and JavaScript write it."""
    return json.dumps(text)


def _address(client: Client) -> str:
    return _quoted(next(iter(client.redirect_uris), "https://…/callback"))


def _authlib(client: Client) -> str:
    """Settings for Authlib's Flask client (docs/connect-an-application.md)."""
    secret = {
        "client_secret_basic": '    client_secret=os.environ["CLIENT_SECRET"],\n',
        "client_secret_post": '    client_secret=os.environ["CLIENT_SECRET"],\n'
        '    token_endpoint_auth_method="client_secret_post",\n',
        "private_key_jwt": '    client_secret=os.environ["PRIVATE_KEY_PEM"],\n'
        "    token_endpoint_auth_method=PrivateKeyJWT(TOKEN_ENDPOINT),\n",
    }.get(client.auth_method, '    token_endpoint_auth_method="none",\n')
    more = (
        "from authlib.oauth2.rfc7523 import PrivateKeyJWT\n\n"
        f"TOKEN_ENDPOINT = {_quoted(settings().link(ENDPOINTS['token_endpoint']))}\n"
        if client.auth_method == "private_key_jwt"
        else ""
    )
    return (
        f"import os\n\nfrom authlib.integrations.flask_client import OAuth\n{more}\n"
        "oauth = OAuth(app)\n"
        "idp = oauth.register(\n"
        '    "idp",\n'
        f"    client_id={_quoted(client.id)},\n{secret}"
        f"    server_metadata_url={_quoted(settings().link('/.well-known/openid-configuration'))},\n"
        f'    client_kwargs={{"scope": {_quoted(_scope(client))}, "code_challenge_method": "S256"}},\n'
        ")\n\n"
        f"# /login:     return idp.authorize_redirect({_address(client)})\n"
        '# /callback:  claims = idp.authorize_access_token()["userinfo"]\n'
    )


def _openid_client(client: Client) -> str:
    """Settings for openid-client 6 (Node.js)."""
    proof = {
        "client_secret_basic": "client.ClientSecretBasic(process.env.CLIENT_SECRET)",
        "client_secret_post": "client.ClientSecretPost(process.env.CLIENT_SECRET)",
        "private_key_jwt": "client.PrivateKeyJwt(privateKey)",
    }.get(client.auth_method, "client.None()")
    return (
        'import * as client from "openid-client";\n\n'
        "const config = await client.discovery(\n"
        f"  new URL({_quoted(settings().issuer)}),\n"
        f"  {_quoted(client.id)},\n"
        f"  {{ id_token_signed_response_alg: {_quoted(client.id_token_alg)} }},\n"
        f"  {proof},\n"
        ");\n\n"
        "const verifier = client.randomPKCECodeVerifier();\n"
        "const state = client.randomState();\n"
        "const address = client.buildAuthorizationUrl(config, {\n"
        f"  redirect_uri: {_address(client)},\n"
        f"  scope: {_quoted(_scope(client))},\n"
        "  state,\n"
        "  code_challenge: await client.calculatePKCECodeChallenge(verifier),\n"
        '  code_challenge_method: "S256",\n'
        "});\n"
    )
