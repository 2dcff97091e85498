"""Which account a client wishes for, and whether an account is it (tokens.md "Asking for a company")."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from idp.policies.tax_id import parse_tax_id

MOST_VALUES = 20
WISHABLE = ("sub", "tenant", "company_tax_id")


class ContradictingWish(ValueError):
    """Two hard wishes that no account can meet at once: ``invalid_request``."""


class MalformedWish(ValueError):
    """A wish that has no readable form: ``invalid_request``."""


@dataclass(frozen=True, slots=True)
class Seat:
    """What a wish is held against."""

    sub: str
    tenant: str | None
    company_tax_id: str | None
    actor: str | None


@dataclass(frozen=True, slots=True)
class Wish:
    """A hard wish: for each claim the values that would do; ``company`` is a tax ID or company id.

    ``hinted`` is the pair (sub, act.sub or None) of an ``id_token_hint``.
    """

    allowed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    company: str | None = None
    hinted: tuple[str, str | None] | None = None

    @property
    def is_for_somebody(self) -> bool:
        """Whether one certain account is wished for, so that another one at the keyboard is somebody else."""
        return self.hinted is not None or "sub" in self.allowed

    @property
    def is_for_one(self) -> bool:
        """Whether no more than one account could meet it."""
        return self.hinted is not None or len(self.allowed.get("sub", ())) == 1

    def __bool__(self) -> bool:
        return bool(self.allowed) or self.company is not None or self.hinted is not None

    def is_met_by(self, seat: Seat) -> bool:
        """Whether this account is what was wished for."""
        values = {"sub": seat.sub, "tenant": seat.tenant, "company_tax_id": seat.company_tax_id}
        if any(values[name] not in wanted for name, wanted in self.allowed.items()):
            return False
        if self.company is not None and self.company not in {seat.tenant, seat.company_tax_id}:
            return False
        return self.hinted is None or self.hinted == (seat.sub, seat.actor)


def read_wish(
    *,
    tenant: str | None,
    company: str | None,
    claims: Mapping[str, Any],
    hinted: tuple[str, str | None] | None,
) -> Wish:
    """Put a request's hard wishes together. Raises ContradictingWish or MalformedWish."""
    allowed: dict[str, frozenset[str]] = {}
    if tenant is not None:
        allowed["tenant"] = frozenset({tenant})
    for part in ("id_token", "userinfo"):
        members = claims.get(part) or {}
        for name in WISHABLE:
            values = _values(members.get(name))
            if values is None:
                continue
            allowed[name] = allowed[name] & values if name in allowed else values
    if any(not values for values in allowed.values()):
        raise ContradictingWish
    if hinted is not None and "sub" in allowed and hinted[0] not in allowed["sub"]:
        raise ContradictingWish
    if company is not None and _contradicts(company, allowed):
        raise ContradictingWish
    return Wish(allowed, company, hinted)


def _contradicts(company: str, allowed: Mapping[str, frozenset[str]]) -> bool:
    kind = "company_tax_id" if parse_tax_id(company) is not None else "tenant"
    return kind in allowed and company not in allowed[kind]


def _values(member: Any) -> frozenset[str] | None:
    """The values of one member of ``claims`` (Core §5.5.1), or None where it sets no condition."""
    if not isinstance(member, Mapping):
        return None
    if "value" not in member and "values" not in member:
        return None
    values: Any = member.get("values", [member.get("value")])
    one: list[Any] = [member["value"]] if "value" in member else []
    if not isinstance(values, list) or len(values) > MOST_VALUES:
        raise MalformedWish
    if not all(isinstance(v, str) for v in [*values, *one]):
        raise MalformedWish
    return frozenset(values) & frozenset(one) if one else frozenset(values)
