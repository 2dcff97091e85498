"""A company comes in by itself, in real browsers: issue 3, "Done when" 1, every mail read in the mailbox."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator

from tests.browser.conftest import Visit
from tests.browser.place import Place
from tests.browser.visitor import Visitor
from tests.harness.people import PASSWORD
from tests.harness.processes import ROOT
from tests.harness.relying_party import Person

pytestmark = pytest.mark.browser

SERVICE = "--name", "DREAMS 案場申請", "--name-en", "DREAMS sites", "--mail-from", "dreams@taipower.com.tw"
COMPANY = ("00000037", "測試三號有限公司")


@dataclass(frozen=True)
class Applicant:
    """Somebody who registers."""

    username: str
    name: str

    @property
    def email(self) -> str:
        return f"{self.username}@example.test"

    @property
    def person(self) -> Person:
        return Person(self.username, PASSWORD)


@pytest.fixture(scope="module")
def open_for_companies(place: Place) -> Iterator[Place]:
    """The register, DREAMS as a service that takes an operator's word, one proven company without people, mail."""
    policy = place.folder / "policy.json"
    policy.write_text(json.dumps({"preset": "dreams", "company_proof": ["operator"]}))
    place.town.idp("registry", "import", str(ROOT / "data" / "companies_sample.csv"))
    place.town.idp("service", "set", "--id", "dreams", *SERVICE, "--policy", str(policy))
    place.town.idp("company", "add", "--tax-id", COMPANY[0], "--name", COMPANY[1])
    place.town.idp("company", "prove", "--tax-id", COMPANY[0], "--proof", "document", "--reason", "seen at the counter")
    worker = place.server.start_worker(
        place.folder / "worker.log", IDP_MAIL_SERVER="127.0.0.1", IDP_MAIL_PORT=str(place.smtp_port)
    )
    yield place
    worker.stop()


def mail(window: Visitor, to: str, subject: str) -> Locator:
    """Open the mail of that subject in the mailbox, waiting until it is there; its text."""
    for _ in range(60):
        window.open(f"{window.place.mailbox}/?to={to}")
        found = window.page.locator("h2 a", has_text=subject)
        if found.count():
            with window.page.expect_navigation():
                found.first.click()
            return window.page.locator("#text")
        window.page.wait_for_timeout(250)
    raise AssertionError(f"no mail 「{subject}」 to {to}: {window.text}")


def apply(window: Visitor, who: Applicant, *, is_first: bool) -> None:
    """From DREAMS's own page through the wizard to the case number."""
    page = window.page
    window.open(window.place.dreams)
    window.click("apply")
    assert window.path == "/register/terms"
    page.check("#agreed")
    window.click("next")
    page.fill("#number", COMPANY[0])
    window.click("lookup")
    assert f"查到的公司是「{COMPANY[1]}」，請確認是否正確。" in window.text
    page.check("#confirmed")
    page.fill("#company_phone", "07-5213999#12")
    page.fill("#company_address", "804004高雄市鼓山區蓬萊路10號")
    window.click("next")
    if not is_first:
        assert window.path == "/register/verified"
        assert "您的帳號將由貴公司的群組管理員審核。" in window.text
        window.click("next")
    elif window.path != "/register/account":
        window.click("next")
    for field, value in {
        "username": who.username,
        "name": who.name,
        "phone": "0912345678",
        "email": who.email,
        "password": PASSWORD,
        "password_again": PASSWORD,
    }.items():
        page.fill(f"#{field}", value)
    window.click("next")
    assert window.path == "/register/check"
    window.click("submit")
    assert window.path == "/register/done"
    assert "dreams@taipower.com.tw" in window.text
    assert "若沒有收到此信，請檢查垃圾信箱。" in window.text


def confirm(window: Visitor, who: Applicant) -> None:
    """Follow the link of the mail in the browser in which she applied."""
    text = mail(window, who.email, "註冊通知信件")
    link = text.locator("a").first.get_attribute("href")
    assert link is not None
    window.open(link)
    assert window.path == "/verify"
    window.click("verify-confirm")


def heading_at(window: Visitor, address: str) -> str:
    """The heading of a page."""
    window.open(address)
    return window.heading


def menus_at_dreams(window: Visitor) -> set[str]:
    """The menu that DREAMS shows, asked again until its second is over."""
    window.page.wait_for_timeout(1100)
    window.open(window.place.dreams)
    links = window.page.locator("a[id^=menu-]")
    return {str(link.get_attribute("id")).removeprefix("menu-") for link in links.all()}


def test_the_first_becomes_group_admin_and_the_second_gets_what_she_ticks(
    open_for_companies: Place, visit: Visit
) -> None:
    place = open_for_companies
    tail = secrets.token_hex(3)
    boss, clerk = Applicant(f"boss-{tail}", "陳美惠"), Applicant(f"clerk-{tail}", "林小玉")
    first, second, post = visit(), visit(), visit()

    apply(first, boss, is_first=True)
    confirm(first, boss)
    assert "此帳號即為該公司之群組管理員。" in first.text
    assert "此帳號即為該公司之群組管理員。" in mail(post, boss.email, "帳號已開通").inner_text()
    first.open(place.dreams)
    first.click("sign-in")
    first.sign_in(boss.person)
    assert "group-users" in menus_at_dreams(first)

    apply(second, clerk, is_first=False)
    confirm(second, clerk)
    assert "完成Email認證後，需等候貴公司群組管理員審核。" in second.text
    assert clerk.name in mail(post, boss.email, "您有 1 筆帳號申請待審核").inner_text()

    first.open(place.dreams)
    first.click("menu-group-users")
    assert first.address == place.issuer + "/group/users"
    assert first.heading.endswith("使用者管理")
    edit = f"a[aria-label*='{clerk.name}'][href*='/group/users/ga_']:not([href$=menus])"
    first.click(edit)
    first.page.check("input[name=role][value=guest]")
    first.page.check("input[name=state][value=approve]")
    first.click("save")
    assert "審核通過" in mail(post, clerk.email, "審核通過").inner_text()

    # 訪客 with two menus: one of the role's own, one beside it.
    first.open("/group/users?tab=active")
    first.click(f"a[aria-label*='{clerk.name}'][href$=menus]")
    for code, is_on in {"site.list": True, "site.view": False, "case.track": True}.items():
        box = first.page.locator("label", has=first.page.locator("code", has_text=code)).locator("input")
        box.set_checked(is_on)
    first.click("save")

    second.open(place.dreams)
    second.click("sign-in")
    second.sign_in(clerk.person)
    assert menus_at_dreams(second) == {"site-list", "case-track"}
    assert heading_at(second, place.dreams + "/sites/new") == "無法使用「申請新案場」"

    # Later 一般人員: what she sees changes without a new sign-in.
    first.open("/group/users?tab=active")
    first.click(edit)
    first.page.check("input[name=role][value=staff]")
    first.click("save")
    assert "一般人員" in mail(post, clerk.email, "您的權限已變更").inner_text()
    assert "site-new" in menus_at_dreams(second)
    assert heading_at(second, place.dreams + "/sites/new") == "申請新案場"
