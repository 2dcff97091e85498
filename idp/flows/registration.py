"""Apply for an account (P3 … P11): one wizard, computed from the service's policy and the company's state.

    begin --> terms --> company --> verified | proof | card | document | none --> account --> check --> sent, once
          --> several services: which?
          --> two kinds of account: which?

Each page can be opened again once it was reached; what is changed there leads back to the check page. What becomes of
late, expired and foreign forms is in registration_steps.
"""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from idp.errors import ChangedMeanwhile, Refused
from idp.flows.card_answers import keeps_popups
from idp.flows.forms import PlainForm
from idp.flows.linked_registration import linked_check_page, linked_page, send_linked, take_linked
from idp.flows.messages import sentence_for
from idp.flows.registration_account import TypedPassword, hashed_password, take_account
from idp.flows.registration_begin import begin_application
from idp.flows.registration_card import card_page, take_card
from idp.flows.registration_citizen import add_routes as add_citizen_routes
from idp.flows.registration_company import take_company
from idp.flows.registration_document import add_routes
from idp.flows.registration_forms import TermsForm
from idp.flows.registration_pages import (
    account_page,
    check_page,
    company_page,
    offers_card,
    proof_page,
    terms_page,
    verified_page,
)
from idp.flows.registration_run import find_run
from idp.flows.registration_steps import Outcome, shows, take
from idp.flows.registration_submission import lead_to_field, send
from idp.flows.registration_visit import Visit, visit_of
from idp.policies.registration_path import Step

bp = Blueprint("registration", __name__)
add_routes(bp)
add_citizen_routes(bp)


@bp.get("/register")
def begin() -> ResponseReturnValue:
    """P3: at which service, and for which kind of account."""
    return begin_application()


@bp.get("/register/terms")
@shows(Step.TERMS)
def terms(visit: Visit) -> ResponseReturnValue:
    """P4."""
    return terms_page(visit)


@bp.post("/register/terms")
def agree_to_terms() -> ResponseReturnValue:
    """The texts that were shown are agreed to, in their versions (R-006)."""
    return take(Step.TERMS, terms_page, _agree)


def _agree(visit: Visit) -> Outcome:
    form = TermsForm(request.form)
    if form.texts.data != visit.texts_stamp:
        return visit.address(Step.TERMS)
    if visit.texts and not form.validate():
        return form
    visit.state.texts = [list(text) for text in visit.texts]
    visit.state.has_done(Step.TERMS)
    return None


@bp.get("/register/company")
@shows(Step.COMPANY)
def company(visit: Visit) -> ResponseReturnValue:
    """P5."""
    return company_page(visit)


@bp.post("/register/company")
def name_company() -> ResponseReturnValue:
    """A number to look up, or the whole company."""
    return take(Step.COMPANY, company_page, take_company)


@bp.get("/register/verified")
@shows(Step.VERIFIED)
def verified(visit: Visit) -> ResponseReturnValue:
    """P7."""
    return verified_page(visit)


@bp.post("/register/verified")
def read_verified() -> ResponseReturnValue:
    """Read: who will review is known. Or the card is to say who leads."""
    return take(Step.VERIFIED, verified_page, _has_read)


@bp.get("/register/proof")
@shows(Step.PROOF)
def proof(visit: Visit) -> ResponseReturnValue:
    """The proofs of a company, where there are several, or where nobody gives one here."""
    return proof_page(visit)


@bp.post("/register/proof")
def read_proof() -> ResponseReturnValue:
    """Read: the service unit will make sure of the company. Or card or document is chosen."""
    return take(Step.PROOF, proof_page, _choose)


def _choose(visit: Visit) -> Outcome:
    if request.form.get("do") == "document":
        visit.state.wants_document = True
        return None
    return _has_read(visit)


def _has_read(visit: Visit) -> Outcome:
    if request.form.get("do") == "card" and offers_card(visit):
        visit.state.wants_card = True
    else:
        visit.state.explained = visit.explanation
    return None


@bp.get("/register/card")
@keeps_popups
@shows(Step.CARD)
def card(visit: Visit) -> ResponseReturnValue:
    """P6."""
    return card_page(visit)


@bp.post("/register/card")
@keeps_popups
def give_card() -> ResponseReturnValue:
    """A card's answer (R-017), or on from it (R-018)."""
    return take_card()


@bp.get("/register/account")
@shows(Step.ACCOUNT)
def account(visit: Visit) -> ResponseReturnValue:
    """P9; of a linked account with its contact company."""
    return _account_page(visit)


@bp.post("/register/account")
def name_account() -> ResponseReturnValue:
    """Who she is. Three acts, so that hashing holds no lock: judge the password, then take the form."""
    typed = hashed_password()
    return take(Step.ACCOUNT, _account_page, lambda visit: _take_account(visit, typed))


def _account_page(visit: Visit, form: PlainForm | None = None) -> str:
    return linked_page(visit, form) if visit.state.is_linked else account_page(visit, form)


def _take_account(visit: Visit, typed: TypedPassword | None) -> Outcome:
    return take_linked(visit, typed) if visit.state.is_linked else take_account(visit, typed)


@bp.get("/register/check")
@shows(Step.CHECK)
def check(visit: Visit) -> ResponseReturnValue:
    """P10."""
    return _check_page(visit)


@bp.post("/register/check")
def submit() -> ResponseReturnValue:
    """Send the application; the same form again shows what was sent."""
    try:
        return take(Step.CHECK, _check_page, lambda visit: (send_linked if visit.state.is_linked else send)(visit))
    except ChangedMeanwhile as changed:
        return render_template("registration/changed.html", lead=sentence_for(changed), **_ways_on()), changed.status
    except Refused as refused:
        return lead_to_field(refused) or _check_refused(refused)


def _check_page(visit: Visit, form: PlainForm | None = None, *, refusal: str | None = None) -> str:
    shown = linked_check_page if visit.state.is_linked else check_page
    return shown(visit, form, refusal=refusal)


def _check_refused(refused: Refused) -> ResponseReturnValue:
    kept = find_run(request.form.get("run", ""))
    if kept is None or kept.is_finished:
        raise refused
    retry = getattr(refused, "retry_seconds", None)
    headers = {"Retry-After": str(retry)} if retry is not None else {}
    return _check_page(visit_of(kept), refusal=sentence_for(refused)), refused.status, headers


def _ways_on() -> dict[str, str | None]:
    kept = find_run(request.form.get("run", ""))
    if kept is None or kept.is_finished:
        return {"next_href": None}
    visit = visit_of(kept)
    return {"next_href": None if visit.is_correction and visit.current is Step.CHECK else visit.address()}
