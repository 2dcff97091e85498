"""Services (服務) as those who run the provider set them up: brand, mail sender and registration policy."""

import re
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from idp.db import now, session
from idp.errors import AlreadyExists, InvalidInput
from idp.models import Service
from idp.policies.colours import colour_problem
from idp.policies.names import canonical_email, client_name_problem, has_control
from idp.policies.registration import RegistrationPolicy, policy_from, policy_problems
from idp.services.audit import record

SERVICE_ID = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)
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
    _refuse("service", None if SERVICE_ID.fullmatch(service_id) else "service.form")
    if session.get(Service, service_id) is not None:
        raise AlreadyExists(field="service")
    service = Service(id=service_id, **_columns(profile), created_at=now())
    try:
        with session.begin_nested():
            session.add(service)
            session.flush()
    except IntegrityError as error:
        raise AlreadyExists(field="service") from error
    record("service:added", service=service.id)
    return service


def change_service(service: Service, profile: ServiceProfile) -> None:
    """Make a service what the profile says; applications that wait stay. Raises InvalidInput as add_service does."""
    before = profile_of(service)
    for name, value in _columns(profile).items():
        setattr(service, name, value)
    session.flush()
    after = profile_of(service)
    changed = [f.name for f in fields(ServiceProfile) if getattr(before, f.name) != getattr(after, f.name)]
    record("service:changed", service=service.id, changed=changed)


def list_services() -> list[Service]:
    """Every service, by its id."""
    return list(session.scalars(select(Service).order_by(Service.id)))


def _columns(profile: ServiceProfile) -> dict[str, Any]:
    name_en = profile.name_en or profile.name_zh
    _refuse("name", client_name_problem(profile.name_zh))
    _refuse("name_en", client_name_problem(name_en))
    _refuse("colour", colour_problem(profile.colour))
    _check_policy(profile.policy)
    return {
        "name_zh": profile.name_zh,
        "name_en": name_en,
        "colour": profile.colour,
        "mail_from": _address("mail_from", profile.mail_from),
        "mail_reply_to": _address("mail_reply_to", profile.mail_reply_to),
        "mail_footer": _footer(profile.mail_footer),
        "policy": profile.policy,
    }


def _check_policy(policy: dict[str, Any]) -> None:
    try:
        read = policy_from(policy)
    except ValueError as error:
        raise InvalidInput(field="policy", problem="policy.form", value=str(error)) from error
    problems = policy_problems(read)
    if problems:
        raise InvalidInput(field="policy", problem="policy.refused", problems=problems)


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
