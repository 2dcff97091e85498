"""A company without a card comes in by document, and two people see to it: issue 5, "Done when" 1, in real browsers."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.place import Place
from tests.browser.test_a_company_registers import Applicant, mail
from tests.browser.visitor import Visitor
from tests.clients.portpass.test_at_the_provider import PortPass
from tests.harness.documents import pdf
from tests.harness.operators import Operator, an_operator
from tests.harness.people import PASSWORD, new_tax_id

pytestmark = pytest.mark.browser

OBSOLETE = "「營利事業登記證」自98年4月13日起停止使用"
COMPANY_NAME = "海港裝卸企業有限公司"
NOTE = "請攜帶公司登記表正本至警察所領證。"


def apply(window: Visitor, portpass: PortPass, who: Applicant) -> str:
    """From the port pass's own page to the case number, with a paper that counts no more."""
    page = window.page
    window.open(portpass.address)
    window.click("apply")
    window.click("kind-general")
    if window.page.locator("#agreed").count():
        window.page.check("#agreed")
    window.click("next")
    page.fill("#number", new_tax_id())
    window.click("lookup")
    answers = {
        "company_name": COMPANY_NAME,
        "company_phone": "02-12345678#12345",
        "company_address": "804004高雄市鼓山區蓬萊路10號",
        "responsible": "陳大文",
    }
    for field, value in answers.items():
        page.fill(f"#{field}", value)
    window.click("next")
    assert window.path == "/register/document"
    upload(window, "營利事業登記證.pdf", pages=1)
    window.click("next")
    fields = {"username": who.username, "name": who.name, "phone": "0912345678", "email": who.email}
    for field, value in (fields | {"password": PASSWORD, "password_again": PASSWORD}).items():
        page.fill(f"#{field}", value)
    window.click("next")
    assert "確定要送出申請" in window.text
    window.click("submit")
    assert "帳號資料已經成功送出，請收取Email" in window.text
    return page.inner_text("#case-number")


def upload(window: Visitor, name: str, *, pages: int) -> None:
    """Choose a file and wait until the page shows what was taken."""
    window.page.set_input_files("#document", {"name": name, "mimeType": "application/pdf", "buffer": pdf(pages=pages)})
    expect(window.page.locator("#file-name")).to_have_text(name)


def go_on_duty(window: Visitor, boss: Operator) -> None:
    """Sign in at the console with both factors."""
    window.open("/ops/login")
    window.page.fill("#username", boss.username)
    window.page.fill("#password", boss.password)
    window.click("ops-sign-in")
    window.page.fill("#code", boss.code())
    window.click("ops-code")
    assert window.path == "/ops"


def open_case(window: Visitor, number: str) -> None:
    """The case, found in the queue."""
    window.open("/ops/queue")
    window.click(f"a[href='/ops/queue/{number}']")
    assert COMPANY_NAME in window.heading


def correct(window: Visitor, link: str, who: Applicant) -> None:
    """From the mail's link to the document's step of the same application."""
    window.open(link)
    window.page.fill("#email", who.email)
    window.click("look-up")
    assert OBSOLETE in window.text
    window.open("/register/status/correct")
    window.page.fill("#password", PASSWORD)
    window.click("correct")


def link_of(window: Visitor, who: Applicant, subject: str) -> tuple[str, str]:
    """The newest mail of that subject: what it says and its first link."""
    text = mail(window, who.email, subject)
    link = text.locator("a").first.get_attribute("href")
    assert link is not None
    return text.inner_text(), link


@pytest.mark.requirement("R-090", "R-163", "R-172", "R-174", "R-178")
def test_a_company_is_refused_mends_its_paper_is_approved_and_applies_for_a_pass(
    place: Place, portpass: PortPass, visit: Visit
) -> None:
    boss = an_operator(place.town, "reviewer", name="周文傑")
    clerk, desk = visit(), visit()
    who = Applicant(f"doc-{secrets.token_hex(4)}", "陳美惠")
    number = apply(clerk, portpass, who)

    # Refused for a paper that has not counted since 2009; the applicant reads so and mends the same application.
    go_on_duty(desk, boss)
    open_case(desk, number)
    desk.click("take")
    desk.page.check("input[name=doc_outcome][value=reject]")
    desk.page.check("input[name=doc_reasons][value=obsolete]")
    desk.click("doc-send")
    told, link = link_of(clerk, who, "公司文件審核")
    assert OBSOLETE in told
    correct(clerk, link, who)
    upload(clerk, "公司登記表.pdf", pages=2)
    assert "已取代前一個檔案" in clerk.text
    clerk.click("next")
    clerk.click("submit")

    # Approved: the document with a note, then the account with a role. Two decisions, two mails.
    open_case(desk, number)
    desk.page.check("input[name=doc_outcome][value=approve]")
    desk.page.fill("#doc_text", NOTE)
    desk.click("doc-send")
    desk.page.check("input[name=acct_outcome][value=approve]")
    desk.page.check("input[name=acct_role][value=group_admin]")
    desk.click("acct-send")
    assert NOTE in mail(clerk, who.email, "公司文件審核通知信件（審核通過）").inner_text()
    _, link = link_of(clerk, who, "帳號註冊通知信件（審核通過）")
    clerk.open(link)
    if clerk.page.locator("#password").count():
        clerk.page.fill("#password", PASSWORD)
    clerk.click("verify-confirm")

    # The first sign-in asks the three texts; then a pass is applied for, in the company's name.
    clerk.open(f"{portpass.address}/passes/new")
    clerk.fill(who.person).click("sign-in")
    assert clerk.path.startswith("/agreements/")
    for text in ("privacy", "authority", "hazard"):
        region = clerk.page.locator(f"#text-{text}")
        region.evaluate("region => region.scrollTo(0, region.scrollHeight)")
        clerk.page.locator(f"#agree-{text}:enabled").check()
    clerk.click("agree-all")
    assert f"{who.name}（{COMPANY_NAME}）" in clerk.text
    page = clerk.page
    page.check("input[name=holder][value=person]")
    page.check("input[name=kind][value=temporary]")
    page.fill("#name", "林雅婷")
    page.fill("#id_last4", "6789")
    page.check("input[name=port][value=KL]")
    page.fill("#area", "西 16 至 18 號碼頭")
    tomorrow = datetime.now(UTC) + timedelta(days=2)
    page.fill("#first_day", f"{tomorrow:%Y-%m-%d}")
    page.fill("#last_day", f"{tomorrow:%Y-%m-%d}")
    page.fill("#purpose", "船舶補給")
    clerk.click("submit-pass")
    assert "已收到您的申請" in clerk.text
    assert COMPANY_NAME in clerk.text
