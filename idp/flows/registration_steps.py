"""One step of the wizard, shown or taken: its run is found, locked, held to the order of the steps, kept.

A form that comes late or out of order loses nothing: what was typed is kept, and its person is led to the step that
the run is at. The account that is signed in plays no part in an application, so these forms are held to no account.
"""

from collections.abc import Callable
from functools import wraps

from flask import g, make_response, redirect, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.db import transaction
from idp.errors import ChangedMeanwhile
from idp.flows.forms import PlainForm
from idp.flows.page_context import NOTICE
from idp.flows.registration_run import Registration, begin_run, find_run, note_form, restore_run, save_run, state_of_run
from idp.flows.registration_visit import Visit, visit_of
from idp.policies.registration import CredentialSet, offers_credentials, offers_linked
from idp.policies.registration_path import Step
from idp.policies.standing import AccountKind
from idp.services.audit import record
from idp.services.flows import KeptRun
from idp.services.service_registry import list_services, registration_policy

# An address to go to, a form to stay at, or None: on to the step the run is at.
Outcome = PlainForm | str | None
Page = Callable[[Visit, PlainForm | None], str]
Taken = Callable[[Visit], Outcome]


def shows(step: Step) -> Callable[[Callable[[Visit], ResponseReturnValue]], Callable[[], ResponseReturnValue]]:
    """A view that shows this step of the run in ``?run=``, or leads to where that run is."""

    def decorate(view: Callable[[Visit], ResponseReturnValue]) -> Callable[[], ResponseReturnValue]:
        @wraps(view)
        def shown() -> ResponseReturnValue:
            kept = find_run(request.args.get("run", ""))
            if kept is None:
                return _begin_again()
            if kept.is_finished:
                return redirect(_after(kept), 303)
            if kept.has_expired:
                with transaction():
                    return redirect(_restored(kept, step), 303)
            visit = visit_of(kept)
            return view(visit) if visit.has_reached(step) else redirect(visit.address(), 303)

        return shown

    return decorate


def take(step: Step, page: Page, accept: Taken) -> ResponseReturnValue:
    """Take the form of this step: ``accept`` says whether it holds, within the transaction that keeps the run.

    A Refused of ``accept`` is the caller's to tell; what was typed is kept already.
    """
    with transaction():
        kept = find_run(request.form.get("run", ""), lock=True)
        if kept is None:
            return redirect(_kept_anew(step), 303)
        if kept.is_finished:
            return redirect(_after(kept), 303)
        if kept.has_expired:
            return redirect(_restored(kept, step), 303)
        visit = visit_of(kept)
        note_form(visit.state, step, request.form)
        if not visit.has_reached(step):
            save_run(visit.run_id, visit.current, visit.state)
            return _out_of_order(step, visit)
        visit.state.trouble, visit.state.is_restored = None, False
        outcome = accept(visit)
        if not visit.is_sent:
            save_run(visit.run_id, visit.current, visit.state)
    if not isinstance(outcome, PlainForm):
        return redirect(outcome or visit.address(), 303)
    # The language link leads by GET to the step.
    g.here = visit.address(step)
    response = make_response(page(visit, outcome), visit.status)
    if visit.retry_seconds is not None:
        response.headers["Retry-After"] = str(visit.retry_seconds)
    return response


def _out_of_order(step: Step, visit: Visit) -> ResponseReturnValue:
    """A form sent before its turn: to the step the run is at; an application as a whole is refused (RG06)."""
    if step is not Step.CHECK:
        return redirect(visit.address(), 303)
    record("registration:sent:early", outcome="refused", run=visit.run_id, at=str(visit.current))
    raise ChangedMeanwhile


def _after(kept: KeptRun) -> str:
    """Where the person of a finished run is led: to what came of it."""
    if "moved" in kept.data:
        return url_for(f"registration.{kept.step}", run=kept.data["moved"])
    if "linked" in kept.data:
        return url_for("linked_registration_done.done", run=kept.id)
    return url_for("registration_done.done", run=kept.id)


def _restored(kept: KeptRun, step: Step) -> str:
    kept_now = find_run(kept.id, lock=True) or kept
    if kept_now.is_finished:
        return _after(kept_now)
    if state_of_run(kept_now).corrects is not None:
        # The password that opened a correction was asked for a day ago: it is asked for again.
        browser_session[NOTICE] = gettext("這次修正已經逾時。請查詢申請進度，再修正一次。")
        return url_for("case_status.ask")
    run_id, state = restore_run(kept_now)
    if request.method == "POST":
        note_form(state, step, request.form)
    save_run(run_id, step, state)
    return url_for(f"registration.{step}", run=run_id)


def _kept_anew(step: Step) -> str:
    """The run of this form is gone, or was never this browser's: what was typed begins a new one."""
    services = {service.id: service for service in list_services()}
    only = next(iter(services.values())) if len(services) == 1 else None
    service = services.get(request.form.get("service", ""), only)
    if service is None:
        return url_for("registration.begin")
    policy, credential = registration_policy(service), request.form.get("credential", "")
    is_linked = request.form.get("kind") == AccountKind.LINKED and offers_linked(policy)
    if not is_linked and offers_credentials(policy) and credential not in policy.credentials:
        return url_for("registration.begin", service=service.id)
    chosen = CredentialSet(credential) if credential in policy.credentials else policy.credentials[0]
    state = Registration(service.id, is_restored=True, is_linked=is_linked, credential=chosen)
    note_form(state, step, request.form)
    run_id = begin_run(state)
    return url_for(f"registration.{step}", run=run_id)


def _begin_again() -> ResponseReturnValue:
    browser_session[NOTICE] = gettext("這次申請已經完成或逾時，請重新開始。")
    return redirect(url_for("registration.begin"), 303)
