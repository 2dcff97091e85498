"""General accounts: added, found, suspended, restored, given another role; with audit row and mail."""

import secrets
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from idp.db import now, session
from idp.errors import AlreadyExists, InvalidInput, LastGroupAdmin
from idp.mails import accounts as mails
from idp.models import Account, Company, Service
from idp.policies.data_scope import DataScope, scope_of
from idp.policies.electronic_id import DIGITS, electronic_id
from idp.policies.idling import IDLE_REASON
from idp.policies.managing import BY_TIME
from idp.policies.names import (
    canonical_email,
    canonical_username,
    email_key,
    is_username,
    person_name_problem,
    username_problem,
)
from idp.policies.roles import Role, is_narrower
from idp.policies.standing import CLOSABLE_ACCOUNTS, AccountKind, AccountStatus, Approval
from idp.services.access import end_access_of_accounts, narrow_access
from idp.services.audit import record, who_acts
from idp.services.companies import checked_reason
from idp.services.constraints import breaks_unique
from idp.services.group_admins import note_group_admin
from idp.services.passwords import check_password_rules, set_password
from idp.services.secrets import new_id

ELECTRONIC_ID_TRIES = 20


def add_account(
    *,
    company: Company,
    username: str,
    name: str,
    email: str,
    role: Role,
    password: str | None = None,
    approval: Approval = Approval.OPERATOR,
    email_verified: bool = True,
    service_id: str | None = None,
) -> Account:
    """Add an active general account of a company (an account without a password can't sign in by one yet).

    Raises InvalidInput (``field`` username, name, email or service), PasswordRefused and, decided by the database,
    AlreadyExists (``field`` username; R-079).
    """
    address = _checked(username, name, email)
    if service_id is not None and session.get(Service, service_id) is None:
        raise InvalidInput(field="service", problem="service.unknown")
    account = Account(
        id=new_id("ga_"),
        kind=AccountKind.GENERAL,
        company_id=company.id,
        service_id=service_id,
        username=username.strip(),
        username_canonical=canonical_username(username),
        name=name.strip(),
        email=address,
        email_canonical=email_key(address),
        email_verified_at=now() if email_verified else None,
        role=role,
        approval=approval,
        status=AccountStatus.ACTIVE,
        created_at=now(),
        updated_at=now(),
    )
    if password is not None:
        # Before the first write: a refusal is committed, and an account without a password must not stay behind.
        check_password_rules(password, account)
    insert_account(account)
    if password is not None:
        set_password(account, password)
    if role is Role.GROUP_ADMIN:
        note_group_admin(company.id, account.id)
    record("account:added", account_id=account.id, company_id=company.id, role=str(role), approval=str(approval))
    return account


def add_linked_account(*, username: str, name: str, email: str, password: str | None = None) -> Account:
    """Add an active linked account: it belongs to no company and has no role (tokens.md; R-094).

    Raises InvalidInput (``field`` username, name or email), PasswordRefused, AlreadyExists (``field`` username).
    """
    address = _checked(username, name, email)
    account = Account(
        id=new_id("la_"),
        kind=AccountKind.LINKED,
        username=username.strip(),
        username_canonical=canonical_username(username),
        name=name.strip(),
        email=address,
        email_canonical=email_key(address),
        email_verified_at=now(),
        approval=Approval.OPERATOR,
        status=AccountStatus.ACTIVE,
        created_at=now(),
        updated_at=now(),
    )
    if password is not None:
        check_password_rules(password, account)
    insert_account(account)
    if password is not None:
        set_password(account, password)
    record("account:added", account_id=account.id, kind="linked", approval=str(Approval.OPERATOR))
    return account


def account_by_username(username: str) -> Account | None:
    """The account of this name in whatever spelling (UN01), or None."""
    name = canonical_username(username)
    if not is_username(name):
        return None
    return session.scalar(select(Account).where(Account.username_canonical == name))


def suspend_account(account: Account, reason: str) -> None:
    """Suspend an active account: it doesn't sign in and nobody acts as it; all it had open ends at once.

    Raises LastGroupAdmin for a company's last active group admin (R-046), InvalidInput when
    it isn't active (``field`` status) or no reason is given.
    """
    reason = checked_reason(reason)
    _suspend(account, reason, by=who_acts())
    mails.account_suspended(account, reason)


def suspend_idle(account: Account) -> None:
    """Suspend an account that nobody has used for long, and tell its person how to come back.

    Raises what suspend_account does.
    """
    _suspend(account, IDLE_REASON, by=BY_TIME)
    mails.account_idle_suspended(account)


def _suspend(account: Account, reason: str, *, by: str | None) -> None:
    _change(
        account,
        Account.status == AccountStatus.ACTIVE,
        _stays_administered(account, Role.GUEST),
        problem="account.not_active",
        status=AccountStatus.SUSPENDED,
        status_reason=reason,
        suspended_by=by,
    )
    end_access_of_accounts(select(Account.id).where(Account.id == account.id), "account_suspended")
    record("account:suspended", account_id=account.id, company_id=account.company_id, reason=reason)


def mark_closed(account: Account, reason: str | None, *, may_be_last: bool = False) -> None:
    """Move an active or suspended account to closed, for ever; what hangs on it is the caller's (services/closing.py).

    Raises LastGroupAdmin for a company's last active group admin (R-046), where ``may_be_last`` only while colleagues
    are left whom nobody would lead; InvalidInput where the account can't be closed.
    """
    stays = _stays_administered(account, Role.GUEST)
    _change(
        account,
        Account.status.in_(CLOSABLE_ACCOUNTS),
        or_(stays, ~_colleagues(account).exists()) if may_be_last else stays,
        problem="account.not_closable",
        status=AccountStatus.CLOSED,
        status_reason=reason,
        suspended_by=None,
    )


def restore_account(account: Account, reason: str | None = None) -> None:
    """Let a suspended account work again, and tell its person why where a reason is given.

    Raises InvalidInput when it is not suspended, or the reason can't be one.
    """
    reason = checked_reason(reason) if reason is not None else None
    _change(
        account,
        Account.status == AccountStatus.SUSPENDED,
        problem="account.not_suspended",
        status=AccountStatus.ACTIVE,
        status_reason=None,
        suspended_by=None,
        # Who idled before begins anew.
        last_used_at=now(),
        idle_warned_at=None,
    )
    why = {} if reason is None else {"reason": reason}
    record("account:restored", account_id=account.id, company_id=account.company_id, **why)
    mails.account_restored(account, reason)


def set_role(account: Account, role: Role, **why: str) -> None:
    """Give a general account another role; the same role again changes nothing. ``why`` is kept in the audit log.

    Raises LastGroupAdmin when a company's last active group admin would step down (R-046), InvalidInput for a
    linked account, which has no role.
    """
    before = account.role
    if before is role:
        return
    _change(
        account,
        Account.kind == AccountKind.GENERAL,
        _stays_administered(account, role),
        problem="account.not_general",
        role=role,
    )
    if role is Role.GROUP_ADMIN:
        note_group_admin(account.company_id, account.id)
    if before is not None and is_narrower(role, than=before):
        narrow_access(account.id)
    record(
        "account:role:changed",
        account_id=account.id,
        company_id=account.company_id,
        before=str(before),
        after=str(role),
        **why,
    )
    mails.role_changed(account)


def set_data_scope(account: Account, scope: DataScope, **why: str) -> None:
    """Let an account see its own data at the services that know the difference, or its company's (claim data_scope).

    The same again changes nothing. Raises InvalidInput (``field`` scope) for an account that is not active.
    """
    before = scope_of(account.data_scope)
    if before is scope:
        return
    _change(account, Account.status == AccountStatus.ACTIVE, problem="account.not_active", data_scope=str(scope))
    if scope is DataScope.OWN:
        narrow_access(account.id)
    record(
        "account:data_scope:changed",
        account_id=account.id,
        company_id=account.company_id,
        before=str(before),
        after=str(scope),
        **why,
    )
    mails.data_scope_changed(account)


def _checked(username: str, name: str, email: str) -> str:
    problem = username_problem(username)
    if problem:
        raise InvalidInput(field="username", problem=problem)
    problem = person_name_problem(name)
    if problem:
        raise InvalidInput(field="name", problem=problem)
    address = canonical_email(email)
    if address is None:
        raise InvalidInput(field="email", problem="email.form")
    return address


def insert_account(account: Account, *, number_is_name: bool = False) -> None:
    """Write an account under a free electronic ID, which is its name too where ``number_is_name`` (C-7).

    Raises AlreadyExists (``field`` username; R-079) where the name that its person chose is taken.
    """
    for _ in range(ELECTRONIC_ID_TRIES):
        account.electronic_id = electronic_id(secrets.randbelow(10**DIGITS))
        if number_is_name:
            account.username = account.electronic_id
            account.username_canonical = canonical_username(account.username)
        try:
            with session.begin_nested():
                session.add(account)
                session.flush()
        except IntegrityError as error:
            takes_name = breaks_unique(error, "accounts", "username_canonical")
            if takes_name and not number_is_name:
                raise AlreadyExists(field="username") from error
            if not takes_name and not breaks_unique(error, "accounts", "electronic_id"):
                raise
        else:
            return
    raise RuntimeError("no free electronic ID was found")


def _stays_administered(account: Account, role: Role) -> ColumnElement[bool]:
    """A condition within the UPDATE: the company keeps an active group admin."""
    others = _colleagues(account, Role.GROUP_ADMIN).exists()
    is_no_admin = or_(Account.role.is_distinct_from(Role.GROUP_ADMIN), Account.status != AccountStatus.ACTIVE)
    return true() if role is Role.GROUP_ADMIN else or_(is_no_admin, others)


def _colleagues(account: Account, role: Role | None = None) -> Select[str]:
    other = aliased(Account)
    active = select(other.id).where(
        other.company_id == account.company_id, other.id != account.id, other.status == AccountStatus.ACTIVE
    )
    return active if role is None else active.where(other.role == role)


def _change(
    account: Account,
    applies: ColumnElement[bool],
    stays_administered: ColumnElement[bool] | None = None,
    *,
    problem: str,
    **values: Any,
) -> None:
    # Changes of one company's accounts wait for each other here: two group admins who suspend each other at
    # once would otherwise both see the other still active (READ COMMITTED). SQLite has one writer anyway.
    session.execute(select(Company.id).where(Company.id == account.company_id).with_for_update(key_share=True)).first()
    statement = (
        update(Account)
        .where(Account.id == account.id, applies)
        .values(perm_ver=Account.perm_ver + 1, version=Account.version + 1, updated_at=now(), **values)
        .returning(Account.id)
        .execution_options(synchronize_session=False)
    )
    guarded = statement if stays_administered is None else statement.where(stays_administered)
    if session.execute(guarded).first() is None:
        still = session.execute(select(Account.id).where(Account.id == account.id, applies)).first()
        raise InvalidInput(field="status", problem=problem) if still is None else LastGroupAdmin
    session.refresh(account)
