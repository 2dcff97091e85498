"""What the bearer of a company's card may do, and when a card ends soon."""

from datetime import UTC, datetime, timedelta

import pytest

from idp.policies.cards import CardRank, CardSituation, ends_soon, may_succeed, ways_of

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
SECONDARY = [CardRank.SECONDARY, CardRank.MOBILE]


def ways(
    rank: CardRank = CardRank.PRIMARY, *, known: bool = True, people: bool = True, admin: bool = True
) -> list[str]:
    situation = CardSituation(rank, company_is_known=known, has_people=people, has_working_admin=admin)
    return [way.value for way in ways_of(situation)]


@pytest.mark.parametrize("rank", list(CardRank))
def test_the_card_of_a_company_that_nobody_is_here_for_leads_to_an_application(rank: CardRank) -> None:
    assert ways(rank, known=False, people=False, admin=False) == ["apply"]
    assert ways(rank, people=False, admin=False) == ["apply"]


@pytest.mark.parametrize("rank", list(CardRank))
def test_a_card_of_a_known_company_takes_no_account_over(rank: CardRank) -> None:
    assert ways(rank) == ["enrol", "apply"]


def test_the_primary_card_leads_a_company_that_nobody_leads_any_more() -> None:
    assert ways(admin=False) == ["enrol", "apply", "succeed"]
    assert may_succeed(CardRank.PRIMARY, has_working_admin=False)
    assert not may_succeed(CardRank.PRIMARY, has_working_admin=True)


@pytest.mark.parametrize("rank", SECONDARY)
def test_a_secondary_card_leads_nobody(rank: CardRank) -> None:
    assert ways(rank, admin=False) == ["enrol", "apply"]
    assert not may_succeed(rank, has_working_admin=False)


@pytest.mark.parametrize(
    ("ends_in", "soon"),
    [
        (timedelta(days=60, seconds=1), False),
        (timedelta(days=60), True),
        (timedelta(days=1), True),
        (timedelta(0), True),
        (timedelta(days=-400), True),
    ],
)
def test_a_card_ends_soon_from_sixty_days_before_its_end_on(ends_in: timedelta, soon: bool) -> None:
    assert ends_soon(NOW + ends_in, now=NOW) is soon
