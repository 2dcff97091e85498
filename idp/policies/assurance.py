"""How strongly somebody signed in: ``acr`` and ``amr`` (tokens.md; RFC 8176)."""

from collections.abc import Iterable, Sequence
from enum import IntEnum, StrEnum

PREFIX = "urn:company-idp:acr:"


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


METHOD_AMR: dict[Method, tuple[str, ...]] = {Method.PASSWORD: ("pwd",)}


def acr_of(methods: Iterable[Method]) -> Acr:
    """The class a sign-in has reached with these methods."""
    del methods  # a password is the only method there is so far
    return Acr.PASSWORD


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
