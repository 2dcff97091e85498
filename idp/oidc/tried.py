"""What a try of a client ends in (services/client_tries.py): the tokens told, not made.

The claims come from the very functions that make tokens, over a grant that is nowhere kept; no code, no session and no
signature exists, so nothing leaves that a client or anybody else could use.
"""

from datetime import timedelta
from typing import Any

from flask import Response, redirect, url_for

from idp.browser import browser_id, operator_token
from idp.config import settings
from idp.db import now, transaction
from idp.oidc.claims import claims_for, introspection_of
from idp.oidc.client_authentication import RegisteredClient
from idp.oidc.keys import header_of
from idp.oidc.server import id_token_payload
from idp.services.acting import Acting
from idp.services.authorization_requests import WaitingRequest, finish_request
from idp.services.client_tries import answer_try, try_of_request
from idp.services.grants import CodeOrder, GrantFacts
from idp.services.secrets import new_id, new_secret
from idp.services.sign_ins import SignedIn
from idp.services.tokens import ACCESS, TokenFacts


def told_tokens(
    waiting: WaitingRequest, client: RegisteredClient, order: CodeOrder, acting: Acting, signed_in: SignedIn
) -> Response | None:
    """Show at the console what the client would be told now; None where the try is over."""
    grant = _grant(order, acting, signed_in)
    return _tell(waiting, _answer(client, grant), account_id=acting.account_id)


def told_error(waiting: WaitingRequest, code: str) -> Response | None:
    """Show at the console which error the client would hear; None where the try is over."""
    return _tell(waiting, {"error": code}, account_id=None)


def _tell(waiting: WaitingRequest, answer: dict[str, Any], *, account_id: str | None) -> Response | None:
    token = operator_token()
    with transaction():
        if not finish_request(waiting.id):
            return None
        found = try_of_request(waiting.id, browser=browser_id(), token=token)
        if found is None:
            return None
        answer_try(found, answer, account_id=account_id, token=token)
    response = redirect(url_for("ops_client_try.show", client_id=found.client_id, try_id=found.id), 303)
    response.headers["Cache-Control"] = "no-store"
    return response  # type: ignore[return-value]  # werkzeug's base class, which Flask makes its own


def _grant(order: CodeOrder, acting: Acting, signed_in: SignedIn) -> GrantFacts:
    """The grant as issue_code would write it, never written."""
    return GrantFacts(
        id=new_id("gr_"),
        client_id=order.client_id,
        sign_in_id=signed_in.id,
        sid=new_secret(),
        scope=order.scope,
        claims=order.claims,
        nonce=order.nonce,
        auth_time=signed_in.auth_time,
        methods=signed_in.methods,
        card_tax_id=signed_in.card_tax_id,
        session_expires_at=signed_in.expires_at,
        redirect_uri=order.redirect_uri,
        code_challenge=order.code_challenge,
        is_offline=order.is_offline,
        revoked_at=None,
        sign_in_ended_at=None,
        sid_ended_at=None,
        acting=acting,
    )


def _answer(client: RegisteredClient, grant: GrantFacts) -> dict[str, Any]:
    alg, scope, moment = client.record.id_token_alg, grant.scope, now()
    seconds = settings().access_token_seconds if grant.acting.via is None else settings().acting_access_token_seconds
    id_token = id_token_payload(grant, client.client_id, scope, access_token=new_secret(), alg=alg)
    access = TokenFacts(
        hash=b"",
        kind=ACCESS,
        client_id=client.client_id,
        scope=scope,
        issued_at=moment,
        expires_at=moment + timedelta(seconds=seconds),
        used_at=None,
        answer=None,
        revoked_at=None,
        grant=grant,
    )
    return {
        "username": grant.acting.username,
        "header": header_of(alg),
        "id_token": id_token | ({"nonce": grant.nonce} if grant.nonce is not None else {}),
        "access_token": introspection_of(access),
        "userinfo": claims_for(grant, client.client_id, scope),
        "token_answer": {"token_type": "Bearer", "expires_in": seconds, "scope": scope},
        "refresh": client.check_grant_type("refresh_token"),
        "is_offline": grant.is_offline,
    }
