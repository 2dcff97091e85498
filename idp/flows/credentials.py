"""憑證與登入方式 (P30): the cards that sign an account in, put on and taken off; its password; the company's proof.

look --> a card is presented --> enrolled --> look         refused: look, with the sentence
     --> 移除 --> confirmed --> look                        refused: the confirmation, with the sentence
"""

from flask import Response, make_response, redirect, render_template, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.certificates.statement import CardPurpose
from idp.config import settings
from idp.db import transaction
from idp.errors import NotFound, Refused
from idp.flows.account_guard import account_pages, oneself, only_by_owner
from idp.flows.card_answers import keeps_popups, present
from idp.flows.card_words import RANK_LABELS
from idp.flows.forms import with_retry
from idp.flows.own_cards import sentence_for_own, shown_card
from idp.flows.page_context import NOTICE
from idp.policies.cards import is_to_prove
from idp.policies.roles import Permission, permits
from idp.services.acting import Acting
from idp.services.enrolled_cards import EnrolledCard, cards_of, is_last_credential
from idp.services.group_admins import group_admins_of
from idp.services.own_cards import enrol_own, remove_own
from idp.services.passwords import has_password

bp = account_pages("credentials")


@bp.get("/credentials")
@keeps_popups
def look() -> ResponseReturnValue:
    """Show what signs the account in."""
    return _page()


@bp.post("/credentials")
@keeps_popups
def enrol() -> ResponseReturnValue:
    """Enrol the card that was presented."""
    try:
        card = present(CardPurpose.ENROL)
        with transaction():
            enrolled = enrol_own(card, oneself().account_id)
    except Refused as refused:
        return _page(refused=refused)
    browser_session[NOTICE] = gettext(
        "已登錄%(rank)s（憑證序號 %(serial)s）。下次可以用這張卡片登入。",
        rank=RANK_LABELS[enrolled.rank],
        serial=enrolled.serial,
    )
    return redirect(url_for("credentials.look"), 303)


@bp.get("/credentials/<card_id>/remove")
def ask_to_remove(card_id: str) -> ResponseReturnValue:
    """Ask whether a card is to be removed, and tell what follows."""
    only_by_owner(oneself())
    return _confirmation(card_id)


@bp.post("/credentials/<card_id>/remove")
def remove(card_id: str) -> ResponseReturnValue:
    """Remove it."""
    card = _own_card(card_id)
    try:
        with transaction():
            remove_own(card_id, oneself().account_id)
    except NotFound:
        raise
    except Refused as refused:
        return _confirmation(card_id, refused=refused)
    browser_session[NOTICE] = gettext("已移除卡片（憑證序號 %(serial)s），這張卡片不能再登入。", serial=card.serial)
    return redirect(url_for("credentials.look"), 303)


def _own_card(card_id: str) -> EnrolledCard:
    """Raises NotFound for a card that is another's, removed, or none."""
    found = next((card for card in cards_of(oneself().account_id) if card.id == card_id), None)
    if found is None:
        raise NotFound
    return found


def _page(*, refused: Refused | None = None) -> Response:
    acting = oneself()
    company = acting.company
    is_own = acting.via is None
    page = render_template(
        "account/credentials.html",
        cards=[shown_card(card) for card in cards_of(acting.account_id)],
        has_password=has_password(acting.account_id),
        takes_cards=is_own and settings().offers_cards and acting.tax_id is not None,
        is_own=is_own,
        has_company=company is not None,
        is_to_prove=_may_prove(acting),
        is_unled=company is not None and acting.tax_id is not None and not group_admins_of(company.id),
        refusal=sentence_for_own(refused) if refused else None,
        notice=browser_session.pop(NOTICE, None) if refused is None else None,
    )
    return with_retry(make_response(page, refused.status if refused else 200), refused)


def _may_prove(acting: Acting) -> bool:
    company = acting.company
    leads = acting.role is not None and permits(acting.role, Permission.MANAGE_USERS)
    return leads and company is not None and is_to_prove(company.proof, company.status, company.id_type)


def _confirmation(card_id: str, *, refused: Refused | None = None) -> Response:
    card = _own_card(card_id)
    page = render_template(
        "account/card_remove.html",
        card=shown_card(card),
        is_last=is_last_credential(oneself().account_id, card.id),
        refusal=sentence_for_own(refused) if refused else None,
    )
    return make_response(page, refused.status if refused else 200)
