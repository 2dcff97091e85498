"""A company comes in with its card, in a real browser: issue 4, "Done when" 1 and 3. HiPKI: test_card_panel.py."""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from clients.testca.authority import new_key
from clients.testca.drawer import put_in_drawer
from clients.testca.server import CaServer
from tests.browser.conftest import Visit
from tests.browser.place import Place
from tests.browser.test_a_company_registers import SERVICE, Applicant, confirm
from tests.browser.visitor import Visitor
from tests.cardbridge.conftest import reader  # noqa: F401  (a fixture)
from tests.harness.people import PASSWORD, new_tax_id
from tests.harness.running_agent import RunningAgent
from tests.harness.virtual_card.piv_card import GENERAL_AUTHENTICATE, VERIFY, VirtualPivCard
from tests.harness.virtual_card.reader import VirtualReader

pytestmark = pytest.mark.browser

PIN = "246810"
ACR = "urn:company-idp:acr:card"
StartAgent = Callable[..., RunningAgent]


@pytest.fixture(scope="module")
def cards(place: Place) -> Iterator[CaServer]:
    """DREAMS takes company cards; the provider trusts the CA of the tests; mails are sent."""
    policy = place.folder / "card-policy.json"
    policy.write_text(json.dumps({"preset": "dreams"}))
    place.town.idp("service", "set", "--id", "dreams", *SERVICE, "--policy", str(policy))
    ca = CaServer(port=place.ca_port).start()
    for authority in (ca.pki.root, ca.pki.companies):
        anchor = place.folder / f"{authority.slug}.der"
        anchor.write_bytes(authority.der)
        place.town.idp("trust", "add", str(anchor), "--sha256", hashlib.sha256(authority.der).hexdigest())
    worker = place.server.start_worker(
        place.folder / "card-worker.log", IDP_MAIL_SERVER="127.0.0.1", IDP_MAIL_PORT=str(place.smtp_port)
    )
    yield ca
    worker.stop()
    ca.close()


@pytest.fixture
def start_agent(place: Place, tmp_path: Path) -> Iterator[StartAgent]:
    """The agent where the provider's pages look for it: ``start_agent("piv")``."""
    running: list[RunningAgent] = []

    def begin(*words: str) -> RunningAgent:
        running.append(RunningAgent(tmp_path, *words, "--allow", place.issuer, port=place.agent_port))
        return running[-1]

    yield begin
    for agent in running:
        agent.stop()


def present(window: Visitor, pin: str = PIN, *, by: str = "card-agent") -> None:
    """Click, type the PIN in the agent's own window, and wait until the page has gone on."""
    with window.page.expect_popup() as opened:
        window.page.click(f"#{by}")
    popup: Page = opened.value
    popup.fill("#pin", pin)
    with window.page.expect_navigation():
        popup.click("button.go")


def register(window: Visitor, who: Applicant, company: tuple[str, str]) -> None:
    """From DREAMS's own page to the case number, the company proven by its card (R-003, R-015 … R-018)."""
    page = window.page
    window.open(window.place.dreams)
    window.click("apply")
    page.check("#agreed")
    window.click("next")
    page.fill("#number", company[0])
    window.click("lookup")
    page.fill("#company_name", "填錯的名稱有限公司")
    page.fill("#company_phone", "07-5213999")
    page.fill("#company_address", "804004高雄市鼓山區蓬萊路10號")
    window.click("next")
    assert window.path == "/register/card"
    assert "完成安裝讀卡機並插入工商憑證" in window.text
    assert not window.sees("next")
    present(window)
    assert "憑證驗證結果：成功" in window.text
    assert company[1] in window.text
    window.click("next")
    fields = {"username": who.username, "name": who.name, "phone": "0912345678", "email": who.email}
    for field, value in (fields | {"password": PASSWORD, "password_again": PASSWORD}).items():
        page.fill(f"#{field}", value)
    window.click("next")
    assert company[1] in window.text
    assert "填錯的名稱" not in window.text
    window.click("submit")
    confirm(window, who)
    assert "此帳號即為該公司之群組管理員。" in window.text


def claims_at_dreams(window: Visitor) -> str:
    """What DREAMS explains of the claims it got."""
    window.open(window.place.dreams + "/claims")
    return window.text


@pytest.mark.requirement("R-001", "R-003", "R-017", "R-018", "R-202")
def test_a_company_registers_and_its_admin_signs_in_with_a_software_card(
    place: Place, cards: CaServer, visit: Visit, start_agent: StartAgent, tmp_path: Path
) -> None:
    company = (new_tax_id(), "海線風電股份有限公司")
    put_in_drawer(tmp_path / "drawer", company[0], cards.pki.company(*company, key=new_key()), PIN)
    start_agent("software", "--drawer", str(tmp_path / "drawer"))
    window, who = visit(), Applicant(f"card-{secrets.token_hex(4)}", "陳美惠")
    register(window, who, company)
    sign_in_by_card(window, who)
    told = claims_at_dreams(window)
    assert ACR in told
    assert "swk" in told
    assert company[1] in told


def sign_in_by_card(window: Visitor, who: Applicant) -> None:
    """From DREAMS's page by the card alone, and back."""
    window.open(window.place.dreams)
    window.click("sign-in")
    assert window.path == "/login"
    window.click("by-card")
    assert window.path == "/login/card"
    present(window)
    assert window.page.url.startswith(window.place.dreams)
    assert who.name in window.text


@pytest.mark.requirement("R-200", "R-201", "R-202", "R-204")
def test_the_same_with_a_card_in_a_real_reader(
    place: Place,
    cards: CaServer,
    visit: Visit,
    start_agent: StartAgent,
    reader: VirtualReader,  # noqa: F811
) -> None:
    company = (new_tax_id(), "岸邊鋼構工業股份有限公司")
    inside = reader.insert(VirtualPivCard({0x9A: cards.pki.company(*company, key=new_key())}, pin=PIN))
    start_agent("piv")
    window, who = visit(), Applicant(f"piv-{secrets.token_hex(4)}", "林大同")
    register(window, who, company)
    assert (inside.count(VERIFY), inside.count(GENERAL_AUTHENTICATE)) == (1, 1)
    sign_in_by_card(window, who)
    assert (inside.count(VERIFY), inside.count(GENERAL_AUTHENTICATE)) == (2, 2)
    told = claims_at_dreams(window)
    assert ACR in told
    assert "hwk" in told

    # A wrong PIN is told with the tries left, and nobody is signed in by it.
    other = visit()
    other.open("/login/card")
    with other.page.expect_popup() as opened:
        other.page.click("#card-agent")
    opened.value.fill("#pin", "111111")
    opened.value.click("button.go")
    expect(opened.value.get_by_role("alert")).to_contain_text("憑證密碼不正確")
    expect(opened.value.locator(".note")).to_have_text("還可以再試 2 次。")
    assert (inside.count(VERIFY), inside.count(GENERAL_AUTHENTICATE)) == (3, 2)
    opened.value.get_by_role("button", name="取消").click()
    expect(other.page.locator("#card-status")).to_contain_text("您取消了這次操作，沒有送出任何資料。")
    # Pulled out while its window is open: a sentence, and nothing is signed.
    with other.page.expect_popup() as opened:
        other.page.click("#card-agent")
    opened.value.wait_for_selector("#pin")
    reader.pull_out()
    opened.value.fill("#pin", PIN)
    opened.value.click("button.go")
    expect(opened.value.locator("h1")).not_to_have_text("請輸入憑證密碼")
    assert inside.count(GENERAL_AUTHENTICATE) == 2
    opened.value.close()
    expect(other.page.locator("#card-status")).to_contain_text("沒有送出任何資料")
