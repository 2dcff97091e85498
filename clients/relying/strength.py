"""How strong a sign-in is (claim ``acr``), and what is needed beyond it (RFC 9470; docs/claims.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The provider's classes, weakest first.
PASSWORD, MFA, CARD = (f"urn:company-idp:acr:{name}" for name in ("password", "mfa", "card"))
CLASSES = (PASSWORD, MFA, CARD)
LEEWAY = 30  # seconds that two clocks may differ
LONGEST_AGE = 10**7


@dataclass(frozen=True, slots=True)
class Needed:
    """A sign-in of one of these classes, and not older than ``max_age`` seconds; either may be left open."""

    acr_values: tuple[str, ...] = ()
    max_age: int | None = None

    def is_met_by(self, facts: Mapping[str, Any], now: int) -> bool:
        """Whether the sign-in that these claims tell of is strong and young enough."""
        if self.acr_values and not any(reaches(facts.get("acr"), one) for one in self.acr_values):
            return False
        since = facts.get("auth_time")
        return self.max_age is None or (isinstance(since, int) and now - since <= self.max_age + LEEWAY)


def needed_from(acr_values: str, max_age: str) -> Needed | None:
    """What a form or a challenge asks for, of the classes that we know; None where that is nothing."""
    classes = tuple(one for one in acr_values.split() if one in CLASSES)
    is_age = max_age.isascii() and max_age.isdigit() and len(max_age) < 10
    age = min(int(max_age), LONGEST_AGE) if is_age else None
    return Needed(classes, age) if classes or age is not None else None


def reaches(acr: Any, wanted: str) -> bool:
    """Whether this class is at least as strong as the wanted one; one that we do not know reaches only itself."""
    if acr in CLASSES and wanted in CLASSES:
        return CLASSES.index(acr) >= CLASSES.index(wanted)
    return bool(acr == wanted)
