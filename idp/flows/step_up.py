"""Step-up: somebody who is signed in proves once more that it is she, for an application, a company or a service asks.

ask --> a passkey (passkey_sign_in.py), a code, a card --> the waiting request, acr raised
    --> none of these yet: one is set up, and leads back here by the waiting request
    --> go on without, where it is merely wished for    --> back to the application, which gets an error

The human raises her sign-in by what is hers; who acts through a linked account by her own, never by the seat's.
"""

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from idp.browser import browser_id, peer_address
from idp.certificates.statement import CardPurpose
from idp.db import end_reading, transaction
from idp.errors import NotFound, Refused
from idp.flows.card_answers import keeps_popups, present, present_any, present_citizen
from idp.flows.door import lead_on
from idp.flows.forms import check_human, with_retry
from idp.flows.fresh import has_fresh_sign_in
from idp.flows.own_cards import sentence_for_own
from idp.flows.second_step import CodeForm
from idp.flows.step_up_words import shown_of
from idp.flows.waiting import Visit, address_of_request, back_to_request, to_sign_in, visit_of
from idp.policies.assurance import Acr, Method, Shortfall, methods_with
from idp.services.acting import Acting
from idp.services.authorization_requests import note_decision, note_going_on
from idp.services.card_answers import AnyPresented, PresentedCitizen
from idp.services.card_sign_in import account_raised_by_card, account_raised_by_citizen, enrols, methods_with_card
from idp.services.second_factors import take_code
from idp.services.sign_ins import act_as, begin_sign_in
from idp.services.step_up import Lack, lack_of, ways_of

bp = Blueprint("step_up", __name__)

ON_A_PAGE = frozenset({Shortfall.WISHED, Shortfall.DEMANDED})
TO_SET_UP = {"app": "own_authenticator.show", "passkey": "passkeys.ask"}


@bp.get("/login/step-up")
@keeps_popups
def ask() -> ResponseReturnValue:
    """Say who asks for what, how one is signed in now, and what would be enough."""
    request_id = request.args.get("request_id", "")
    visit = visit_of(request_id)
    if visit is None:
        return to_sign_in(request_id)
    return page_of(visit) or back_to_request(request_id)


@bp.post("/login/step-up")
@keeps_popups
def present_card() -> ResponseReturnValue:
    """Judge what a card has signed, and raise the sign-in that runs; its applications' sessions go on."""
    request_id = request.form.get("request_id", "")
    visit = visit_of(request_id)
    if visit is None:
        return to_sign_in(request_id)
    check_human()
    lack = _lack(visit)
    if lack.shortfall not in ON_A_PAGE:
        return back_to_request(request_id)
    takes_citizens = lack.aim is not Acr.CARD
    try:
        card = _presented(visit, takes_citizens=takes_citizens)
        if enrols(card) and not has_fresh_sign_in():
            return redirect(url_for("sign_in.ask", request_id=request_id, again=1), 303)
        with transaction():
            token = _raise_by_card(visit, card)
    except Refused as refused:
        return page_of(visit, refused=refused) or back_to_request(request_id)
    return lead_on(token, address_of_request(request_id))


@bp.post("/login/step-up/code")
@keeps_popups
def give_code() -> ResponseReturnValue:
    """Judge a code of the app or a recovery code, and raise the sign-in that was begun by a password."""
    request_id = request.form.get("request_id", "")
    visit = visit_of(request_id)
    if visit is None:
        return to_sign_in(request_id)
    check_human()
    form = CodeForm(request.form)
    if not ways_of(visit.signed_in, _lack(visit).aim).code or not form.validate():
        return page_of(visit, form=form, status=400) or back_to_request(request_id)
    end_reading()
    human = visit.signed_in.human
    try:
        with transaction():
            method = take_code(human.account_id, form.code.data or "", browser_id(), peer_address())
            methods = methods_with(visit.signed_in.methods, method)
            # A card of hours ago is not shown anew by a code: ``acr`` card comes with the moment of the card.
            card = visit.signed_in.card_tax_id
            token = _raise(visit, human, methods, card, keeps_time=card is not None)
    except Refused as refused:
        form.code.data = ""
        return page_of(visit, form=form, refused=refused) or back_to_request(request_id)
    return lead_on(token, address_of_request(request_id))


@bp.post("/login/step-up/set-up")
def set_up() -> ResponseReturnValue:
    """To the page where a first second factor is set up; who acts at our pages stops, for it is the human's own."""
    request_id, wanted = request.form.get("request_id", ""), request.form.get("what", "")
    visit = visit_of(request_id)
    if visit is None:
        return to_sign_in(request_id)
    check_human()
    if wanted not in TO_SET_UP:
        raise NotFound
    target = url_for(TO_SET_UP[wanted], request_id=request_id)
    if visit.signed_in.acting is None:
        return redirect(target, 303)
    with transaction():
        token = act_as(visit.signed_in, None, browser=browser_id())
    return lead_on(token, target)


@bp.post("/login/step-up/decline")
def decline() -> ResponseReturnValue:
    """Go on without where it is merely wished for, or back to the application without signing in."""
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


def page_of(
    visit: Visit, *, form: CodeForm | None = None, refused: Refused | None = None, status: int = 200
) -> Response | None:
    """The page, perhaps after a refusal; None where nothing is lacking that it could add."""
    lack = _lack(visit)
    if lack.shortfall not in ON_A_PAGE:
        return None
    # The language link leads here by GET, also after a POST.
    g.here = url_for("step_up.ask", request_id=visit.waiting.id)
    page = render_template(
        "sign_in/step_up.html",
        **shown_of(visit, lack, ways_of(visit.signed_in, lack.aim)),
        form=form or CodeForm(),
        refusal=sentence_for_own(refused) if refused else None,
        is_of_code=form is not None,
    )
    return with_retry(make_response(page, refused.status if refused else status), refused)


def _lack(visit: Visit) -> Lack:
    return lack_of(visit.asked, visit.signed_in, visit.seat or visit.signed_in.human, visit.client)


def _presented(visit: Visit, *, takes_citizens: bool) -> AnyPresented:
    if visit.signed_in.human.company is None:
        # There is no company whose card could be hers.
        return present_citizen(CardPurpose.STEP_UP)
    return present_any(CardPurpose.STEP_UP) if takes_citizens else present(CardPurpose.STEP_UP)


def _raise_by_card(visit: Visit, card: AnyPresented) -> str:
    human = visit.signed_in.human.account_id
    if isinstance(card, PresentedCitizen):
        account, tax_id = account_raised_by_citizen(card, human), None
    else:
        account, tax_id = account_raised_by_card(card, human), str(card.holder.tax_id)
    return _raise(visit, account, methods_with_card(card, visit.signed_in, account), tax_id)


def _raise(
    visit: Visit, account: Acting, methods: list[Method], card_tax_id: str | None, *, keeps_time: bool = False
) -> str:
    _, token = begin_sign_in(
        account,
        methods,
        previous=visit.signed_in,
        browser=browser_id(),
        address=peer_address(),
        user_agent=request.headers.get("User-Agent"),
        card_tax_id=card_tax_id,
        must_live=True,
        keeps_time=keeps_time,
    )
    return token
