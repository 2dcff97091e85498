"""Bearers of a company's card, as the tests of services need them: the card was judged before, its evidence is kept."""

from functools import cache
from itertools import count

from cryptography.hazmat.primitives.asymmetric import rsa

from clients.testca.authority import Card, rsa_key
from clients.testca.cards import Gpki
from idp.certificates.reading import read_certificate
from idp.certificates.revocation import RevocationData
from idp.certificates.statement import CardPurpose, Transport
from idp.certificates.subject import citizen_of, company_of
from idp.db import transaction
from idp.services.card_answers import PresentedCard, PresentedCitizen, keep_evidence

KEYS = 12
_numbers = count()


@cache
def _pki() -> Gpki:
    return Gpki()


def _next_key() -> rsa.RSAPrivateKey:
    """One of a few keys, each in turn: making them is slow."""
    return rsa_key(20 + next(_numbers) % KEYS)


def card_of(tax_id: str = "00000016", name: str = "測試一號有限公司", rank: str = "primary") -> Card:
    """A company's card, of another key than the eleven before it."""
    return _pki().company(tax_id, name, rank=rank, key=_next_key())


def citizen_card(name: str = "王小明") -> Card:
    """A person's own card, of another key than the eleven before it."""
    return _pki().citizen(name, key=_next_key())


def presented_citizen(card: Card) -> PresentedCitizen:
    """A person's own card as it was judged."""
    return PresentedCitizen(
        holder=citizen_of(read_certificate(card.der)),
        purpose=CardPurpose.PROVE,
        transport=Transport.AGENT,
        statement="card-login.v1.e30",
        certificate=card.der,
        signature=card.sign("card-login.v1.e30"),
        revocation=RevocationData(),
    )


def presented(card: Card) -> PresentedCard:
    """A company's card as it was judged."""
    return PresentedCard(
        holder=company_of(read_certificate(card.der)),
        purpose=CardPurpose.PROVE,
        transport=Transport.AGENT,
        statement="card-login.v1.e30",
        certificate=card.der,
        signature=card.sign("card-login.v1.e30"),
        revocation=RevocationData(),
    )


def evidence_of(card: Card) -> str:
    """The evidence that a wizard keeps of a card."""
    with transaction():
        return keep_evidence(presented(card))
