"""Back, reload, two tabs, an expired run, a double click: nothing typed is lost, nothing is sent twice."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.browser import Browser, Page
from tests.harness.mailbox import Mailbox
from tests.harness.people import PASSWORD, Town
from tests.registration.conftest import NewCompany
from tests.registration.wizard import ADDRESS, PHONE, TICK, Unit, Wizard, answers, number_of, run_of, value_of
from tests.security.doors import at_once, send_by_hand

RESTORED = "上次填寫的內容已為您保留，密碼請重新設定。"


def end_run(town: Town, run: str) -> None:
    """The run's time is over."""
    moment = (datetime.now(UTC) - timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M:%S.%f")
    zone = "" if town.server.kind == "sqlite" else "+00:00"
    values = {"moment": moment + zone, "id": run}
    assert town.server.write("UPDATE flows SET expires_at = :moment WHERE id = :id", values) == 1


def cases_of(town: Town, wizard: Wizard) -> list[str]:
    """The cases that this person has sent."""
    statement = "SELECT c.number FROM cases c JOIN accounts a ON a.id = c.account_id WHERE a.username = :name"
    return [number for (number,) in town.server.read(statement, {"name": wizard.person["username"]})]


def fields_of(page: Page, *names: str) -> list[str | None]:
    return [value_of(page, name) for name in names]


def test_back_reload_and_change_lose_nothing(town: Town, browser: Browser, unit: Unit) -> None:
    wizard = Wizard(browser)
    check = wizard.to_check(unit.tax_id)
    run = run_of(check)
    for page in (browser.get(check.url), browser.get(f"/register/company?run={run}")):
        assert run_of(page) == run
    company = browser.get(f"/register/company?run={run}#company_phone")
    assert fields_of(company, "number", "confirmed", "company_phone", "company_address") == [
        unit.tax_id, TICK, PHONE, ADDRESS,
    ]  # fmt: skip
    # What was wrong is there again too, and the check page waits for it.
    wrong = browser.submit(company, "next", company_phone="0")
    assert wrong.status == 400
    again = browser.get(wrong.url)
    assert (again.status, value_of(again, "company_phone")) == (200, "0")
    assert browser.get(check.url).path == "/register/company"
    back = browser.submit(again, "next", company_phone="02-27654321")
    assert back.path == "/register/check"
    assert "02-2765-4321" in back.text
    account = browser.get(f"/register/account?run={run}")
    assert fields_of(account, "username", "name", "phone", "email") == [
        wizard.person[name] for name in ("username", "name", "phone", "email")
    ]
    assert value_of(account, "password") == ""
    assert "密碼已設定（不顯示）" in account.text
    back = browser.submit(account, "next", name="王大明")
    assert (back.path, "王大明" in back.text) == ("/register/check", True)
    done = browser.submit(back, "submit")
    # The page before, sent once more, shows what was sent.
    assert number_of(browser.submit(back, "submit")) == number_of(done)
    assert browser.get(f"/register/account?run={run}").path == "/register/done"


def test_another_number_drops_what_came_after_it(town: Town, browser: Browser, new_company: NewCompany) -> None:
    first, second = new_company(), new_company("card")
    wizard = Wizard(browser)
    check = wizard.to_check(first.tax_id)
    company = browser.get(f"/register/company?run={run_of(check)}")
    # Even sent with everything else, another number is looked up first.
    page = browser.submit(company, "next", number=second.tax_id)
    assert f"查到的公司是「{second.name}」" in page.text
    assert value_of(page, "confirmed") is None
    assert fields_of(page, "company_phone", "company_address") == [PHONE, ADDRESS]
    page = wizard.name_company(page)
    # The password may be made of the new company's name: it is asked for again, all else is there.
    assert page.path == "/register/account"
    assert value_of(page, "username") == wizard.person["username"]
    assert "密碼已設定" not in page.text
    assert browser.submit(page, "next").status == 400
    page = browser.submit(page, "next", password=PASSWORD, password_again=PASSWORD)
    assert second.name in page.text
    assert first.name not in page.text


def test_two_tabs_for_two_services_do_not_mix(town: Town, browser: Browser, new_company: NewCompany) -> None:
    first, second = new_company("card"), new_company()
    one, two = Wizard(browser), Wizard(browser, "port", answers())
    in_one = one.to_account(first.tax_id)
    in_two = browser.submit(browser.submit(two.begin(), "next"), "lookup", number=second.tax_id)
    in_one = browser.submit(in_one, "next", **one.person)
    in_two = two.name_company(in_two, responsible="陳大文")
    assert (first.name in in_one.text, second.name in in_one.text) == (True, False)
    assert (in_two.path, second.name in in_two.text) == ("/register/proof", True)


def test_a_second_tab_of_the_same_run_is_led_to_where_the_run_is(town: Town, browser: Browser, unit: Unit) -> None:
    wizard = Wizard(browser)
    early = wizard.to_company()
    account = wizard.to_account(unit.tax_id)
    run = run_of(account)
    # The tab left open at the first page of this run's number takes it back there.
    stale = browser.get(f"/register/company?run={run}")
    browser.submit(stale, "lookup", number="00000005")
    late = browser.submit(account, "next", **wizard.person)
    assert (late.path, run_of(late)) == ("/register/company", run)
    # What was typed in the other tab is kept for its turn.
    page = wizard.name_company(late)
    while page.path == "/register/proof":
        page = browser.submit(page, "next")
    assert fields_of(page, "username", "email") == [wizard.person["username"], wizard.person["email"]]
    assert run_of(early) != run


def test_an_expired_run_is_restored_without_its_password(town: Town, browser: Browser, unit: Unit) -> None:
    wizard = Wizard(browser)
    check = wizard.to_check(unit.tax_id)
    end_run(town, run_of(check))
    restored = browser.submit(check, "submit")
    assert restored.path == "/register/account"
    assert RESTORED in restored.text
    assert run_of(restored) != run_of(check)
    assert fields_of(restored, "username", "name") == [wizard.person["username"], wizard.person["name"]]
    # The old tab is led to the new run, which is one.
    assert run_of(browser.get(check.url)) == run_of(restored)
    page = browser.submit(restored, "next", password=PASSWORD, password_again=PASSWORD)
    assert RESTORED not in page.text
    assert browser.submit(page, "submit").path == "/register/done"
    assert len(cases_of(town, wizard)) == 1


def test_a_correction_that_expired_asks_for_the_password_again(town: Town, browser: Browser, unit: Unit) -> None:
    wizard = Wizard(browser)
    number = number_of(wizard.to_done(unit.tax_id))
    browser.submit(browser.get("/register/status"), "look-up", number=number, email=wizard.person["email"])
    ask = browser.get("/register/status/correct")
    page = browser.submit(ask, "correct", password=PASSWORD)
    check = browser.get(f"/register/check?run={run_of(page)}")
    assert check.path == "/register/check"
    end_run(town, run_of(page))
    for late in (browser.get(check.url), browser.submit(check, "submit"), browser.submit(page, "next")):
        assert late.path == "/register/status"
        assert "這次修正已經逾時。請查詢申請進度，再修正一次。" in late.text
        assert wizard.person["phone"] not in late.html
    assert len(cases_of(town, wizard)) == 1


def test_what_is_sent_for_a_run_that_is_gone_begins_a_new_one(town: Town, browser: Browser, unit: Unit) -> None:
    wizard = Wizard(browser)
    account = wizard.to_account(unit.tax_id)
    assert town.server.write("DELETE FROM flows WHERE id = :id", {"id": run_of(account)}) == 1
    page = browser.submit(account, "next", **wizard.person)
    assert page.path == "/register/terms"
    assert RESTORED in page.text
    page = browser.submit(page, "next", agreed=TICK)
    page = wizard.name_company(browser.submit(page, "lookup", number=unit.tax_id))
    page = browser.submit(page, "next")
    assert fields_of(page, "username", "name", "phone", "email") == [
        wizard.person[name] for name in ("username", "name", "phone", "email")
    ]
    gone = browser.get(f"/register/check?run={run_of(account)}")
    assert gone.path == "/register"
    assert "這次申請已經完成或逾時，請重新開始。" in gone.text


@pytest.mark.both_databases
@pytest.mark.requirement("R-023", "R-024")
def test_a_double_click_sends_one_application_and_one_mail(
    town: Town, browser: Browser, mailbox: Mailbox, unit: Unit
) -> None:
    """RG12."""
    wizard = Wizard(browser)
    check = wizard.to_check(unit.tax_id)
    sent = at_once([lambda: send_by_hand(browser, check, "submit") for _ in range(4)])
    assert [answer.status_code for answer in sent] == [303] * 4
    assert len({answer.headers["Location"] for answer in sent}) == 1
    assert "/register/done?run=" in sent[0].headers["Location"]
    assert cases_of(town, wizard) == [number_of(browser.get(sent[0].headers["Location"]))]
    assert len(mailbox.all(wizard.person["email"])) == 1


@pytest.mark.both_databases
def test_of_two_who_send_the_same_account_name_one_is_told(town: Town, unit: Unit) -> None:
    """RC02: the database decides; the other keeps all she typed."""
    name = answers()["username"]
    wizards = [Wizard(town.browser(), person=answers(username=name)) for _ in range(2)]
    checks = [wizard.to_check(unit.tax_id) for wizard in wizards]
    at_once([lambda w=w, c=c: send_by_hand(w.browser, c, "submit") for w, c in zip(wizards, checks, strict=True)])
    pages = [w.browser.get(c.url) for w, c in zip(wizards, checks, strict=True)]
    assert sorted(page.path for page in pages) == ["/register/account", "/register/done"]
    loser = next(page for page in pages if page.path == "/register/account")
    wizard = wizards[pages.index(loser)]
    assert "帳號已經存在，請重設其他帳號。" in loser.text
    assert value_of(loser, "email") == wizard.person["email"]
    page = wizard.browser.submit(loser, "next", username=answers()["username"])
    # The password may be made of the new name: it is asked for again, all else is there.
    assert "請重新輸入密碼。" in page.text
    page = wizard.browser.submit(page, "next", password=PASSWORD, password_again=PASSWORD)
    assert wizard.browser.submit(page, "submit").path == "/register/done"


def test_a_mailbox_of_a_colleague_is_told_beside_its_field(
    town: Town, browser: Browser, mailbox: Mailbox, unit: Unit
) -> None:
    first = Wizard(town.browser())
    first.to_done(unit.tax_id)
    first.browser.submit(first.browser.get(mailbox.newest(first.person["email"]).link), "verify-confirm")
    wizard = Wizard(browser, person=answers(email=first.person["email"].upper()))
    page = browser.submit(wizard.to_check(unit.tax_id), "submit")
    assert page.path == "/register/account"
    assert "這個 Email 已經用於貴公司的另一個帳號，請使用您本人的 Email。" in page.text
    assert "密碼已設定（不顯示）" in page.text
    page = browser.submit(page, "next", email=wizard.person["username"] + "@example.test")
    assert browser.submit(page, "submit").path == "/register/done"


def test_a_company_that_changes_meanwhile_is_explained_anew(
    town: Town, browser: Browser, new_company: NewCompany
) -> None:
    """Who would have been first hears it before she sends; a company that is closed meanwhile gets nobody in."""
    unit = new_company("card")
    check = Wizard(browser).to_check(unit.tax_id)
    town.person("group_admin", tax_id=unit.tax_id)
    early = browser.submit(check, "submit")
    assert early.status == 409
    assert "申請沒有送出" in early.text
    page = browser.get(check.url)
    assert page.path == "/register/verified"
    page = browser.submit(page, "next")
    assert page.path == "/register/check"
    town.idp("company", "suspend", "--tax-id", unit.tax_id, "--reason", "test")
    page = browser.submit(page, "submit")
    assert page.path == "/register/company"
    assert "此公司登記狀態為「停用」，無法申請帳號。" in page.text
