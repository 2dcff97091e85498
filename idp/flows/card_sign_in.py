"""Sign in by card (P2): the card's component signs what we asked, and the card's one account is signed in.

    ask --> a good card, enrolled --> the waiting request, the page that wanted a sign-in (?back=), or /account
        --> a good card, enrolled nowhere --> registration with its data (R-203), or the ways its bearer has
            (a citizen card, which names no company, always to the ways)
        --> refused: the page again with the sentence, and other ways to go

As with a password, a sign-in that runs is for its person alone, unless she wants to be somebody else (?other=1).
"""

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.browser import browser_id
from idp.certificates.statement import CardPurpose
from idp.config import settings
from idp.db import transaction
from idp.errors import CardUnknown, NotFound, Refused
from idp.flows.card_answers import keeps_popups, present_any
from idp.flows.door import (
    Arrival,
    about_a_try,
    about_another,
    about_two_factors,
    arrival_of,
    lead_on,
    let_in,
    previous_sign_in,
    show_door,
    way_on,
)
from idp.flows.forms import with_retry
from idp.flows.messages import sentence_for
from idp.policies.cards import CardKind, CardWay, ways_of
from idp.services.acting import Acting
from idp.services.card_answers import AnyPresented, PresentedCard, PresentedCitizen
from idp.services.card_sign_in import account_of_card, methods_with_card, note_unknown_card, note_unknown_citizen
from idp.services.flows import start_run

bp = Blueprint("card_sign_in", __name__)

# The run that carries what a card has told to the pages its bearer goes on to.
CARD_RUN, PRESENTED = "card", "presented"


@bp.get("/login/card")
@keeps_popups
def ask() -> ResponseReturnValue:
    """Show the panel. There is no such page where no component is offered."""
    _check_offered()
    arrival = arrival_of(request.args)
    return redirect(arrival.goes_on, 303) if arrival.is_done else _page(arrival)


@bp.post("/login/card")
@keeps_popups
def answer() -> ResponseReturnValue:
    """Judge what the card has signed, and sign its account in (R-202)."""
    _check_offered()
    arrival = arrival_of(request.form)
    try:
        card = present_any(CardPurpose.LOGIN)
        try:
            with transaction():
                account, token = _sign_in(arrival, card)
        except CardUnknown:
            return redirect(_lead_unknown(arrival, card), 303)
    except Refused as refused:
        return _page(arrival, refused=refused)
    return lead_on(token, arrival.leads(account))


def _check_offered() -> None:
    if not settings().offers_cards:
        raise NotFound


def _sign_in(arrival: Arrival, card: AnyPresented) -> tuple[Acting, str]:
    expected = arrival.signed_in.human.account_id if arrival.signed_in is not None and not arrival.other else None
    account, previous = account_of_card(card, only=expected), previous_sign_in()
    methods = methods_with_card(card, previous, account)
    # A person's own card names no company: it is two factors, and never a company's card.
    tax_id = str(card.holder.tax_id) if isinstance(card, PresentedCard) else None
    return account, let_in(account, methods, arrival, previous=previous, card_tax_id=tax_id)


def _lead_unknown(arrival: Arrival, card: AnyPresented) -> str:
    """Where the bearer of a card goes that signs nobody in: what it names goes along, never from a form (CD07)."""
    request_id = arrival.waiting.id if arrival.waiting else None
    if isinstance(card, PresentedCitizen):
        named = {"kind": CardKind.CITIZEN.value, "name": card.holder.name}
        with transaction():
            note_unknown_citizen(card)
            run_id = start_run(CARD_RUN, PRESENTED, named, browser=browser_id(), request_id=request_id)
        return url_for("unknown_card.ask", card=run_id, request_id=request_id)
    holder = card.holder
    told = {"tax_id": str(holder.tax_id), "name": holder.name, "rank": holder.rank.value}
    with transaction():
        situation = note_unknown_card(card)
        run_id = start_run(CARD_RUN, PRESENTED, told, browser=browser_id(), request_id=request_id)
    endpoint = "registration.begin" if ways_of(situation) == (CardWay.APPLY,) else "unknown_card.ask"
    return url_for(endpoint, card=run_id, request_id=request_id)


def _page(arrival: Arrival, *, refused: Refused | None = None) -> Response:
    is_citizen = request.values.get("kind") == CardKind.CITIZEN
    kind = CardKind.CITIZEN.value if is_citizen else None
    show_door(arrival, "card_sign_in.ask", kind=kind)
    page = render_template(
        "sign_in/card.html",
        fields=arrival.fields | ({"kind": kind} if kind else {}),
        is_citizen=is_citizen,
        refusal=sentence_for(refused) if refused else None,
        way=way_on(refused),
        reason=None if refused else _reason(arrival),
        password_href=url_for("sign_in.ask", **arrival.on_the_way, other="1" if arrival.other else None),
        other_href=url_for("card_sign_in.ask", **arrival.on_the_way, other=1, kind=kind) if arrival.is_fixed else None,
    )
    return with_retry(make_response(page, refused.status if refused else 200), refused)


def _reason(arrival: Arrival) -> Any:
    """The sentence above the panel, or None."""
    if arrival.waiting is not None and arrival.waiting.is_try:
        return about_a_try(arrival)
    if arrival.signed_in is not None:
        is_citizen = request.values.get("kind") == CardKind.CITIZEN
        again = gettext("為了您的安全，請再次以您的自然人憑證驗證。") if is_citizen else None
        return (
            about_another(arrival)
            or about_two_factors(arrival)
            or again
            or gettext("為了您的安全，請再次以您的工商憑證驗證。")
        )
    if request.args.get("again"):
        return gettext("卡片資料只保留 15 分鐘，請重新插卡驗證一次。")
    return None
