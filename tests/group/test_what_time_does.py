"""What the worker does when nobody does anything: daily mails, over to the operators, expired, the name free again."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.group.conftest import House
from tests.harness.applicants import Applicant, an_applicant
from tests.harness.browser import Page
from tests.security.doors import enter


def move(house: House, statement: str, applicant: Applicant, **ago: float) -> None:
    """Let a moment be so long ago."""
    moment = (datetime.now(UTC) - timedelta(**ago)).strftime("%Y-%m-%d %H:%M:%S.%f")
    zone = "" if house.town.server.kind == "sqlite" else "+00:00"
    assert house.town.server.write(statement, {"moment": moment + zone, "id": applicant.account_id}) > 0


def waits_since(house: House, applicant: Applicant, **ago: float) -> None:
    move(house, "UPDATE cases SET waiting_since = :moment WHERE account_id = :id", applicant, **ago)


def status_page(house: House, applicant: Applicant) -> Page:
    browser = house.town.browser()
    return browser.submit(browser.get("/register/status"), "look-up", number=applicant.number, email=applicant.email)


@pytest.mark.requirement("R-036")
def test_who_waits_is_told_of_daily_goes_to_the_operators_and_may_still_be_approved(house: House) -> None:
    other, _ = house.another_admin()
    first, second = house.applicant("林雅婷"), house.applicant("黃建國")
    house.mailbox.collect()
    at_once = len(house.mailbox.all(house.admin.email))
    assert at_once == 2
    waits_since(house, first, hours=25)
    for _ in range(2):
        house.mailbox.collect()
    for admin in (house.admin, other):
        mail = house.mailbox.newest(admin.email)
        assert mail.subject == "您有 2 筆帳號申請待審核"
        for words in ("林雅婷", "黃建國", "請登入系統，至「審核與權限管理 > 使用者管理」審核", "群組管理員您好："):
            assert words in mail.text
        assert mail.link == f"{house.town.issuer}/group/users"
    assert len(house.mailbox.all(house.admin.email)) == at_once + 1

    assert "需等候貴公司群組管理員審核" in status_page(house, first).text
    waits_since(house, first, days=8)
    house.mailbox.collect()
    assert "超過期限未審核，已改由服務單位審核。" in status_page(house, first).text
    assert "超過期限" not in status_page(house, second).text
    page = house.open(f"/users/{first.account_id}")
    house.browser.submit(page, "save", role="staff", state="approve")
    assert house.status_of(first.account_id) == "active"


def test_who_never_confirms_is_told_so_and_after_a_month_the_name_is_free(house: House) -> None:
    her = an_applicant(house.town, tax_id=house.tax_id, company_name=house.name, name="林雅婷")
    link = house.mailbox.newest(her.email).link
    move(house, "UPDATE one_time_secrets SET expires_at = :moment WHERE account_id = :id", her, minutes=1)
    move(house, "UPDATE accounts SET updated_at = :moment WHERE id = :id", her, hours=24)
    house.mailbox.collect()
    assert house.status_of(her.account_id) == "email_expired"
    assert "補發驗證信" in house.town.browser().get(link).text
    assert "補發驗證信" in enter(house.town.browser(), her.username, her.password).text
    move(house, "UPDATE accounts SET updated_at = :moment WHERE id = :id", her, days=31)
    house.mailbox.collect()
    assert house.recorded("case:purged", her.account_id) != []
    again = an_applicant(house.town, tax_id=house.tax_id, company_name=house.name, username=her.username)
    assert again.account_id != her.account_id
    assert her.number not in status_page(house, her).text
