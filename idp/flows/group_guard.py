"""Who may come into the group admin's console, 「審核與權限管理」 (R-037), and for which company she is there.

Through a linked account only where the company lets it be so: else she is staff (services.acting, R-115).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.browser import current_sign_in
from idp.db import transaction
from idp.errors import MenuForbidden
from idp.flows.account_guard import circumstances_of
from idp.flows.forms import check_stamp
from idp.policies.roles import Permission, permits
from idp.policies.standing import AccountKind
from idp.services.acting import Acting
from idp.services.audit import set_circumstances
from idp.services.group_admins import group_admins_of
from idp.services.group_changes import hold_leader

NAMES_TOLD = 3


def group_pages(name: str) -> Blueprint:
    """A blueprint of pages under /group, behind this guard."""
    pages = Blueprint(name, __name__, url_prefix="/group")
    pages.before_request(only_group_admins)
    return pages


def only_group_admins() -> ResponseReturnValue | None:
    """Let a group admin in; others sign in first, or are told whom to ask."""
    signed_in = current_sign_in()
    if signed_in is None:
        back = request.full_path.rstrip("?") if request.method == "GET" else request.path
        expired = 1 if request.method == "POST" else None
        return redirect(url_for("sign_in.ask", back=back, expired=expired), 303)
    acting = signed_in.seat
    if request.method == "POST":
        check_stamp()
    if not _leads(acting):
        raise _forbidden(acting)
    set_circumstances(circumstances_of(acting))
    g.group_admin = acting
    return None


def group_admin() -> Acting:
    """The group admin who was let in."""
    acting: Acting = g.group_admin
    return acting


@contextmanager
def leading() -> Iterator[None]:
    """A transaction of the group admin who was let in, for whatever she does: she leads her company until it ends.

    She was judged before she got hold of the company; what was decided about her in between counts.
    """
    with transaction():
        hold_leader(group_admin())
        yield


def own_company() -> str:
    """The id of her company. No other comes from a request (GA01)."""
    company = group_admin().company
    if company is None:
        raise MenuForbidden
    return company.id


def _leads(acting: Acting) -> bool:
    is_of_company = acting.kind is AccountKind.GENERAL and acting.company is not None
    return is_of_company and acting.role is not None and permits(acting.role, Permission.MANAGE_USERS)


def _forbidden(acting: Acting) -> MenuForbidden:
    admins = group_admins_of(acting.company.id)[:NAMES_TOLD] if acting.company else []
    return MenuForbidden(role=acting.role, menu=gettext("審核與權限管理"), admins=[admin.name for admin in admins])
