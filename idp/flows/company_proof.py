"""A group admin proves her company by its card, where it was proven otherwise or not at all (P30).

look --> a card is presented --> proven --> P30        refused: look, with the sentence
"""

from flask import Blueprint, Response, make_response, redirect, render_template, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.certificates.statement import CardPurpose
from idp.config import settings
from idp.errors import NotFound, Refused
from idp.flows.account_guard import only_by_owner
from idp.flows.card_answers import keeps_popups, present
from idp.flows.forms import with_retry
from idp.flows.group_guard import group_admin, leading, only_group_admins
from idp.flows.messages import PROOF_LABELS
from idp.flows.own_cards import sentence_for_own
from idp.flows.page_context import NOTICE
from idp.policies.cards import is_to_prove
from idp.services.own_cards import prove_own_company

bp = Blueprint("company_proof", __name__, url_prefix="/account/credentials")
bp.before_request(only_group_admins)


@bp.get("/company")
@keeps_popups
def look() -> ResponseReturnValue:
    """Show what the card will prove; nothing where it would tell nothing new."""
    only_by_owner(group_admin())
    company = group_admin().company
    if company is None or not settings().offers_cards:
        raise NotFound
    if not is_to_prove(company.proof, company.status, company.id_type):
        return redirect(url_for("credentials.look"), 303)
    return _page()


@bp.post("/company")
@keeps_popups
def prove() -> ResponseReturnValue:
    """Let the company count as proven by the card that was presented."""
    only_by_owner(group_admin())
    try:
        card = present(CardPurpose.PROVE)
        with leading():
            prove_own_company(card, group_admin().account_id)
    except Refused as refused:
        return _page(refused=refused)
    browser_session[NOTICE] = gettext("%(company)s已通過工商憑證驗證。", company=card.holder.name)
    return redirect(url_for("credentials.look"), 303)


def _page(*, refused: Refused | None = None) -> Response:
    company = group_admin().company
    page = render_template(
        "account/company_proof.html",
        proof_label=PROOF_LABELS[company.proof] if company else "",
        refusal=sentence_for_own(refused) if refused else None,
    )
    return with_retry(make_response(page, refused.status if refused else 200), refused)
