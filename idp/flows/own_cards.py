"""How pages show cards of one's own, and why one was refused there."""

from typing import Any

from flask_babel import gettext

from idp.db import now
from idp.errors import CardMismatch, Refused
from idp.flows.card_words import label_of_card
from idp.flows.messages import sentence_for
from idp.policies.cards import CardKind, ends_soon
from idp.services.enrolled_cards import EnrolledCard, cards_of


def shown_card(card: EnrolledCard) -> dict[str, Any]:
    """A card with what its page says of it."""
    moment = now()
    return {
        "id": card.id,
        "is_citizen": card.kind is CardKind.CITIZEN,
        "name": card.name,
        "tax_id": card.tax_id,
        "serial": card.serial,
        "rank_label": label_of_card(card.kind, card.rank),
        "not_before": card.not_before,
        "not_after": card.not_after,
        "enrolled_at": card.enrolled_at,
        "last_used_at": card.last_used_at,
        "is_over": card.not_after <= moment,
        "ends_soon": ends_soon(card.not_after, now=moment),
    }


def cards_that_end(account_id: str) -> list[dict[str, Any]]:
    """The cards of an account that end within 60 days or have ended, the next to end first."""
    shown = [shown_card(card) for card in cards_of(account_id)]
    return sorted((card for card in shown if card["ends_soon"]), key=lambda card: card["not_after"])


def sentence_for_own(refused: Refused) -> str:
    """The sentence of a refusal for who is signed in: a card of another company is held against her own."""
    if isinstance(refused, CardMismatch):
        card, own = refused.details["card"], refused.details["entered"]
        text = gettext("卡片的統一編號 %(card)s 與貴公司的 %(own)s 不同，請插入貴公司的工商憑證。", card=card, own=own)
        return str(text)
    return sentence_for(refused)
