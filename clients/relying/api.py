"""An API of the application: whoever calls it brings an access token of ours (RFC 6750), strong enough (RFC 9470).

request --> token? --> active and ours (introspection)? --> menu code? --> strong and young enough? --> view

``call_api`` is the other side: the application calls as the person at the page, and what the API asks for in its
challenge is what she is then asked for at the provider.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import requests
from flask import Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import WWWAuthenticate

from clients.relying.guard import outside
from clients.relying.menus import entitled, needed_acr
from clients.relying.parts import parts
from clients.relying.provider import TIMEOUT, ProviderUnreachable, SessionOver
from clients.relying.sessions import Session
from clients.relying.step_up import StrongerSignInNeeded
from clients.relying.strength import Needed, needed_from

WEAK = "insufficient_user_authentication"  # RFC 9470 §3
View = Callable[..., ResponseReturnValue]


def api(code: str, *, acr: str | None = None, max_age: int | None = None) -> Callable[[View], View]:
    """A view for callers whose token has this menu item, by a sign-in of this class and not older than ``max_age``.

    What introspection says of the token is ``g.bearer``.
    """

    def guarded(view: View) -> View:
        @wraps(view)
        def answered(**values: Any) -> ResponseReturnValue:
            try:
                facts = _introspected()
            except ProviderUnreachable:
                return _refused(503, "temporarily_unavailable", challenge=False)
            refusal = _refusal(facts, code, Needed((acr,) if acr else (), max_age))
            if refusal is not None:
                return refusal
            g.bearer = facts
            return view(**values)

        return outside(answered)

    return guarded


def call_api(path: str, held: Session) -> Any:
    """What an API of this application answers to the person of this session, as JSON.

    Raises StrongerSignInNeeded where it asks for more, SessionOver, ProviderUnreachable.
    """
    token = parts().freshness.access_token(held)
    try:
        answer = requests.get(
            parts().settings.address + path, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT
        )
        needed = challenge_in(answer.status_code, answer.headers)
        if needed is not None:
            raise StrongerSignInNeeded(needed)
        if answer.status_code == 401:
            raise SessionOver
        answer.raise_for_status()
        return answer.json()
    except (requests.RequestException, ValueError) as error:
        raise ProviderUnreachable(str(error)) from error


def challenge_in(status: int, headers: Mapping[str, str]) -> Needed | None:
    """What an answer asks of the sign-in (RFC 9470 §3), or None where it is no such challenge."""
    told = WWWAuthenticate.from_header(headers.get("WWW-Authenticate")) if status == 401 else None
    if told is None or told.type != "bearer" or told.get("error") != WEAK:
        return None
    return needed_from(told.get("acr_values") or "", told.get("max_age") or "")


def _introspected() -> dict[str, Any] | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return parts().provider.introspect(token) if scheme.lower() == "bearer" and token else None


def _refusal(facts: dict[str, Any] | None, code: str, needed: Needed) -> Response | None:
    if facts is None:
        return _refused(401, "invalid_token" if "Authorization" in request.headers else "")
    locked = needed_acr(facts, code)
    if locked is None and code not in entitled(facts):
        return _refused(403, "insufficient_scope")
    missing = Needed((locked,), needed.max_age) if locked is not None else needed
    return None if missing.is_met_by(facts, parts().clock()) else _refused(401, WEAK, missing)


def _refused(status: int, error: str, needed: Needed | None = None, *, challenge: bool = True) -> Response:
    answer = jsonify({"error": error} if error else {})
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    if challenge:
        answer.headers["WWW-Authenticate"] = _challenge(error, needed)
    return answer


def _challenge(error: str, needed: Needed | None) -> str:
    told = {"error": error} if error else {}
    if needed is not None:
        told["error_description"] = "A stronger or younger sign-in is needed"
        told |= {"acr_values": " ".join(needed.acr_values)} if needed.acr_values else {}
        told |= {"max_age": str(needed.max_age)} if needed.max_age is not None else {}
    return "Bearer" + (" " + ", ".join(f'{name}="{value}"' for name, value in told.items()) if told else "")
