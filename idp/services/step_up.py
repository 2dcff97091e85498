"""What a sign-in lacks of what a client, a service or the company acted for asks of it (policies/assurance.py)."""

import time
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from idp.config import settings
from idp.db import session
from idp.models import Service
from idp.policies.asking import Asked
from idp.policies.assurance import Acr, Method, Shortfall, has_two_factors, lacking_of, strongest
from idp.policies.entities import EntityKind
from idp.services.acting import Acting, CompanyFacts
from idp.services.clients import CACHE_SECONDS, ClientRecord
from idp.services.factors import factors_of
from idp.services.passkey_answers import offers_passkeys
from idp.services.sign_ins import SignedIn


class Asker(StrEnum):
    """Who asks for more than a sign-in has reached."""

    CLIENT = "client"
    COMPANY = "company"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class ServiceDemand:
    """A service that demands something of every sign-in."""

    acr: Acr
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Lack:
    """How far a sign-in falls short, the class that would be enough, and who asks for it (``service``: which)."""

    shortfall: Shortfall
    aim: Acr | None
    asker: Asker
    service: ServiceDemand | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """How a human can raise her sign-in to the class asked for. ``can_set_up``: she has no factor for it yet."""

    passkey: bool
    code: bool
    company_card: bool
    citizen_card: bool
    can_set_up: bool
    can_set_up_app: bool


_cache: tuple[float, dict[str, ServiceDemand]] = (0.0, {})


def lack_of(asked: Asked, signed_in: SignedIn, seat: Acting, client: ClientRecord) -> Lack:
    """What is lacking of this sign-in for a request of this client that asks so, by whoever it would enter as.

    What the company acted for and the services demand binds who comes through a linked account too (tokens.md): her own
    factors reach two, and the card of no company.
    """
    company = seat.company
    of_company = Acr(company.required_acr) if company is not None and company.required_acr else None
    of_service = _demand_of_services(seat, client)
    lacking = lacking_of(
        signed_in.acr_for(seat),
        demanded=asked.essential_acr,
        wished=asked.acr,
        required=strongest(acr for acr in (of_company, of_service) if acr is not None),
        reachable=reachable_for(seat),
    )
    if lacking.shortfall in {Shortfall.NONE, Shortfall.WISHED}:
        return Lack(lacking.shortfall, lacking.aim, Asker.CLIENT)
    if of_company is not None and of_company is lacking.aim:
        return Lack(lacking.shortfall, lacking.aim, Asker.COMPANY)
    if of_service is not None and of_service is lacking.aim:
        return Lack(lacking.shortfall, lacking.aim, Asker.SERVICE, _asking(seat, client, of_service))
    return Lack(lacking.shortfall, lacking.aim, Asker.CLIENT)


def reachable_for(seat: Acting) -> Acr:
    """The strongest class that a page can lead to: everybody can set a second factor up on the way.

    The company's card is for its own people alone: who comes through a linked account has none of it.
    """
    return Acr.CARD if seat.via is None and _has_cards(seat.company) else Acr.MFA


def ways_of(signed_in: SignedIn, aim: Acr | None) -> Ways:
    """Every way that the human at the keyboard has to reach this class. A code counts after a password alone."""
    human = signed_in.human
    has_company_card = _has_cards(human.company)
    if aim is Acr.CARD:
        return Ways(False, False, has_company_card, False, False, False)
    factors = factors_of(human.account_id)
    passkey = offers_passkeys() and factors.passkeys > 0
    code = factors.has_app and Method.PASSWORD in signed_in.methods
    citizen_card = settings().offers_cards and factors.citizen_cards > 0
    can_set_up = not (passkey or code or citizen_card or (has_company_card and factors.company_cards))
    return Ways(passkey, code, has_company_card, citizen_card, can_set_up, can_set_up and factors.has_password)


def falls_short_of_own(signed_in: SignedIn) -> bool:
    """Whether the human has a second factor and this sign-in shows none: what is sensitive wants it then.

    Else who has her password or mailbox alone could take it off, or set up another beside it. What can't be shown here
    (a certificate where none is taken) is not asked for.
    """
    return not has_two_factors(signed_in.methods) and has_second_here(signed_in.human.account_id)


def has_second_here(account_id: str) -> bool:
    """Whether this account has a second factor that can be shown at this provider as it is set up."""
    factors = factors_of(account_id)
    has_card = settings().offers_cards and bool(factors.company_cards or factors.citizen_cards)
    has_passkey = offers_passkeys() and factors.passkeys > 0
    return has_passkey or has_card or (factors.has_password and factors.has_app)


def forget_cached_demands() -> None:
    """Read the services' demands anew in this process (after a change made here, and in tests)."""
    global _cache
    _cache = (0.0, {})


def _demand_of_services(seat: Acting, client: ClientRecord) -> Acr | None:
    """What the account's service and the client's demand; the client's record, kept for a moment, has its own."""
    demands = [client.required_acr]
    if seat.service_id is not None and seat.service_id != client.service_id:
        demand = _demands().get(seat.service_id)
        demands.append(demand.acr if demand is not None else None)
    return strongest(acr for acr in demands if acr is not None)


def _asking(seat: Acting, client: ClientRecord, acr: Acr) -> ServiceDemand | None:
    asking = [_demands().get(one) for one in (client.service_id, seat.service_id) if one is not None]
    return next((demand for demand in asking if demand is not None and demand.acr is acr), None)


def _demands() -> dict[str, ServiceDemand]:
    """The services that demand something, at most CACHE_SECONDS old."""
    global _cache
    good_until, known = _cache
    if good_until > time.monotonic():
        return known
    rows = session.execute(
        select(Service.id, Service.required_acr, Service.name_zh, Service.name_en).where(
            Service.required_acr.is_not(None)
        )
    )
    demands = {row[0]: ServiceDemand(Acr(str(row[1])), row[2], row[3]) for row in rows}
    _cache = (time.monotonic() + CACHE_SECONDS, demands)
    return demands


def _has_cards(company: CompanyFacts | None) -> bool:
    """Whether there can be a card of this company here at all: one names a 統一編號."""
    return settings().offers_cards and company is not None and company.id_type == EntityKind.UBN
