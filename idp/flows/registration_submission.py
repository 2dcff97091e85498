"""The application is sent (P10), new or corrected: once, whatever is clicked; a refusal leads to the field it is about.

The run ends in the same transaction as the case is written, after it: a refusal leaves the run as it was.
"""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from idp.browser import browser_id, peer_address
from idp.db import transaction
from idp.errors import AlreadyExists, CompanyClosed, OneAccountOnly, Refused
from idp.flows.messages import MESSAGES, PROBLEMS, STATUS_LABELS
from idp.flows.moments import is_english
from idp.flows.registration_company import company_answers
from idp.flows.registration_run import Registration, Trouble, find_run, finish_with_case, save_run
from idp.flows.registration_steps import Outcome
from idp.flows.registration_visit import Visit, visit_of
from idp.flows.registration_words import closed_sentence
from idp.models import Case
from idp.policies.company_names import parse_phone
from idp.policies.limits import CASES_SENT_PER_ADDRESS
from idp.policies.names import canonical_email
from idp.policies.registration_path import Step
from idp.policies.standing import CompanyStatus
from idp.services.audit import record
from idp.services.cases import PersonAnswers, Submission, correct_case, submit_case
from idp.services.company_documents import put_forward, put_forward_again
from idp.services.limits import spend
from idp.services.passwords import set_hashed_password

STEP_OF_FIELD = {"username": Step.ACCOUNT, "email": Step.ACCOUNT, "number": Step.COMPANY}


def send(visit: Visit) -> Outcome:
    """Send the application. Raises AlreadyExists, CompanyClosed, OneAccountOnly, TooManyRequests, ChangedMeanwhile."""
    spend(CASES_SENT_PER_ADDRESS, peer_address())
    case = _corrected(visit) if visit.is_correction else _submitted(visit)
    _put_document_forward(visit, case)
    finish_with_case(visit.run_id, case.id)
    visit.is_sent = True
    return url_for("registration_done.done", run=visit.run_id)


def _submitted(visit: Visit) -> Case:
    state = visit.state
    if state.password_hash is None and not visit.is_numbered:
        raise ValueError("the account step does not hold")
    return submit_case(
        Submission(
            service=visit.service,
            company=company_answers(state),
            person=person_answers(state),
            password_hash=state.password_hash,
            texts=tuple(visit.texts),
            browser=browser_id(),
            address=peer_address(),
            client_id=state.client_id,
            card_evidence_id=visit.card.evidence_id if visit.card else None,
            credential=visit.credential,
            citizen_evidence_id=state.citizen_evidence_id,
        )
    )


def _put_document_forward(visit: Visit, case: Case) -> None:
    """The file of the run becomes the company's document, in the transaction of its case. Raises ChangedMeanwhile."""
    if Step.DOCUMENT not in visit.steps:
        return
    if visit.file is None:
        raise ValueError("the document step does not hold")
    if visit.document is not None and visit.file.id == visit.document.file_id:
        put_forward_again(case)
    else:
        put_forward(case, visit.file)


def _corrected(visit: Visit) -> Case:
    state = visit.state
    if state.corrects is None:
        raise ValueError("no case is corrected")
    case = correct_case(
        state.corrects.case_id,
        state.corrects.seen_version,
        person_answers(state),
        company_answers(state),
        browser=browser_id(),
    )
    if state.password_hash is not None:
        set_hashed_password(case.account_id, state.password_hash)
        record("account:password:set", account_id=case.account_id, company_id=case.company_id, case=case.number)
    return case


def person_answers(state: Registration) -> PersonAnswers:
    """What a run whose account step holds says of the person, in the language of this page."""
    typed = {name: value.strip() for name, value in state.typed.items()}
    return PersonAnswers(
        username=typed.get("username", ""),
        name=typed.get("name", ""),
        phone=parse_phone(typed.get("phone", "")) or "",
        email=canonical_email(typed.get("email", "")) or "",
        locale="en" if is_english() else "zh-TW",
    )


def lead_to_field(refused: Refused) -> ResponseReturnValue | None:
    """To the step with the field that a refusal is about, where it is told; None when it is about no field."""
    trouble = _trouble(refused)
    if trouble is None:
        return None
    with transaction():
        kept = find_run(request.form.get("run", ""), lock=True)
        if kept is None or kept.is_finished:
            return None
        visit = visit_of(kept)
        step = STEP_OF_FIELD[trouble.about]
        visit.state.trouble = trouble
        visit.state.must_redo(step)
        save_run(visit.run_id, step, visit.state)
    return redirect(visit.address(step), 303)


def _trouble(refused: Refused) -> Trouble | None:
    if isinstance(refused, AlreadyExists):
        return Trouble(str(refused.details["field"]), str(refused.details.get("problem", refused.code)))
    if isinstance(refused, CompanyClosed):
        return Trouble("number", refused.code, {"status": str(refused.details["status"])})
    if isinstance(refused, OneAccountOnly):
        return Trouble("number", refused.code)
    return None


def trouble_sentence(trouble: Trouble) -> str:
    """The sentence of a refusal that is told beside its field."""
    if trouble.code == CompanyClosed.code:
        return closed_sentence(STATUS_LABELS[CompanyStatus(trouble.details["status"])])
    if trouble.code in PROBLEMS:
        return str(PROBLEMS[trouble.code])
    return MESSAGES[trouble.code]({})
