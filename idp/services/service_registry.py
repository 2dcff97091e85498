"""Services (服務) as those who run the provider set them up: brand, mail sender and registration policy."""

import re
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from idp.config import settings
from idp.db import now, session
from idp.errors import AlreadyExists, ChangedMeanwhile, InvalidInput, NotFound
from idp.models import Client, Service, ServiceText
from idp.policies.assurance import Acr
from idp.policies.colours import colour_problem
from idp.policies.names import canonical_email, client_name_problem, has_control
from idp.policies.registration import BUILT_TEXTS, Proof, RegistrationPolicy, policy_from, policy_problems
from idp.services.audit import record

SERVICE_ID = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)
RESERVED_IDS = frozenset({"new"})  # what the console's address of the form for another one is called
LONGEST_FOOTER = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProfile:
    """What a service is; ``name_en`` may be left out, and ``policy`` is as ``policy_from`` reads it."""

    name_zh: str
    name_en: str = ""
    colour: str = "#43505c"
    mail_from: str | None = None
    mail_reply_to: str | None = None
    mail_footer: str | None = None
    policy: dict[str, Any] = field(default_factory=dict)
    # The least acr of a sign-in, of its accounts and at its applications; None: no more than others ask.
    required_acr: str | None = None


def profile_of(service: Service) -> ServiceProfile:
    """A service as it stands, to be changed with ``dataclasses.replace``."""
    return ServiceProfile(**{f.name: getattr(service, f.name) for f in fields(ServiceProfile)})


def registration_policy(service: Service) -> RegistrationPolicy:
    """What a service asks of those who register. Its row was checked when it was written."""
    return policy_from(service.policy)


def add_service(service_id: str, profile: ServiceProfile) -> Service:
    """Add a service, which owns clients.

    Raises InvalidInput (``field`` names the part; for a policy that leads nowhere ``problems`` lists why) and,
    decided by the database, AlreadyExists (``field`` service).
    """
    is_id = SERVICE_ID.fullmatch(service_id) and service_id not in RESERVED_IDS
    _refuse("service", None if is_id else "service.form")
    if session.get(Service, service_id) is not None:
        raise AlreadyExists(field="service")
    service = Service(id=service_id, **_columns(profile, service_id), created_at=now())
    try:
        with session.begin_nested():
            session.add(service)
            session.flush()
    except IntegrityError as error:
        raise AlreadyExists(field="service") from error
    record("service:added", service=service.id)
    return service


def held_service(service_id: str) -> Service:
    """A service, kept for this transaction, so that what is read of it is what is changed. Raises NotFound."""
    found = session.execute(
        select(Service)
        .where(Service.id == service_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(what="service")
    return found


def change_service(service: Service, profile: ServiceProfile, *, seen_version: int | None = None) -> None:
    """Make a service what the profile says; applications that wait stay.

    ``seen_version`` is the one that was on the screen. Raises InvalidInput as add_service does, and ChangedMeanwhile
    where somebody else has changed it since.
    """
    held_service(service.id)
    if seen_version is not None and seen_version != service.version:
        raise ChangedMeanwhile
    before = profile_of(service)
    for name, value in _columns(profile, service.id).items():
        setattr(service, name, value)
    after = profile_of(service)
    changed = [f.name for f in fields(ServiceProfile) if getattr(before, f.name) != getattr(after, f.name)]
    if not changed:
        return
    details: dict[str, Any] = {"service": service.id, "changed": changed}
    if "policy" in changed:
        details["keys"] = changed_keys(before.policy, after.policy)
    service.version += 1
    session.flush()
    record("service:changed", **details)


def changed_keys(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The keys of a policy's row that two rows hold differently, the preset among them."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def texts_there(service_id: str) -> frozenset[tuple[str, str]]:
    """The texts that a service can ask for, each with its version: its own, and those that come with the program."""
    own = session.execute(select(ServiceText.text_id, ServiceText.version).where(ServiceText.service_id == service_id))
    return BUILT_TEXTS | {(text_id, version) for text_id, version in own}


def list_services() -> list[Service]:
    """Every service, by its id."""
    return list(session.scalars(select(Service).order_by(Service.id)))


def clients_of_service(service_id: str) -> list[Client]:
    """The applications of a service, by their names; those that were removed are left out."""
    statement = select(Client).where(Client.service_id == service_id, Client.removed_at.is_(None))
    return list(session.scalars(statement.order_by(Client.name_zh, Client.id)))


def _columns(profile: ServiceProfile, service_id: str) -> dict[str, Any]:
    name_en = profile.name_en or profile.name_zh
    _refuse("name", client_name_problem(profile.name_zh))
    _refuse("name_en", client_name_problem(name_en))
    _refuse("colour", colour_problem(profile.colour))
    check_policy(profile.policy, service_id)
    return {
        "name_zh": profile.name_zh,
        "name_en": name_en,
        "colour": profile.colour,
        "mail_from": _address("mail_from", profile.mail_from),
        "mail_reply_to": _address("mail_reply_to", profile.mail_reply_to),
        "mail_footer": _footer(profile.mail_footer),
        "policy": profile.policy,
        "required_acr": _demand(profile.required_acr),
    }


def check_policy(policy: dict[str, Any], service_id: str) -> RegistrationPolicy:
    """The policy of a row that this service can take. Raises InvalidInput (``problems`` lists why it leads nowhere)."""
    try:
        read = policy_from(policy)
    except ValueError as error:
        raise InvalidInput(field="policy", problem="policy.form", value=str(error)) from error
    problems = policy_problems(read, texts=texts_there(service_id))
    if Proof.DOCUMENT in read.company_proof and settings().documents_path is None:
        problems.append("policy.no_documents_folder")
    if problems:
        raise InvalidInput(field="policy", problem="policy.refused", problems=problems)
    return read


def _demand(acr: str | None) -> str | None:
    if acr is None:
        return None
    _refuse("required_acr", None if acr in {Acr.MFA, Acr.CARD} else "menus.acr")
    _refuse("required_acr", "company.no_cards" if acr == Acr.CARD and not settings().offers_cards else None)
    return str(acr)


def _address(where: str, text: str | None) -> str | None:
    if not text:
        return None
    address = canonical_email(text)
    _refuse(where, None if address else "email.form")
    return address


def _footer(text: str | None) -> str | None:
    if not text or not text.strip():
        return None
    fits = len(text) <= LONGEST_FOOTER and not has_control(text.replace("\n", ""))
    _refuse("mail_footer", None if fits else "footer.form")
    return text.strip()


def _refuse(where: str, problem: str | None) -> None:
    if problem is not None:
        raise InvalidInput(field=where, problem=problem)
