"""The way one signs in decides what one may do: domain.md §5, steps 5 and 6, in a real browser."""

import secrets
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from clients.testca.authority import new_key
from clients.testca.drawer import put_in_drawer
from clients.testca.server import CaServer
from tests.browser.conftest import Visit
from tests.browser.place import Place
from tests.browser.test_a_company_comes_by_card import PIN, StartAgent, cards, start_agent  # noqa: F401  (fixtures)
from tests.browser.test_a_company_registers import mail
from tests.browser.visitor import Visitor
from tests.harness.people import PASSWORD
from tests.harness.processes import wait_until
from tests.harness.relying_party import Person

pytestmark = pytest.mark.browser

NEW = "newer-Passw0rd-58"
PAPER_ONLY = "如僅申請非憑證帳號未申請工商憑證，則僅能進行紙本申辦作業，不得進行全電子申辦。"


@pytest.fixture(scope="module")
def ida(place: Place) -> str:
    """The address of the application for duty-free letters."""
    return place.ida


@pytest.fixture(scope="module")
def numbered(place: Place, ida: str) -> Person:
    """A person with a password account at that service, who is called by her number."""
    name = f"paper-{secrets.token_hex(4)}"
    company = place.town.new_company("免稅")
    added = place.town.idp.kept(
        *("account", "add", "--tax-id", company["tax_id"], "--username", name, "--name", "周怡安", "--service", "ida"),
        *("--email", f"{name}@example.test", "--role", "staff", "--password-stdin"),
        stdin=PASSWORD,
    )
    return Person(
        added["electronic_id"], PASSWORD, added["sub"], company["tax_id"], "周怡安", f"{name}@example.test", "staff"
    )


def sign_in_by_number(window: Visitor, who: Person, password: str) -> None:
    """Fill in 統一編號, 電子身分帳號 and 密碼 (R-227)."""
    window.page.fill("#tax_id", who.tax_id)
    window.page.fill("#username", who.username)
    window.page.fill("#password", password)
    window.click("sign-in")


@pytest.mark.requirement("R-203", "R-204", "R-207", "R-226", "R-228")
def test_by_number_on_paper_by_card_electronically_and_by_an_unknown_card_to_registration(
    place: Place,
    ida: str,
    cards: CaServer,  # noqa: F811
    visit: Visit,
    start_agent: StartAgent,  # noqa: F811
    numbered: Person,
    tmp_path: Path,
) -> None:
    known, unknown = (numbered.tax_id, f"免稅{numbered.tax_id}"), ("00000043", "測試四號有限公司")
    for folder, company in (("known", known), ("unknown", unknown)):
        put_in_drawer(tmp_path / folder, company[0], cards.pki.company(*company, key=new_key()), PIN)
    agent = start_agent("software", "--drawer", str(tmp_path / "known"))
    window = visit()
    window.open(ida)
    window.click("sign-in")
    assert "電子身分帳號" in window.text
    sign_in_by_number(window, numbered, "wrong-Passw0rd-1")
    assert window.path == "/login"
    sign_in_by_number(window, numbered, numbered.password)
    assert window.address == ida + "/"
    assert PAPER_ONLY in window.text
    window.click("menu-case-electronic")
    assert window.heading == "「全電子申辦」須以工商憑證登入"
    window.click("step-up")
    with window.page.expect_popup() as opened:
        window.page.click("#card-agent")
    popup: Page = opened.value
    popup.fill("#pin", "111111")
    popup.click("button.go")
    expect(popup.get_by_role("alert")).to_contain_text("憑證密碼不正確")
    popup.fill("#pin", PIN)
    with window.page.expect_navigation():
        popup.click("button.go")
    assert window.address == ida + "/cases/new/electronic"
    window.page.check("#kind-research")
    for field, value in {"goods": "原子力顯微鏡", "quantity": "1 套", "amount": "3200000", "purpose": "量測"}.items():
        window.page.fill(f"#{field}", value)
    window.click("submit-case")
    assert "已收到您的申請，案件編號為 E" in window.text
    agent.stop()

    # 忘記密碼 by the link of a mail.
    away = visit()
    away.open(ida + "/login")
    away.click("forgot")
    away.page.fill("#username", numbered.username)
    away.page.fill("#tax_id", numbered.tax_id)
    away.click("send-link")
    link = mail(away, numbered.email, "請重設您的密碼").locator("a").first.get_attribute("href")
    assert link
    away.open(link)
    away.page.fill("#password", NEW)
    away.page.fill("#password_again", NEW)
    away.click("reset-password")
    assert "密碼已重設，可以登入了" in away.text
    away.open(ida + "/login")
    sign_in_by_number(away, numbered, NEW)
    assert away.address == ida + "/"

    # A good card that nobody knows: to registration, what it says carried over.
    start_agent("software", "--drawer", str(tmp_path / "unknown"))
    other = visit()
    other.open(ida + "/login")
    other.click("by-card")
    with other.page.expect_popup() as opened:
        other.page.click("#card-agent")
    opened.value.fill("#pin", PIN)
    with other.page.expect_navigation():
        opened.value.click("button.go")
    assert other.path == "/register/terms"
    other.page.check("#agreed")
    other.click("next")
    assert other.path == "/register/company"
    assert unknown[0] in other.page.content()
    assert unknown[1] in other.page.content()


@pytest.mark.requirement("R-041")
def test_one_sign_in_opens_all_three_and_signing_out_everywhere_reaches_them(
    place: Place,
    ida: str,
    cards: CaServer,  # noqa: F811  (with it the worker that delivers logout tokens)
    visit: Visit,
) -> None:
    portpass = place.application("portpass", "港區通行證系統")
    window = visit()
    window.open(place.dreams + "/sites")
    window.sign_in(place.new_person("staff"))
    assert window.address == place.dreams + "/sites"
    for address, own, others in (
        (portpass + "/passes", "menu-pass-query", "menu-case-paper"),
        (ida + "/cases", "menu-case-query", "menu-pass-query"),
    ):
        window.open(address)
        assert window.address == address, "nothing is asked a second time"
        assert window.page.locator(f"#{own}").count() == 1
        assert window.page.locator(f"#{others}").count() == 0, "each sees its own menu alone"
    window.unfold("#who")
    window.click("sign-out-everywhere")
    window.click("sign-out-everywhere")
    assert window.address == ida + "/signed-out"

    def is_told(address: str) -> bool:
        answer = window.context.request.get(address, max_redirects=0)
        return answer.status in {302, 401}

    for address in (place.dreams + "/sites", portpass + "/passes", ida + "/cases"):
        wait_until(f"{address} has been told", lambda address=address: is_told(address))
