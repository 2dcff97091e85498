"""What a sign-in lacks of what a client, or the company acted for, asks of it (policies/assurance.py)."""

from dataclasses import dataclass

from idp.config import settings
from idp.policies.asking import Asked
from idp.policies.assurance import Acr, Shortfall, reached, shortfall_of
from idp.policies.entities import EntityKind
from idp.services.acting import Acting, CompanyFacts
from idp.services.sign_ins import SignedIn


@dataclass(frozen=True, slots=True)
class Lack:
    """How far a sign-in falls short, and whether the company acted for is who asks for more."""

    shortfall: Shortfall
    is_by_company: bool


def lack_of(asked: Asked, signed_in: SignedIn, seat: Acting) -> Lack:
    """What is lacking of this sign-in for a request that asks so, by whoever it would enter as.

    What the company acted for demands binds who comes through a linked account too; her own sign-in has no card.
    """
    company, acr = seat.company, signed_in.acr_for(seat)
    required = Acr(company.required_acr) if company is not None and company.required_acr else None
    shortfall = shortfall_of(
        acr,
        demanded=asked.essential_acr,
        wished=asked.acr,
        required=required,
        can_step_up=settings().offers_cards and seat.via is None and _has_cards(company),
    )
    return Lack(shortfall, required is not None and not reached(acr, required))


def _has_cards(company: CompanyFacts | None) -> bool:
    """Whether there can be a card of this company at all: one names a 統一編號."""
    return company is not None and company.id_type == EntityKind.UBN
