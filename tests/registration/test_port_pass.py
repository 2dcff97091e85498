"""Manual 002 as its applicants meet it: the wizard of the port pass, from the kind of account to the case number.

One clerk's walk is made once a provider, with the mistakes that clerks make; what each page has to say is asked of it
by the tests.
"""

import re
from dataclasses import dataclass

import pytest

from tests.harness.browser import Browser, Page
from tests.harness.documents import pdf
from tests.harness.people import PASSWORD, Town
from tests.registration.conftest import NewCompany
from tests.registration.wizard import Unit, Wizard, answers, number_of, value_of

SERVICE = "harbour"
EXAMPLE_PHONE = "02-12345678#12345"
EXAMPLE_ADDRESS = "804004高雄市鼓山區蓬萊路10號"


def wide(text: str) -> str:
    """As an input method types it."""
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


@dataclass
class Walk:
    """The pages that one clerk saw, in their order."""

    unit: Unit
    person: dict[str, str]
    kinds: Page
    number: Page
    company_wrong: Page
    company: Page
    document: Page
    account_wrong: Page
    account: Page
    check: Page
    done: Page


def to_account(browser: Browser, unit: Unit) -> Page:
    """P9, with the company of manual 002 and its paper."""
    page = Wizard(browser, SERVICE).begin()
    page = browser.submit(browser.submit(page, "next"), "lookup", number=unit.tax_id)
    told = {"company_phone": EXAMPLE_PHONE, "company_address": EXAMPLE_ADDRESS, "responsible": "陳大文"}
    page = browser.submit(page, "next", **told)
    page = browser.submit(page, "upload", files={"document": ("公司登記表.pdf", pdf())})
    return browser.submit(page, "next")


def walked(town: Town, unit: Unit) -> Walk:
    browser = town.browser()
    person = answers(phone=wide("0912345678"))
    mailbox = person["email"].replace("@example.test", "@gmail.com")
    kinds = browser.get("/register", params={"service": SERVICE})
    page = browser.get(next(link for link in kinds.links if "kind=general" in link))
    number = browser.submit(page, "next")
    found = browser.submit(number, "lookup", number=wide(unit.tax_id))
    company_wrong = browser.submit(found, "next", company_phone="1234", company_address="高雄")
    told = {"company_phone": wide(EXAMPLE_PHONE), "company_address": EXAMPLE_ADDRESS, "responsible": "陳大文"}
    company = browser.submit(company_wrong, "lookup", **told)
    document = browser.submit(company, "next")
    page = browser.submit(document, "upload", files={"document": ("公司登記表.pdf", pdf(pages=2))})
    account = browser.submit(page, "next")
    slips = person | {"name": unit.name, "email": wide(mailbox.replace("gmail", "gmial")), "password_again": "x"}
    account_wrong = browser.submit(account, "next", **slips)
    right = {"name": person["name"], "email": mailbox, "password": PASSWORD, "password_again": PASSWORD}
    check = browser.submit(account_wrong, "next", **right)
    assert check.path == "/register/check", check
    person["email"] = mailbox
    done = browser.submit(check, "submit")
    return Walk(unit, person, kinds, number, company_wrong, company, document, account_wrong, account, check, done)


_walks: dict[str, Walk] = {}


@pytest.fixture
def walk(town: Town, new_company: NewCompany) -> Walk:
    """The clerk's walk, made at its first use."""
    if town.issuer not in _walks:
        _walks[town.issuer] = walked(town, new_company())
    return _walks[town.issuer]


@pytest.mark.requirement("R-144", "R-145")
def test_the_kind_of_account_is_asked_first_and_can_be_asked_again(town: Town, browser: Browser, walk: Walk) -> None:
    page = walk.kinds
    assert "申請帳號類型" in page.text
    assert "一般帳號" in page.text
    assert "鏈結帳號（原稱共用帳號）" in page.text
    assert page.text.count("【適用申請對象】") == page.text.count("【申請說明】") == 2
    assert "已有多家公司一般帳號，想要藉由單一管理帳號進行登入作業者。" in page.text
    assert "鏈結帳號可綁定多個一般帳號，完成綁定後，可藉由單一管理帳號進行登入，並切換登入不同的公司。" in page.text
    assert page.has("kind-linked")
    # Back to it from the first step, and on in the same application.
    notice = Wizard(browser, SERVICE).begin()
    assert notice.path == "/register/terms"
    assert "個人資料蒐集告知事項" in notice.text
    again = browser.get(next(link for link in notice.links if "/register?run=" in link))
    assert again.has("kind-general")
    assert notice.url in again.links
    # A service without linked accounts does not ask.
    assert Wizard(browser).begin().path == "/register/terms"


@pytest.mark.requirement("R-155", "R-156", "R-157", "R-158", "R-159")
def test_the_company_is_asked_as_the_manual_asks(browser: Browser, walk: Walk) -> None:
    assert "公司統編" in walk.number.text
    assert "政府機關可填機關代碼" in walk.number.text
    page = walk.company_wrong
    assert page.status == 400
    for label, example in (
        ("公司聯絡電話", f"例：{EXAMPLE_PHONE}"),
        ("公司名稱（全銜）", "例：臺灣港務股份有限公司基隆分公司"),
        ("公司地址", f"完整地址，例：{EXAMPLE_ADDRESS}"),
        ("公司負責人", "公司登記的負責人姓名。"),
    ):
        assert label in page.text
        assert example in page.text
    for told in ("電話號碼格式不正確", "地址應為 5 至 200 個字", "請填寫公司負責人姓名。"):
        assert told in page.text
    assert value_of(page, "company_name") == walk.unit.name
    # The manual's own example is a telephone number here, however it is typed.
    assert walk.document.path == "/register/document"
    assert "02-1234-5678 #12345" in walk.check.text
    agency = browser.submit(browser.submit(Wizard(browser, SERVICE).begin(), "next"), "lookup", number="376610000a")
    assert value_of(agency, "id_type") == "agency"


@pytest.mark.requirement("R-148", "R-149", "R-150", "R-151", "R-152")
def test_the_account_is_asked_as_the_manual_asks(walk: Walk) -> None:
    page = walk.account
    for label, told in (
        ("帳號", "例：example1234"),
        ("姓名", "必須是自然人，不可為公司名稱。"),
        ("姓名", "例：王小明"),
        ("手機電話", "例：0912345678"),
        ("Email", "例：example@gmail.com"),
        ("密碼", "密碼8字元以上，且需英文數字混合。"),
    ):
        assert label in page.text
        assert told in page.text
    assert "0912-345-678" in walk.check.text
    assert walk.person["email"] in walk.check.text


@pytest.mark.requirement("R-153", "R-154")
def test_every_field_is_required_and_has_its_help(browser: Browser, walk: Walk) -> None:
    assert "確認密碼" in walk.account.text
    assert "兩次輸入的密碼不同。" in walk.account_wrong.text
    assert "各欄位均為必填" in walk.account.text
    helped = {
        walk.company: ("公司統編或其他編號", "公司名稱（全銜）", "公司聯絡電話", "公司地址", "公司負責人"),
        walk.account: ("帳號", "姓名", "手機電話", "Email", "密碼", "確認密碼"),
    }
    for page, labels in helped.items():
        for label in labels:
            assert f'<summary aria-label="「{label}」填寫說明">' in page.html
    assert "公司證明文件是指何種文件？需涵蓋那些內容？" in walk.document.text
    assert "（選填）" not in walk.company.text + walk.account.text


@pytest.mark.requirement("R-164", "R-165", "R-166")
def test_the_application_is_checked_sent_and_told_to_have_arrived(walk: Walk) -> None:
    button = walk.check.button("submit")
    assert button is not None
    assert "送出" in button[1].text
    assert "確定要送出申請？" in walk.check.text
    assert "？？" not in walk.check.text
    assert "自動發送驗證Email" not in walk.check.text
    for told in (walk.unit.tax_id, walk.unit.name, EXAMPLE_ADDRESS, "陳大文", "公司登記表.pdf", "王小明"):
        assert told in walk.check.text
    assert walk.done.path == "/register/done"
    assert "帳號資料已經成功送出，請收取Email。" in walk.done.text
    assert "收到通知信，僅表示您的帳號申請已成功送出，還無法做登入使用" in walk.done.text
    assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){2}", number_of(walk.done))
    assert not walk.done.has("resend")
    assert "若信箱填錯了，請以案件編號與送出時填寫的 Email 查詢申請進度" in walk.done.text


@pytest.mark.requirement("R-167")
def test_whatever_is_wrong_is_told_and_marked_and_nothing_typed_is_lost(walk: Walk) -> None:
    page = walk.account_wrong
    assert page.status == 400
    assert page.text.startswith("請修正：")
    assert "請修正下列 3 個問題" in page.text
    assert 'class="sum" role="alert" tabindex="-1" id="summary"' in page.html
    meant = walk.person["email"]
    for name, told in (
        ("name", "姓名欄請填寫人員完整姓名，不可為公司名稱。"),
        ("email", f"信箱可能打錯了，您要填的是不是 {meant}？"),
        ("password_again", "兩次輸入的密碼不同。"),
    ):
        assert f'<a href="#{name}">' in page.html
        assert page.text.count(told) == 2
        assert re.search(rf'<input[^>]*aria-invalid="true"[^>]* id="{name}"', page.html)
    kept = [value_of(page, name) for name in ("username", "name", "phone")]
    assert kept == [walk.person["username"], walk.unit.name, wide("0912345678")]
    for name, typed in (("company_phone", "1234"), ("company_address", "高雄"), ("number", wide(walk.unit.tax_id))):
        assert value_of(walk.company_wrong, name) == typed
    # The file that was chosen two pages before is still there.
    assert "公司登記表.pdf" in walk.check.text


@pytest.mark.requirement("R-146", "R-147", "R-168")
def test_each_company_has_an_account_of_its_own(town: Town, browser: Browser, walk: Walk, unit: Unit) -> None:
    assert "每一家公司都必須有個別的一般帳號。" in walk.kinds.text
    assert "若有多家公司，須依不同統一編號及使用者分別註冊一般帳號。" in walk.kinds.text
    page = to_account(browser, unit)
    taken = walk.person | {"username": walk.person["username"].upper()}
    page = browser.submit(page, "next", **taken)
    assert "帳號已經存在，請重設其他帳號。" in page.text
    # The same person with the same mailbox, for another company under another name.
    again = {"password": PASSWORD, "password_again": PASSWORD}
    page = browser.submit(page, "next", username=f"{walk.person['username']}-2", **again)
    assert browser.submit(page, "submit").path == "/register/done"
    numbers = town.server.read(
        "SELECT c.tax_id FROM accounts a JOIN companies c ON c.id = a.company_id WHERE a.username LIKE :name",
        {"name": f"{walk.person['username']}%"},
    )
    assert sorted(number for (number,) in numbers) == sorted([walk.unit.tax_id, unit.tax_id])
