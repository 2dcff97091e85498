"""Apply for an account (P3 … P11): one wizard, computed from the service's policy and the company's state.

    begin --> terms --> company --> verified | proof | neither --> account --> check --> sent, once
          --> several services: which?

Each page can be opened again once it was reached; what is changed there leads back to the check page. What becomes of
late, expired and foreign forms is in registration_steps.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue

from idp.browser import browser_id
from idp.db import transaction
from idp.errors import ChangedMeanwhile, Refused
from idp.flows.messages import sentence_for
from idp.flows.moments import is_english
from idp.flows.page_context import NOTICE, on_the_way_to
from idp.flows.registration_account import hashed_password, take_account
from idp.flows.registration_company import take_company
from idp.flows.registration_forms import TermsForm
from idp.flows.registration_pages import (
    account_page,
    check_page,
    company_page,
    proof_page,
    terms_page,
    verified_page,
)
from idp.flows.registration_run import KIND, Registration, begin_run, find_run
from idp.flows.registration_steps import Outcome, shows, take
from idp.flows.registration_submission import lead_to_field, send
from idp.flows.registration_visit import Visit, visit_of
from idp.policies.registration import Step
from idp.services.authorization_requests import WaitingRequest, waiting_request
from idp.services.clients import client_by_id
from idp.services.flows import run_on_the_way
from idp.services.service_registry import list_services

bp = Blueprint("registration", __name__)


@bp.get("/register")
def begin() -> ResponseReturnValue:
    """Begin where the service is known: by the waiting request, by ``?service=``, or because there is but one."""
    waiting = _waiting(request.args.get("request_id", ""))
    if waiting is not None and (known := run_on_the_way(KIND, waiting.id, browser=browser_id())):
        return redirect(_known_run(known, waiting), 303)
    client = client_by_id(waiting.client_id) if waiting else None
    on_the_way_to(client)
    services = {service.id: service for service in list_services()}
    wanted = client.service_id if client and client.service_id else request.args.get("service", "")
    chosen = services.get(wanted) or (next(iter(services.values())) if len(services) == 1 else None)
    if chosen is None:
        shown = [(service.id, service.name_en if is_english() else service.name_zh) for service in services.values()]
        notice = browser_session.pop(NOTICE, None)
        return render_template("registration/begin.html", services=shown, notice=notice, request_id=_id_of(waiting))
    with transaction():
        state = Registration(chosen.id, client.id if client else None)
        run_id = begin_run(state, request_id=_id_of(waiting))
    return redirect(url_for("registration.terms", run=run_id), 303)


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
    """Read: who will review is known."""
    return take(Step.VERIFIED, verified_page, _has_read)


@bp.get("/register/proof")
@shows(Step.PROOF)
def proof(visit: Visit) -> ResponseReturnValue:
    """The proofs of a company; today an operator's word, which nobody gives here."""
    return proof_page(visit)


@bp.post("/register/proof")
def read_proof() -> ResponseReturnValue:
    """Read: the service unit will make sure of the company."""
    return take(Step.PROOF, proof_page, _has_read)


def _has_read(visit: Visit) -> Outcome:
    visit.state.explained = visit.explanation
    return None


@bp.get("/register/account")
@shows(Step.ACCOUNT)
def account(visit: Visit) -> ResponseReturnValue:
    """P9."""
    return account_page(visit)


@bp.post("/register/account")
def name_account() -> ResponseReturnValue:
    """Who she is. Three acts, so that hashing holds no lock: judge the password, then take the form."""
    typed = hashed_password()
    return take(Step.ACCOUNT, account_page, lambda visit: take_account(visit, typed))


@bp.get("/register/check")
@shows(Step.CHECK)
def check(visit: Visit) -> ResponseReturnValue:
    """P10."""
    return check_page(visit)


@bp.post("/register/check")
def submit() -> ResponseReturnValue:
    """Send the application; the same form again shows what was sent."""
    try:
        return take(Step.CHECK, check_page, send)
    except ChangedMeanwhile as changed:
        return render_template("registration/changed.html", lead=sentence_for(changed), **_ways_on()), changed.status
    except Refused as refused:
        return lead_to_field(refused) or _check_refused(refused)


def _check_refused(refused: Refused) -> ResponseReturnValue:
    kept = find_run(request.form.get("run", ""))
    if kept is None or kept.is_finished:
        raise refused
    retry = getattr(refused, "retry_seconds", None)
    headers = {"Retry-After": str(retry)} if retry is not None else {}
    return check_page(visit_of(kept), refusal=sentence_for(refused)), refused.status, headers


def _ways_on() -> dict[str, str | None]:
    kept = find_run(request.form.get("run", ""))
    if kept is None or kept.is_finished:
        return {"next_href": None}
    visit = visit_of(kept)
    return {"next_href": None if visit.is_correction and visit.current is Step.CHECK else visit.address()}


def _waiting(request_id: str) -> WaitingRequest | None:
    return waiting_request(request_id, browser=browser_id()) if request_id else None


def _id_of(waiting: WaitingRequest | None) -> str | None:
    return waiting.id if waiting else None


def _known_run(run_id: str, waiting: WaitingRequest) -> str:
    """Where who comes back to a request goes: on with her application, or, once it is sent, to sign in."""
    kept = find_run(run_id)
    if kept is None or kept.is_finished:
        return url_for("sign_in.ask", request_id=waiting.id)
    return url_for(f"registration.{kept.step}", run=run_id)
