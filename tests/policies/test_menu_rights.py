"""What one account sees of a menu, and what new ticks change about it (R-047 … R-049)."""

from idp.policies.menu_rights import Branch, change_of, default_items, seen_items, tree_of
from idp.policies.menus import MenuItemRule
from idp.policies.roles import Role


def item(number: int, code: str, parent: str | None = None, *roles: Role) -> MenuItemRule:
    return MenuItemRule(number, code, code, code, parent, frozenset(roles), None)


LIST = item(1, "list", None, Role.GUEST, Role.STAFF)
NEW = item(2, "new", "list", Role.STAFF)
REVIEW = item(3, "review", None)
ALL = [LIST, NEW, REVIEW]


def test_a_tick_of_the_account_wins_over_the_default_of_its_role() -> None:
    assert default_items(ALL, Role.STAFF) == {1, 2}
    assert seen_items(ALL, Role.STAFF, {2: False, 3: True, 99: True}) == {1, 3}
    assert seen_items(ALL, Role.GUEST, {}) == {1}
    assert seen_items(ALL, Role.GROUP_ADMIN, {}) == frozenset()


def test_a_change_names_what_comes_and_what_goes_in_the_order_of_the_menu() -> None:
    change = change_of(ALL, {1, 2}, {3, 1})
    assert (change.added, change.removed) == (("review",), ("new",))
    change = change_of(ALL, {3, 2}, {3, 2})
    assert (change.added, change.removed) == ((), ())
    assert change_of([NEW], {1, 2}, set()).removed == ("new",), "other items are not asked about"


def test_a_menu_is_a_tree_and_an_item_without_its_parent_stands_at_the_top() -> None:
    assert tree_of(ALL) == (Branch(LIST, (Branch(NEW, ()),)), Branch(REVIEW, ()))
    assert tree_of([NEW, REVIEW]) == (Branch(NEW, ()), Branch(REVIEW, ()))
    assert tree_of([]) == ()
