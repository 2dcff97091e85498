"""A card's answer to a page of ours: asked for by the page's script, sent by its form, judged in three acts.

The page opens the component's window in a click, fetches a question by POST, hands it over by postMessage and sends
what comes back as an ordinary form (docs/decisions/0020). Pages that do so let their popup keep its opener.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from idp.browser import browser_id, current_sign_in, peer_address
from idp.certificates.refusals import CardRefused, NotCitizenCard, WrongSubjectType
from idp.certificates.statement import CardPurpose, Transport
from idp.certificates.subject import ANYBODY, CITIZENS, COMPANIES, SubjectType
from idp.config import settings
from idp.db import end_reading, transaction
from idp.errors import NotFound, Refused
from idp.flows.messages import sentence_for
from idp.policies.limits import CARDS_ASKED_PER_ADDRESS
from idp.services.card_answers import (
    AnyPresented,
    PresentedCard,
    PresentedCitizen,
    judge,
    note_refusal,
    read_answer,
)
from idp.services.card_challenges import ask_card, use_challenge
from idp.services.limits import spend

bp = Blueprint("card_answers", __name__)

# A popup that is to answer keeps its opener only so (card.md, threat table); every other page of ours cuts it.
OPENER = ("Cross-Origin-Opener-Policy", "same-origin-allow-popups")


def keeps_popups(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """A view whose page opens the window of a card component."""

    @wraps(view)
    def shown(**values: Any) -> Response:
        response = make_response(view(**values))
        response.headers[OPENER[0]] = OPENER[1]
        return response

    return shown


@bp.post("/card/challenge")
def ask() -> ResponseReturnValue:
    """A question for the card of this browser, as JSON: nonce, purpose, iat (seconds), and the statement for HiPKI.

    ``subject`` is the run of an application; for enrolling and step-up it is the account that is signed in.
    """
    try:
        purpose = CardPurpose(request.form.get("purpose", ""))
    except ValueError:
        raise NotFound from None
    try:
        with transaction():
            spend(CARDS_ASKED_PER_ADDRESS, peer_address())
            challenge = ask_card(purpose, browser=browser_id(), subject=subject_of(purpose))
    except Refused as refused:
        return jsonify(error=sentence_for(refused)), refused.status
    return jsonify(
        nonce=challenge.nonce,
        purpose=purpose.value,
        iat=int(challenge.issued_at.timestamp()),
        statement=challenge.statement(Transport.HIPKI) if settings().card_hipki else None,
    )


def subject_of(purpose: CardPurpose) -> str:
    """What an answer for this purpose is bound to, besides its browser."""
    if purpose is CardPurpose.LOGIN:
        return ""
    if purpose is CardPurpose.PROVE and request.form.get("run"):
        return request.form["run"][:40]
    signed_in = current_sign_in()
    if signed_in is None:
        raise NotFound
    return signed_in.human.account_id


def present(purpose: CardPurpose) -> PresentedCard:
    """The company's card in the form that was sent. As present_any; a person's own is refused (WrongSubjectType)."""
    card = _presented(purpose, COMPANIES)
    if not isinstance(card, PresentedCard):
        raise WrongSubjectType
    return card


def present_citizen(purpose: CardPurpose) -> PresentedCitizen:
    """The person's own card in the form that was sent. As present_any; a company's is refused (NotCitizenCard)."""
    card = _presented(purpose, CITIZENS)
    if not isinstance(card, PresentedCitizen):
        raise NotCitizenCard
    return card


def present_any(purpose: CardPurpose) -> AnyPresented:
    """The card in the form that was sent, judged, whether a company's or a person's own.

    Call it outside a transaction, which it opens and closes itself. Raises a CardRefused (told to the audit log),
    ChallengeGone, CardTransportRefused.
    """
    return _presented(purpose, ANYBODY)


def _presented(purpose: CardPurpose, subject_types: frozenset[SubjectType]) -> AnyPresented:
    sent = read_answer(request.form)
    with transaction():
        challenge = use_challenge(sent.nonce, purpose, browser=browser_id(), subject=subject_of(purpose))
    end_reading()
    try:
        return judge(sent, challenge, subject_types=subject_types)
    except CardRefused as refused:
        with transaction():
            note_refusal(sent, purpose, refused)
        raise
