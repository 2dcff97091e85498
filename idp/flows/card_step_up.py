"""Step-up: somebody who is signed in adds her company's card, for an application or a company asks for more.

ask --> her card, or one of her company's that is enrolled nowhere: enrolled --> the waiting request, acr raised
    --> go on without it, where it is merely wished for    --> back to the application, which gets an error
"""

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from idp.browser import browser_id, peer_address
from idp.certificates.statement import CardPurpose
from idp.db import transaction
from idp.errors import Refused
from idp.flows.card_answers import keeps_popups, present
from idp.flows.door import lead_on
from idp.flows.forms import check_human, with_retry
from idp.flows.messages import METHOD_LABELS
from idp.flows.own_cards import sentence_for_own
from idp.flows.page_context import application_of, person_of
from idp.flows.waiting import Visit, address_of_request, back_to_request, to_sign_in, visit_of
from idp.policies.assurance import Shortfall
from idp.services.authorization_requests import note_decision, note_going_on
from idp.services.card_answers import PresentedCard
from idp.services.card_sign_in import account_raised_by_card, methods_with_card
from idp.services.enrolled_cards import cards_of
from idp.services.sign_ins import begin_sign_in
from idp.services.step_up import Lack, lack_of

bp = Blueprint("card_step_up", __name__)

ON_A_PAGE = frozenset({Shortfall.WISHED, Shortfall.DEMANDED})


@bp.get("/login/step-up")
@keeps_popups
def ask() -> ResponseReturnValue:
    """Say who asks for more, and how one is signed in now."""
    request_id = request.args.get("request_id", "")
    visit = visit_of(request_id)
    if visit is None:
        return to_sign_in(request_id)
    lack = _lack(visit)
    return _page(visit, lack) if lack.shortfall in ON_A_PAGE else back_to_request(request_id)


@bp.post("/login/step-up")
@keeps_popups
def answer() -> ResponseReturnValue:
    """Judge what the card has signed, and raise the sign-in that runs; its applications' sessions go on."""
    request_id = request.form.get("request_id", "")
    visit = visit_of(request_id)
    if visit is None:
        return to_sign_in(request_id)
    check_human()
    if _lack(visit).shortfall not in ON_A_PAGE:
        return back_to_request(request_id)
    try:
        card = present(CardPurpose.STEP_UP)
        with transaction():
            token = _raise(visit, card)
    except Refused as refused:
        return _page(visit, _lack(visit), refused=refused)
    return lead_on(token, address_of_request(request_id))


@bp.post("/login/step-up/decline")
def decline() -> ResponseReturnValue:
    """Go on without a card where it is merely wished for, or back to the application without signing in."""
    request_id = request.form.get("request_id", "")
    visit = visit_of(request_id)
    if visit is None:
        return to_sign_in(request_id)
    check_human()
    choice, lack = request.form.get("choice"), _lack(visit)
    with transaction():
        if choice == "back":
            note_decision(request_id, visit.signed_in.human.account_id, agreed=False)
        elif choice == "go-on" and lack.shortfall is Shortfall.WISHED:
            note_going_on(request_id)
    return back_to_request(request_id)


def _lack(visit: Visit) -> Lack:
    return lack_of(visit.asked, visit.signed_in, visit.seat or visit.signed_in.human)


def _raise(visit: Visit, card: PresentedCard) -> str:
    account = account_raised_by_card(card, visit.signed_in.human.account_id)
    _, token = begin_sign_in(
        account,
        methods_with_card(card, visit.signed_in, account),
        previous=visit.signed_in,
        browser=browser_id(),
        address=peer_address(),
        user_agent=request.headers.get("User-Agent"),
        card_tax_id=str(card.holder.tax_id),
    )
    return token


def _page(visit: Visit, lack: Lack, *, refused: Refused | None = None) -> Response:
    human = visit.signed_in.human
    # The language link leads here by GET, also after a POST.
    g.here = url_for("card_step_up.ask", request_id=visit.waiting.id)
    page = render_template(
        "sign_in/card_step_up.html",
        application=application_of(visit.client),
        acting=person_of(human),
        request_id=visit.waiting.id,
        is_wish=lack.shortfall is Shortfall.WISHED,
        is_by_company=lack.is_by_company,
        methods=[METHOD_LABELS[method] for method in visit.signed_in.methods],
        has_card=bool(cards_of(human.account_id)),
        refusal=sentence_for_own(refused) if refused else None,
    )
    return with_retry(make_response(page, refused.status if refused else 200), refused)
