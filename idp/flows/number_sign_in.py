"""How a service asks people to sign in (P1): by 統一編號, 電子身分帳號 and 密碼 where it says so (R-226, R-227).

The service is that of the application one is on the way to; without one it is named by the address (?service=), to
which the plain form leads. A linked account has no company: where an application takes such, it has a form of its own
(?linked=1), which takes nobody else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext, lazy_gettext

from idp.flows.door import Arrival
from idp.flows.moments import is_english
from idp.models import Service
from idp.policies.registration import (
    CredentialSet,
    RegistrationPolicy,
    has_number_as_name,
    offers_credentials,
)
from idp.services.clients import client_by_id
from idp.services.service_registry import list_services, registration_policy

# The buttons of the manuals' first page, in their order.
BUILD = {
    CredentialSet.COMPANY_CARD: lazy_gettext("建立工商憑證帳號"),
    CredentialSet.CITIZEN_CARD: lazy_gettext("建立自然人憑證帳號"),
    CredentialSet.PASSWORD: lazy_gettext("建立非憑證帳號"),
}


@dataclass(frozen=True, slots=True)
class Way:
    """A link of the page: its id, its words, where it leads."""

    id: str
    text: str
    href: str


@dataclass(frozen=True, slots=True)
class NumberDoor:
    """What the form of a service is like.

    ``asks_company``: 統一編號 is a field. ``service_id`` goes along in the form where no application names it;
    ``is_linked`` is the form of linked accounts, ``other`` the way to the other of the two.
    """

    service_id: str
    service_name: str
    asks_company: bool
    is_linked: bool
    takes_citizens: bool
    build: tuple[Way, ...]
    other: Way | None

    def company_of(self, typed: str) -> str | None:
        """The company that a try must be of (services/password_sign_in.py ``open_try``)."""
        if self.is_linked:
            return ""
        return typed if self.asks_company else None


def number_door(arrival: Arrival, values: Mapping[str, str]) -> NumberDoor | None:
    """The form of the service that is asked for; None where it is the plain one.

    Who signs in again is known already: neither her company nor her number is asked.
    """
    if arrival.is_fixed:
        return None
    client = client_by_id(arrival.waiting.client_id) if arrival.waiting is not None else None
    wanted = client.service_id if client is not None else values.get("service", "")
    service = next((one for one in list_services() if one.id == wanted), None) if wanted else None
    policy = registration_policy(service) if service is not None else RegistrationPolicy()
    if service is None or not _asks_number(policy):
        return None
    takes_linked = client is not None and client.acting_understood and policy.ask_entity_id
    is_linked = takes_linked and bool(values.get("linked"))
    return NumberDoor(
        service_id="" if client is not None else service.id,
        service_name=_name(service),
        asks_company=policy.ask_entity_id,
        is_linked=is_linked,
        takes_citizens=CredentialSet.CITIZEN_CARD in policy.credentials,
        build=_build(service, policy, arrival),
        other=_other(arrival, is_linked, takes_linked, client is not None),
    )


def ways_to_numbers(arrival: Arrival) -> list[Way]:
    """Where the plain form leads who signs in by number, on the way to no application."""
    if arrival.is_fixed or arrival.waiting is not None:
        return []
    asking = [one for one in list_services() if _asks_number(registration_policy(one))]
    return [
        Way(
            f"by-number-{one.id}",
            gettext("以統一編號與電子身分帳號登入（%(service)s）", service=_name(one)),
            url_for("sign_in.ask", **_along(arrival), service=one.id),
        )
        for one in asking
    ]


def door_fields(door: NumberDoor | None) -> dict[str, str | None]:
    """What the address and the form of this door carry along."""
    return {"service": door.service_id or None, "linked": "1" if door.is_linked else None} if door is not None else {}


def _asks_number(policy: RegistrationPolicy) -> bool:
    return policy.ask_entity_id or has_number_as_name(policy)


def _build(service: Service, policy: RegistrationPolicy, arrival: Arrival) -> tuple[Way, ...]:
    """建立…帳號, one for each kind of account (R-181, R-208)."""
    if not offers_credentials(policy):
        return ()
    request_id = arrival.waiting.id if arrival.waiting is not None else None
    return tuple(
        Way(
            f"build-{credential.replace('_', '-')}",
            str(words),
            url_for("registration.begin", service=service.id, credential=credential, request_id=request_id),
        )
        for credential, words in BUILD.items()
        if credential in policy.credentials
    )


def _other(arrival: Arrival, is_linked: bool, takes_linked: bool, has_client: bool) -> Way | None:
    along = _along(arrival)
    if is_linked:
        return Way("by-number", gettext("一般帳號由此登入"), url_for("sign_in.ask", **along))
    if takes_linked:
        return Way("by-linked", gettext("鏈結帳號由此登入"), url_for("sign_in.ask", **along, linked=1))
    return None if has_client else Way("by-name", gettext("改以使用者帳號登入"), url_for("sign_in.ask", **along))


def _along(arrival: Arrival) -> dict[str, Any]:
    return {**arrival.on_the_way, "other": "1" if arrival.other else None}


def _name(service: Service) -> str:
    return service.name_en if is_english() else service.name_zh
