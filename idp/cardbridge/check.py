"""The self-test: which of component, reader, card and certificate are there, without a PIN.

Who it is, the window shows to its person. The page that asked is told states only.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from idp.cardbridge.cards import CardTrouble, OpenCard

# How far one came before a trouble; of the others no card is known to be there.
CAME_TO_READER = ("no_card", "removed")
CAME_TO_CARD = ("unreadable", "changed")


def is_check(told: object) -> bool:
    """Whether a page asks what is there, and for nothing else."""
    return isinstance(told, dict) and set(told) == {"check"} and told["check"] is True


@dataclass(frozen=True)
class Found:
    """A card that could be read: whom it seems to name, its certificate's last day, its tries where known."""

    holder: dict[str, str]
    days: int | None
    tries_left: int | None

    @classmethod
    def read(cls, card: OpenCard) -> "Found":
        """What an open card tells without a PIN."""
        from idp.cardbridge.certificate import holder_shown, last_moment

        end = last_moment(card.certificate)
        days = (end - datetime.now(UTC)).days if end else None
        return cls(holder_shown(card.certificate), days, card.tries_left)


def report(found: Found | None, trouble: CardTrouble | None) -> dict[str, Any]:
    """States for the page: reader, card and certificate found or not, the days to its end, the trouble by its code."""
    if found is None:
        code = trouble.code if trouble else None
        card = code in CAME_TO_CARD
        return {
            "reader": card or code in CAME_TO_READER,
            "card": card,
            "certificate": False,
            "days": None,
            "trouble": code,
        }
    if found.days is None:
        return {"reader": True, "card": True, "certificate": False, "days": None, "trouble": "unreadable"}
    locked = "locked" if found.tries_left == 0 else None
    return {"reader": True, "card": True, "certificate": True, "days": found.days, "trouble": locked}
