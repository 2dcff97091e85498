"""「稽核」: operators search the whole log, and that they did is in it."""

import csv
import io
import json
import secrets
from datetime import UTC, datetime

import pytest

from tests.harness.browser import Page
from tests.harness.operators import Operator, an_operator, audit_of
from tests.harness.people import Town
from tests.security.doors import sign_in


def search(auditor: Operator, **asked: str) -> Page:
    """Send the form of the search with these fields filled in."""
    return auditor.browser.get("/ops/audit", params={**asked, "do": "search"})


def actions_on(page: Page) -> list[str]:
    """The codes of the events that a page lists."""
    cells = [cell.partition("</td>")[0] for cell in page.html.split('<td role="cell">')[1:]]
    return [cell.rpartition('class="mono">')[2].partition("<")[0] if "mono" in cell else cell for cell in cells]


def test_the_log_is_searched_by_whom_what_and_where(provider: Town) -> None:
    auditor = an_operator(provider, "auditor")
    boss = an_operator(provider, "configurator", name="陳主管")
    company = provider.new_company("=1+1測試公司")
    person = provider.person("staff", tax_id=company["tax_id"])
    sign_in(provider.browser(), person)
    provider.suspend(person)
    boss.browser.get("/ops/audit")

    page = auditor.browser.get("/ops/audit")
    assert "entry-" not in page.html, "nothing is read before something is asked"
    page = search(auditor, account=person.username)
    assert set(actions_on(page)) >= {"account:added", "account:suspended", "account:sign_in:begun"}
    assert person.name in page.text
    by_id = search(auditor, account=person.sub)
    assert actions_on(by_id) == actions_on(page)
    assert set(actions_on(search(auditor, company=company["tax_id"]))) >= {"company:added", "account:added"}
    assert set(actions_on(search(auditor, account=person.username, event="account:sus"))) == {"account:suspended"}
    assert "沒有符合條件的紀錄。" in search(auditor, account=person.username, outcome="refused").text
    assert "沒有符合條件的紀錄。" in search(auditor, account="nobody-" + secrets.token_hex(4)).text
    tomorrow = search(auditor, account=person.username, since="2199-01-01")
    assert "沒有符合條件的紀錄。" in tomorrow.text
    page = search(auditor, actor=boss.username, outcome="refused")
    assert actions_on(page) == ["operator:forbidden"]
    assert "陳主管" in page.text
    assert "開啟職責以外的頁面" in page.text
    detail = auditor.browser.get(next(link for link in page.links if link.rpartition("/ops/audit/")[2].isdigit()))
    assert '"path": "/ops/audit"' in detail.html.replace("&#34;", '"')
    address = detail.text.partition("位址")[2].partition("封存")[0]
    assert {"operator:sign_in:begun", "operator:forbidden"} <= set(actions_on(search(auditor, address=address)))
    table = auditor.browser.http.get(
        f"{provider.issuer}/ops/audit/export.csv", params={"company": company["tax_id"]}, timeout=10
    )
    assert table.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert {row["公司"] for row in rows} == {f"'{company['name']}"}, "no cell is a formula"
    assert {row["代碼"] for row in rows} >= {"company:added", "account:suspended"}
    assert auditor.browser.get("/ops/audit/" + "9" * 14).status == 404

    kept = [action for action, _ in audit_of(auditor)]
    assert kept.count("audit:searched") == 9
    assert kept.count("audit:exported") == 1
    asked = provider.server.read(
        "SELECT details FROM audit_log WHERE action = :action AND actor = :id ORDER BY id",
        {"action": "audit:searched", "id": auditor.id},
    )
    assert person.username in str(asked[0])


def test_an_incident_number_leads_to_its_row(provider: Town) -> None:
    auditor = an_operator(provider, "auditor")
    number = f"{secrets.token_hex(2)}-{secrets.token_hex(2)}".upper()
    moment = datetime.now(UTC).replace(tzinfo=None if provider.server.kind == "sqlite" else UTC)
    provider.server.write(
        "INSERT INTO audit_log (at, action, outcome, details) VALUES (:at, :action, 'failed', :details)",
        {"at": str(moment), "action": "server:accident", "details": json.dumps({"incident": number})},
    )
    page = search(auditor, number=number)
    assert actions_on(page) == ["server:accident"]
    assert "系統錯誤" in page.text


def test_the_worker_checks_whether_the_log_is_whole(provider: Town) -> None:
    auditor = an_operator(provider, "auditor")
    provider.idp("worker", "--once")
    page = auditor.browser.submit(auditor.browser.get("/ops/audit"), "check")
    assert "已開始檢查，由背景程式分段進行" in page.text
    assert "檢查中：已比對 0 筆。" in page.text
    assert not page.has("check")
    provider.idp("worker", "--once")
    page = auditor.browser.get("/ops/audit")
    assert page.has("chain-intact"), page.text
    assert "請將這個封存值另存於他處" in page.text
    assert page.has("check")
    assert "audit:check:asked" in [action for action, _ in audit_of(auditor)]


@pytest.mark.parametrize("path", ["/ops/audit", "/ops/audit/export.csv", "/ops/audit/1"])
def test_who_is_no_auditor_reads_nothing(provider: Town, path: str) -> None:
    support = an_operator(provider, "support")
    page = support.browser.get(path)
    assert (page.status, "您的職責不包含「查看稽核紀錄」。" in page.text) == (403, True)
