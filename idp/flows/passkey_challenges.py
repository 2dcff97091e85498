"""Challenges for the passkeys of this browser, fetched by static/passkeys.js as JSON; its answer comes as a form."""

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.browser import browser_id, current_sign_in, peer_address
from idp.db import transaction
from idp.errors import NotFound, Refused
from idp.flows.forms import check_human
from idp.flows.messages import sentence_for
from idp.policies.limits import PASSKEYS_ASKED_PER_ADDRESS
from idp.policies.passkeys import PasskeyPurpose
from idp.services.acting import Acting
from idp.services.limits import spend
from idp.services.passkey_answers import PasskeyAnswer, offers_passkeys, read_passkey_answer
from idp.services.passkey_challenges import ask_authenticator, use_passkey_challenge
from idp.services.passkeys import options_to_make, options_to_use

bp = Blueprint("passkey_challenges", __name__)

PARTS = ("credential_id", "client_data")


@bp.post("/passkey/challenge")
def ask() -> ResponseReturnValue:
    """What the browser is to ask its authenticator for, as JSON (WebAuthn §5.4, §5.5)."""
    try:
        purpose = PasskeyPurpose(request.form.get("purpose", ""))
    except ValueError:
        raise NotFound from None
    if not offers_passkeys():
        raise NotFound
    subject = subject_of(purpose)
    try:
        with transaction():
            spend(PASSKEYS_ASKED_PER_ADDRESS, peer_address())
            challenge = ask_authenticator(purpose, browser=browser_id(), subject=subject)
            options = _options(purpose, challenge)
    except Refused as refused:
        return jsonify(error=sentence_for(refused)), refused.status
    return jsonify(options)


def subject_of(purpose: PasskeyPurpose) -> str:
    """What an answer for this purpose is bound to, besides its browser. Raises NotFound for who is not signed in."""
    if purpose is PasskeyPurpose.SIGN_IN:
        return ""
    return _human().account_id


def has_answer() -> bool:
    """Whether the form that was sent has an answer: without script there is none."""
    return any(request.form.get(part) for part in PARTS)


def answered(purpose: PasskeyPurpose) -> PasskeyAnswer:
    """The answer in the form that was sent, its challenge used up. Call it outside a transaction.

    Raises PasskeyRefused for what is no answer, PasskeyChallengeGone.
    """
    sent = read_passkey_answer(request.form)
    with transaction():
        use_passkey_challenge(sent.challenge, purpose, browser=browser_id(), subject=subject_of(purpose))
    return sent


def _options(purpose: PasskeyPurpose, challenge: str) -> dict[str, Any]:
    if purpose is not PasskeyPurpose.ENROL:
        return options_to_use(challenge, fixed_account(purpose))
    check_human()
    human = _human()
    company = human.company
    shown = gettext("%(name)s（%(company)s）", name=human.name, company=company.name) if company else human.name
    return options_to_make(human.account_id, challenge, house=gettext("企業帳號中心"), shown=shown)


def fixed_account(purpose: PasskeyPurpose) -> str | None:
    """The one account that may answer: of who is signed in, unless she wants to be somebody else (``other``)."""
    if purpose is PasskeyPurpose.STEP_UP:
        return _human().account_id
    signed_in = current_sign_in()
    return signed_in.human.account_id if signed_in is not None and not request.form.get("other") else None


def _human() -> Acting:
    signed_in = current_sign_in()
    if signed_in is None:
        raise NotFound
    return signed_in.human
