"""Where an invitation stands, why its link lets nobody in, and which rights a form's ticks are."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from idp.policies.invitations import (
    InvitationFacts,
    InvitationState,
    invitation_state,
    invitation_trouble,
    rights_differing,
)
from idp.policies.menus import MenuItemRule
from idp.policies.roles import Role

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
FRESH: dict[str, Any] = {
    "used_at": None,
    "cancelled_at": None,
    "expires_at": NOW + timedelta(seconds=1),
    "stands": True,
}


def facts(**changes: Any) -> InvitationFacts:
    return InvitationFacts(**FRESH | changes)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, InvitationState.WAITING),
        ({"expires_at": NOW}, InvitationState.EXPIRED),
        ({"stands": False}, InvitationState.VOID),
        ({"stands": False, "expires_at": NOW}, InvitationState.EXPIRED),
        ({"cancelled_at": NOW, "stands": False}, InvitationState.CANCELLED),
        ({"used_at": NOW, "stands": False, "expires_at": NOW}, InvitationState.ACCEPTED),
    ],
)
def test_where_an_invitation_stands(changes: dict[str, Any], state: InvitationState) -> None:
    assert invitation_state(facts(**changes), NOW) is state


@pytest.mark.parametrize(
    ("changes", "link", "more", "trouble"),
    [
        ({}, None, {}, None),
        ({}, "replaced", {}, "replaced"),
        ({"expires_at": NOW}, "expired", {}, "expired"),
        ({"used_at": NOW}, "used", {}, "used"),
        ({"cancelled_at": NOW}, "replaced", {}, "cancelled"),
        ({"cancelled_at": NOW}, "replaced", {"has_newer": True}, "replaced"),
        ({"stands": False}, None, {}, "void"),
        ({}, None, {"company_usable": False}, "company"),
        ({"used_at": NOW}, "used", {"company_usable": False}, "used"),
    ],
)
def test_why_a_link_lets_nobody_in(
    changes: dict[str, Any], link: str | None, more: dict[str, bool], trouble: str | None
) -> None:
    given = {"has_newer": False, "company_usable": True} | more
    assert invitation_trouble(facts(**changes), link, NOW, **given) == trouble


def test_only_ticks_that_differ_from_the_role_are_rights() -> None:
    items = [
        MenuItemRule(1, "site.list", "案場", "Sites", None, frozenset(Role), None),
        MenuItemRule(2, "site.new", "新案場", "New", None, frozenset({Role.STAFF, Role.GROUP_ADMIN}), None),
    ]
    assert rights_differing(items, Role.GUEST, {1}) == {}
    assert rights_differing(items, Role.GUEST, {2}) == {1: False, 2: True}
    assert rights_differing(items, Role.STAFF, {1}) == {2: False}
