"""Roles of a general account and what each may do at the provider's own pages (R-040 … R-043)."""

from enum import StrEnum


class Role(StrEnum):
    """訪客, 一般人員, 群組管理員: a general account has exactly one. Each may what those before it may, and more."""

    GUEST = "guest"
    STAFF = "staff"
    GROUP_ADMIN = "group_admin"


class Permission(StrEnum):
    """An act at the provider's own pages that not everybody may do."""

    VIEW_COMPANY = "company:view"
    MANAGE_USERS = "users:manage"


ALLOWED: dict[Permission, frozenset[Role]] = {
    Permission.VIEW_COMPANY: frozenset(Role),
    Permission.MANAGE_USERS: frozenset({Role.GROUP_ADMIN}),
}


def is_narrower(role: Role, than: Role) -> bool:
    """Whether this role takes something away from who had the other one."""
    ranks = list(Role)
    return ranks.index(role) < ranks.index(than)


def role_through_linked(role: Role, *, is_admin_allowed: bool) -> Role:
    """The role somebody has who acts through a linked account: group admin only where the company lets her be."""
    return Role.STAFF if role is Role.GROUP_ADMIN and not is_admin_allowed else role


def permits(role: Role, permission: Permission) -> bool:
    """Whether an account of this role may do this."""
    return role in ALLOWED[permission]
