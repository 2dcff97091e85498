"""The port pass application at our own provider, both as they are run: what the provider says is what people see."""

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.clients.portpass.people import PERSON
from tests.harness.browser import Browser, Page
from tests.harness.linked import an_agent, bind
from tests.harness.people import Town
from tests.harness.processes import ROOT, Process, free_port, wait_until
from tests.harness.relying_party import Person


class PortPass:
    """The application as a process of its own, registered at a provider."""

    def __init__(self, provider: Town, folder: Path, service: str | None = None, *, acting: bool = False) -> None:
        port, secret = free_port(), secrets.token_urlsafe(32)
        self.provider = provider
        self.address = f"http://localhost:{port}"
        provider.idp.kept(
            *("client", "add", "--client-id", "portpass", "--secret-stdin"),
            *("--no-consent", *(("--acting",) if acting else ())),
            *("--name", "港區通行證系統", "--name-en", "Port passes"),
            *("--redirect-uri", f"{self.address}/callback", "--initiate-login-uri", f"{self.address}/login"),
            *("--post-logout-redirect-uri", f"{self.address}/signed-out"),
            *("--backchannel-logout-uri", f"{self.address}/backchannel-logout"),
            *("--grant-type", "authorization_code", "--grant-type", "refresh_token"),
            *("--scope", "openid profile email company menus" + (" linked_accounts" if acting else "")),
            *(("--service", service) if service else ()),
            stdin=secret,
        )
        provider.idp.kept("menu", "import", str(ROOT / "clients" / "portpass" / "menus.json"))
        bare = {name: value for name, value in provider.server.environment.items() if not name.startswith("IDP_")}
        settings = {
            "PORTPASS_ISSUER": provider.issuer,
            "PORTPASS_CLIENT_ID": "portpass",
            "PORTPASS_CLIENT_SECRET": secret,
            "PORTPASS_DATA": str(folder / "portpass"),
            "PORTPASS_PORT": str(port),
            "PORTPASS_SECRET_KEY": secrets.token_urlsafe(32),
            "PORTPASS_CHECK_SECONDS": "0",
        }
        command = [sys.executable, "-m", "clients.portpass"]
        self.process = Process(command, folder=ROOT, environment=bare | settings, log=folder / "portpass.log")
        wait_until("the port pass application answers", self._answers)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.address}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def enter(self, person: Person, path: str = "/passes") -> tuple[Browser, Page]:
        """A browser in which the person has signed in on the way to a page."""
        browser = Browser(self.provider.issuer, others=(self.address,))
        page = browser.get(self.address + path)
        return browser, browser.submit(page, "sign-in", username=person.username, password=person.password)


@pytest.fixture
def portpass(provider: Town, tmp_path: Path) -> Iterator[PortPass]:
    place = PortPass(provider, tmp_path)
    yield place
    place.process.stop(kill=True)


@pytest.mark.requirement("R-057", "R-116")
def test_passes_are_applied_for_and_the_providers_word_decides_who_sees_them(portpass: PortPass) -> None:
    provider = portpass.provider
    company = provider.new_company("港務測試")
    tax_id, name = company["tax_id"], "港務測試" + company["tax_id"]
    staff, admin = (provider.person(role, tax_id=tax_id) for role in ("staff", "group_admin"))
    browser, page = portpass.enter(staff, "/passes/new")
    assert f"{staff.name}（{name}）" in page.text
    sent = browser.submit(page, "submit-pass", **PERSON)
    assert "已收到您的申請" in sent.text
    number = sent.path.rpartition("/")[2]
    paper = browser.get(f"{portpass.address}/print/{number}")
    assert f"{name}（統一編號 {tax_id}）" in paper.text
    assert browser.get(f"{portpass.address}/base/scope").status == 403

    other, page = portpass.enter(admin)
    assert number not in page.html
    assert "只有自己的案件" in other.get(f"{portpass.address}/base/scope").text
    widened = {"id": admin.sub, "scope": "company"}
    assert provider.server.write("UPDATE accounts SET data_scope = :scope WHERE id = :id", widened) == 1
    wait_until("the company's passes are seen", lambda: number in other.get(f"{portpass.address}/passes").html)
    assert "看整家公司的資料" in other.get(f"{portpass.address}/claims").text

    provider.suspend(staff)
    assert browser.get(f"{portpass.address}/passes").status == 401
    left = other.submit(other.get(portpass.address), "sign-out-here")
    assert "您已登出港區通行證系統" in left.text


@pytest.mark.requirement("R-093", "R-094", "R-116", "R-119", "R-125")
def test_an_agent_enters_as_one_company_goes_over_to_another_and_one_unbinds(provider: Town, tmp_path: Path) -> None:
    """Domain.md §5, step 4: the first needs a page, the second none; the old tab asks; unbinding ends one alone."""
    place = PortPass(provider, tmp_path, acting=True)
    try:
        _story(place)
    finally:
        place.process.stop(kill=True)


def _story(place: PortPass) -> None:
    provider, agent = place.provider, an_agent(place.provider)
    one, two = provider.person("staff"), provider.person("staff", tax_id="00000022", name="李大華")
    first, second = bind(provider, agent, one), bind(provider, agent, two)
    browser = Browser(provider.issuer, others=(place.address,))
    page = browser.get(f"{place.address}/passes/new")
    page = browser.submit(page, "sign-in", username=agent.username, password=agent.password)
    assert "您要以哪一家公司進入" in page.text
    page = browser.submit(browser.submit(page, f"seat-{first}"), "consent-accept")
    assert "錢大明（測試一號有限公司／鏈結帳號）" in page.text
    assert "申請通行證｜測試一號有限公司 016｜港區通行證系統" in page.html
    old = page.url
    assert "/~" in old
    # Our own menu: one redirect, no page, with what was written kept for its company.
    there = browser.submit(page, f"to-{two.sub}", **PERSON)
    assert "錢大明（測試二號有限公司／鏈結帳號）" in there.text
    assert "您在「測試一號有限公司」未送出的內容已保留一小時" in there.text
    asked = browser.get(old)
    assert "這個分頁是以「測試一號有限公司」開啟，目前身分為「測試二號有限公司」" in asked.text
    restored = browser.submit(asked, "back-to-opened")
    assert restored.url == old
    assert "已為您還原先前填寫而未送出的內容。" in restored.text
    sent = browser.submit(restored, "submit-pass", **PERSON)
    number = sent.url.rpartition("/")[2].partition("?")[0]
    paper = browser.get(sent.url.partition("?")[0].replace("/passes/", "/print/"))
    assert f"{number}" in paper.text
    assert "經由鏈結帳號 錢大明" in " ".join(paper.text.split())
    # A second tab with the second company beside it; then the provider's own chooser from there.
    tab = browser.submit(browser.get(old), f"open-{two.sub}")
    assert "錢大明（測試二號有限公司／鏈結帳號）" in tab.text
    chooser = browser.submit(tab, "switch-company")
    assert f"seat-{second}" in chooser.ids
    back = browser.submit(chooser, f"seat-{second}")
    assert back.url.partition("?")[0] == tab.url.partition("?")[0]
    # Unbound: that company's pages end at the next call, the other's go on.
    away = Browser(provider.issuer)
    page = away.submit(away.get("/linked"), "sign-in", username=agent.username, password=agent.password)
    away.submit(away.get(f"/linked/bindings/{second}/unbind"), "unbind")
    assert browser.get(tab.url).status == 401
    assert "錢大明（測試一號有限公司／鏈結帳號）" in browser.get(old).text
