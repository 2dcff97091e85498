"""An account closes: what ends, what stays, whom it can't be done to, and what is forgotten later."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from idp.db import now, session, transaction
from idp.errors import AlreadyExists, InvalidInput, LastGroupAdmin
from idp.models import Account, Company, HomeCompany, OneTimeSecret, Password
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus, BindingState
from idp.services.accounts import suspend_account
from idp.services.bindings import bind_by_operator
from idp.services.closed_accounts import forget_closed_accounts
from idp.services.closing import close_by_operator, close_own, leaving
from idp.services.first_passwords import send_first_password
from tests.services.binders import an_agent, mails_to, state_of, templates_to
from tests.services.people import PASSWORD, a_client, audit_rows, person, signed_in, what_is_open
from tests.services.races import at_once

pytestmark = pytest.mark.both_databases


def closes(account: Account) -> None:
    with transaction():
        close_own(account.id)
    session.expire_all()


def test_a_closed_account_has_nothing_left_and_its_name_stays_taken(database: Flask, company: Company) -> None:
    """domain.md §2 ACCOUNT: any -close-> closed (login name reserved, audit kept); §2 BINDING: either closed."""
    ming, agent, other = person(company, password=PASSWORD), an_agent(), an_agent()
    with transaction():
        one, two = (bind_by_operator(each.account, ming, "移轉既有資料").id for each in (agent, other))
    signed_in(ming, a_client())
    told = leaving(ming.id)
    assert (told.is_last_admin, told.bindings, told.applications) == (False, 2, (("DREAMS", "DREAMS"),))
    closes(ming)
    assert ming.status is AccountStatus.CLOSED
    assert what_is_open(ming) == []
    assert {state_of(one), state_of(two)} == {BindingState.UNBOUND}
    assert [len(mails_to(each.account, "binding_ended")) for each in (agent, other)] == [1, 1]
    assert templates_to(ming)[-1] == "account_closed"
    assert session.get(Password, ming.id) is None
    [row] = [row for row in audit_rows() if row.action == "account:closed"]
    assert (row.account_id, row.company_id, row.details) == (ming.id, company.id, {"bindings": 2})
    with pytest.raises(AlreadyExists):
        person(company, username=ming.username)
    with pytest.raises(InvalidInput):
        closes(ming)
    # The linked side closes too: her seats end, whatever company they are of.
    lin = person(company)
    with transaction():
        third = bind_by_operator(agent.account, lin, "移轉既有資料").id
    closes(agent.account)
    assert state_of(third) is BindingState.UNBOUND
    assert templates_to(lin)[-1] == "binding_ended"


def test_links_on_their_way_work_no_more(database: Flask, company: Company) -> None:
    ming = person(company)
    with transaction():
        send_first_password(ming)
    closes(ming)
    live = select(func.count()).where(OneTimeSecret.account_id == ming.id, OneTimeSecret.replaced_at.is_(None))
    assert session.scalar(live) == 0


def test_a_company_is_not_left_by_its_last_group_admin_but_by_an_operator_where_nobody_else_is_there(
    database: Flask, company: Company
) -> None:
    """R-046."""
    admin = person(company, Role.GROUP_ADMIN)
    ming = person(company)
    with pytest.raises(LastGroupAdmin):
        closes(admin)
    with pytest.raises(LastGroupAdmin), transaction():
        close_by_operator(admin, "離職")
    with pytest.raises(InvalidInput), transaction():
        close_by_operator(ming, " ")
    with transaction():
        suspend_account(ming, "離職")
        close_by_operator(ming, "離職")
        close_by_operator(admin, "公司已無人員")
    assert [mail.payload["context"]["reason"] for mail in mails_to(admin, "account_closed")] == ["公司已無人員"]
    assert {admin.status, ming.status} == {AccountStatus.CLOSED}


def test_of_two_last_group_admins_who_close_at_once_one_stays(database: Flask, company: Company) -> None:
    one, two = (person(company, Role.GROUP_ADMIN).id for _ in range(2))

    def close(account_id: str) -> str:
        close_own(account_id)
        return "closed"

    assert sorted(at_once(database, lambda: close(one), lambda: close(two))) == ["closed", "group.lastadmin"]


def test_how_to_reach_a_closed_account_is_forgotten_after_its_time(database: Flask, company: Company) -> None:
    ming, lin = person(company), person(company)
    closes(ming)
    closes(lin)
    with transaction():
        session.execute(update(Account).where(Account.id == ming.id).values(updated_at=now() - timedelta(days=366)))
        session.add(HomeCompany(account_id=ming.id, id_type="ubn", tax_id="00000016", name="x", phone="0", address="x"))
    assert (forget_closed_accounts(), forget_closed_accounts()) == (1, 0)
    session.expire_all()
    assert (ming.email, ming.phone, session.get(HomeCompany, ming.id)) == ("", None, None)
    assert (ming.username, lin.email != "") == (ming.username, True)
