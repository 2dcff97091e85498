"""Menu rights of one account, set by a group admin of its company (選單權限, R-047 … R-049)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import delete, insert, select, update

from idp.db import now, session
from idp.errors import ChangedMeanwhile, NotFound, Refused
from idp.mails import cases as mails
from idp.models import Account, Company, MenuItem, MenuRight
from idp.policies.invitations import rights_differing
from idp.policies.menu_rights import Change, change_of, seen_items
from idp.policies.menus import MenuItemRule
from idp.policies.standing import AccountStatus, Approval
from idp.services.access import narrow_access
from idp.services.acting import acting_account
from idp.services.admission import admission_of
from idp.services.audit import record
from idp.services.clients import ClientRecord, all_clients
from idp.services.group_changes import hold_company
from idp.services.group_people import SeenPerson, person_of
from idp.services.menus import menu_of


@dataclass(frozen=True, slots=True)
class ClientMenu:
    """A client's menu before one account. ``problem``: why the account can't enter (a key of the texts), or None."""

    client: ClientRecord
    items: tuple[MenuItemRule, ...]
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticks:
    """A form of menu rights: the items it showed, which of them are ticked, and on which version of the account."""

    account_id: str
    seen_version: int
    shown: frozenset[int]
    ticked: frozenset[int]


def menus_before(account: Account) -> list[ClientMenu]:
    """Every client that people sign in to, with its items and whether this account may enter; those with items first.

    Of an account that waits it is told what holds once a group admin has approved it.
    """
    acting = acting_account(account.id)
    if acting is None:
        raise NotFound(what="account")
    if account.status is AccountStatus.REVIEW_PENDING:
        acting = replace(acting, approval=Approval.GROUP_ADMIN)
    menus = [
        ClientMenu(client, menu_of(client.id), admission_of(acting, client))
        for client in all_clients()
        if client.redirect_uris
    ]
    return sorted(menus, key=lambda menu: not menu.items)


def rights_of(account_id: str) -> dict[int, bool]:
    """What an account may see where that differs from its role's default: {item id: seen or not}."""
    rows = session.execute(select(MenuRight.menu_item_id, MenuRight.allowed).where(MenuRight.account_id == account_id))
    return {row[0]: row[1] for row in rows}


def set_menu_rights(actor_id: str, ticks: Ticks) -> bool:
    """Let an account of the group admin's company see exactly the ticked ones of the items shown.

    Kept is only what differs from the role's default. One mail, one step of ``perm_ver``, an audit row for each client;
    clients where something was taken away are told. False, and nothing written, where all is as it was. Raises NotFound
    (an account or item that is not hers to give), ChangedMeanwhile, Refused (no menu rights here).
    """
    company = hold_company(actor_id)
    seen = person_of(company.id, ticks.account_id)
    if seen.account.version != ticks.seen_version:
        raise ChangedMeanwhile
    if not seen.takes_menus or seen.account.role is None:
        raise Refused
    menus = [menu for menu in menus_before(seen.account) if menu.items and menu.problem is None]
    _check_items(ticks, {item.id for menu in menus for item in menu.items})
    shown = {menu.client.id: [item for item in menu.items if item.id in ticks.shown] for menu in menus}
    every = [item for items in shown.values() for item in items]
    before = seen_items(every, seen.account.role, rights_of(seen.account.id))
    changes = {client_id: change_of(items, before, ticks.ticked) for client_id, items in shown.items()}
    changes = {client_id: change for client_id, change in changes.items() if change.added or change.removed}
    if not changes:
        return False
    _write(seen.account, rights_differing(every, seen.account.role, ticks.ticked), ticks.shown)
    _tell(seen, company, changes)
    return True


def _check_items(ticks: Ticks, offered: Collection[int]) -> None:
    if not ticks.ticked <= ticks.shown:
        raise NotFound(what="menu")
    missing = ticks.shown.difference(offered)
    if not missing:
        return
    # An item that its client has retired since the form was opened; any other was never in a form of ours.
    retired = select(MenuItem.id).where(MenuItem.id.in_(missing), MenuItem.retired_at.is_not(None))
    if missing <= set(session.scalars(retired)):
        raise ChangedMeanwhile
    raise NotFound(what="menu")


def _write(account: Account, differing: Mapping[int, bool], shown: Collection[int]) -> None:
    session.execute(delete(MenuRight).where(MenuRight.account_id == account.id, MenuRight.menu_item_id.in_(shown)))
    rows = [
        {"account_id": account.id, "menu_item_id": item_id, "allowed": allowed, "changed_at": now()}
        for item_id, allowed in differing.items()
    ]
    if rows:
        session.execute(insert(MenuRight), rows)
    session.execute(
        update(Account)
        .where(Account.id == account.id)
        .values(perm_ver=Account.perm_ver + 1, version=Account.version + 1, updated_at=now())
        .execution_options(synchronize_session=False)
    )
    session.refresh(account)


def _tell(seen: SeenPerson, company: Company, changes: dict[str, Change]) -> None:
    account = seen.account
    for client_id, change in changes.items():
        if change.removed:
            narrow_access(account.id, client_id)
        record(
            "account:menus:changed", account_id=account.id, company_id=company.id, client_id=client_id,
            added=list(change.added), removed=list(change.removed),
        )  # fmt: skip
    # Whoever still waits has not been told of any rights yet.
    if account.status is AccountStatus.ACTIVE:
        mails.rights_changed(account, company)
