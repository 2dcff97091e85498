"""A client's catalogue of menu items (選單), imported whole: what is not in it any more is retired."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from idp.db import now, session
from idp.errors import ChangedMeanwhile, InvalidInput, NotFound
from idp.models import Client, MenuItem, MenuRight
from idp.policies.assurance import Acr
from idp.policies.names import CLIENT_ID, has_control
from idp.policies.roles import Role
from idp.services.audit import record
from idp.services.menus import forget_cached_menus

CODE = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,63}", re.ASCII)
LONGEST_LABEL = 100
MOST_ITEMS = 1000
LARGEST_FILE = 1024 * 1024
KEYS = frozenset({"code", "label_zh", "label_en", "parent", "default_roles", "acr"})
COMPARED = ("label_zh", "label_en", "parent", "default_roles", "acr", "position")


@dataclass(frozen=True, slots=True)
class MenuDifference:
    """The codes an import added (or took back into use), changed and retired."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    retired: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MenuChange:
    """An item as it is and as an import would make it; ``rights``: how many accounts have a right of their own to it.

    ``before`` is None for an item that is new, ``after`` for one that would be retired. ``parts`` names what differs;
    a moved item differs in its position alone. ``label_zh`` and ``label_en`` among them: it is renamed.
    """

    code: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    parts: tuple[str, ...] = ()
    rights: int = 0


@dataclass(frozen=True, slots=True)
class MenuComparison:
    """What an import would do. ``stamp`` names the catalogue that was compared: an import can ask for that one."""

    client_id: str
    stamp: str
    added: tuple[MenuChange, ...]
    changed: tuple[MenuChange, ...]
    retired: tuple[MenuChange, ...]
    unchanged: int

    @property
    def is_empty(self) -> bool:
        """Whether the import would change nothing."""
        return not (self.added or self.changed or self.retired)


def read_menu_file(content: bytes) -> tuple[str, Any]:
    """Client id and menus of a file as ``idp menu import`` takes it.

    Raises InvalidInput (``field`` menus, ``problem`` menus.unreadable or menus.file; ``value`` says where).
    """
    try:
        read = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(field="menus", problem="menus.unreadable", value=str(error)) from error
    if not isinstance(read, dict) or not isinstance(read.get("client_id"), str):
        raise InvalidInput(field="menus", problem="menus.file")
    return read["client_id"], read.get("menus")


def compare_menus(client_id: str, items: Any) -> MenuComparison:
    """What an import of these items would change, and for how many people; nothing is written.

    Raises NotFound and InvalidInput as import_menus does.
    """
    if _client(client_id) is None:
        raise NotFound(what="client")
    wanted = _read(items)
    known = _known(client_id)
    rights = _rights(client_id)
    added, changed = [], []
    for code, values in wanted.items():
        item = known.get(code)
        before = _as_it_is(item) if item is not None and item.retired_at is None else None
        parts = tuple(name for name in COMPARED if before is not None and before[name] != values[name])
        if before is None:
            added.append(MenuChange(code, None, values, rights=rights.get(item.id, 0) if item else 0))
        elif parts:
            changed.append(MenuChange(code, before, values, parts, rights.get(known[code].id, 0)))
    retired = tuple(
        MenuChange(code, _as_it_is(item), None, rights=rights.get(item.id, 0))
        for code, item in sorted(known.items())
        if code not in wanted and item.retired_at is None
    )
    unchanged = len(wanted) - len(added) - len(changed)
    return MenuComparison(client_id, _stamp(known), tuple(added), tuple(changed), retired, unchanged)


def import_menus(client_id: str, items: Sequence[Mapping[str, Any]], *, seen: str | None = None) -> MenuDifference:
    """Make these the client's menu items, in this order (R-047).

    Each maps ``code``, ``label_zh``, ``label_en``, ``parent`` (a code or None), ``default_roles`` and ``acr``
    (or None). Rights given to people stay with their item. Raises NotFound for an unknown client,
    InvalidInput (``field`` menus, ``code`` the item) for a catalogue that does not hold together, and ChangedMeanwhile
    where the catalogue is not the one of this stamp any more.
    """
    if _client(client_id, held=True) is None:
        raise NotFound(what="client")
    wanted = _read(items)
    known = _known(client_id)
    if seen is not None and seen != _stamp(known):
        raise ChangedMeanwhile
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


def menu_items_of(client_id: str) -> list[dict[str, Any]]:
    """The client's items in use, in their order and as a menu file holds them."""
    items = sorted(_known(client_id).values(), key=lambda item: (item.position, item.id))
    return [
        {"code": item.code} | {name: getattr(item, name) for name in COMPARED if name != "position"}
        for item in items
        if item.retired_at is None
    ]


def _client(client_id: str, *, held: bool = False) -> Client | None:
    if not CLIENT_ID.fullmatch(client_id):
        return None
    client = session.get(Client, client_id, with_for_update={"key_share": True} if held else None)
    return client if client is not None and client.removed_at is None else None


def _known(client_id: str) -> dict[str, MenuItem]:
    statement = select(MenuItem).where(MenuItem.client_id == client_id).execution_options(populate_existing=True)
    return {item.code: item for item in session.scalars(statement)}


def _as_it_is(item: MenuItem) -> dict[str, Any]:
    return {name: getattr(item, name) for name in COMPARED}


def _rights(client_id: str) -> dict[int, int]:
    """How many accounts have a right of their own to each item of a client."""
    counted = session.execute(
        select(MenuRight.menu_item_id, func.count())
        .join(MenuItem, MenuItem.id == MenuRight.menu_item_id)
        .where(MenuItem.client_id == client_id)
        .group_by(MenuRight.menu_item_id)
    )
    return {item_id: number for item_id, number in counted}


def _stamp(known: Mapping[str, MenuItem]) -> str:
    state = [[code, item.retired_at is None, _as_it_is(item)] for code, item in sorted(known.items())]
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()


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
        raise InvalidInput(field="menus", problem="menus.code", code=_shown(code))
    return code


def _shown(code: object) -> str:
    """What stands where a code should, as any page and terminal can show it."""
    return str(code)[:64].encode("utf-8", "replace").decode()


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
