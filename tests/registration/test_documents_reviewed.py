"""Manual 002 after the application is sent: two decisions with a mail each, reasons, another file, the link at the end.

One clerk's story is told once a provider: refused for a paper that counts no more, mended in the same application, the
document approved, the application refused for a name, mended, approved, and its mailbox confirmed.
"""

from dataclasses import dataclass, field

import pytest

from tests.harness.browser import Browser, Page
from tests.harness.documents import pdf
from tests.harness.mailbox import Mail, Mailbox
from tests.harness.operators import Operator, an_operator
from tests.harness.people import PASSWORD, Town
from tests.registration.conftest import NewCompany
from tests.registration.wizard import Unit, Wizard, number_of, value_of

SERVICE, NAME, SENDER = "hep", "港區通行證通用管理系統", "hep@twport.com.tw"
OBSOLETE = "「營利事業登記證」自98年4月13日起停止使用，不再作為證明文件，請改提出其他最新版本之「商業登記證明文件」。"
FOOTER = "（此mail為系統發送通知，請勿回覆，若有問題請於8:00~18:00洽客服專線：0809-088-568免付費，客服將儘快為您服務）"


@dataclass
class Story:
    """What the clerk had on her screen and in her mailbox, in its order."""

    unit: Unit
    person: dict[str, str]
    number: str = ""
    pages: dict[str, Page] = field(default_factory=dict)
    mails: dict[str, Mail] = field(default_factory=dict)


def applied(browser: Browser, wizard: Wizard, unit: Unit) -> Page:
    """P11, after an application with a paper of before 2009."""
    page = browser.submit(wizard.begin(), "next")
    page = wizard.name_company(browser.submit(page, "lookup", number=unit.tax_id), responsible="陳大文")
    page = browser.submit(page, "upload", files={"document": ("營利事業登記證.pdf", pdf())})
    page = browser.submit(browser.submit(page, "next"), "next", **wizard.person)
    return browser.submit(page, "submit")


def decided(boss: Operator, number: str, about: str, **words: str) -> Page:
    """The operator decides at her page of the review."""
    page = boss.browser.get(f"/ops/queue/{number}")
    prefixed = {f"{about}_{name}": value for name, value in words.items()}
    page = boss.browser.submit(page, f"{about}-send", **prefixed)
    assert page.status == 200, page
    return page


def looked_up(browser: Browser, mail: Mail, email: str) -> Page:
    """P12, by the link of a mail and the mailbox it came to."""
    page = browser.get(mail.link)
    return browser.submit(page, "look-up", email=email)


def to_correction(browser: Browser, page: Page) -> Page:
    """The wizard again, after the password."""
    return browser.submit(browser.get("/register/status/correct"), "correct", password=PASSWORD)


def told(town: Town, unit: Unit) -> Story:
    town.idp.kept(
        "service", "add", "--id", SERVICE, "--name", NAME, "--name-en", "Port passes", "--preset", "twport",
        "--mail-from", SENDER,
    )  # fmt: skip
    boss, mailbox, browser = an_operator(town, "reviewer"), Mailbox(town), town.browser()
    wizard = Wizard(browser, SERVICE)
    story = Story(unit, wizard.person)
    pages, mails, email = story.pages, story.mails, wizard.person["email"]
    pages["done"] = applied(browser, wizard, unit)
    story.number = number_of(pages["done"])
    mails["received"] = mailbox.newest(email)
    pages["early sign-in"] = browser.submit(
        browser.get("/login"), "sign-in", username=wizard.person["username"], password=PASSWORD
    )
    decided(boss, story.number, "doc", outcome="reject", reasons="obsolete", text="請改附公司登記表。")
    mails["document refused"] = mailbox.newest(email)
    pages["document refused"] = looked_up(browser, mails["document refused"], email)
    pages["another file"] = to_correction(browser, pages["document refused"])
    page = browser.submit(pages["another file"], "upload", files={"document": ("公司登記表.pdf", pdf(pages=2))})
    pages["check"] = browser.submit(page, "next")
    browser.submit(pages["check"], "submit")
    pages["sent again"] = browser.get("/register/status/case")
    decided(boss, story.number, "doc", outcome="approve", text="請攜帶正本至警察所領證。")
    mails["document approved"] = mailbox.newest(email)
    decided(boss, story.number, "acct", outcome="reject", reason="wrong_name")
    mails["refused"] = mailbox.newest(email)
    pages["refused"] = looked_up(browser, mails["refused"], email)
    page = browser.submit(to_correction(browser, pages["refused"]), "next")
    pages["kept"] = browser.get(next(link for link in page.links if "/register/account" in link))
    page = browser.submit(pages["kept"], "next", name="王大明")
    assert page.path == "/register/check", page
    browser.submit(page, "submit")
    decided(boss, story.number, "acct", outcome="more_info", text="請說明職務。")
    mails["asked"] = mailbox.newest(email)
    pages["asked"] = looked_up(browser, mails["asked"], email)
    page = browser.submit(to_correction(browser, pages["asked"]), "next")
    browser.submit(page, "submit")
    decided(boss, story.number, "acct", outcome="approve", role="group_admin")
    mails["approved"] = mailbox.newest(email)
    pages["approved"] = browser.get("/register/status/case")
    page = browser.get(mails["approved"].link)
    pages["confirmed"] = browser.submit(page, "verify-confirm", password=PASSWORD)
    pages["sign-in"] = browser.submit(
        browser.get("/login"), "sign-in", username=wizard.person["username"], password=PASSWORD
    )
    return story


_stories: dict[str, Story] = {}


@pytest.fixture
def story(town: Town, new_company: NewCompany) -> Story:
    """The clerk's story, told at its first use."""
    if town.issuer not in _stories:
        _stories[town.issuer] = told(town, new_company())
    return _stories[town.issuer]


@pytest.mark.requirement("R-169", "R-170", "R-175", "R-176")
def test_the_first_mail_says_that_nobody_can_sign_in_yet(story: Story) -> None:
    mail = story.mails["received"]
    assert mail.subject == f"{NAME}帳號註冊通知信件"
    assert f"感謝您在{NAME}上註冊了一個新帳號 {story.person['username']}。" in mail.text
    assert "本信僅表示您的帳號申請已成功送出，還無法做登入使用。" in mail.text
    assert "待審核後，系統會再寄出審核結果至您的電子郵件地址。" in mail.text
    assert "您的帳號尚待服務單位審核。" in story.pages["early sign-in"].text
    for each in story.mails.values():
        assert (each.sender, each.reply_to) == (f"港區通行證通用管理系統工作小組 <{SENDER}>", None)
        assert FOOTER in each.text
        assert FOOTER in each.html


@pytest.mark.requirement("R-172", "R-173", "R-174")
def test_document_and_account_are_decided_apart_and_the_note_of_the_approval_is_read(story: Story) -> None:
    mail = story.mails["document approved"]
    assert mail.subject == f"{NAME}公司文件審核通知信件（審核通過）"
    assert f"{story.unit.name} 您好：" in mail.text
    assert f"您的公司證明文件，已通過{NAME}審核，您可至系統（" in mail.text
    assert "）進行請領相關作業。" in mail.text
    assert "> 請攜帶正本至警察所領證。" in mail.text.partition("通過說明：")[2]
    assert "帳號申請另行審核，結果另以電子郵件通知；帳號開通後，即可登入使用。" in mail.text
    refused = story.mails["document refused"]
    assert "很抱歉，您的公司證明文件未通過" in refused.text
    assert OBSOLETE in refused.text
    assert "> 請改附公司登記表。" in refused.text
    page = story.pages["approved"]
    assert "帳號申請與公司證明文件分開審核，各以一封信通知結果。" in page.text
    for words in ("公司證明文件審核未通過", "公司證明文件審核通過", "通過說明：", "請攜帶正本至警察所領證。"):
        assert words in page.text


@pytest.mark.requirement("R-171")
def test_the_link_comes_with_the_approval_and_lets_its_person_in(story: Story) -> None:
    mail = story.mails["approved"]
    assert mail.subject == f"{NAME}帳號註冊通知信件（審核通過）"
    assert "已審核通過，請點擊下面的連結完成 Email 驗證，驗證成功即可登入。" in mail.text
    assert "驗證信不可轉寄至其他信箱做驗證。" in mail.text
    assert "/verify/" in mail.link
    assert all("/verify/" not in each.text for name, each in story.mails.items() if name != "approved")
    assert story.pages["sign-in"].path != "/login"


@pytest.mark.requirement("R-177", "R-179")
def test_who_is_refused_reads_why_and_mends_the_same_application(story: Story, town: Town) -> None:
    mail = story.mails["refused"]
    assert mail.subject == f"{NAME}帳號註冊通知信件（審核未通過）"
    words = f"很抱歉，您在{NAME}註冊的新帳號 {story.person['username']} 未審核通過，未通過原因如下："
    assert words in mail.text
    assert "姓名欄請填寫人員完整姓名，不可為公司名稱。" in mail.text
    page = story.pages["document refused"]
    assert page.path == "/register/status/case"
    assert OBSOLETE in page.text
    assert "更換檔案後再次送出；您填寫的資料已為您保留，無須重新填寫。" in page.text
    assert page.text.count("需等候服務單位審核。") == 1  # the account still waits
    assert story.pages["another file"].path == "/register/document"
    for kept in (story.unit.tax_id, story.unit.name, "陳大文", "王小明", story.person["email"], "公司登記表.pdf"):
        assert kept in story.pages["check"].text
    assert "需等候服務單位審核。" in story.pages["sent again"].text
    assert "審核未通過" in story.pages["refused"].text
    assert value_of(story.pages["kept"], "email") == story.person["email"]
    asked = story.pages["asked"]
    for words in ("服務單位請您補充資料", "請說明職務。", "前修正後再次送出"):
        assert words in asked.text
    assert "> 請說明職務。" in story.mails["asked"].text
    rows = "SELECT count(*), min(a.name) FROM cases c JOIN accounts a ON a.id = c.account_id WHERE a.username = :name"
    assert town.server.read(rows, {"name": story.person["username"]}) == [(1, "王大明")]
