"""憑證與登入方式 (P30): everything that signs an account in, and where it is signed in; cards put on and taken off.

The page leads on: passkeys (passkeys.py), authenticator app (own_authenticator.py), password (own_password_change.py).

look --> a card is presented --> enrolled --> look         refused: look, with the sentence
     --> 移除 --> confirmed --> look                        refused: the confirmation, with the sentence
"""

from typing import Any

from flask import Response, make_response, redirect, render_template, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.browser import current_sign_in
from idp.certificates.statement import CardPurpose
from idp.config import settings
from idp.db import transaction
from idp.errors import NotFound, Refused
from idp.flows.account_guard import account_pages, oneself, only_by_owner
from idp.flows.card_answers import keeps_popups, present_any, present_citizen
from idp.flows.card_words import label_of_card
from idp.flows.forms import with_retry
from idp.flows.fresh import fresh_sign_in
from idp.flows.own_cards import sentence_for_own, shown_card
from idp.flows.own_sign_ins import devices_of
from idp.flows.page_context import NOTICE
from idp.flows.passkeys import shown_passkeys
from idp.policies.assurance import Method
from idp.policies.cards import is_to_prove
from idp.policies.roles import Permission, permits
from idp.services.acting import Acting
from idp.services.authenticators import app_since, last_code_at, recovery_codes_left
from idp.services.citizen_cards import takes_citizens
from idp.services.enrolled_cards import EnrolledCard, cards_of, is_last_credential
from idp.services.factors import factors_of
from idp.services.group_admins import group_admins_of
from idp.services.own_cards import enrol_own, remove_own
from idp.services.sign_ins import last_by_method

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
    if (again := fresh_sign_in()) is not None:
        return again
    try:
        # An account without a company has no company's card.
        presents = present_any if oneself().company is not None else present_citizen
        card = presents(CardPurpose.ENROL)
        with transaction():
            enrolled = enrol_own(card, oneself().account_id)
    except Refused as refused:
        return _page(refused=refused)
    browser_session[NOTICE] = gettext(
        "已登錄%(rank)s（憑證序號 %(serial)s）。下次可以用這張卡片登入。",
        rank=label_of_card(enrolled.kind, enrolled.rank),
        serial=enrolled.serial,
    )
    return redirect(url_for("credentials.look"), 303)


@bp.get("/credentials/<card_id>/remove")
def ask_to_remove(card_id: str) -> ResponseReturnValue:
    """Ask whether a card is to be removed, and tell what follows."""
    only_by_owner(oneself())
    _own_card(card_id)
    return fresh_sign_in() or _confirmation(card_id)


@bp.post("/credentials/<card_id>/remove")
def remove(card_id: str) -> ResponseReturnValue:
    """Remove it."""
    card = _own_card(card_id)
    if (again := fresh_sign_in()) is not None:
        return again
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
        **_kept_factors(acting.account_id),
        sign_ins=_devices() if is_own else [],
        takes_cards=is_own and settings().offers_cards and acting.tax_id is not None,
        takes_citizens=is_own and settings().offers_cards and takes_citizens(),
        is_own=is_own,
        has_company=company is not None,
        is_to_prove=_may_prove(acting),
        is_unled=company is not None and acting.tax_id is not None and not group_admins_of(company.id),
        refusal=sentence_for_own(refused) if refused else None,
        notice=browser_session.pop(NOTICE, None) if refused is None else None,
    )
    return with_retry(make_response(page, refused.status if refused else 200), refused)


def _kept_factors(account_id: str) -> dict[str, Any]:
    factors = factors_of(account_id)
    app = {"since": app_since(account_id), "last_used_at": last_code_at(account_id)} if factors.has_app else None
    return {
        "has_password": factors.has_password,
        "password_used_at": last_by_method(account_id, Method.PASSWORD) if factors.has_password else None,
        "has_second": factors.has_second,
        "app": app,
        "codes_left": recovery_codes_left(account_id) if app else 0,
        "passkeys": shown_passkeys(account_id),
    }


def _devices() -> list[dict[str, Any]]:
    signed_in = current_sign_in()
    return devices_of(signed_in) if signed_in is not None else []


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
