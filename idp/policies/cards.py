"""Cards (憑證卡): their ranks, how long what they prove holds, and what a card of a company may do for its bearer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from idp.policies.entities import EntityKind
from idp.policies.standing import USABLE_COMPANIES, CompanyProof, CompanyStatus

# Web eID and CD03: an answer is taken within five minutes of its question.
CHALLENGE_LASTS = timedelta(minutes=5)
# How long a company that was proven by card in an application stays so before the application is sent.
PROOF_LASTS = timedelta(hours=2)
# A card given in an application proves and leads until then: no link to confirm a mailbox lasts longer. Afterwards
# nobody knows any more whether it is still good, and people decide.
EVIDENCE_COUNTS = timedelta(days=7)
# R-204's centre renews cards from 60 days before their end (domain.md 3.7); from then on their holder is told.
NOTICE_BEFORE = timedelta(days=60)

# The purpose, in its evidence, of a citizen card that was shown in an application.
CITIZEN_GIVEN = "citizen"


class CardRank(StrEnum):
    """正卡, 附卡, or the mobile one, which is an 附卡 too."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    MOBILE = "mobile"


class CardKind(StrEnum):
    """工商憑證 proves its company; 自然人憑證 names a person and proves no company (R-187; domain.md 3.8)."""

    COMPANY = "company"
    CITIZEN = "citizen"


class CardWay(StrEnum):
    """What the bearer of a good card that signs nobody in is led to."""

    ENROL = "enrol"
    APPLY = "apply"
    SUCCEED = "succeed"


@dataclass(frozen=True, slots=True)
class CardSituation:
    """What decides that: whether the company of the card is known here and proven, and who leads it now."""

    rank: CardRank
    company_is_known: bool
    has_people: bool
    has_working_admin: bool


def ways_of(situation: CardSituation) -> tuple[CardWay, ...]:
    """Where the bearer of a card that is enrolled nowhere may go, the likeliest first.

    Nobody gets an existing account by a card alone: who has one signs in and enrols the card (issue 4).
    """
    if not situation.company_is_known or not situation.has_people:
        return (CardWay.APPLY,)
    ways = [CardWay.ENROL, CardWay.APPLY]
    if may_succeed(situation.rank, has_working_admin=situation.has_working_admin):
        ways.append(CardWay.SUCCEED)
    return tuple(ways)


def may_succeed(rank: CardRank, *, has_working_admin: bool) -> bool:
    """Whether a card makes its bearer the group admin of a company that nobody leads any more: the 正卡 alone."""
    return rank is CardRank.PRIMARY and not has_working_admin


def is_to_prove(proof: CompanyProof, status: CompanyStatus, id_type: str) -> bool:
    """Whether a company's card would tell something new of it: it is proven otherwise, not at all, or to be rechecked.

    Organisations of another kind of number have no company card.
    """
    if id_type != EntityKind.UBN or status not in USABLE_COMPANIES:
        return False
    return proof is not CompanyProof.CARD or status is CompanyStatus.NEEDS_RECHECK


def ends_soon(not_after: datetime, *, now: datetime) -> bool:
    """Whether a card ends within 60 days, or has ended."""
    return not_after - now <= NOTICE_BEFORE
