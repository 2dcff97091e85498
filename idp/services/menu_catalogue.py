"""A client's catalogue of menu items (選單), imported whole: what is not in it any more is retired."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from idp.db import now, session
from idp.errors import InvalidInput, NotFound
from idp.models import Client, MenuItem
from idp.policies.assurance import Acr
from idp.policies.names import has_control
from idp.policies.roles import Role
from idp.services.audit import record
from idp.services.menus import forget_cached_menus

CODE = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,63}", re.ASCII)
LONGEST_LABEL = 100
MOST_ITEMS = 1000
KEYS = frozenset({"code", "label_zh", "label_en", "parent", "default_roles", "acr"})
COMPARED = ("label_zh", "label_en", "parent", "default_roles", "acr", "position")


@dataclass(frozen=True, slots=True)
class MenuDifference:
    """The codes an import added (or took back into use), changed and retired."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    retired: tuple[str, ...]


def import_menus(client_id: str, items: Sequence[Mapping[str, Any]]) -> MenuDifference:
    """Make these the client's menu items, in this order (R-047).

    Each maps ``code``, ``label_zh``, ``label_en``, ``parent`` (a code or None), ``default_roles`` and ``acr``
    (or None). Rights given to people stay with their item. Raises NotFound for an unknown client and
    InvalidInput (``field`` menus, ``code`` the item) for a catalogue that does not hold together.
    """
    client = session.get(Client, client_id, with_for_update={"key_share": True})
    if client is None or client.removed_at is not None:
        raise NotFound(what="client")
    wanted = _read(items)
    known = {i.code: i for i in session.scalars(select(MenuItem).where(MenuItem.client_id == client_id))}
    added: list[str] = []
    changed: list[str] = []
    for code, values in wanted.items():
        item = known.get(code)
        if item is None:
            session.add(MenuItem(client_id=client_id, code=code, **values))
            added.append(code)
        elif _apply(item, values):
            (added if item.retired_at else changed).append(code)
            item.retired_at = None
    retired = [c for c, item in known.items() if c not in wanted and item.retired_at is None]
    for code in retired:
        known[code].retired_at = now()
    session.flush()
    difference = MenuDifference(tuple(added), tuple(changed), tuple(sorted(retired)))
    record(
        "client:menus:imported",
        client_id=client_id,
        added=len(added),
        changed=len(changed),
        retired=list(difference.retired),
    )
    forget_cached_menus()
    return difference


def _apply(item: MenuItem, values: Mapping[str, Any]) -> bool:
    differs = item.retired_at is not None or any(getattr(item, name) != values[name] for name in COMPARED)
    for name in COMPARED:
        setattr(item, name, values[name])
    return differs


def _read(items: object) -> dict[str, dict[str, Any]]:
    if not isinstance(items, Sequence) or isinstance(items, str | bytes) or len(items) > MOST_ITEMS:
        raise InvalidInput(field="menus", problem="menus.form")
    wanted: dict[str, dict[str, Any]] = {}
    for position, item in enumerate(items):
        code = _code(item)
        if code in wanted:
            raise InvalidInput(field="menus", problem="menus.twice", code=code)
        wanted[code] = _values(item, code) | {"position": position}
    _check_parents(wanted)
    return wanted


def _code(item: object) -> str:
    code = item.get("code") if isinstance(item, Mapping) else None
    if not isinstance(code, str) or not CODE.fullmatch(code):
        raise InvalidInput(field="menus", problem="menus.code", code=str(code)[:64])
    return code


def _values(item: Mapping[str, Any], code: str) -> dict[str, Any]:
    if set(item) - KEYS:
        raise InvalidInput(field="menus", problem="menus.key", code=code)
    roles = item.get("default_roles", [])
    if not isinstance(roles, list | tuple) or not all(role in list(Role) for role in roles):
        raise InvalidInput(field="menus", problem="menus.role", code=code)
    acr = item.get("acr")
    if acr is not None and acr not in list(Acr):
        raise InvalidInput(field="menus", problem="menus.acr", code=code)
    return {
        "label_zh": _label(item.get("label_zh"), code),
        "label_en": _label(item.get("label_en"), code),
        "parent": item.get("parent"),
        "default_roles": [str(role) for role in Role if role in roles],
        "acr": None if acr is None else str(acr),
    }


def _label(text: object, code: str) -> str:
    if not isinstance(text, str) or not 1 <= len(text.strip()) <= LONGEST_LABEL or has_control(text):
        raise InvalidInput(field="menus", problem="menus.label", code=code)
    return text.strip()


def _check_parents(wanted: Mapping[str, Mapping[str, Any]]) -> None:
    for code, values in wanted.items():
        parent = values["parent"]
        passed = {code}
        while parent is not None:
            if not isinstance(parent, str) or parent not in wanted:
                raise InvalidInput(field="menus", problem="menus.parent", code=code)
            if parent in passed:
                raise InvalidInput(field="menus", problem="menus.cycle", code=code)
            passed.add(parent)
            parent = wanted[parent]["parent"]
