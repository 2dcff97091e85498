"""Duties (職責) of operators: what each may see and do at the console, as a table (issue of the console, AD rows)."""

from collections.abc import Iterable
from enum import StrEnum


class OperatorStatus(StrEnum):
    """Where an operator stands: invited until the set-up link was used."""

    INVITED = "invited"
    ACTIVE = "active"
    SUSPENDED = "suspended"


class Duty(StrEnum):
    """What an operator is there for."""

    REVIEWER = "reviewer"
    SUPPORT = "support"
    CONFIGURATOR = "configurator"
    AUDITOR = "auditor"


class Power(StrEnum):
    """One thing that can be done at the console."""

    SEE_CASES = "see_cases"
    DECIDE_CASES = "decide_cases"
    SEE_PEOPLE = "see_people"
    HELP_PEOPLE = "help_people"
    SEE_SETUP = "see_setup"
    CHANGE_SETUP = "change_setup"
    SEE_MAIL = "see_mail"
    SEE_AUDIT = "see_audit"
    IMPORT_REGISTER = "import_register"
    MANAGE_OPERATORS = "manage_operators"


POWERS: dict[Duty, frozenset[Power]] = {
    Duty.REVIEWER: frozenset({Power.SEE_CASES, Power.DECIDE_CASES, Power.SEE_PEOPLE}),
    Duty.SUPPORT: frozenset({Power.SEE_CASES, Power.SEE_PEOPLE, Power.HELP_PEOPLE, Power.SEE_MAIL}),
    Duty.CONFIGURATOR: frozenset(
        {Power.SEE_SETUP, Power.CHANGE_SETUP, Power.SEE_MAIL, Power.IMPORT_REGISTER, Power.MANAGE_OPERATORS}
    ),
    Duty.AUDITOR: frozenset({Power.SEE_CASES, Power.SEE_PEOPLE, Power.SEE_SETUP, Power.SEE_MAIL, Power.SEE_AUDIT}),
}


def powers_of(duties: Iterable[str]) -> frozenset[Power]:
    """What these duties together allow; a name that is no duty allows nothing."""
    known = set(Duty)
    return frozenset().union(*(POWERS[Duty(duty)] for duty in duties if duty in known))
