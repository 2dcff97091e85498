"""What was written into a form and not sent: kept in this browser for its writer and her company then."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import current_app, request, session
from werkzeug.exceptions import HTTPException

from clients.relying.parts import parts
from clients.relying.sessions import Session

DRAFT_SECONDS = 3600
LONGEST_DRAFT = 500  # characters of a field


@dataclass(frozen=True, slots=True)
class Kept:
    """What a form loses nothing by: its fields, and how it is shown again with what was written into it.

    ``shown_again`` takes the form's values and why it was not taken: ``other`` (another sign-in, whose session is
    given where it is known) or ``form`` (no token of ours). ``preset`` are fields that may be filled in by themselves.
    """

    fields: tuple[str, ...]
    shown_again: Callable[[str, Session | None], str]
    preset: tuple[str, ...]


def csrf_token(sid: str) -> str:
    """The token of all forms of one sign-in, so that an old tab still works after signing in again."""
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, b"form:" + sid.encode(), hashlib.sha256).hexdigest()


def is_form_ours() -> bool:
    """Whether the form of this request was made by us for the ``sid`` it names."""
    sid, given = request.form.get("sid", ""), request.form.get("csrf_token", "")
    return bool(sid) and hmac.compare_digest(given.encode(), csrf_token(sid).encode())


def kept_at(path: str) -> Kept | None:
    """What is kept of a form that is sent to this path; None where it is of no matter."""
    try:
        endpoint, _values = current_app.url_map.bind("").match(path, method="POST")
    except HTTPException:
        return None
    return getattr(current_app.view_functions.get(endpoint), "keeps", None)


def browser_id() -> str:
    """A random name for this browser, under which a draft waits for its writer to come back."""
    if "browser" not in session:
        session["browser"] = secrets.token_urlsafe(16)
    return str(session["browser"])


def keep_draft(path: str) -> bool:
    """Keep what this request's form holds of the form at ``path``, for its writer alone; whether there was any."""
    kept = kept_at(path)
    if kept is None or not is_form_ours():
        return False
    writer = parts().sessions.last_of_sid(request.form["sid"])
    values = {field: request.form.get(field, "")[:LONGEST_DRAFT] for field in kept.fields}
    if writer is None or not any(values[field] for field in kept.fields if field not in kept.preset):
        return False
    parts().pending.set(_place(writer, path), json.dumps(values), DRAFT_SECONDS)
    return True


def draft_waits(writer: Session, path: str) -> bool:
    """Whether a draft of this form waits for this person, in this company and this browser."""
    return "browser" in session and parts().pending.get(_place(writer, path)) is not None


def take_draft(current: Session) -> dict[str, str]:
    """The draft that waits for this person in this browser at this address, empty if none; it is then forgotten."""
    if "browser" not in session:
        return {}
    place = _place(current, request.path)
    kept = parts().pending.get(place)
    if kept is None:
        return {}
    parts().pending.delete(place)
    return cast(dict[str, str], json.loads(kept))


def _place(writer: Session, path: str) -> str:
    return f"draft:{browser_id()}:{writer.tenant}:{writer.sub}:{writer.human}:{path}"
