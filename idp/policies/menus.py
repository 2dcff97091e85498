"""Menu rights: which menu items of a client an account may see (R-047, R-048; claim ``entitlements``)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from idp.policies.assurance import Acr, reached
from idp.policies.roles import Role

MANY_ITEMS = 40  # a client with more gets entitlements from userinfo only (tokens.md)


@dataclass(frozen=True, slots=True)
class MenuItemRule:
    """What decides about one menu item: the roles that see it by default, and the ``acr`` it needs (or None)."""

    id: int
    code: str
    label_zh: str
    label_en: str
    parent: str | None
    default_roles: frozenset[Role]
    acr: Acr | None


@dataclass(frozen=True, slots=True)
class Entitlements:
    """Codes an account may see, and those it may see only after a stronger sign-in (code -> needed acr)."""

    codes: tuple[str, ...]
    locked: dict[str, str]


def entitlements_of(items: Iterable[MenuItemRule], role: Role, granted: Mapping[int, bool], acr: Acr) -> Entitlements:
    """Judge a client's items for one account: its own tick wins over the default of its role."""
    codes: list[str] = []
    locked: dict[str, str] = {}
    for item in items:
        if not granted.get(item.id, role in item.default_roles):
            continue
        if item.acr is not None and not reached(acr, item.acr):
            locked[item.code] = str(item.acr)
        else:
            codes.append(item.code)
    return Entitlements(tuple(codes), locked)
