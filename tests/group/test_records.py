"""群組紀錄 (P35): who did what in the company, searched and exported; and when its group admin is reminded."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from tests.group.conftest import House
from tests.group.test_persons import save
from tests.harness.browser import Page
from tests.harness.people import Town
from tests.security.doors import enter

TAIPEI = timedelta(hours=8)


def rows(page: Page) -> list[list[str]]:
    """An exported table, without its headings."""
    assert page.response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert page.response.content.startswith(b"\xef\xbb\xbf"), "Excel reads UTF-8 by its mark only"
    table = list(csv.reader(io.StringIO(page.response.content.decode("utf-8-sig"))))
    assert table[0] == ["時間", "執行者", "執行者帳號", "內容", "對象", "對象帳號", "鏈結帳號", "代碼"]
    return table[1:]


def test_a_group_admin_reads_who_did_what(house: House) -> None:
    """In sentences, with names; by person, kind and day; nothing of operators but that it was one, no address."""
    staff = house.person("staff", "王小明")
    applicant = house.applicant()
    save(house.browser, staff.sub, role="guest")
    save(house.browser, applicant.account_id, state="reject", reason="duplicate")
    page = house.open("/audit")
    assert "權限由「一般人員」改為「訪客」 王小明" in page.text
    assert "不核准申請" in page.text
    assert "您在這家公司已經有帳號" in page.text
    assert "新增帳號，權限為「一般人員」" in page.text
    assert "服務單位" in page.text
    for hidden in ("127.", "192.0.2.1", "cli:", "account:role"):
        assert hidden not in page.text
    enter(house.town.browser(), staff.username, staff.password)
    assert "登入 王小明" not in house.open("/audit").text
    assert "登入 — 王小明" in house.open("/audit?kind=sign_in").text
    only = house.open(f"/audit?q={staff.username}")
    assert "權限由「一般人員」改為「訪客」" in only.text
    assert "不核准申請" not in only.text
    assert "不核准申請" in house.open("/audit?kind=review").text
    assert "權限由" not in house.open("/audit?kind=review").text
    today = (datetime.now(UTC) + TAIPEI).date()
    assert "不核准申請" in house.open(f"/audit?since={today}&until={today}").text
    before = house.open(f"/audit?until={today - timedelta(days=1)}")
    assert "沒有符合條件的紀錄。" in before.text
    for odd in ("since=x", "since=9999-12-31", "until=0001-01-01", "before=x", "before=99999999999999999999", "kind=x"):
        assert house.open(f"/audit?{odd}").status == 200


def test_records_are_paged_by_their_number_and_exported_whole(house: House) -> None:
    """An older page is reached by the number it ends before, so that new records move nothing."""
    statement = (
        "INSERT INTO audit_log (at, action, outcome, account_id, company_id, details)"
        " VALUES (:at, :action, 'done', :account, :company, '{}')"
    )
    values = {
        "at": "2026-01-02 03:04:05",
        "action": "invented:for:tests",
        "account": house.admin.sub,
        "company": house.company_id,
    }
    for _ in range(55):
        house.town.server.write(statement, values)
    page = house.open("/audit")
    assert page.text.count("invented:for:tests") == 50, "an event without words is told by its code"
    house.person("staff", "更晚的人")
    older = house.browser.get(next(link for link in page.links if "before=" in link))
    assert older.text.count("invented:for:tests") == 5
    assert "更晚的人" not in older.text
    assert house.town.issuer + "/group/audit" in older.links, "back to the newest"
    exported = rows(house.browser.get(next(link for link in page.links if "audit.csv" in link)))
    assert sum(row[-1] == "invented:for:tests" for row in exported) == 55
    assert exported[-1][0] <= exported[0][0]


def test_no_cell_of_an_export_is_a_formula(house: House) -> None:
    """RG14, ASVS 1.2.10."""
    names = ('=HYPERLINK("evil","x")', "+1", "-1", "@SUM(A1)")
    for name in names:
        house.person("staff", name)
    cells = {cell for row in rows(house.open("/audit.csv")) for cell in row}
    assert {"'" + name for name in names} <= cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.requirement("R-036")
def test_a_group_admin_chooses_how_she_is_reminded(house: House) -> None:
    """A mail for each application; or the daily one alone, by her own setting, kept and recorded."""
    applicant = house.applicant("林雅婷")
    reminder = house.mailbox.newest(house.admin.email)
    assert "您有 1 筆帳號申請待審核" in reminder.subject
    assert applicant.name in reminder.text
    page = house.open("/audit")
    assert "若貴公司有其他同仁申請帳號，系統會寄提醒信件給您，請上系統審核。" in page.text
    saved = house.browser.submit(page, "save-reminders", reminders="daily")
    assert "提醒設定已儲存。" in saved.text
    assert "修改提醒設定：每日彙整一封提醒" in saved.text
    house.applicant("吳佩珊")
    assert len([mail for mail in house.mailbox.all(house.admin.email) if "待審核" in mail.subject]) == 1
    house.browser.submit(saved, "save-reminders", reminders="hourly")
    chosen = house.town.server.read("SELECT reminders FROM accounts WHERE id = :id", {"id": house.admin.sub})
    assert chosen == [("daily",)]


def test_records_of_another_company_are_in_no_list_and_no_export(provider: Town, house: House) -> None:
    """I5, GA02: whoever is asked for."""
    stranger = provider.person("staff", tax_id="00000022", name="別家的同仁")
    for query in ("", f"?q={stranger.username}", "?company=00000022", f"?account_id={stranger.sub}"):
        for path in ("/audit", "/audit.csv"):
            page = house.open(path + query)
            assert page.status == 200
            assert "別家的同仁" not in page.html
