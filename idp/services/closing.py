"""An account closes, by its person's own word or an operator's: nothing of it works any more, and its name stays taken.

active | suspended --closed--> closed, for ever

Kept: the row itself (its id and name are never given again), the audit log, agreements and what cards have proven.
Contact data goes later (services/closed_accounts.py).
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from idp.db import now, session
from idp.errors import NotFound
from idp.mails import accounts as mails
from idp.models import (
    Account,
    Binding,
    Card,
    Client,
    ClientSession,
    Company,
    FormerPassword,
    KnownBrowser,
    OneTimeSecret,
    Passkey,
    Password,
)
from idp.policies.names import canonical_username
from idp.policies.roles import Role
from idp.policies.standing import AccountKind, AccountStatus, BindingState
from idp.services.access import end_access_of_accounts
from idp.services.accounts import mark_closed
from idp.services.audit import record
from idp.services.authenticators import authenticator_of, remove_authenticator
from idp.services.bindings import end_bindings_of_account
from idp.services.companies import checked_reason

BECAUSE = "account_closed"
ACTIVE = Account.status == AccountStatus.ACTIVE
LIVING_BINDINGS = (BindingState.BOUND, BindingState.NEEDS_CONFIRMATION)


@dataclass(frozen=True, slots=True)
class Leaving:
    """What closing would end. ``is_last_admin``: she leads the company alone; ``colleagues``: its other people."""

    is_last_admin: bool
    colleagues: int
    bindings: int
    applications: tuple[tuple[str, str], ...]


def leaving(account_id: str) -> Leaving:
    """What there is to be told before an account closes; applications by their Chinese and English names."""
    account = session.get_one(Account, account_id, populate_existing=True)
    others = [Account.company_id == account.company_id, Account.id != account.id, ACTIVE]
    leads = account.role is Role.GROUP_ADMIN
    admins = _count(Account.id, *others, Account.role == Role.GROUP_ADMIN) if leads else 0
    side = Binding.linked_account_id if account.kind is AccountKind.LINKED else Binding.account_id
    entered = (
        select(Client.name_zh, Client.name_en)
        .join(ClientSession, ClientSession.client_id == Client.id)
        .where(ClientSession.account_id == account_id, ClientSession.ended_at.is_(None))
        .distinct()
        .order_by(Client.name_zh)
    )
    return Leaving(
        is_last_admin=leads and not admins,
        colleagues=_count(Account.id, *others) if account.company_id else 0,
        bindings=_count(Binding.id, side == account_id, Binding.state.in_(LIVING_BINDINGS)),
        applications=tuple((row[0], row[1]) for row in session.execute(entered)),
    )


def is_own_name(account_id: str, typed: str) -> bool:
    """Whether this is what the account is called, in whatever spelling: a closing is confirmed by it."""
    name = session.scalar(select(Account.username_canonical).where(Account.id == account_id))
    return name is not None and canonical_username(typed) == name


def close_own(account_id: str) -> None:
    """Close an account at its person's word.

    Raises LastGroupAdmin (R-046), InvalidInput where it is not active any more: one of two at once closes it.
    """
    _close(_held(account_id), None)


def close_by_operator(account: Account, reason: str) -> None:
    """Close an account for a reason that its person reads. Its company may be left with nobody.

    Raises LastGroupAdmin while colleagues would be led by nobody, InvalidInput (``field`` status or reason).
    """
    _close(account, checked_reason(reason), may_be_last=True)


def _close(account: Account, reason: str | None, *, may_be_last: bool = False) -> None:
    mark_closed(account, reason, may_be_last=may_be_last)
    bindings = end_bindings_of_account(account.id)
    end_access_of_accounts(select(Account.id).where(Account.id == account.id), BECAUSE)
    _take_credentials(account.id)
    why = {} if reason is None else {"reason": reason}
    record(
        "account:closed",
        account_id=account.id,
        linked_account_id=account.id if account.kind is AccountKind.LINKED else None,
        company_id=account.company_id,
        bindings=bindings,
        **why,
    )
    mails.account_closed(account, reason)


def _take_credentials(account_id: str) -> None:
    for column in (Password.account_id, FormerPassword.account_id, KnownBrowser.account_id):
        session.execute(delete(column.class_).where(column == account_id).execution_options(synchronize_session=False))
    if authenticator_of(account_id) is not None:
        remove_authenticator(account_id)
    gone = {"removed_at": now(), "removed_because": BECAUSE}
    for table in (Card, Passkey):
        session.execute(
            update(table)
            .where(table.account_id == account_id, table.removed_at.is_(None))
            .values(gone)
            .execution_options(synchronize_session=False)
        )
    session.execute(
        update(OneTimeSecret)
        .where(
            OneTimeSecret.account_id == account_id,
            OneTimeSecret.used_at.is_(None),
            OneTimeSecret.replaced_at.is_(None),
        )
        .values(replaced_at=now())
        .execution_options(synchronize_session=False)
    )


def _held(account_id: str) -> Account:
    company_id = session.scalar(select(Account.company_id).where(Account.id == account_id))
    # Company before account, as everywhere.
    session.execute(select(Company.id).where(Company.id == company_id).with_for_update(key_share=True)).first()
    account = session.scalar(
        select(Account)
        .where(Account.id == account_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if account is None:
        raise NotFound(what="account")
    return account


def _count(column: InstrumentedAttribute[str], *which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count(column)).where(*which)) or 0
