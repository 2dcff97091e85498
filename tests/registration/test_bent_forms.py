"""Forms that were bent: another's run, steps left out, fields that are not there, odd characters, names tried."""

import time

import pytest

from tests.harness.browser import Browser, Page
from tests.harness.mailbox import Mailbox
from tests.harness.people import PASSWORD, Town
from tests.registration.conftest import NewCompany
from tests.registration.wizard import PHONE, TICK, Unit, Wizard, answers, number_of, run_of, value_of
from tests.security.doors import send_by_hand
from tests.security.test_forms import BYTES, check_answer, send_raw

STEPS = ("terms", "company", "verified", "proof", "card", "account", "check")
AUDIT = "SELECT outcome FROM audit_log WHERE action = :action"
ODD = ("lone surrogate", "right-to-left", "markup", "private use", "long")
MARKUP = "\"'><script>alert(1)</script>{{7*7}}"


def _form(page: Page) -> dict[str, str]:
    return dict(page.forms[0].fields)


def case_row(town: Town, number: str) -> tuple[object, ...]:
    statement = (
        "SELECT a.role, a.status, a.name, a.email, c.reviewer, co.tax_id, co.proof FROM cases c"
        " JOIN accounts a ON a.id = c.account_id JOIN companies co ON co.id = c.company_id WHERE c.number = :number"
    )
    return town.server.read(statement, {"number": number})[0]


def test_a_run_is_its_browsers_own(town: Town, browser: Browser, unit: Unit) -> None:
    wizard = Wizard(browser)
    check = wizard.to_check(unit.tax_id)
    other = town.browser()
    mine = Wizard(other).to_company()
    for step in (*STEPS, "done"):
        stolen = other.get(f"/register/{step}?run={run_of(check)}")
        assert stolen.path == "/register"
        assert wizard.person["email"] not in stolen.html
        assert unit.name not in stolen.html
    # Sent from there it is no more than a form of nobody's: nothing of the run is used.
    page = other.submit(mine, "lookup", run=run_of(check), number="00000005")
    assert run_of(page) not in {run_of(check), run_of(mine)}
    assert value_of(browser.get(f"/register/company?run={run_of(check)}"), "number") == unit.tax_id
    for bad in ("", "x", "fl_" + "x" * 4000, "\u202e", "'"):
        assert other.get("/register/company", params={"run": bad}).path == "/register"


def test_no_step_is_left_out_by_its_address(town: Town, browser: Browser, unit: Unit) -> None:
    """RG06: GET and POST of later steps lead to the one the run is at; the application as a whole is refused."""
    wizard = Wizard(browser)
    terms = wizard.begin()
    run = run_of(terms)
    for step in STEPS[1:]:
        assert browser.get(f"/register/{step}?run={run}").path == "/register/terms"
    for step in STEPS[1:-1]:
        page = browser.post(f"/register/{step}", _form(terms) | wizard.person, headers={"Origin": browser.origin})
        assert page.path == "/register/terms", step
    sent = browser.post("/register/check", _form(terms) | {"do": "submit"}, headers={"Origin": browser.origin})
    assert sent.status == 409
    assert "申請沒有送出" in sent.text
    assert sent.has("go-on")
    assert ("refused",) in town.server.read(AUDIT, {"action": "registration:sent:early"})
    company = browser.submit(browser.get(f"/register/terms?run={run}"), "next", agreed=TICK)
    account = browser.post("/register/account", _form(company) | wizard.person, headers={"Origin": browser.origin})
    assert account.path == "/register/company"


def test_fields_that_are_not_asked_are_not_taken(town: Town, browser: Browser, new_company: NewCompany) -> None:
    """RG09, RG10: neither role nor number nor the look-up's answer comes from a form."""
    unit = new_company("card")
    town.person("group_admin", tax_id=unit.tax_id)
    wizard = Wizard(browser)
    extra = {
        "role": "group_admin",
        "status": "active",
        "tax_id": "00000016",
        "is_first": "1",
        "expected_first": "true",
        "register_name": "測試一號有限公司",
        "password_hash": "x",
        "corrects": "x",
        "explained": "x",
        "done": "check",
    }
    account = wizard.to_account(unit.tax_id)
    data = _form(account) | wizard.person | extra | {"number": "00000016", "do": "next"}
    check = browser.post(account.url, data, headers={"Origin": browser.origin})
    assert check.path == "/register/check"
    data = _form(check) | extra | {"do": "submit"}
    done = browser.post(check.url, data, headers={"Origin": browser.origin})
    role, status, *_, reviewer, tax_id, proof = case_row(town, number_of(done))
    assert (role, status, reviewer, tax_id, proof) == ("guest", "email_pending", "group_admin", unit.tax_id, "card")


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("name", "x" * 51, "姓名應為 1 至 50 個字。"),
        ("name", "y" * 4096, "姓名應為 1 至 50 個字。"),
        ("name", "得獎 https://evil.example/x", "姓名不可包含網址。"),
        ("name", "王\u202e小明", "姓名應為 1 至 50 個字。"),
        ("name", "王\u200b小明", "姓名應為 1 至 50 個字。"),
        ("username", "аdmin", "帳號應為 4 至 32 個英文字母、數字"),
        ("username", "ad min", "帳號應為 4 至 32 個英文字母、數字"),
        ("username", "abc", "帳號應為 4 至 32 個英文字母、數字"),
        ("email", "a@example.test, b@example.test", "Email 格式不正確"),
        ("email", "a@example.test\r\nBcc: b@example.test", "Email 格式不正確"),
        ("email", "Ming <a@example.test>", "Email 格式不正確"),
        ("phone", "0212", "電話號碼格式不正確"),
        ("password_again", "another-Passw0rd-1", "兩次輸入的密碼不同。"),
    ],
)
def test_a_value_against_its_rule_is_told_and_kept(town: Town, field: str, typed: str, told: str) -> None:
    """RG13, UN02, UN05, R-067."""
    browser = town.browser()
    wizard = Wizard(browser)
    page = browser.submit(wizard.to_account("00000005"), "next", **wizard.person | {field: typed})
    assert (page.status, page.path) == (400, "/register/account")
    assert told in page.text
    assert value_of(page, field) == ("" if "password" in field else typed)
    again = browser.get(page.url)
    assert again.status == 200
    fixed = browser.submit(again, "next", **wizard.person)
    assert fixed.path == "/register/check"


def test_nul_and_broken_characters_are_refused_before_anything(town: Town, browser: Browser) -> None:
    page = Wizard(browser).to_company()
    for value in (b"a%00b", b"%FF", b"%ED%A0%80"):
        body = "&".join(f"{name}={text}" for name, text in _form(page).items()).encode() + b"&do=lookup&number=" + value
        answer = browser.http.post(
            page.url,
            data=body,
            headers={"Content-Type": "application/x-www-form-urlencoded", "Origin": browser.origin},
            timeout=20,
        )
        assert answer.status_code == 400


def test_markup_is_text_on_pages_and_in_mails(town: Town, browser: Browser, mailbox: Mailbox) -> None:
    """RG11."""
    wizard = Wizard(browser, person=answers(name=MARKUP))
    page = wizard.name_company(
        wizard.to_found("04595252"), company_name=f"公司{MARKUP}", company_address=f"地址{MARKUP}"
    )
    pages = [page, browser.submit(page, "next")]
    pages.append(browser.submit(pages[-1], "next", **wizard.person))
    pages.append(browser.submit(pages[-1], "submit"))
    assert pages[-1].path == "/register/done"
    assert MARKUP in pages[2].text
    mail = mailbox.newest(wizard.person["email"])
    for html in [*(page.html for page in pages), mail.html]:
        assert "<script>alert" not in html
        assert "&gt;49" not in html


def test_who_tries_account_names_is_stopped(town: Town, browser: Browser, unit: Unit) -> None:
    """RG04: 「帳號已經存在」 is said within a registration alone, twenty names an hour to a browser."""
    taken = Wizard(town.browser())
    taken.to_done(unit.tax_id)
    wizard = Wizard(browser)
    page = wizard.to_account(unit.tax_id)
    told = 0
    for number in range(21):
        name = taken.person["username"] if number % 2 else answers()["username"]
        page = browser.submit(page, "next", **wizard.person | {"username": name, "phone": "0"})
        told += "帳號已經存在，請重設其他帳號。" in page.text
    assert told == 10
    assert page.status == 429
    assert "操作次數過多" in page.text
    assert int(page.response.headers["Retry-After"]) > 0
    assert browser.submit(page, "next", **answers(phone="0")).status == 429
    # The same name again is no other name.
    other = Wizard(town.browser())
    account = other.to_account(unit.tax_id)
    for _ in range(25):
        answer = send_by_hand(other.browser, account, "next", **other.person | {"phone": "0"})
        assert answer.status_code == 400


def test_who_has_passwords_judged_or_numbers_looked_up_without_end_is_stopped(
    town: Town, browser: Browser, unit: Unit
) -> None:
    """Both cost work that nobody has to be known for; what was typed stays, and another address goes on."""
    wizard = Wizard(browser)
    page = wizard.to_found(unit.tax_id)
    use_up(town, "lookup:address", 120)
    refused = browser.submit(page, "lookup", number="00000005")
    assert (refused.status, refused.path, value_of(refused, "number")) == (429, "/register/company", "00000005")
    assert "操作次數過多" in refused.text
    assert int(refused.response.headers["Retry-After"]) > 0
    page = wizard.name_company(browser.get(page.url), number=unit.tax_id)
    while page.path in {"/register/verified", "/register/proof"}:
        page = browser.submit(page, "next")
    # A crafted text that zxcvbn would read for seconds is long enough to need no reading.
    slow = ("4@8({[<369|1!0$5+7%2" * 3 + "aa1")[:63]
    moment = time.monotonic()
    check = browser.submit(page, "next", **wizard.person | {"password": slow, "password_again": slow})
    assert (check.path, time.monotonic() - moment < 5) == ("/register/check", True)
    use_up(town, "password:address", 60)
    account = browser.get(f"/register/account?run={run_of(check)}")
    refused = browser.submit(account, "next", **wizard.person | {"name": "王大明"})
    assert (refused.status, value_of(refused, "name")) == (429, "王大明")
    assert "操作次數過多" in refused.text
    assert int(refused.response.headers["Retry-After"]) > 0
    assert Wizard(town.browser()).to_check(unit.tax_id).path == "/register/check"


def use_up(town: Town, limit: str, most: int) -> None:
    values = {"name": limit, "count": most}
    assert town.server.write("UPDATE limit_counters SET count = :count WHERE name = :name", values) > 0


def test_a_password_is_judged_with_the_names_that_are_sent(town: Town, browser: Browser, unit: Unit) -> None:
    """PW07: no password is kept that is made of an account name which was chosen after it."""
    wizard = Wizard(browser)
    name = f"q{answers()['username']}7"
    check = browser.submit(
        wizard.to_account(unit.tax_id), "next", **wizard.person | {"password": name, "password_again": name}
    )
    assert check.path == "/register/check"
    account = browser.get(f"/register/account?run={run_of(check)}")
    refused = browser.submit(account, "next", username=name)
    assert (refused.status, refused.path, value_of(refused, "username")) == (400, "/register/account", name)
    assert "請重新輸入密碼。" in refused.text
    assert "密碼已設定" not in refused.text
    again = browser.submit(refused, "next", password=name, password_again=name)
    assert "密碼不可由公司名稱、統一編號、帳號或服務名稱組成。" in again.text
    assert browser.submit(again, "next", password=PASSWORD, password_again=PASSWORD).path == "/register/check"


def test_the_texts_that_were_shown_are_the_ones_agreed_to(town: Town, browser: Browser) -> None:
    terms = Wizard(browser).begin()
    page = browser.submit(terms, "next", agreed=TICK, texts="terms/0")
    assert page.path == "/register/terms"
    assert browser.submit(page, "next", agreed=TICK).path == "/register/company"


def test_a_service_that_is_not_there_is_asked_for(town: Town, browser: Browser) -> None:
    for service in ("nowhere", "", "'", "x" * 4000, "\u202e"):
        page = browser.get("/register", params={"service": service})
        assert page.path == "/register"
        assert {"service-dreams", "service-port"} <= set(page.ids)
    assert "每位使用者都必須有個別的帳號" in page.text


def test_what_was_typed_is_not_kept_beyond_its_run(town: Town, browser: Browser, unit: Unit) -> None:
    """The run forgets when it ends, and never holds a password but as its hash."""
    wizard = Wizard(browser)
    check = wizard.to_check(unit.tax_id)
    held = str(town.server.read("SELECT data FROM flows WHERE id = :id", {"id": run_of(check)}))
    assert PASSWORD not in held
    assert "argon2id" in held
    assert PHONE in held
    browser.submit(check, "submit")
    left = str(town.server.read("SELECT data FROM flows WHERE id = :id", {"id": run_of(check)}))
    assert "argon2id" not in left
    assert wizard.person["email"] not in left


def test_any_byte_in_any_field_gets_a_sentence(town: Town, unit: Unit) -> None:
    """UN05: every field of every page of the wizard, those that nobody sees too."""
    one, two = (Wizard(town.browser()) for _ in range(2))
    pages = [one.begin(), one.to_found(unit.tax_id), one.to_account(unit.tax_id), two.to_done(unit.tax_id)]
    for page in pages:
        browser = two.browser if page.path == "/register/done" else one.browser
        for form in page.forms:
            names = {name for name, _ in form.fields} | form.kinds.keys() | {b.name for b in form.buttons if b.name}
            for name in sorted(names - {"csrf_token"}):
                for kind in ODD:
                    check_answer(send_raw(browser, form, name, BYTES[kind]), f"{form.action} {name} {kind}")
