"""Whatever happens in whatever order, the invariants of companies and applications hold (domain.md §2)."""

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.services.register_machine import Register

pytestmark = pytest.mark.both_databases

ALL_HEALTHY = list(HealthCheck)


def bounded(examples: int, steps: int, *, same_each_time: bool) -> settings:
    """So many runs of so many steps."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=same_each_time,
        deadline=None,
        database=None,
        suppress_health_check=ALL_HEALTHY,
    )


def test_the_invariants_hold_after_each_of_many_acts(database: Flask) -> None:
    run_state_machine_as_test(Register, settings=bounded(15, 20, same_each_time=True))  # type: ignore[no-untyped-call]


@pytest.mark.soak
def test_the_invariants_hold_in_long_lives(database: Flask) -> None:
    run_state_machine_as_test(Register, settings=bounded(200, 60, same_each_time=False))  # type: ignore[no-untyped-call]
