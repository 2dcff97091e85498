"""RP-initiated logout 1.0: reads what the client asks and hands the person to the sign-out page.

The person always decides (SS03): no request, wherever it comes from, ends a sign-in by itself.
"""

from urllib.parse import urlencode

from authlib.oauth2.rfc6749 import OAuth2Error
from flask import Blueprint, Response, redirect, render_template, request, url_for

from idp.browser import browser_id, current_sign_in
from idp.db import now, transaction
from idp.oidc.keys import claims_of_hint
from idp.oidc.requests import single_values
from idp.services.clients import ClientRecord, client_by_id
from idp.services.flows import start_run

bp = Blueprint("logout", __name__)

LONGEST_REQUEST = 16_384


@bp.route("/logout", methods=["GET", "POST"])
def logout() -> Response:
    """The end session endpoint. Without a sign-in it goes straight back to a registered address."""
    try:
        asked = single_values(request.args if request.method == "GET" else request.form)
    except OAuth2Error:
        return _page("invalid_request")
    if sum(map(len, asked.values())) > LONGEST_REQUEST:
        return _page("invalid_request")
    hint = claims_of_hint(asked["id_token_hint"]) if asked.get("id_token_hint") else None
    if asked.get("id_token_hint") and hint is None:
        return _page("invalid_request")
    client_id = asked.get("client_id") or (str(hint["aud"]) if hint else None)
    if hint is not None and hint.get("aud") != client_id:
        return _page("invalid_request")
    client = client_by_id(client_id) if client_id else None
    target = _target(asked, client)
    if target is None and asked.get("post_logout_redirect_uri"):
        return _page("invalid_post_logout_redirect_uri")
    # A POST comes from the client's page, without our cookies: who is signed in is seen at the GET that follows.
    is_posted = request.method == "POST"
    if not is_posted and current_sign_in() is None:
        # Only our own ID token shows that the client itself asks; its bare id anybody can send.
        return _go(target if hint is not None and target else url_for("sign_out.done"))
    with transaction():
        run_id = start_run(
            "sign_out",
            "ask",
            {"client_id": client.id if client else None, "target": target, "hinted": hint is not None},
            browser=None if is_posted else browser_id(),
        )
    return _go(url_for("sign_out.ask", run_id=run_id))


def _target(asked: dict[str, str], client: ClientRecord | None) -> str | None:
    """Where to go afterwards: byte for byte a registered address of this client, with ``state`` given back."""
    address = asked.get("post_logout_redirect_uri")
    if not address or client is None or address not in client.post_logout_redirect_uris:
        return None
    if not asked.get("state"):
        return address
    return address + ("&" if "?" in address else "?") + urlencode({"state": asked["state"]})


def _go(location: str) -> Response:
    response = redirect(location, 303)
    response.headers["Cache-Control"] = "no-store"
    return response  # type: ignore[return-value]  # werkzeug's base class, which Flask makes its own


def _page(code: str) -> Response:
    return Response(render_template("errors/authorization.html", code=code, at=now()), status=400)
