"""How strongly somebody signed in: ``acr`` and ``amr`` (tokens.md; RFC 8176)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
    PASSKEY = "passkey"
    PASSKEY_SYNCED = "passkey_synced"
    ONE_TIME_CODE = "one_time_code"
    RECOVERY_CODE = "recovery_code"


# Our agent binds the origin into what is signed and holds the key in hardware; HiPKI can be relayed, so it is not told
# as hardware-bound (tokens.md; card.md A2).
METHOD_AMR: dict[Method, tuple[str, ...]] = {
    Method.PASSWORD: ("pwd",),
    Method.CARD_AGENT: ("sc", "pin", "hwk"),
    Method.CARD_HIPKI: ("sc", "pin"),
    Method.CARD_SOFTWARE: ("sc", "pin", "swk"),
    Method.PASSKEY: ("hwk", "user"),
    Method.PASSKEY_SYNCED: ("swk", "user"),
    Method.ONE_TIME_CODE: ("otp",),
    Method.RECOVERY_CODE: ("otp",),
}
CARD_METHODS = frozenset({Method.CARD_AGENT, Method.CARD_HIPKI, Method.CARD_SOFTWARE})
PASSKEY_METHODS = frozenset({Method.PASSKEY, Method.PASSKEY_SYNCED})
CODE_METHODS = frozenset({Method.ONE_TIME_CODE, Method.RECOVERY_CODE})
MFA = "mfa"


def acr_of(methods: Iterable[Method], *, card_tax_id: str | None, acting_tax_id: str | None) -> Acr:
    """The class a sign-in has reached for the company acted as.

    ``card_tax_id`` is the number on the card of this sign-in, ``acting_tax_id`` that of the company acted as: a card
    of company A gives no more than ``mfa`` when acting for B (tokens.md, R-207).
    """
    used = frozenset(methods)
    if used & CARD_METHODS and card_tax_id is not None and card_tax_id == acting_tax_id:
        return Acr.CARD
    return Acr.MFA if has_two_factors(used) else Acr.PASSWORD


def has_two_factors(methods: Iterable[Method]) -> bool:
    """Whether these methods are two factors: a card or a passkey is by itself, its PIN or finger was checked."""
    used = frozenset(methods)
    if used & (CARD_METHODS | PASSKEY_METHODS):
        return True
    return Method.PASSWORD in used and bool(used & CODE_METHODS)


def methods_with(before: Iterable[Method], added: Method) -> list[Method]:
    """The methods of a sign-in that is raised by one more; a newer one of its kind takes the place of an older."""
    kinds = (CARD_METHODS, PASSKEY_METHODS, CODE_METHODS)
    replaced = next((kind for kind in kinds if added in kind), frozenset({added}))
    return [*(method for method in before if method not in replaced), added]


def amr_of(methods: Iterable[Method]) -> list[str]:
    """The ``amr`` values of these methods, each once, in the order they were used."""
    values: dict[str, None] = {}
    used = tuple(methods)
    for method in used:
        values.update(dict.fromkeys(METHOD_AMR[method]))
    # A card says it by "sc" and "pin" (tokens.md); what else made two factors is told by "mfa" (RFC 8176 §2).
    if has_two_factors(used) and CARD_METHODS.isdisjoint(used):
        values[MFA] = None
    return list(values)


def reached(acr: Acr, wanted: Acr) -> bool:
    """Whether ``acr`` is at least as strong as ``wanted``."""
    return STRENGTH[acr] >= STRENGTH[wanted]


def lowers(before: Acr | None, after: Acr | None) -> bool:
    """Whether less is demanded after than before (None: nothing)."""
    return before is not None and (after is None or not reached(after, before))


class DemandBy(StrEnum):
    """Who demands something of a company's people: what operators demand, no group admin lowers."""

    OPERATOR = "operator"
    GROUP_ADMIN = "group_admin"


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


@dataclass(frozen=True, slots=True)
class Lacking:
    """How far a sign-in falls short, and the class that would be enough (None where nothing is lacking)."""

    shortfall: Shortfall
    aim: Acr | None


ENOUGH = Lacking(Shortfall.NONE, None)


def lacking_of(
    acr: Acr, *, demanded: Sequence[str] | None, wished: Sequence[Acr], required: Acr | None, reachable: Acr
) -> Lacking:
    """What is lacking of a sign-in that has reached ``acr``, and by this person can reach ``reachable``.

    ``demanded``: one of these, as an essential ``acr`` (Core §5.5.1.1); ``wished``: one of these, by ``acr_values``,
    of which a person may do without; ``required``: what the company acted for or a service asks of every sign-in.
    """
    least = weakest(known_classes(demanded)) if demanded is not None else None
    if demanded is not None and least is None:
        return Lacking(Shortfall.BEYOND_REACH, None)
    aim = strongest(one for one in (least, required) if one is not None and not reached(acr, one))
    if aim is not None:
        return Lacking(Shortfall.DEMANDED if reached(reachable, aim) else Shortfall.BEYOND_REACH, aim)
    wish = weakest(wished)
    if wish is None or reached(acr, wish) or not reached(reachable, wish):
        return ENOUGH
    return Lacking(Shortfall.WISHED, wish)


def weakest(classes: Iterable[Acr]) -> Acr | None:
    """The weakest of these classes, or None of none."""
    return min(classes, key=STRENGTH.__getitem__, default=None)


def strongest(classes: Iterable[Acr]) -> Acr | None:
    """The strongest of these classes, or None of none."""
    return max(classes, key=STRENGTH.__getitem__, default=None)


def is_fresh(auth_time: datetime, *, now: datetime) -> bool:
    """Whether somebody proved who she is so lately that she need not do it again for what is sensitive (LK04)."""
    return now - auth_time < FRESH_FOR
