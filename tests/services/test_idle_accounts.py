"""Accounts that nobody uses: warned, suspended, left alone, and back (policy key idle_days)."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from idp.db import now, session, transaction
from idp.models import Account, Binding, Company
from idp.policies.managing import is_of_operators
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus
from idp.services.accounts import restore_account
from idp.services.bindings import bind_by_operator
from idp.services.idle_accounts import idle_leaders, keep_idle_accounts
from idp.services.seats import seat_of_binding
from idp.services.sign_ins import begin_sign_in
from idp.services.uses import take_seat
from tests.services.binders import acting, an_agent, templates_to
from tests.services.people import actions, mails, person
from tests.services.races import at_once

pytestmark = pytest.mark.both_databases


def idle(account: Account, days: int, *, warned: int | None = None) -> Account:
    """Nobody has used this account for so many days; it was warned so many days ago."""
    moment = now()
    with transaction():
        session.execute(
            update(Account)
            .where(Account.id == account.id)
            .values(
                last_used_at=moment - timedelta(days=days),
                idle_warned_at=moment - timedelta(days=warned) if warned is not None else None,
            )
        )
    session.refresh(account)
    return account


def fresh(account: Account) -> Account:
    session.expire_all()
    return session.get_one(Account, account.id, populate_existing=True)


def test_an_idle_account_is_warned_once_then_suspended_and_comes_back_by_a_group_admin(
    database: Flask, company: Company
) -> None:
    admin, ming, new = person(company, Role.GROUP_ADMIN), idle(person(company), 336), person(company)
    assert new.last_used_at is not None, "it counts from the day it was made"
    assert (keep_idle_accounts(), keep_idle_accounts()) == (1, 0)
    [mail] = [mail for mail in mails() if mail.template == "account_idle"]
    assert mail.account_id == ming.id
    # 365 days after the last use would be sooner: whoever is warned has the whole notice.
    assert mail.payload["context"]["until"] >= (now() + timedelta(days=29)).isoformat()
    idle(ming, 400, warned=29)
    assert keep_idle_accounts() == 0, "the notice is not over"
    idle(ming, 400, warned=31)
    assert (keep_idle_accounts(), keep_idle_accounts()) == (1, 0)
    ming = fresh(ming)
    assert (ming.status, ming.status_reason) == (AccountStatus.SUSPENDED, "久未使用")
    assert not is_of_operators(ming.suspended_by), "her group admin restores her"
    assert templates_to(ming) == ["account_idle", "account_idle_suspended"]
    assert {"account:idle:warned", "account:suspended"} <= set(actions())
    with transaction():
        restore_account(ming)
    assert keep_idle_accounts() == 0, "the time begins anew"
    assert (fresh(ming).status, fresh(admin).idle_warned_at) == (AccountStatus.ACTIVE, None)


def test_who_signs_in_after_the_warning_stays_and_the_day_is_noted_once(database: Flask, company: Company) -> None:
    ming = idle(person(company), 400, warned=20)

    def signs_in() -> None:
        with transaction():
            begin_sign_in(acting(ming), [], previous=None, browser="b", address=None, user_agent=None)

    signs_in()
    first = fresh(ming).last_used_at
    assert first is not None
    assert (first > now() - timedelta(minutes=1), fresh(ming).idle_warned_at) == (True, None)
    signs_in()
    assert fresh(ming).last_used_at == first
    assert keep_idle_accounts() == 0


def test_an_account_that_a_linked_one_acts_as_is_in_use(database: Flask, company: Company) -> None:
    ming, agent = idle(person(company), 400, warned=20), an_agent()
    with transaction():
        binding = bind_by_operator(agent.account, ming, "移轉既有資料").id

    def acts() -> Account:
        seat = seat_of_binding(agent.account.id, binding)
        assert seat is not None
        with transaction():
            take_seat(seat, None)
        return fresh(ming)

    assert acts().idle_warned_at is None, "the first use"
    idle(ming, 10)
    with transaction():
        session.execute(update(Binding).values(last_used_at=now() - timedelta(days=1)))
    last = acts().last_used_at
    assert last is not None
    assert last > now() - timedelta(minutes=1), "the first use of a day"
    assert keep_idle_accounts() == 0


def test_the_last_group_admin_is_warned_and_never_suspended(database: Flask, company: Company) -> None:
    admin = idle(person(company, Role.GROUP_ADMIN), 500)
    assert keep_idle_accounts() == 1
    idle(admin, 500, warned=100)
    assert keep_idle_accounts() == 0
    assert fresh(admin).status is AccountStatus.ACTIVE
    assert [(one.id, of.id) for one, of in idle_leaders()] == [(admin.id, company.id)]
    [mail] = mails()
    assert mail.payload["context"]["until"] is None
    # Of two who idle alike one stays.
    other = idle(person(company, Role.GROUP_ADMIN), 500, warned=100)
    assert keep_idle_accounts() == 1
    assert sorted(str(fresh(one).status) for one in (admin, other)) == ["active", "suspended"]


def test_two_workers_warn_and_suspend_once(database: Flask, company: Company) -> None:
    person(company, Role.GROUP_ADMIN)
    ming, other = idle(person(company), 400), idle(person(company), 400, warned=40)

    def rounds() -> str:
        session.rollback()
        return str(keep_idle_accounts())

    told = at_once(database, rounds, rounds)
    assert sum(int(number) for number in told) == 2
    assert (templates_to(ming), templates_to(other)) == (["account_idle"], ["account_idle_suspended"])
