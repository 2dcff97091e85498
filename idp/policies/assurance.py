"""How strongly somebody signed in: ``acr`` and ``amr`` (tokens.md; RFC 8176)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

PREFIX = "urn:company-idp:acr:"
FRESH_FOR = timedelta(minutes=10)  # security.md §3 "re-auth for sensitive actions"


class Acr(StrEnum):
    """Authentication context classes, weakest first."""

    PASSWORD = PREFIX + "password"
    MFA = PREFIX + "mfa"
    CARD = PREFIX + "card"


class Strength(IntEnum):
    """The order of the classes."""

    PASSWORD = 1
    MFA = 2
    CARD = 3


STRENGTH = {Acr.PASSWORD: Strength.PASSWORD, Acr.MFA: Strength.MFA, Acr.CARD: Strength.CARD}


class Method(StrEnum):
    """A way somebody proved who they are in a sign-in."""

    PASSWORD = "password"  # noqa: S105 - the name of a method, not a secret
    CARD_AGENT = "card_agent"
    CARD_HIPKI = "card_hipki"
    CARD_SOFTWARE = "card_software"


# Our agent binds the origin into what is signed and holds the key in hardware; HiPKI can be relayed, so it is not told
# as hardware-bound (tokens.md; card.md A2).
METHOD_AMR: dict[Method, tuple[str, ...]] = {
    Method.PASSWORD: ("pwd",),
    Method.CARD_AGENT: ("sc", "pin", "hwk"),
    Method.CARD_HIPKI: ("sc", "pin"),
    Method.CARD_SOFTWARE: ("sc", "pin", "swk"),
}
CARD_METHODS = frozenset({Method.CARD_AGENT, Method.CARD_HIPKI, Method.CARD_SOFTWARE})


def acr_of(methods: Iterable[Method], *, card_tax_id: str | None, acting_tax_id: str | None) -> Acr:
    """The class a sign-in has reached for the company acted as.

    ``card_tax_id`` is the number on the card of this sign-in, ``acting_tax_id`` that of the company acted as: a card
    of company A gives no more than ``mfa`` when acting for B (tokens.md, R-207).
    """
    if CARD_METHODS.isdisjoint(methods):
        return Acr.PASSWORD
    return Acr.CARD if card_tax_id is not None and card_tax_id == acting_tax_id else Acr.MFA


def amr_of(methods: Iterable[Method]) -> list[str]:
    """The ``amr`` values of these methods, each once, in the order they were used."""
    values: dict[str, None] = {}
    for method in methods:
        values.update(dict.fromkeys(METHOD_AMR[method]))
    return list(values)


def reached(acr: Acr, wanted: Acr) -> bool:
    """Whether ``acr`` is at least as strong as ``wanted``."""
    return STRENGTH[acr] >= STRENGTH[wanted]


def known_classes(values: Sequence[str]) -> list[Acr]:
    """Those of the asked-for values that are classes of ours, in the order given."""
    known = {str(a): a for a in Acr}
    return [known[v] for v in values if v in known]


class Shortfall(StrEnum):
    """What a sign-in lacks of what is asked for: nothing, something that a page can add, or something nobody has."""

    NONE = "none"
    WISHED = "wished"
    DEMANDED = "demanded"
    BEYOND_REACH = "beyond_reach"


def shortfall_of(
    acr: Acr, *, demanded: Sequence[str] | None, wished: Sequence[Acr], required: Acr | None, can_step_up: bool
) -> Shortfall:
    """What is lacking of a sign-in that has reached ``acr``.

    ``demanded``: one of these, as an essential ``acr`` (Core §5.5.1.1); ``wished``: one of these, by ``acr_values``,
    of which a person may do without; ``required``: what the company acted for asks of every sign-in.
    """
    least = _least(demanded) if demanded is not None else None
    if demanded is not None and least is None:
        return Shortfall.BEYOND_REACH
    needed = [one for one in (least, required) if one is not None and not reached(acr, one)]
    if needed:
        return Shortfall.DEMANDED if can_step_up else Shortfall.BEYOND_REACH
    if wished and not any(reached(acr, one) for one in wished):
        return Shortfall.WISHED if can_step_up else Shortfall.NONE
    return Shortfall.NONE


def _least(values: Sequence[str]) -> Acr | None:
    return min(known_classes(values), key=STRENGTH.__getitem__, default=None)


def is_fresh(auth_time: datetime, *, now: datetime) -> bool:
    """Whether somebody proved who she is so lately that she need not do it again for what is sensitive (LK04)."""
    return now - auth_time < FRESH_FOR
