"""Menu rights as tokens tell them: a client's items are at most a few seconds old, an account's ticks never."""

import time

from sqlalchemy import bindparam, select

from idp.db import run, session, table_of
from idp.models import MenuItem, MenuRight
from idp.policies.assurance import Acr
from idp.policies.menus import Entitlements, MenuItemRule, entitlements_of
from idp.policies.roles import Role
from idp.services.acting import Acting

CACHE_SECONDS = 3.0
RIGHTS = table_of(MenuRight)
_RIGHTS = select(RIGHTS.c.menu_item_id, RIGHTS.c.allowed).where(RIGHTS.c.account_id == bindparam("account_id"))

_cache: dict[str, tuple[float, tuple[MenuItemRule, ...]]] = {}


def menu_of(client_id: str) -> tuple[MenuItemRule, ...]:
    """The client's menu items that are in use, in their order; at most CACHE_SECONDS old."""
    cached = _cache.get(client_id)
    moment = time.monotonic()
    if cached is not None and cached[0] > moment:
        return cached[1]
    rows = session.scalars(
        select(MenuItem)
        .where(MenuItem.client_id == client_id, MenuItem.retired_at.is_(None))
        .order_by(MenuItem.position, MenuItem.id)
    )
    items = tuple(
        MenuItemRule(
            id=r.id,
            code=r.code,
            label_zh=r.label_zh,
            label_en=r.label_en,
            parent=r.parent,
            default_roles=frozenset(Role(role) for role in r.default_roles),
            acr=Acr(r.acr) if r.acr else None,
        )
        for r in rows
    )
    _cache[client_id] = (moment + CACHE_SECONDS, items)
    return items


def forget_cached_menus() -> None:
    """Read menus anew in this process (after a change made here, and in tests)."""
    _cache.clear()


def entitlements(acting: Acting, client_id: str, acr: Acr) -> Entitlements:
    """Which of this client's menu items the account may see in a sign-in of this class (R-048)."""
    items = menu_of(client_id)
    if not items or acting.role is None:
        return Entitlements((), {})
    granted: dict[int, bool] = {r[0]: r[1] for r in run(_RIGHTS, {"account_id": acting.account_id})}
    return entitlements_of(items, acting.role, granted, acr)
