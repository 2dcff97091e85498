"""The company step (P5): a number, what the register says of it, and what the person adds.

    number --> looked up: found | not found | being looked up | not to be had now | of a kind that no register has
           --> closed: told, and nobody goes on
           --> confirmed or named by the person, with phone and address --> done

Nothing here waits for the network, and nothing that we keep of a company is shown but that it is closed.
"""

import unicodedata
from dataclasses import dataclass
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from idp.browser import peer_address
from idp.errors import TooManyRequests
from idp.flows.account_fields import add_error
from idp.flows.messages import STATUS_LABELS, sentence_for
from idp.flows.registration_forms import CompanyForm, identity_of
from idp.flows.registration_run import Registration
from idp.flows.registration_steps import Outcome
from idp.flows.registration_visit import Visit
from idp.flows.registration_words import REGISTER_LABELS, closed_sentence
from idp.policies.company_names import parse_phone, same_name
from idp.policies.entities import EntityKind
from idp.policies.limits import LOOKUPS_PER_ADDRESS
from idp.policies.registration_path import Step
from idp.policies.registry import Finding, RegisterStatus
from idp.policies.standing import USABLE_COMPANIES
from idp.policies.tax_id import TaxId
from idp.services.company_claims import CompanyAnswers
from idp.services.limits import spend
from idp.services.registry import Look, look_up, look_up_soon

CONFIRMS = "registry_confirm"


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of the number: ``look`` is None for kinds that no register has; ``closed`` says so in words."""

    id_type: str
    number: str
    look: Look | None
    closed: str | None

    @property
    def name(self) -> str | None:
        """The name in the register."""
        return self.look.name if self.look is not None and self.look.finding is Finding.FOUND else None

    @property
    def address(self) -> str:
        """The address in the register, in half width as people type it."""
        return unicodedata.normalize("NFKC", self.look.address or "") if self.look is not None and self.name else ""

    @property
    def waits(self) -> bool:
        """Whether the other source is being asked."""
        return self.look is not None and self.look.finding in {Finding.WAITING, Finding.UNASKED}


def found_company(visit: Visit) -> Found | None:
    """What is known of the number of this run; None while there is none."""
    id_type, number = visit.state.id_type, visit.state.number
    if id_type is None or number is None:
        return None
    look = look_up(TaxId(number)) if id_type == EntityKind.UBN else None
    return Found(id_type, number, look, _closed(visit, look))


def _closed(visit: Visit, look: Look | None) -> str | None:
    if look is not None and look.status is RegisterStatus.ENDED:
        return str(REGISTER_LABELS[look.status])
    if visit.company is not None and visit.company.status not in USABLE_COMPANIES:
        return str(STATUS_LABELS[visit.company.status])
    return None


def company_form(visit: Visit, found: Found | None, formdata: MultiDict[str, str] | None = None) -> CompanyForm:
    """The form as this number and policy make it, filled in with what was typed and what the register knows."""
    name = found.name if found is not None else None
    confirms = visit.policy.company_name == CONFIRMS
    typed: dict[str, Any] = dict(visit.state.typed)
    typed.setdefault("id_type", visit.policy.entity_types[0])
    if name and not confirms:
        typed["company_name"] = typed.get("company_name") or name
    elif name and same_name(name, typed.get("company_name", "")):
        typed["company_name"] = ""
    if found is not None:
        typed["company_address"] = typed.get("company_address") or found.address
    return CompanyForm(
        formdata,
        policy=visit.policy,
        must_confirm=confirms and name is not None,
        must_name=not confirms or name is None,
        keeps_number=visit.is_correction,
        names_business=visit.is_numbered,
        data=typed | {"confirmed": visit.state.is_confirmed},
    )


def take_company(visit: Visit) -> Outcome:
    """Judge what was sent: a number alone is looked up; with the rest it may be done."""
    try:
        is_new = not visit.is_correction and _take_number(visit)
    except TooManyRequests as refused:
        form = company_form(visit, found_company(visit), request.form)
        add_error(form, "number", sentence_for(refused))
        visit.status, visit.retry_seconds = refused.status, refused.retry_seconds
        return form
    return _judge(visit, is_new=is_new)


def _judge(visit: Visit, *, is_new: bool) -> Outcome:
    state = visit.state
    found = found_company(visit)
    form = company_form(visit, found, request.form)
    if found is None:
        form.has_number()
        return form
    if found.closed:
        return _refused_as_closed(form, found)
    state.is_confirmed = form.confirmed.data and not is_new
    if is_new or request.form.get("do") == "lookup":
        if found.look is not None:
            look_up_soon(TaxId(found.number))
        return visit.address(Step.COMPANY)
    if not form.validate():
        return form
    state.register_name = found.name
    if found.name and same_name(found.name, state.typed.get("company_name", "")):
        del state.typed["company_name"]
    state.has_done(Step.COMPANY)
    return None


def company_answers(state: Registration) -> CompanyAnswers:
    """What a run whose company step holds says of the company."""
    if state.id_type is None or state.number is None:
        raise ValueError("the company step does not hold")
    typed = {name: value.strip() for name, value in state.typed.items()}
    return CompanyAnswers(
        id_type=state.id_type,
        number=state.number,
        name=company_name(state),
        register_name=state.register_name,
        address=typed.get("company_address", ""),
        phone=parse_phone(typed.get("company_phone", "")) or "",
        responsible=typed.get("responsible") or None,
    )


def company_name(state: Registration) -> str:
    """What the company is called: as its card names it, else as the person named it, else as the register does."""
    if state.card is not None and state.card.tax_id == state.number:
        return state.card.name
    return state.typed.get("company_name", "").strip() or state.register_name or ""


def _take_number(visit: Visit) -> bool:
    """Whether another number is meant than before; what came after the old one is dropped then.

    Raises TooManyRequests, before anything is dropped, where this address has looked up too many.
    """
    state = visit.state
    id_type, number = identity_of(state.typed, visit.policy) or (None, None)
    if id_type is not None:
        state.typed["id_type"] = id_type
    is_same = (id_type, number) == (state.id_type, state.number)
    if number is not None and (not is_same or request.form.get("do") == "lookup"):
        spend(LOOKUPS_PER_ADDRESS, peer_address())
    if is_same:
        return False
    before = found_company(visit)
    if before is not None and state.typed.get("company_address") == before.address:
        del state.typed["company_address"]
    state.name_company(id_type, number)
    visit.know_company()
    return True


def _refused_as_closed(form: CompanyForm, found: Found) -> CompanyForm:
    add_error(form, "number" if "number" in form else "company_name", closed_sentence(found.closed))
    return form
