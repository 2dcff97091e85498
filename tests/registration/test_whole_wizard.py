"""The whole wizard, as its manual tells it: the first person of a company, her colleague, and other companies."""

import pytest

from tests.harness.browser import Browser, Page
from tests.harness.mailbox import Mailbox
from tests.harness.people import PASSWORD, Town
from tests.registration.conftest import MAILBOX, NewCompany
from tests.registration.wizard import ADDRESS, PHONE, TICK, Unit, Wizard, answers, number_of, value_of

EXPLAINED = "因為貴公司已通過工商憑證驗證，請點選「下一步」進行帳號申請，您的帳號將由貴公司的群組管理員審核。"


def steps_of(page: Page) -> list[str]:
    """The stepper's labels."""
    inner = page.html.split('<ol class="steps"')[1].split("</ol>")[0]
    return [part.split(">", 1)[1].split("<")[0] for part in inner.split("<span data-n=")[1:]]


@pytest.mark.requirement("R-005", "R-006", "R-007", "R-030")
def test_the_way_begins_at_the_login_page_and_with_the_terms(town: Town, browser: Browser) -> None:
    login = browser.get("/login")
    assert "申請新帳號" in login.text
    assert f"{browser.origin}/register" in login.links
    page = Wizard(browser).begin()
    assert "服務條款" in page.text
    assert "我同意條款" in page.text
    # 個資法第8條 asks for six things to be told.
    for told in (
        "機關名稱",
        "蒐集之目的",
        "個人資料之類別",
        "利用之期間、地區、對象及方式",
        "您的權利",
        "不提供資料之影響",
    ):
        assert told in page.text
    assert page.button("next")[1].text == "下一步"  # type: ignore[index]
    refused = browser.submit(page, "next")
    assert (refused.status, refused.path) == (400, "/register/terms")
    assert "請詳閱服務條款，勾選「我同意條款」後，再按「下一步」。" in refused.text
    assert refused.text.startswith("請修正：")
    agreed = browser.submit(refused, "next", agreed=TICK)
    assert agreed.path == "/register/company"
    assert f"{browser.origin}/login" in agreed.links


@pytest.mark.requirement("R-008", "R-009", "R-011", "R-012", "R-013")
def test_the_number_brings_the_name_and_the_person_confirms_it(town: Town, browser: Browser, unit: Unit) -> None:
    wizard = Wizard(browser)
    page = wizard.to_company()
    assert "統一編號" in page.text
    assert "填寫統一編號後，公司名稱會自動帶入，請確認是否正確。" in page.text
    assert not page.has("company_phone")
    for typed, told in (
        ("", "請輸入統一編號。"),
        ("0000001", "統一編號應為 8 位數字，請檢查是否多打或少打。"),
        ("000000012", "統一編號應為 8 位數字，請檢查是否多打或少打。"),
        ("A2345678", "統一編號應為 8 位數字，請檢查是否多打或少打。"),
        ("00000000", "統一編號檢查碼不正確，請檢查是否輸入錯誤。"),
        ("12345678", "統一編號檢查碼不正確，請檢查是否輸入錯誤。"),
    ):
        page = browser.submit(page, "lookup", number=typed)
        assert page.status == 400
        assert told in page.text
        assert value_of(page, "number") == typed
    wide = unit.tax_id.translate({ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)})
    page = browser.submit(page, "lookup", number=f" {wide} ")
    assert f"查到的公司是「{unit.name}」，請確認是否正確。" in page.text
    assert "營業中" in page.text
    assert "資料來源：財政部財政資訊中心，115年11月2日（2026-11-02）" in page.text
    assert value_of(page, "company_address")
    refused = browser.submit(page, "next", company_phone="12", company_address="高雄")
    assert refused.status == 400
    for told in ("請確認查到的公司是否正確", "電話號碼格式不正確", "地址應為 5 至 200 個字"):
        assert told in refused.text
    assert [value_of(refused, name) for name in ("company_phone", "company_address")] == ["12", "高雄"]
    assert "公司聯絡電話" in refused.text
    assert "公司地址" in refused.text
    onward = browser.submit(refused, "next", confirmed=TICK, company_phone=PHONE, company_address=ADDRESS)
    assert onward.path == "/register/proof"


@pytest.mark.requirement("R-003", "R-021", "R-022", "R-023", "R-028")
def test_the_first_person_of_a_proven_company_is_to_become_its_group_admin(
    town: Town, browser: Browser, new_company: NewCompany
) -> None:
    wizard = Wizard(browser)
    unit = new_company("card")
    page = wizard.to_found(unit.tax_id)
    assert "以貴公司為群組單位，首次申請帳號需通過公司驗證並成為群組管理員。" in page.text
    page = wizard.name_company(page)
    assert (page.path, steps_of(page)) == ("/register/account", ["服務條款", "公司資料", "帳號資料", "確認送出"])
    assert "第 3 步，共 4 步" in page.text
    assert "填寫帳號資料" in page.text
    assert "密碼8字元以上，且需英文數字混合。" in page.text
    for password, told in (
        ("abc123", "密碼至少 8 個字元，且須同時包含英文與數字。"),
        ("abcdefghij", "密碼至少 8 個字元，且須同時包含英文與數字。"),
        (f"x{unit.tax_id}", "密碼不可由公司名稱、統一編號、帳號或服務名稱組成。"),
        ("abcd1234", "這個密碼太容易被猜到，請改用較長或較不常見的密碼。"),
    ):
        page = browser.submit(page, "next", **wizard.person | {"password": password, "password_again": password})
        assert page.status == 400
        assert told in page.text
        assert password not in page.html.replace(unit.tax_id, "")
    page = browser.submit(page, "next", **wizard.person)
    assert page.path == "/register/check"
    for told in (unit.tax_id, unit.name, ADDRESS, "07-521-3999 #12", wizard.person["username"], "已設定（不顯示）"):
        assert told in page.text
    assert PASSWORD not in page.html
    assert "完成Email認證後，即可使用帳號與密碼登入。" in page.text
    assert "此帳號即為該公司之群組管理員。" in page.text
    assert "貴公司其他帳號即由您負責審核。" in page.text
    assert page.button("submit")[1].text == "送出申請"  # type: ignore[index]


@pytest.mark.requirement("R-024", "R-025", "R-026", "R-027", "R-050")
def test_what_was_sent_has_a_number_and_says_whose_mail_to_expect(
    town: Town, browser: Browser, mailbox: Mailbox, new_company: NewCompany
) -> None:
    wizard = Wizard(browser)
    page = wizard.to_check(new_company("card").tax_id)
    assert "送出後，系統將自動發送驗證Email至所申請信箱。" in page.text
    page = browser.submit(page, "submit")
    assert page.path == "/register/done"
    number = number_of(page)
    email = wizard.person["email"]
    assert f"{email[:2]}*****@example.test" in page.text
    assert email not in page.html
    assert f"請確認是否收到由 {MAILBOX} 送發之驗證信。" in page.text
    assert "若沒有收到此信，請檢查垃圾信箱。" in page.text
    assert "點選信件中的URL以認證Email帳號。" in page.text
    mail = mailbox.newest(email)
    assert MAILBOX in mail.sender
    assert MAILBOX in str(mail.reply_to)
    assert number in mail.text
    assert browser.get(mail.link).path == "/verify"
    # The page tells what has become of it when it is looked at again.
    again = browser.get(page.url)
    assert number_of(again) == number


@pytest.mark.requirement("R-002", "R-014", "R-031", "R-032", "R-033")
def test_a_colleague_gives_no_proof_and_is_reviewed_by_the_group_admin(
    town: Town, browser: Browser, mailbox: Mailbox, new_company: NewCompany
) -> None:
    unit = new_company("card")
    town.person("group_admin", tax_id=unit.tax_id)
    wizard = Wizard(browser)
    page = wizard.name_company(wizard.to_found(unit.tax_id))
    assert page.path == "/register/verified"
    assert EXPLAINED in page.text
    assert steps_of(page) == ["服務條款", "公司資料", "公司驗證", "帳號資料", "確認送出"]
    # What we keep of the company is nobody's who knows its number.
    assert "admin" not in page.html.replace("群組管理員", "")
    page = browser.submit(page, "next")
    assert "密碼8字元以上，且需英文數字混合。" in page.text
    page = browser.submit(page, "next", **wizard.person)
    assert "完成Email認證後，需等候貴公司群組管理員審核。" in page.text
    assert "審核通過後，即可使用此帳號密碼登入。" in page.text
    page = browser.submit(page, "submit")
    assert "完成Email認證後，需等候貴公司群組管理員審核。" in page.text
    mail = mailbox.newest(wizard.person["email"])
    assert MAILBOX in mail.sender
    assert mail.link


@pytest.mark.requirement("R-001")
def test_without_a_card_an_operators_word_opens_the_way(
    town: Town, browser: Browser, mailbox: Mailbox, unit: Unit
) -> None:
    """The company is not proven by anything said here: it waits for the operator's word, and nothing is pretended."""
    wizard = Wizard(browser)
    page = wizard.name_company(wizard.to_found(unit.tax_id))
    assert page.path == "/register/proof"
    assert f"「{unit.name}」尚未通過公司驗證。" in page.text
    assert "您不必在這裡提出證明。送出申請後，服務單位會與貴公司確認，確認之前帳號還無法使用。" in page.text
    assert "成為群組管理員" in page.text
    page = browser.submit(browser.submit(page, "next"), "next", **wizard.person)
    assert "需等候服務單位確認貴公司並完成審核。" in page.text
    page = browser.submit(page, "submit")
    confirm = browser.get(mailbox.newest(wizard.person["email"]).link)
    browser.submit(confirm, "verify-confirm")
    waiting = browser.get(page.url)
    assert "申請已送出" in waiting.text
    assert not waiting.has("resend")
    town.idp("company", "prove", "--tax-id", unit.tax_id, "--proof", "card", "--reason", "seen by hand", "--first-come")
    opened = browser.get(page.url)
    found = opened.has("go-sign-in")
    assert found, opened
    person = wizard.person
    signed_in = browser.submit(browser.get("/login"), "sign-in", username=person["username"], password=PASSWORD)
    assert "權限為群組管理員" in signed_in.text


@pytest.mark.requirement("R-010")
def test_a_number_that_no_register_has_is_not_refused(town: Town, browser: Browser) -> None:
    wizard = Wizard(browser)
    page = wizard.to_found("04595252")
    assert "登記資料查無此編號，不代表編號有誤。您可以自行填寫公司全銜，由服務單位人工審核。" in page.text
    refused = wizard.name_company(page)
    assert "請填寫公司名稱（全銜）。" in refused.text
    page = wizard.name_company(refused, company_name="測試職工福利委員會")
    assert "「測試職工福利委員會」尚未通過公司驗證。" in page.text
    page = browser.submit(browser.submit(page, "next"), "next", **wizard.person)
    page = browser.submit(page, "submit")
    hints = town.server.read("SELECT hints FROM cases WHERE number = :number", {"number": number_of(page)})
    assert "hint.company_not_found" in str(hints)


def test_a_company_that_has_ended_gets_nobody_in(town: Town, browser: Browser, new_company: NewCompany) -> None:
    wizard = Wizard(browser)
    page = wizard.to_found("00000064")
    assert "此公司登記狀態為「已歇業或解散」，無法申請帳號。" in page.text
    assert page.button("next") is None
    suspended = new_company("document")
    town.idp("company", "suspend", "--tax-id", suspended.tax_id, "--reason", "test")
    page = browser.submit(page, "lookup", number=suspended.tax_id)
    assert "此公司登記狀態為「停用」，無法申請帳號。" in page.text
    assert browser.get(page.url).path == "/register/company"
    paused = browser.submit(page, "lookup", number="00000070")
    assert "停業中" in paused.text
    assert paused.button("next") is not None


def test_a_service_asks_what_its_policy_says(town: Town, browser: Browser, unit: Unit) -> None:
    """The port's way: other numbers than tax IDs, a name filled in but free, and a responsible person."""
    wizard = Wizard(browser, "port")
    page = wizard.begin()
    assert "我同意條款" not in page.text
    assert "個人資料蒐集告知事項" in page.text
    page = browser.submit(page, "next")
    assert "政府機關可填機關代碼" in page.text
    # An agency's code where a tax ID was chosen is understood.
    page = browser.submit(page, "lookup", number="376610000a", id_type="ubn")
    assert value_of(page, "id_type") == "agency"
    assert "查到的公司" not in page.text
    for hint in ("例：臺灣港務股份有限公司基隆分公司", "例：02-12345678#12345", "例：804004高雄市鼓山區蓬萊路10號"):
        assert hint in page.text
    refused = wizard.name_company(page, company_name="測試市政府")
    assert "請填寫公司負責人姓名。" in refused.text
    for kind, number, told in (
        ("foreign", "JP0104", "請輸入國別代碼、連字號與當地登記號碼"),
        ("oid", "1.2.3", "物件識別碼應以 2.16.886.101 開頭"),
        ("nothing", "1", "請選擇編號的種類。"),
    ):
        refused = browser.submit(refused, "lookup", number=number, id_type=kind)
        assert told in refused.text
    # What was typed for another number stays, but its name.
    page = browser.submit(refused, "lookup", number=unit.tax_id, id_type="ubn")
    assert (value_of(page, "company_name"), value_of(page, "company_phone")) == (unit.name, PHONE)
    page = wizard.name_company(page, company_name=f"{unit.name}高雄分公司", responsible="陳大文")
    page = browser.submit(page, "next")
    page = browser.submit(page, "next", **wizard.person)
    assert "陳大文" in page.text
    assert "審核通過後，系統會寄出驗證信；完成Email認證後，即可使用帳號與密碼登入。" in page.text
    page = browser.submit(page, "submit")
    assert "僅表示您的帳號申請已成功送出，還無法做登入使用" in page.text
    assert not page.has("resend")
    hints = town.server.read("SELECT hints FROM cases WHERE number = :number", {"number": number_of(page)})
    assert "hint.company_name_differs" in str(hints)


@pytest.mark.requirement("R-079")
def test_a_name_like_a_companys_is_asked_about_once_and_a_taken_account_told(
    town: Town, browser: Browser, unit: Unit
) -> None:
    taken = Wizard(town.browser())
    taken.to_done(unit.tax_id)
    wizard = Wizard(browser)
    page = wizard.to_account(unit.tax_id)
    person = wizard.person | {"username": taken.person["username"].upper(), "name": "測試有限公司"}
    refused = browser.submit(page, "next", **person)
    assert "帳號已經存在，請重設其他帳號。" in refused.text
    assert "姓名欄請填寫人員完整姓名，不可為公司名稱。" in refused.text
    # The password was good: it is kept, and never shown.
    assert "密碼已設定（不顯示）" in refused.text
    assert PASSWORD not in refused.html
    onward = browser.submit(refused, "next", username=wizard.person["username"])
    assert onward.path == "/register/check"
    page = browser.submit(onward, "submit")
    hints = town.server.read("SELECT hints FROM cases WHERE number = :number", {"number": number_of(page)})
    assert "hint.name_of_company" in str(hints)


def test_the_pages_are_there_in_english(town: Town, new_company: NewCompany) -> None:
    browser = Browser(town.issuer, language="en")
    wizard = Wizard(browser)
    unit = new_company("card")
    page = wizard.to_found(unit.tax_id)
    assert f'We found "{unit.name}". Is this right?' in page.text
    page = browser.submit(wizard.name_company(page, confirmed=TICK), "next", **wizard.person)
    assert "Check your answers" in page.text
    page = browser.submit(page, "submit")
    assert "Application sent: check your mailbox" in page.text
    rows = town.server.read("SELECT locale FROM accounts WHERE username = :u", {"u": wizard.person["username"]})
    assert rows == [("en",)]


def test_another_company_may_have_one_account_only(town: Town, mailbox: Mailbox, new_company: NewCompany) -> None:
    unit = new_company("card")
    first = Wizard(town.browser(), "single", answers())
    first.to_done(unit.tax_id)
    first.browser.submit(first.browser.get(mailbox.newest(first.person["email"]).link), "verify-confirm")
    second = Wizard(town.browser(), "single", answers())
    page = second.browser.submit(second.to_check(unit.tax_id), "submit")
    assert page.path == "/register/company"
    assert "貴公司已有帳號。這項服務每家公司僅提供一個帳號，請直接登入。" in page.text
