"""How an application begins (P3): at which service, for which kind of account, on whose way, and with what a card has
brought along (R-203)."""

from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue

from idp.browser import browser_id
from idp.db import transaction
from idp.flows.card_sign_in import CARD_RUN
from idp.flows.moments import is_english
from idp.flows.page_context import NOTICE, on_the_way_to
from idp.flows.registration_kinds import kinds_page
from idp.flows.registration_run import KIND, Registration, begin_run, find_run, state_of_run
from idp.flows.registration_visit import visit_of
from idp.models import Service
from idp.policies.entities import EntityKind
from idp.policies.registration import CredentialSet, RegistrationPolicy, offers_credentials, offers_linked
from idp.policies.registration_path import Step
from idp.policies.standing import AccountKind
from idp.policies.tax_id import TaxId
from idp.services.authorization_requests import WaitingRequest, waiting_request
from idp.services.clients import ClientRecord, client_by_id
from idp.services.flows import run_on_the_way, running
from idp.services.registry import look_up_soon
from idp.services.service_registry import list_services, registration_policy


@dataclass(frozen=True, slots=True)
class BroughtCard:
    """Whom a card names that was presented to sign in and signs nobody in; what it has proven is not carried over.

    ``tax_id`` is None of a person's own card (自然人憑證), which names no company.
    """

    tax_id: str | None
    name: str


def begin_application() -> ResponseReturnValue:
    """Begin where the service is known: by the waiting request, by ``?service=``, or because there is but one.

    Where the service has several kinds of account, the kind is asked first (``?kind=``, ``?credential=``), and again
    for who goes back to it (``?run=``). The sign-in page of a service leads here with the kind chosen (R-181, R-208).
    """
    begun = find_run(request.args.get("run", ""))
    if begun is not None and not begun.is_finished and not begun.has_expired:
        visit = visit_of(begun)
        whole = registration_policy(visit.service)
        begun_kind = AccountKind.LINKED if visit.state.is_linked else visit.credential
        return kinds_page(visit.service, whole, visit.request_id, {begun_kind: visit.address(Step.TERMS)})
    waiting = _waiting(request.args.get("request_id", ""))
    brought = _brought(request.args.get("card", ""))
    kind, credential = request.args.get("kind", ""), request.args.get("credential", "")
    there = _known_run(waiting, brought, kind, credential) if waiting is not None else None
    if there is not None:
        return redirect(there, 303)
    client = client_by_id(waiting.client_id) if waiting else None
    on_the_way_to(client)
    services = {service.id: service for service in list_services()}
    wanted = client.service_id if client and client.service_id else request.args.get("service", "")
    chosen = services.get(wanted) or (next(iter(services.values())) if len(services) == 1 else None)
    if chosen is None:
        return _choice(services, waiting)
    policy = registration_policy(chosen)
    # Who comes with a company's card comes for that company, which no linked account does.
    is_linked = offers_linked(policy) and not _names_company(brought) and kind == AccountKind.LINKED
    wanted_set = _credential(policy, brought, kind, credential)
    if not is_linked and wanted_set is None:
        return kinds_page(chosen, policy, waiting.id if waiting else None)
    state = _begun(chosen, client, brought)
    state.is_linked, state.credential = is_linked, wanted_set or CredentialSet.PASSWORD
    with transaction():
        run_id = begin_run(state, request_id=waiting.id if waiting else None)
    return redirect(url_for("registration.terms", run=run_id), 303)


def _credential(
    policy: RegistrationPolicy, brought: BroughtCard | None, kind: str, credential: str
) -> CredentialSet | None:
    """What the account is to sign in by: as chosen, or as there is no choice; None where the person is asked."""
    if not offers_credentials(policy):
        asks_kind = offers_linked(policy) and not _names_company(brought) and kind not in list(AccountKind)
        return None if asks_kind else policy.credentials[0]
    by_card = CredentialSet.COMPANY_CARD if _names_company(brought) else CredentialSet.CITIZEN_CARD
    if brought is not None and by_card in policy.credentials:
        return by_card
    return CredentialSet(credential) if credential in policy.credentials else None


def _choice(services: dict[str, Service], waiting: WaitingRequest | None) -> str:
    shown = [(service.id, service.name_en if is_english() else service.name_zh) for service in services.values()]
    return render_template(
        "registration/begin.html",
        services=shown,
        notice=browser_session.pop(NOTICE, None),
        request_id=waiting.id if waiting else None,
        card_run=request.args.get("card") or None,
    )


def _begun(service: Service, client: ClientRecord | None, brought: BroughtCard | None) -> Registration:
    state = Registration(service.id, client.id if client else None)
    takes_number = EntityKind.UBN in registration_policy(service).entity_types
    if brought is not None and brought.tax_id is None:
        state.typed["name"] = brought.name
    elif brought is not None and brought.tax_id is not None and takes_number:
        state.name_company(EntityKind.UBN, brought.tax_id)
        state.typed |= {"id_type": str(EntityKind.UBN), "number": brought.tax_id, "company_name": brought.name}
        state.wants_card, state.brought = True, brought.tax_id
        look_up_soon(TaxId(brought.tax_id))
    return state


def _waiting(request_id: str) -> WaitingRequest | None:
    return waiting_request(request_id, browser=browser_id()) if request_id else None


def _brought(run_id: str) -> BroughtCard | None:
    run = running(run_id, CARD_RUN, browser=browser_id()) if run_id else None
    if run is None:
        return None
    tax_id = run.data.get("tax_id")
    return BroughtCard(str(tax_id) if tax_id else None, str(run.data["name"]))


def _names_company(brought: BroughtCard | None) -> bool:
    return brought is not None and brought.tax_id is not None


def _known_run(waiting: WaitingRequest, brought: BroughtCard | None, kind: str, credential: str) -> str | None:
    """Where who comes back to a request goes: on with her application, or, once it is sent, to sign in.

    Who comes back with a card that her application does not know of begins anew with it; who has sent one already is
    shown what became of it, since no card signs her in before she is let in. Who has chosen the other kind of account
    begins anew too.
    """
    run_id = run_on_the_way(KIND, waiting.id, browser=browser_id())
    kept = find_run(run_id) if run_id is not None else None
    if kept is None:
        return None
    if kept.is_finished:
        is_shown = brought is not None and "case" in kept.data
        return url_for("registration_done.done", run=kept.id) if is_shown else _sign_in(waiting)
    state = state_of_run(kept)
    if brought is not None and brought.tax_id is not None and state.brought != brought.tax_id:
        return None
    if kind and state.is_linked != (kind == AccountKind.LINKED):
        return None
    if credential and state.credential != credential:
        return None
    return url_for(f"registration.{kept.step}", run=kept.id)


def _sign_in(waiting: WaitingRequest) -> str:
    return url_for("sign_in.ask", request_id=waiting.id)
