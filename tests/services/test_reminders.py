"""Group admins hear once a day of applications that have waited for them for a day (R-036)."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from idp.db import now, session, transaction
from idp.models import Account, Case, Company, Service
from idp.policies.reminders import Reminders
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus, CompanyProof, CompanyStatus
from idp.services.cases import withdraw_case
from idp.services.company_standing import prove_company
from idp.services.reminders import BATCH, remind_group_admins
from tests.services.applicants import a_service, apply, confirm
from tests.services.people import actions, mails, person

pytestmark = pytest.mark.both_databases


@pytest.fixture
def service(company: Company) -> Service:
    """Where people register; its company is proven and led by two group admins, one of whom wants daily mails only."""
    with transaction():
        prove_company(company, CompanyProof.CARD, "seen")
    person(company, Role.GROUP_ADMIN, username="each-1", name="陳美惠")
    daily = person(company, Role.GROUP_ADMIN, username="daily-1", name="張大華")
    with transaction():
        session.execute(update(Account).where(Account.id == daily.id).values(reminders=Reminders.DAILY))
    session.expire_all()
    return a_service()


def waits(service: Service, name: str, **since: float) -> Case:
    """Somebody whose application has waited for so long."""
    case = apply(service, name=name)
    confirm(case)
    with transaction():
        session.execute(update(Case).where(Case.id == case.id).values(waiting_since=now() - timedelta(**since)))
    session.refresh(case)
    return case


def let_pass(**passed: float) -> None:
    """Let time pass since the last daily mails."""
    with transaction():
        session.execute(
            update(Company)
            .where(Company.digest_sent_at.is_not(None))
            .values(digest_sent_at=now() - timedelta(**passed))
        )


def told() -> list[tuple[str, int, list[str]]]:
    """Whom the daily mails tell of how many, and which names."""
    daily = (mail for mail in mails() if mail.payload["template"] == "applications_wait")
    return [(m.recipient, m.payload["context"]["count"], m.payload["context"]["applicants"]) for m in daily]


def test_who_has_waited_for_a_day_is_told_of_daily_to_every_group_admin(service: Service, company: Company) -> None:
    quick = waits(service, "林小玉", hours=23)
    assert [mail.recipient for mail in mails() if mail.payload["template"] == "application_waits"] == [
        "each-1@example.test"
    ]
    assert remind_group_admins() == 0
    waits(service, "王小明", hours=25)
    assert remind_group_admins() == 1
    both = [("each-1@example.test", 2, ["王小明", "林小玉"]), ("daily-1@example.test", 2, ["王小明", "林小玉"])]
    assert told() == both
    assert actions()[-1] == "case:reminded"
    assert remind_group_admins() == 0
    let_pass(hours=23)
    assert remind_group_admins() == 0
    let_pass(hours=25)
    with transaction():
        withdraw_case(quick.id, quick.version)
    assert remind_group_admins() == 1
    assert told()[2:] == [("each-1@example.test", 1, ["王小明"]), ("daily-1@example.test", 1, ["王小明"])]


def test_of_many_who_wait_the_first_are_named_and_all_are_counted(service: Service) -> None:
    for number in range(12):
        waits(service, f"申請人{'甲乙丙丁戊己庚辛壬癸子丑'[number]}", days=12 - number)
    remind_group_admins()
    [(_, count, names), _] = told()
    assert (count, len(names), names[0]) == (12, 10, "申請人甲")


@pytest.mark.parametrize("change", ["nobody leads it", "suspended", "with the operators"])
def test_nobody_is_told_where_it_is_nobodys_task(service: Service, company: Company, change: str) -> None:
    case = waits(service, "王小明", days=2)
    with transaction():
        if change == "nobody leads it":
            session.execute(
                update(Account).where(Account.role == Role.GROUP_ADMIN).values(status=AccountStatus.SUSPENDED)
            )
        elif change == "suspended":
            session.execute(update(Company).values(status=CompanyStatus.SUSPENDED))
        else:
            session.execute(update(Case).where(Case.id == case.id).values(reviewer="operator"))
    assert remind_group_admins() == 0
    session.expire_all()
    assert session.get_one(Company, company.id).digest_sent_at is None


def test_workers_at_once_tell_each_company_once(service: Service, company: Company, database: Flask) -> None:
    led = []
    for number, tax_id in enumerate(("00000022", "00000037", "00000043")):
        case = apply(service, tax_id=tax_id)
        confirm(case)
        other = session.get_one(Company, case.company_id)
        with transaction():
            prove_company(other, CompanyProof.CARD, "seen", first_come=True)
        late = apply(service, tax_id=tax_id, name=f"同仁{number}")
        confirm(late)
        led.append(other.id)
    with transaction():
        session.execute(update(Case).where(Case.waiting_since.is_not(None)).values(waiting_since=now() - timedelta(2)))
    gate = threading.Barrier(3)

    def work() -> None:
        with database.app_context():
            gate.wait()
            while remind_group_admins():
                pass

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told()) == len(led) == 3
    assert len({recipient for recipient, _, _ in told()}) == 3
    assert actions().count("case:reminded") == 3


def test_more_than_a_batch_is_told_in_rounds(service: Service, company: Company) -> None:
    admin = session.query(Account).filter_by(username="each-1").one()
    case = waits(service, "王小明", days=2)
    copied = session.get_one(Account, case.account_id)
    with transaction():
        for number in range(BATCH + 3):
            own = {"id": f"co_{number:03}", "tax_id": f"X{number:03}", "id_type": "other"}
            session.add(_copy(company, **own))
            session.flush()
            for account in (admin, copied):
                names = {"username_canonical": f"{account.id}{number}", "electronic_id": f"{account.id[-9:]}{number}"}
                session.add(_copy(account, id=f"{account.id[:30]}{number}", company_id=own["id"], **names))
            session.flush()
            mine = {"id": f"ca_{number}", "number": f"{number}", "account_id": f"{copied.id[:30]}{number}"}
            session.add(_copy(case, company_id=own["id"], **mine))
    assert [remind_group_admins() for _ in range(3)] == [BATCH, 4, 0]


def _copy(row: Any, **other: object) -> Any:
    columns = type(row).__table__.columns.keys()
    return type(row)(**{name: getattr(row, name) for name in columns} | other)
