"""Which second factors fall when the password is set anew: those that a thief of the password may have enrolled."""

from datetime import UTC, datetime, timedelta

import pytest

from idp.policies.young_factors import Standing, unproven

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def since(hours: float, *, until: float | None = None, name: str = "it") -> Standing:
    return Standing(name, NOW - timedelta(hours=hours), None if until is None else NOW - timedelta(hours=until))


@pytest.mark.parametrize(
    ("factors", "fallen"),
    [
        ([], set()),
        ([since(72)], set()),
        ([since(71.9)], {"it"}),
        ([since(900, name="old"), since(1)], set()),
        ([since(900, until=1, name="old app"), since(1)], set()),
        ([since(900, until=5, name="taken off before"), since(1)], {"it"}),
        ([since(60, name="a thief's app"), since(1)], {"a thief's app", "it"}),
        ([since(900, until=1, name="old"), since(5, name="a passkey by it"), since(0.5)], set()),
    ],
)
def test_what_was_enrolled_by_a_password_alone_within_three_days_falls(
    factors: list[Standing], fallen: set[str]
) -> None:
    assert unproven(reversed(factors), now=NOW) == fallen
