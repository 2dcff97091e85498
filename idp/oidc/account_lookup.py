"""GET /accounts/by-electronic-id/<number>: whose account a number (IC…) is, before it is authorised (R-191)."""

from flask import Blueprint, Response

from idp.db import transaction
from idp.errors import NotFound, TooManyRequests
from idp.oidc.bearer import challenge, client_bearer, json_answer
from idp.policies.electronic_id import is_electronic_id
from idp.policies.scopes import LOOKUP
from idp.services.account_lookup import LookedUp, look_up_account
from idp.services.clients import ClientRecord, client_by_id

REALM = "accounts"

bp = Blueprint("account_lookup", __name__)


@bp.get("/accounts/by-electronic-id/<number>")
def by_electronic_id(number: str) -> Response:
    """The account's masked name and its company, for a client with a token of its own (client_credentials).

    400 ``invalid_request`` for what is no such number; 403 ``insufficient_scope`` without ``electronic_id.lookup``; 404
    ``not_found`` where there is nobody to authorise; 429 with Retry-After after too many of those. Nothing about it is
    for browsers: no CORS, and nobody keeps the answer.
    """
    token = client_bearer(REALM)
    if isinstance(token, Response):
        return token
    client = client_by_id(token.client_id)
    if client is None or client.is_public or LOOKUP not in client.scopes & set(token.scope.split()):
        return challenge(REALM, 403, "insufficient_scope", f"The scope {LOOKUP} is needed.")
    typed = number.upper()
    if not is_electronic_id(typed):
        return _problem(400, "invalid_request", "This is no electronic ID: IC, nine digits and their check digit.")
    return _looked_up(client, typed)


def _looked_up(client: ClientRecord, number: str) -> Response:
    try:
        with transaction():
            found = _found(client, number)
    except TooManyRequests as refused:
        answer = _problem(429, "too_many_requests", "Too many numbers were asked for in vain. Come back later.")
        answer.headers["Retry-After"] = str(refused.retry_seconds)
        return answer
    if found is None:
        return _problem(404, "not_found", "No account that could be authorised here has this number.")
    return json_answer(
        {
            "electronic_id": found.electronic_id,
            "name": found.name,
            "company_name": found.company_name,
            "company_tax_id": found.company_tax_id,
        }
    )


def _found(client: ClientRecord, number: str) -> LookedUp | None:
    try:
        return look_up_account(client, number)
    except NotFound:
        return None  # what was counted is committed


def _problem(status: int, error: str, description: str) -> Response:
    return json_answer({"error": error, "error_description": description}, status)
