"""When idle accounts are warned, and what of an audit row its person reads."""

from datetime import timedelta

import pytest

from idp.policies.idling import notice_for, warned_after
from idp.policies.masking import told_to_owner

MINE = "ming@example.test"


@pytest.mark.parametrize(("idle", "warned", "notice"), [(365, 335, 30), (60, 30, 30), (30, 15, 15), (3650, 3620, 30)])
def test_the_warning_comes_30_days_before_or_at_half_of_a_short_time(idle: int, warned: int, notice: int) -> None:
    assert (warned_after(idle), notice_for(idle)) == (timedelta(days=warned), timedelta(days=notice))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, None),
        (3, 3),
        (MINE, MINE),
        ("lin@example.test", "li*****@example.test"),
        ("from lin@example.test to Ming@example.test", "from li*****@example.test to Ming@example.test"),
        ("op_0123", "operator"),
        ("cli:root", "operator"),
        ("worker", "system"),
        ("la_0123", "another"),
        ({"to": ["a@b.test", {"by": "ga_1"}]}, {"to": ["a*****@b.test", {"by": "another"}]}),
    ],
)
def test_others_are_masked_in_what_a_person_takes_away(value: object, told: object) -> None:
    assert told_to_owner(value, MINE) == told
