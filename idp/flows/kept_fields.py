"""What was typed into a form that was not carried out, carried in the page that says so, to be sent once more.

Passwords, what a card has answered, and files are not carried: the page names them instead.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import request
from flask_babel import gettext

from idp.flows.forms import STAMP

PREFIX = "kept."
PASSWORDS = frozenset({"password", "password_again", "old_password"})
CARD_ANSWER = frozenset({"certificate", "signature", "message", "nonce", "via"})
# What every form brings, and what this page's own buttons say.
NOT_TYPED = frozenset({"csrf_token", STAMP, "resend"})


@dataclass(frozen=True, slots=True)
class KeptFields:
    """The fields to be sent once more, and what the person has to give again, in words."""

    fields: list[tuple[str, str]]
    lost: list[str]


def kept_of_request() -> KeptFields:
    """What the form of this request brought."""
    sent = list(request.form.items(multi=True))
    names = {name for name, value in sent if value}
    lost = []
    if names & PASSWORDS:
        lost.append(gettext("密碼"))
    if names & {"certificate", "message"}:
        lost.append(gettext("憑證卡片的驗證"))
    lost += [gettext("檔案「%(name)s」", name=file.filename) for file in request.files.values() if file.filename]
    return KeptFields([(name, value) for name, value in sent if _is_typed(name)], lost)


def kept_in_page() -> list[tuple[str, str]]:
    """The fields that the page of a conflict had carried along."""
    carried = ((name.removeprefix(PREFIX), value) for name, value in _prefixed(request.form.items(multi=True)))
    return [(name, value) for name, value in carried if _is_typed(name)]


def _prefixed(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in pairs if name.startswith(PREFIX)]


def _is_typed(name: str) -> bool:
    return name not in PASSWORDS and name not in CARD_ANSWER and name not in NOT_TYPED
