"""What roles may do, and the table of limits."""

from datetime import timedelta

import pytest

from idp.policies import limits
from idp.policies.limits import Limit
from idp.policies.roles import ALLOWED, Permission, Role, permits

LIMITS = [value for value in vars(limits).values() if isinstance(value, Limit)]


@pytest.mark.parametrize("permission", list(Permission))
def test_every_permission_is_in_the_table(permission: Permission) -> None:
    assert permission in ALLOWED


@pytest.mark.requirement("R-043")
def test_only_group_admins_manage_users() -> None:
    assert [r for r in Role if permits(r, Permission.MANAGE_USERS)] == [Role.GROUP_ADMIN]


def test_everybody_sees_the_own_company() -> None:
    assert all(permits(role, Permission.VIEW_COMPANY) for role in Role)


def test_limits_have_names_of_their_own_and_count_in_windows() -> None:
    assert len({limit.name for limit in LIMITS}) == len(LIMITS)
    assert all(limit.most > 0 and limit.window > timedelta(0) and len(limit.name) <= 40 for limit in LIMITS)
