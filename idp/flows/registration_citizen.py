"""The step of the citizen card (自然人憑證) in the wizard: it tells who applies, and proves no company (R-187).

    asked --> refused: why --> asked
          --> good: kept in the run, enrolled once the account is let in --> 下一步

Her name goes along from the certificate where she has typed none; nothing else of her is read (CD07).
"""

from flask import Blueprint, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.certificates.statement import CardPurpose
from idp.config import settings
from idp.errors import Refused
from idp.flows.card_answers import keeps_popups, present_citizen
from idp.flows.forms import PlainForm
from idp.flows.messages import sentence_for
from idp.flows.registration_pages import page_of
from idp.flows.registration_run import find_run
from idp.flows.registration_steps import Outcome, shows, take
from idp.flows.registration_visit import Visit, visit_of
from idp.policies.registration_path import Step
from idp.services.card_answers import PresentedCitizen
from idp.services.citizen_cards import citizen_shown, give_in_application, takes_citizens


def add_routes(bp: Blueprint) -> None:
    """Add the pages of this step to the wizard's."""
    shown, given = keeps_popups(shows(Step.CITIZEN)(citizen_page)), keeps_popups(give_citizen)
    bp.add_url_rule("/register/citizen", "citizen", shown, methods=["GET"])
    bp.add_url_rule("/register/citizen", "give_citizen", given, methods=["POST"])


def citizen_page(visit: Visit, form: PlainForm | None = None, *, refused: Refused | None = None) -> str:
    """What the card is asked for; once it was good, whom it names, and the way on."""
    return page_of(
        visit,
        Step.CITIZEN,
        given=citizen_shown(visit.state.citizen_evidence_id) if refused is None else None,
        is_offered=settings().offers_cards and takes_citizens(),
        refusal=sentence_for(refused) if refused else None,
        refusal_heading=gettext("憑證驗證結果：失敗") if refused else None,
    )


def give_citizen() -> ResponseReturnValue:
    """What is sent from the step: a card's answer, or the way on from one that was good."""
    if request.form.get("do") == "next":
        return take(Step.CITIZEN, citizen_page, _go_on)
    try:
        card = present_citizen(CardPurpose.PROVE)
        return take(Step.CITIZEN, citizen_page, lambda visit: _accept(visit, card))
    except Refused as refused:
        return _refused(refused)


def _accept(visit: Visit, card: PresentedCitizen) -> Outcome:
    """Raises CitizenCardElsewhere."""
    visit.state.citizen_evidence_id = give_in_application(card, visit.run_id)
    if not visit.state.typed.get("name"):
        visit.state.typed["name"] = card.holder.name
    return visit.address(Step.CITIZEN)


def _go_on(visit: Visit) -> Outcome:
    return None if visit.state.citizen_evidence_id is not None else visit.address(Step.CITIZEN)


def _refused(refused: Refused) -> ResponseReturnValue:
    kept = find_run(request.form.get("run", ""))
    if kept is None or kept.is_finished or kept.has_expired:
        return take(Step.CITIZEN, citizen_page, _go_on)
    visit = visit_of(kept)
    if not visit.has_reached(Step.CITIZEN):
        return redirect(visit.address(), 303)
    # The language link leads by GET to the step.
    g.here = visit.address(Step.CITIZEN)
    return citizen_page(visit, refused=refused), refused.status
