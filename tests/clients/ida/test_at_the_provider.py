"""The application for duty-free letters at our own provider, both as they are run (domain.md §5, step 5)."""

import re
import secrets
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from clients.relying.moments import day_of
from idp.policies.electronic_id import electronic_id
from tests.clients.issuer import Clock
from tests.harness.browser import Browser, Page
from tests.harness.cards import a_card, answer
from tests.harness.linked import an_agent, bind
from tests.harness.people import Town
from tests.harness.processes import ROOT, Process, free_port, wait_until
from tests.harness.relying_party import Person

SCOPE = "openid profile email company menus electronic_id"
CASE = {"kind": "research", "goods": "原子力顯微鏡", "quantity": "1 套", "amount": "3,200,000", "purpose": "量測表面"}
PAPER_ONLY = "如僅申請非憑證帳號未申請工商憑證，則僅能進行紙本申辦作業，不得進行全電子申辦。"


class Ida:
    """The application as a process of its own, registered at a provider."""

    def __init__(self, provider: Town, folder: Path) -> None:
        port, secret = free_port(), secrets.token_urlsafe(32)
        self.provider = provider
        self.address = f"http://localhost:{port}"
        grants = ("authorization_code", "refresh_token", "client_credentials")
        provider.idp.kept(
            *("client", "add", "--client-id", "ida", "--secret-stdin", "--no-consent", "--acting"),
            *("--name", "免稅函線上申辦", "--name-en", "Duty-free letters"),
            *("--redirect-uri", f"{self.address}/callback", "--initiate-login-uri", f"{self.address}/login"),
            *("--post-logout-redirect-uri", f"{self.address}/signed-out"),
            *("--backchannel-logout-uri", f"{self.address}/backchannel-logout"),
            *(word for grant in grants for word in ("--grant-type", grant)),
            *("--scope", f"{SCOPE} linked_accounts electronic_id.lookup"),
            stdin=secret,
        )
        provider.idp.kept("menu", "import", str(ROOT / "clients" / "ida" / "menus.json"))
        bare = {name: value for name, value in provider.server.environment.items() if not name.startswith("IDP_")}
        settings = {
            "IDA_ISSUER": provider.issuer,
            "IDA_CLIENT_ID": "ida",
            "IDA_CLIENT_SECRET": secret,
            "IDA_DATA": str(folder / "ida"),
            "IDA_PORT": str(port),
            "IDA_SECRET_KEY": secrets.token_urlsafe(32),
            "IDA_CHECK_SECONDS": "0",
        }
        command = [sys.executable, "-m", "clients.ida"]
        self.process = Process(command, folder=ROOT, environment=bare | settings, log=folder / "ida.log")
        wait_until("the application answers", self._answers)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.address}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def enter(self, person: Person, path: str = "/cases") -> tuple[Browser, Page]:
        """A browser in which the person has signed in on the way to a page."""
        browser = Browser(self.provider.issuer, others=(self.address,))
        page = browser.get(self.address + path)
        return browser, browser.submit(page, "sign-in", username=person.username, password=person.password)

    def number_of(self, person: Person) -> str:
        """The person's own number, as the application shows it."""
        _browser, page = self.enter(person, "/authorisations")
        found = re.search(r'id="own-number">(IC\d{10})<', page.html)
        assert found, page.text
        return found[1]


@pytest.fixture
def ida(provider: Town, tmp_path: Path) -> Iterator[Ida]:
    place = Ida(provider, tmp_path)
    yield place
    place.process.stop(kill=True)


def send_case(browser: Browser, page: Page, **changes: str) -> tuple[Page, str]:
    """Fill in the form of an application and send it; the page of the case, and its number."""
    sent = browser.submit(page, "submit-case", **(CASE | changes))
    assert "已收到您的申請" in sent.text, sent.text
    return sent, sent.path.rpartition("/")[2]


@pytest.mark.requirement("R-180", "R-207")
def test_by_password_one_applies_on_paper_and_by_the_companys_card_without(ida: Ida) -> None:
    provider = ida.provider
    tax_id = provider.new_company("免稅測試")["tax_id"]
    browser, _page = ida.enter(provider.person("staff", tax_id=tax_id))
    page = browser.get(ida.address)
    assert PAPER_ONLY in page.text
    refused = browser.get(f"{ida.address}/cases/new/electronic")
    assert (refused.status, PAPER_ONLY in refused.text) == (403, True)
    _paper, number = send_case(browser, browser.get(f"{ida.address}/cases/new/paper"))
    assert number.startswith("P")
    # By an address of one's own making the server refuses too, with a form that is good elsewhere.
    found = browser.get(f"{ida.address}/cases/new/paper").button("submit-case")
    assert found
    assert browser.post(f"{ida.address}/cases/new/electronic", dict(found[0].fields) | CASE).status == 403

    asked = browser.submit(refused, "step-up")
    assert asked.path == "/login/step-up"
    back = answer(browser, asked, a_card(provider, tax_id), via="software")
    assert back.url == f"{ida.address}/cases/new/electronic"
    assert "須用工商憑證" not in back.text
    _sent, number = send_case(browser, back)
    assert number.startswith("E")
    assert "全電子申辦" in browser.get(f"{ida.address}/cases").text
    # What is wrong is said beside its field, and nothing is stored.
    wrong = browser.submit(browser.get(f"{ida.address}/cases/new/paper"), "submit-case", **(CASE | {"amount": "多少"}))
    assert (wrong.status, "金額應為新臺幣整數" in wrong.text) == (422, True)


@pytest.mark.requirement("R-191")
def test_a_company_lets_another_see_a_case_by_its_number_and_takes_it_back(ida: Ida) -> None:
    provider, last = ida.provider, (day_of(Clock()()) + timedelta(days=30)).isoformat()
    owner = provider.person("staff", tax_id=provider.new_company("授權方")["tax_id"])
    tax_id = provider.new_company("被授權方")["tax_id"]
    other, colleague = (provider.person("staff", tax_id=tax_id, name=name) for name in ("李大華", "張家豪"))
    number = ida.number_of(other)
    browser, page = ida.enter(owner, "/cases/new/paper")
    _sent, case = send_case(browser, page)

    form = browser.get(f"{ida.address}/authorisations")
    nobody = next(text for n in range(9) if (text := electronic_id(n)) != number)
    for typed, sentence in {
        "": "請填寫對方的帳號識別碼",
        number[:-1] + str((int(number[-1]) + 1) % 10): "請檢查是否有打錯的數字",
        ida.number_of(owner): "這是您自己的帳號識別碼",
        nobody: "查無可以授權的帳號",
    }.items():
        page = browser.submit(form, "look-up", number=typed)
        assert (page.status, sentence in page.text) == (422, True), typed
    page = browser.submit(form, "look-up", number=number.lower())
    assert "李○華" in page.text
    assert "李大華" not in page.html
    assert f"（統一編號 {tax_id}）" in page.text
    page = browser.submit(page, "grant", case=case, last_day="2020-01-01")
    assert "最後一天不可早於今天。" in page.text
    page = browser.submit(page, "grant", case=case, last_day=last)
    assert "已授權。對方登入後就能查閱這件案件。" in page.text

    there, page = ida.enter(other)
    assert case in page.text
    seen = there.get(f"{ida.address}/cases/{case}")
    assert "您只能查閱，不能變更。" in seen.text
    assert "原子力顯微鏡" in seen.text
    beside, page = ida.enter(colleague)
    assert case not in page.html
    assert beside.get(f"{ida.address}/cases/{case}").status == 404
    # Through a linked account it is the seat's number that counts.
    agent = an_agent(provider)
    bind(provider, agent, other)
    through = Browser(provider.issuer, others=(ida.address,))
    page = through.submit(
        through.get(f"{ida.address}/cases"), "sign-in", username=agent.username, password=agent.password
    )
    page = through.submit(page, "consent-accept")
    assert case in page.text
    assert "須用工商憑證" in page.text
    locked = through.get(page.url.replace("/cases", "/cases/new/electronic"))
    assert (locked.status, "step-up" in locked.ids) == (403, False)
    assert "無法出示這家公司的工商憑證" in locked.text

    page = browser.submit(browser.get(f"{ida.address}/authorisations"), "end-1")
    assert "已收回授權" in page.text
    assert there.get(f"{ida.address}/cases/{case}").status == 404
    assert case not in there.get(f"{ida.address}/cases").html
