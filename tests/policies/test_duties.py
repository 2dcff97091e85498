"""Duties and what they open: a table that is whole."""

import pytest

from idp.policies.duties import POWERS, Duty, Power, powers_of

CHANGING = {
    Power.DECIDE_CASES,
    Power.HELP_PEOPLE,
    Power.CHANGE_SETUP,
    Power.IMPORT_REGISTER,
    Power.MANAGE_OPERATORS,
}


def test_every_duty_is_in_the_table_and_every_power_is_somebodys() -> None:
    assert set(POWERS) == set(Duty)
    assert frozenset().union(*POWERS.values()) == set(Power)


def test_an_auditor_sees_and_changes_nothing() -> None:
    assert CHANGING & powers_of(["auditor"]) == set()
    assert Power.SEE_AUDIT in powers_of(["auditor"])


def test_who_decides_does_not_configure_and_who_configures_does_not_decide() -> None:
    assert not powers_of(["reviewer"]) & {Power.CHANGE_SETUP, Power.MANAGE_OPERATORS}
    assert not powers_of(["configurator"]) & {Power.DECIDE_CASES, Power.HELP_PEOPLE, Power.SEE_AUDIT}


@pytest.mark.parametrize("duties", [[], ["nobody"], [""], ["Reviewer"], ["configurator "]])
def test_what_is_no_duty_opens_nothing(duties: list[str]) -> None:
    assert powers_of(duties) == frozenset()


def test_several_duties_open_what_each_opens() -> None:
    assert powers_of(["reviewer", "auditor", "nobody"]) == POWERS[Duty.REVIEWER] | POWERS[Duty.AUDITOR]
