"""A number that only the source over the network may know: the form never waits for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.people import Town
from tests.harness.server import Server
from tests.registration.wizard import Unit, Wizard, value_of
from tests.services.gcis_server import COMPANY, EXISTS, Gcis, company, three_rows

FOUND = Unit("04595257", "測試網路有限公司")


@pytest.fixture
def gcis() -> Iterator[Gcis]:
    """A server that behaves as GCIS does."""
    server = Gcis()
    server.answers = {
        (EXISTS, FOUND.tax_id): three_rows("Y", "N", "N"),
        (COMPANY, FOUND.tax_id): company(FOUND.name),
        (EXISTS, "22099131"): 503,
    }
    yield server
    server.end()


@pytest.fixture
def linked(tmp_path: Path, gcis: Gcis) -> Iterator[Town]:
    """A provider of its own that asks that server, with one service."""
    server = Server(tmp_path, f"sqlite:///{tmp_path / 'idp.db'}", settings={"IDP_GCIS_URL": gcis.address})
    try:
        server.start()
        town = Town(server)
        town.idp("service", "add", "--id", "dreams", "--name", "DREAMS")
        yield town
    finally:
        server.close()


def test_while_the_register_is_asked_the_person_goes_on_by_herself(linked: Town, gcis: Gcis) -> None:
    browser = linked.browser()
    wizard = Wizard(browser)
    # One service: nobody is asked which.
    assert browser.get("/register").path == "/register/terms"
    page = wizard.to_found(FOUND.tax_id)
    assert "查詢中" in page.text
    assert "您不必等候" in page.text
    assert gcis.asked == []
    early = wizard.name_company(page, company_name="自己填的公司")
    assert early.path == "/register/proof"
    linked.idp("worker", "--once")
    assert gcis.asked
    page = browser.submit(browser.get(page.url), "lookup")
    assert f"查到的公司是「{FOUND.name}」，請確認是否正確。" in page.text
    assert "資料來源：經濟部商工行政資料開放平臺" in page.text
    # What she typed meanwhile differs, so it stands there as the name by now.
    assert value_of(page, "company_name") == "自己填的公司"
    page = wizard.name_company(page, company_name="")
    assert f"「{FOUND.name}」尚未通過公司驗證。" in page.text
    page = browser.submit(browser.get(page.url.replace("proof", "company")), "lookup", number="22099131")
    linked.idp("worker", "--once")
    assert "目前無法查詢登記資料。" in browser.get(page.url).text
