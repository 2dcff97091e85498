"""Menu rights of one account (選單權限, R-047 … R-049): what is seen, and what a form's ticks change about it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from idp.policies.menus import MenuItemRule
from idp.policies.roles import Role


@dataclass(frozen=True, slots=True)
class Branch:
    """A menu item with those below it."""

    item: MenuItemRule
    below: tuple["Branch", ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What new ticks change at one client: the codes that come to be seen, and those taken away."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


def seen_items(items: Iterable[MenuItemRule], role: Role, granted: Mapping[int, bool]) -> frozenset[int]:
    """The items that an account sees: its own tick wins over the default of its role (as entitlements_of judges)."""
    return frozenset(item.id for item in items if granted.get(item.id, role in item.default_roles))


def default_items(items: Iterable[MenuItemRule], role: Role) -> frozenset[int]:
    """The items that everybody of this role sees."""
    return seen_items(items, role, {})


def change_of(items: Iterable[MenuItemRule], before: Collection[int], after: Collection[int]) -> Change:
    """What becomes of these items where ``after`` is to be seen instead of ``before``."""
    chosen = list(items)
    return Change(
        added=tuple(i.code for i in chosen if i.id in after and i.id not in before),
        removed=tuple(i.code for i in chosen if i.id in before and i.id not in after),
    )


def tree_of(items: Sequence[MenuItemRule]) -> tuple[Branch, ...]:
    """A client's items as a tree, in their order. An item whose parent is retired stands at the top."""
    there = {item.code for item in items}
    below: dict[str | None, list[MenuItemRule]] = defaultdict(list)
    for item in items:
        below[item.parent if item.parent in there else None].append(item)

    def branches(code: str | None) -> tuple[Branch, ...]:
        return tuple(Branch(item, branches(item.code)) for item in below[code])

    return branches(None)
