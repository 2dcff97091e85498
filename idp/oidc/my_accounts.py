"""GET /me/accounts: what a client needs to draw its own menu for switching companies (tokens.md, asking rule 7)."""

from typing import Any

from flask import Blueprint, Response

from idp.db import transaction
from idp.oidc.bearer import bearer, challenge, json_answer
from idp.oidc.claims import seconds
from idp.policies.scopes import LINKED_ACCOUNTS
from idp.services.acting import Acting
from idp.services.audit import record
from idp.services.clients import client_by_id
from idp.services.grants import GrantFacts
from idp.services.seats import BoundSeat
from idp.services.switchable import is_sign_in_alive, switchable_accounts
from idp.services.tokens import TokenFacts

REALM = "accounts"

bp = Blueprint("my_accounts", __name__)


@bp.get("/me/accounts")
def my_accounts() -> Response:
    """The accounts this person can switch to at the client that asks, each with its company.

    401 ``invalid_token`` also after the end of the sign-in; 403 ``insufficient_scope`` without ``linked_accounts``,
    which the person agreed to. The client must still be registered for it: public ones and those of one company never.
    """
    found = bearer(REALM)
    return found if isinstance(found, Response) else _answer(*found)


def _answer(token: TokenFacts, grant: GrantFacts) -> Response:
    if not is_sign_in_alive(grant):
        return challenge(REALM, 401, "invalid_token", "The sign-in has ended.")
    client = client_by_id(token.client_id)
    if client is None or client.is_public or LINKED_ACCOUNTS not in client.scopes & set(token.scope.split()):
        return challenge(REALM, 403, "insufficient_scope", "The scope linked_accounts is needed.")
    acting = grant.acting
    accounts = switchable_accounts(acting, client)
    with transaction():
        # The row is the linked account's own: its count would tell the company acted for of others.
        record(
            "linked:accounts:told",
            actor=acting.human_id,
            account_id=acting.human_id,
            linked_account_id=acting.via.linked_account_id if acting.via else None,
            client_id=client.id,
        )
    return json_answer({"accounts": [_entry(account, seat, acting) for account, seat in accounts]})


def _entry(account: Acting, seat: BoundSeat | None, current: Acting) -> dict[str, Any]:
    company = account.company
    last_used = seat.last_used_at if seat is not None else None
    entry = {
        "sub": account.account_id,
        "tenant": company.id if company else None,
        "company_tax_id": company.tax_id if company else None,
        "company_name": company.name if company else None,
        "roles": [str(account.role)] if account.role else None,
        "current": account.account_id == current.account_id,
        "last_used_at": seconds(last_used) if last_used else None,
    }
    return {name: value for name, value in entry.items() if value is not None}
