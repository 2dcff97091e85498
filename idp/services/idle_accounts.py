"""Accounts that nobody uses: warned once by mail, then suspended (policy ``idle_days``; 資安 inactivity rule).

in use --idle_days less the notice--> warned --the notice--> suspended 「久未使用」 --group admin | operator--> in use
                                      warned --signs in, or is acted as--> in use

The last active group admin of a company is warned and not suspended: nobody could restore her.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, text, update
from sqlalchemy.orm import aliased

from idp.db import now, session, transaction
from idp.mails import accounts as mails
from idp.models import Account, Company, Service
from idp.models.accounts import IS_ACTIVE
from idp.policies.idling import notice_for, warned_after
from idp.policies.registration import RegistrationPolicy
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus
from idp.services.accounts import suspend_idle
from idp.services.audit import record
from idp.services.service_registry import registration_policy

BATCH = 50


@dataclass(frozen=True, slots=True)
class _Time:
    """How long accounts may idle that were opened at this service, or (None) at none."""

    service_id: str | None
    idle_days: int

    @property
    def notice(self) -> timedelta:
        return notice_for(self.idle_days)


def keep_idle_accounts() -> int:
    """Warn who is about to idle too long, suspend who has; a batch of each for each service. How many it was."""
    times = [_Time(one.id, registration_policy(one).idle_days) for one in session.scalars(select(Service)).all()]
    times.append(_Time(None, RegistrationPolicy().idle_days))
    return sum(_warn_due(time) + _suspend_due(time) for time in times)


def _warn_due(time: _Time) -> int:
    over = now() - warned_after(time.idle_days)
    return _each(time, Account.last_used_at <= over, Account.idle_warned_at.is_(None), act=_warn)


def _suspend_due(time: _Time) -> int:
    moment = now()
    return _each(
        time,
        Account.last_used_at <= moment - timedelta(days=time.idle_days),
        # Whoever was warned late has the whole notice too.
        Account.idle_warned_at <= moment - time.notice,
        _is_dispensable(),
        act=_suspend,
    )


def _each(time: _Time, *due: ColumnElement[bool], act: Callable[[str, _Time, ColumnElement[bool]], bool]) -> int:
    of_service = Account.service_id == time.service_id
    found = session.scalars(
        select(Account.id)
        .where(text(f"accounts.{IS_ACTIVE}"), of_service, *due)
        .order_by(Account.last_used_at)
        .limit(BATCH)
    ).all()
    session.commit()
    done = 0
    for account_id in found:
        with transaction():
            done += act(account_id, time, and_(*due))
    return done


def _warn(account_id: str, time: _Time, due: ColumnElement[bool]) -> bool:
    """Of several workers one warns: the row is theirs by the UPDATE that notes it."""
    moment = now()
    warned = session.execute(
        update(Account)
        .where(Account.id == account_id, Account.status == AccountStatus.ACTIVE, due)
        .values(idle_warned_at=moment)
        .returning(Account.id)
        .execution_options(synchronize_session=False)
    ).first()
    if warned is None:
        return False
    account = session.get_one(Account, account_id, populate_existing=True)
    record("account:idle:warned", account_id=account.id, company_id=account.company_id)
    if session.scalar(select(Account.id).where(Account.id == account_id, _is_dispensable())) is None:
        mails.account_idle_kept(account)
    else:
        mails.account_idle(account, suspended_on=_ends_at(account, time, moment))
    return True


def _ends_at(account: Account, time: _Time, moment: datetime) -> datetime:
    used = account.last_used_at or account.created_at
    return max(used + timedelta(days=time.idle_days), moment + time.notice)


def _suspend(account_id: str, _time: _Time, due: ColumnElement[bool]) -> bool:
    company_id = session.scalar(select(Account.company_id).where(Account.id == account_id))
    # Company before account, as everywhere: of the last two group admins one stays.
    session.execute(select(Company.id).where(Company.id == company_id).with_for_update(key_share=True)).first()
    account = session.scalar(
        select(Account)
        .where(Account.id == account_id, Account.status == AccountStatus.ACTIVE, due)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    # Used, suspended or left alone to lead since the list was made.
    if account is None:
        return False
    suspend_idle(account)
    return True


def _is_dispensable() -> ColumnElement[bool]:
    """A condition: no company's last active group admin."""
    other = aliased(Account)
    others = select(other.id).where(
        other.company_id == Account.company_id,
        other.id != Account.id,
        other.role == Role.GROUP_ADMIN,
        other.status == AccountStatus.ACTIVE,
    )
    return or_(Account.role.is_distinct_from(Role.GROUP_ADMIN), others.exists())


def idle_leaders() -> list[tuple[Account, Company]]:
    """The last group admins of companies who were warned and have not come since, the longest idle first."""
    rows = session.execute(
        select(Account, Company)
        .join(Company, Company.id == Account.company_id)
        .where(text(f"accounts.{IS_ACTIVE}"), Account.idle_warned_at.is_not(None), ~_is_dispensable())
        .order_by(Account.last_used_at, Account.id)
        .limit(BATCH)
    )
    return [(row[0], row[1]) for row in rows]
