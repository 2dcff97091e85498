"""Which second factors of an account may be those of somebody who knew no more than its password.

A first second factor is enrolled by a sign-in with the password alone. Who had stolen it could so lock the owner out
for good: the reset of the password would ask a code of the thief's own app. So for three days, in which the owner
reads the message that told of it, such a factor and all that were enrolled by it fall with the password.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

YOUNG_FOR = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Standing:
    """A second factor, and how long it stood: ``until`` is None while it does."""

    id: str
    since: datetime
    until: datetime | None


def unproven(factors: Iterable[Standing], *, now: datetime) -> frozenset[str]:
    """The ids of those that are younger than three days and were enrolled beside no factor that is proven itself."""
    proven: list[Standing] = []
    fallen: set[str] = set()
    for factor in sorted(factors, key=lambda one: one.since):
        beside = any(one.since < factor.since and (one.until is None or one.until >= factor.since) for one in proven)
        if beside or now - factor.since >= YOUNG_FOR:
            proven.append(factor)
        else:
            fallen.add(factor.id)
    return frozenset(fallen)
