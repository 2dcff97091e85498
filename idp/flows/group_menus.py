"""選單權限 (P34): which menu items one person sees, application by application (R-047 … R-049).

look --> tick, 全選, 恢復預設 (nothing is saved yet) --> 修改 --> the list
     --> preview, as this person sees it --> back to the ticks
"""

from collections.abc import Sequence
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.errors import ChangedMeanwhile, NotFound, Refused
from idp.flows.group_guard import group_admin, group_pages, leading, own_company
from idp.flows.group_words import ACR_LABELS, ADMISSION_OF_OTHERS
from idp.flows.messages import ROLE_LABELS, sentence_for
from idp.flows.moments import is_english
from idp.flows.page_context import NOTICE, application_of
from idp.policies.assurance import Acr, reached
from idp.policies.menu_rights import Branch, default_items, seen_items, tree_of
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus
from idp.services.group_people import SeenPerson, person_of
from idp.services.menu_rights import ClientMenu, Ticks, menus_before, rights_of, set_menu_rights
from idp.services.own_seats import check_not_own_seat

bp = group_pages("group_menus")

NO_VERSION = -1


@bp.get("/users/<account_id>/menus")
def menus(account_id: str) -> ResponseReturnValue:
    """Show what this person sees, and let it be ticked."""
    seen = person_of(own_company(), account_id)
    return _page(seen, _saved(seen))


@bp.post("/users/<account_id>/menus")
def save_menus(account_id: str) -> ResponseReturnValue:
    """Save the ticks, or show the form with all or the default items of one application ticked."""
    seen = person_of(own_company(), account_id)
    ticks = _ticks(seen)
    act, _, client_id = request.form.get("do", "").partition(":")
    if act == "save":
        return _save(seen, ticks)
    if act in {"all", "reset"}:
        ticked = _reticked(seen, ticks.ticked, client_id, everything=act == "all")
        return _page(seen, ticked, version=ticks.seen_version, is_unsaved=True)
    return _page(seen, ticks.ticked, version=ticks.seen_version, is_unsaved=True)


@bp.get("/users/<account_id>/menus/preview")
def preview(account_id: str) -> ResponseReturnValue:
    """Show the menus as this person sees them now."""
    seen = person_of(own_company(), account_id)
    return _preview(seen, _saved(seen), None)


@bp.post("/users/<account_id>/menus/preview")
def preview_ticks(account_id: str) -> ResponseReturnValue:
    """Show the menus as this person would see them with these ticks."""
    seen = person_of(own_company(), account_id)
    ticks = _ticks(seen)
    return _preview(seen, ticks.ticked, ticks)


def _save(seen: SeenPerson, ticks: Ticks) -> ResponseReturnValue:
    try:
        with leading():
            check_not_own_seat(group_admin(), seen.account.id)
            changed = set_menu_rights(group_admin().account_id, ticks)
    except NotFound:
        raise
    except Refused as refused:
        seen = person_of(own_company(), seen.account.id)
        version = seen.account.version if isinstance(refused, ChangedMeanwhile) else ticks.seen_version
        return _page(seen, ticks.ticked, version=version, refused=refused, is_unsaved=True)
    told = gettext("已修改「%(name)s」的選單權限。", name=seen.account.name) if changed else gettext("沒有變更。")
    browser_session[NOTICE] = told
    return redirect(url_for("group.users"), 303)


def _ticks(seen: SeenPerson) -> Ticks:
    version = _numbers("version") or {NO_VERSION}
    return Ticks(
        account_id=seen.account.id, seen_version=max(version), shown=_numbers("shown"), ticked=_numbers("menu")
    )


def _numbers(name: str) -> frozenset[int]:
    given = request.form.getlist(name)
    if not all(text.isascii() and text.isdecimal() and len(text) < 10 for text in given):
        raise NotFound
    return frozenset(int(text) for text in given)


def _role(seen: SeenPerson) -> Role:
    if seen.account.role is None:
        raise NotFound
    return seen.account.role


def _saved(seen: SeenPerson) -> frozenset[int]:
    items = [item for menu in menus_before(seen.account) for item in menu.items]
    return seen_items(items, _role(seen), rights_of(seen.account.id))


def _reticked(seen: SeenPerson, ticked: frozenset[int], client_id: str, *, everything: bool) -> frozenset[int]:
    items = next((menu.items for menu in menus_before(seen.account) if menu.client.id == client_id), ())
    every = frozenset(item.id for item in items)
    return ticked - every | (every if everything else default_items(items, _role(seen)))


def _page(
    seen: SeenPerson,
    ticked: frozenset[int],
    *,
    version: int | None = None,
    refused: Refused | None = None,
    is_unsaved: bool = False,
) -> Response:
    role = _role(seen)
    menus = menus_before(seen.account)
    page = render_template(
        "group/menus.html",
        seen=seen,
        version=seen.account.version if version is None else version,
        role_label=ROLE_LABELS[role],
        waits=seen.account.status is AccountStatus.REVIEW_PENDING,
        panels=[_panel(menu, role, ticked) for menu in menus if menu.items],
        without=[application_of(menu.client) for menu in menus if not menu.items and menu.problem is None],
        refusal=sentence_for(refused) if refused else None,
        is_unsaved=is_unsaved and not refused,
    )
    return make_response(page, refused.status if refused else 200)


def _preview(seen: SeenPerson, ticked: frozenset[int], ticks: Ticks | None) -> Response:
    g.here = url_for("group_menus.preview", account_id=seen.account.id)
    role = _role(seen)
    visible = [
        ClientMenu(menu.client, tuple(item for item in menu.items if item.id in ticked), None)
        for menu in menus_before(seen.account)
        if menu.items and menu.problem is None
    ]
    page = render_template(
        "group/preview.html",
        seen=seen,
        role_label=ROLE_LABELS[role],
        ticks=ticks,
        panels=[_panel(menu, role, ticked) for menu in visible],
    )
    return make_response(page)


def _panel(menu: ClientMenu, role: Role, ticked: frozenset[int]) -> dict[str, Any]:
    return {
        "application": application_of(menu.client),
        "count": len(menu.items),
        "reason": ADMISSION_OF_OTHERS[menu.problem] if menu.problem else None,
        "items": _branches(tree_of(menu.items), role, ticked),
    }


def _branches(branches: Sequence[Branch], role: Role, ticked: frozenset[int]) -> list[dict[str, Any]]:
    return [
        {
            "id": one.item.id,
            "code": one.item.code,
            "label": one.item.label_en if is_english() else one.item.label_zh,
            "default": role in one.item.default_roles,
            "ticked": one.item.id in ticked,
            "needs": _needs(one.item.acr),
            "items": _branches(one.below, role, ticked),
        }
        for one in branches
    ]


def _needs(acr: Acr | None) -> Any:
    """The sign-in that an item asks for beyond a password, in words."""
    return None if acr is None or reached(Acr.PASSWORD, acr) else ACR_LABELS[acr]
