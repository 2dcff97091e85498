"""A try of a client: a sign-in that an operator begins at the console to see what the client would be told.

It is an authorization request of the client's own, with an address that the client has registered, marked as a try in
its row; nothing that a request brings can make it one. Its answer goes to the console and nowhere else: no code, grant,
session or token is made, so there is none to take along. It is bound to the operator's session at the console and to
her browser, answered once, within ten minutes.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from idp.errors import InvalidInput, NotFound
from idp.policies.duties import Power
from idp.policies.scopes import CONFIDENTIAL_ONLY, OPENID, SCOPES
from idp.services.audit import record
from idp.services.authorization_requests import keep_request
from idp.services.clients import ClientRecord
from idp.services.flows import KeptRun, any_run, keep_run, run_on_the_way, start_run
from idp.services.operator_sessions import on_duty
from idp.services.secrets import digest, new_secret

KIND = "client_try"
BEGUN, ANSWERED = "begun", "answered"
LASTS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Seat:
    """From where a try is begun, and where alone it may end: an operator's session, in one browser."""

    operator_id: str
    token: str
    browser: str


@dataclass(frozen=True, slots=True)
class Try:
    """A try that was begun; ``answer`` is None until it was answered."""

    id: str
    client_id: str
    operator_id: str
    answer: dict[str, Any] | None


def scopes_to_try(client: ClientRecord) -> tuple[str, ...]:
    """What a sign-in at this client can ask for."""
    refused = CONFIDENTIAL_ONLY if client.is_public else frozenset()
    return tuple(scope for scope in SCOPES if scope in client.scopes and scope not in refused)


def begin_try(client: ClientRecord, scopes: tuple[str, ...], seat: Seat, *, asks_anew: bool) -> str:
    """Begin a try; the id of its authorization request, which waits in this browser.

    The person signs in anew in any case: whoever is signed in in the operator's browser is not shown unasked.
    ``asks_anew`` asks for consent once more. Raises InvalidInput for a client that signs nobody in.
    """
    if "authorization_code" not in client.grant_types or OPENID not in client.scopes:
        raise InvalidInput(field="scopes", problem="try.no_sign_in")
    asked = [scope for scope in scopes_to_try(client) if scope == OPENID or scope in scopes]
    parameters = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": client.redirect_uris[0],
        "scope": " ".join(asked),
        "nonce": new_secret(),
        "prompt": "login consent" if asks_anew else "login",
        "code_challenge": _challenge(new_secret()),
        "code_challenge_method": "S256",
    }
    request_id = keep_request(client.id, parameters, browser=seat.browser, is_try=True)
    kept = {"client": client.id, "operator": seat.operator_id, "session": _mark(seat.token)}
    start_run(KIND, BEGUN, kept, browser=seat.browser, lasts=LASTS, request_id=request_id)
    record("client:try:begun", actor=seat.operator_id, client_id=client.id, scopes=asked)
    return request_id


def try_of_request(request_id: str, *, browser: str, token: str | None) -> Try | None:
    """The try on whose way a request lies, to be answered now; locked.

    None where it is over, was answered, or its operator is at the console no more, in this browser and by the very
    session that began it.
    """
    run_id = run_on_the_way(KIND, request_id, browser=browser)
    kept = any_run(run_id, KIND, browser=browser, lock=True) if run_id else None
    if kept is None or kept.step != BEGUN or not _is_open(kept, token):
        return None
    return _try(kept)


def answer_try(found: Try, answer: dict[str, Any], *, account_id: str | None, token: str | None) -> None:
    """Keep what the client would be told (or the error it would hear), for the operator to look at."""
    kept = {"client": found.client_id, "operator": found.operator_id, "session": _mark(token or ""), "answer": answer}
    keep_run(found.id, ANSWERED, kept)
    record(
        "client:try:answered",
        outcome="refused" if "error" in answer else "done",
        actor=found.operator_id,
        client_id=found.client_id,
        account_id=account_id,
    )


def answered_try(try_id: str, client_id: str, seat: Seat) -> Try:
    """A try of this client that was answered, as long as it lasts.

    Raises NotFound for one of another client, operator, session or browser (AD05), not answered, or over.
    """
    kept = any_run(try_id, KIND, browser=seat.browser)
    if kept is None or kept.step != ANSWERED or not _is_open(kept, seat.token):
        raise NotFound(what="try")
    found = _try(kept)
    if found.client_id != client_id or found.operator_id != seat.operator_id:
        raise NotFound(what="try")
    return found


def _is_open(kept: KeptRun, token: str | None) -> bool:
    if kept.is_finished or kept.has_expired or token is None or kept.data.get("session") != _mark(token):
        return False
    here = on_duty(token)
    return here is not None and here.operator_id == kept.data.get("operator") and here.may(Power.CHANGE_SETUP)


def _try(kept: KeptRun) -> Try:
    return Try(kept.id, kept.data["client"], kept.data["operator"], kept.data.get("answer"))


def _mark(token: str) -> str:
    return digest(token).hex()


def _challenge(verifier: str) -> str:
    """S256 of RFC 7636; the verifier is thrown away."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
