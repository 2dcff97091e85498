"""Which menu items an account may see."""

import pytest

from idp.policies.assurance import Acr
from idp.policies.menus import Entitlements, MenuItemRule, entitlements_of
from idp.policies.roles import Role

ALL = frozenset(Role)


def item(number: int, code: str, roles: frozenset[Role] = ALL, acr: Acr | None = None) -> MenuItemRule:
    return MenuItemRule(number, code, code, code, None, roles, acr)


SITES = item(1, "site.list")
NEW = item(2, "site.new", frozenset({Role.STAFF, Role.GROUP_ADMIN}))
SIGN = item(3, "site.sign", acr=Acr.CARD)


@pytest.mark.requirement("R-047")
def test_a_role_sees_the_items_that_are_its_default() -> None:
    assert entitlements_of([SITES, NEW], Role.GUEST, {}, Acr.PASSWORD).codes == ("site.list",)
    assert entitlements_of([SITES, NEW], Role.STAFF, {}, Acr.PASSWORD).codes == ("site.list", "site.new")


@pytest.mark.requirement("R-048")
def test_a_tick_of_the_account_itself_wins_over_the_default_both_ways() -> None:
    granted = {1: False, 2: True}
    assert entitlements_of([SITES, NEW], Role.GUEST, granted, Acr.PASSWORD).codes == ("site.new",)


def test_an_item_that_needs_a_stronger_sign_in_is_told_as_locked() -> None:
    locked = {"site.sign": "urn:company-idp:acr:card"}
    assert entitlements_of([SITES, SIGN], Role.STAFF, {}, Acr.MFA) == Entitlements(("site.list",), locked)
    assert entitlements_of([SIGN], Role.STAFF, {}, Acr.CARD) == Entitlements(("site.sign",), {})


def test_an_item_taken_away_is_not_told_as_locked() -> None:
    assert entitlements_of([SIGN], Role.STAFF, {3: False}, Acr.PASSWORD) == Entitlements((), {})
