"""「登記資料」: which register serves, an import ordered and watched, and what is on file about one number."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import address_of_new_database
from tests.harness.browser import Page
from tests.harness.databases import ON_EACH_DATABASE
from tests.harness.operators import Operator, an_operator, audit_of, stamp_of
from tests.harness.processes import wait_until
from tests.harness.server import Server
from tests.services.gcis_server import COMPANY as COMPANY_SET
from tests.services.gcis_server import EXISTS, Gcis, company, three_rows
from tests.services.register_files import DAY, NEXT_DAY, many, unit, written

ONE, GONE = "00000016", "00000022"


@pytest.fixture(scope="module", params=ON_EACH_DATABASE)
def gcis_and_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Gcis, Server]]:
    """A provider of its own: its register changes, and it asks GCIS."""
    gcis = Gcis()
    folder = tmp_path_factory.mktemp(f"register-{request.param}")
    server = Server(
        folder, address_of_new_database(request.param, folder, request), settings={"IDP_GCIS_URL": gcis.address}
    )
    try:
        server.start()
        yield gcis, server
        assert server.accidents() is None
    finally:
        server.close()
        gcis.end()


def wait_for(operator: Operator, words: str) -> Page:
    """Reload the page until it says so."""
    seen: list[Page] = []

    def is_told() -> bool:
        seen.append(operator.browser.get("/ops/registry"))
        return words in seen[-1].text

    try:
        wait_until(f"the page says {words}", is_told)
    except AssertionError as error:
        raise AssertionError(f"{error}: {seen[-1].text}") from error
    return seen[-1]


def ordered(operator: Operator, name: str, **more: str) -> Page:
    """Order the import of a file, and have the worker carry it out."""
    page = operator.browser.get("/ops/registry")
    page = operator.browser.submit(page, "import", file=name, **more)
    assert f"已安排匯入 {name}，由背景程式進行。" in page.text
    operator.server.idp("worker", "--once")
    return operator.browser.get("/ops/registry")


def test_a_register_is_imported_looked_into_and_replaced(gcis_and_server: tuple[Gcis, Server]) -> None:
    gcis, server = gcis_and_server
    boss = an_operator(server, "configurator")
    folder = Path(server.environment["IDP_REGISTER_FOLDER"])
    page = boss.browser.get("/ops/registry")
    assert "尚未匯入任何登記資料" in page.text
    assert f"資料夾 {folder} 中沒有 .zip 或 .csv 檔案。" in page.text
    assert "不經瀏覽器上傳" in page.text
    folder.mkdir()
    units = [unit(ONE, "測試一號有限公司"), *many(3000)]
    written(folder / "BGMOPEN1.zip", units, day=DAY)
    (folder / "notes.txt").write_text("no register")
    (folder / "link.csv").symlink_to("/etc/passwd")
    page = boss.browser.get("/ops/registry")
    assert "BGMOPEN1.zip" in page.text
    assert "notes.txt" not in page.text
    assert "link.csv" not in page.text
    for name in ("link.csv", "../idp.db", ""):
        sent = {**stamp_of(page), "file": name}
        answer = boss.browser.post("/ops/registry/import", sent, headers={"Origin": server.issuer})
        assert (answer.status, "請選擇資料夾中的一個檔案。" in answer.text) == (400, True)

    stale = page
    page = boss.browser.submit(page, "import", file="BGMOPEN1.zip")
    assert "等候背景程式開始" in page.text
    second = boss.browser.submit(stale, "import", file="BGMOPEN1.zip")
    assert (second.status, "目前已有一項匯入正在進行。" in second.text) == (409, True)
    page = boss.browser.submit(page, "stop")
    assert "已要求停止匯入。原有的登記資料照常使用" in page.text
    assert "已停止" in page.text
    resume = next(one for one in page.ids if one.startswith("resume-"))
    page = boss.browser.submit(page, resume)
    assert "已安排繼續匯入 BGMOPEN1.zip。" in page.text
    worker = server.start_worker(server.folder / "worker.log")
    try:
        page = wait_for(boss, "資料日期2026-09-29")
        page = wait_for(boss, "開始匯入")
    finally:
        worker.stop()
    assert "3,001" in page.text
    assert boss.browser.submit(page, "look-up", number="12345678").html.count("檢查碼") == 1

    page = boss.browser.submit(page, "look-up", number="００００００１６")
    assert "測試一號有限公司" in page.text
    assert "尚未查詢。" in page.text
    gcis.answers[EXISTS, ONE] = three_rows("Y", "N", "N")
    gcis.answers[COMPANY_SET, ONE] = company("測試一號有限公司", "解散")
    page = boss.browser.submit(page, "ask-gcis")
    assert "查詢中，請數秒後重新整理。" in page.text
    server.idp("worker", "--once")
    page = boss.browser.get(f"/ops/registry?number={ONE}")
    assert "已歇業、解散或撤銷" in page.text
    assert page.text.count("測試一號有限公司") == 2

    written(folder / "old.csv", units, day=date(2026, 1, 1))
    assert "檔案比使用中的登記資料舊。" in ordered(boss, "old.csv").text
    written(folder / "short.csv", units[:5], day=NEXT_DAY)
    assert "檔案的筆數比使用中的登記資料少很多" in ordered(boss, "short.csv").text
    (folder / "broken.csv").write_text("a,b\n1,2\n")
    assert (
        "檔案不是財政部「全國營業(稅籍)登記資料集」的 16 個欄位，可能不完整。（第 1 列）"
        in ordered(boss, "broken.csv").text
    )
    assert "2026-09-29" in boss.browser.get("/ops/registry").text, "the one before serves on"
    page = ordered(boss, "short.csv", anyway="1")
    assert "2026-09-30" in page.text
    assert "這個檔案就是使用中的登記資料" in ordered(boss, "short.csv").text
    kept = [action for action, _ in audit_of(boss)]
    assert kept.count("registry:import:ordered") == 6
    assert [kept.count(f"registry:import:{act}") for act in ("stopped", "resumed")] == [1, 1]
    for path in ("/ops/registry/orders/x/stop", "/ops/registry/orders/9999/resume"):
        answer = boss.browser.post(path, stamp_of(page), headers={"Origin": server.issuer})
        assert answer.status == 404
