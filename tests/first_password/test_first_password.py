"""People who came from another system without a password choose one by the link of a mail."""

import secrets
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.harness.applicants import an_applicant
from tests.harness.browser import Browser, Page
from tests.harness.mailbox import Mailbox
from tests.harness.people import PASSWORD, Town
from tests.security.doors import at_once, enter, is_in

PAST = "2020-01-01 00:00:00.000000"


class Newcomer(NamedTuple):
    """Somebody brought in, and the link that she was mailed."""

    username: str
    email: str
    tax_id: str
    link: str


@pytest.fixture
def newcomer(provider: Town, tmp_path: Path) -> Newcomer:
    """A person of another system whose password was not brought along."""
    tax_id = provider.new_company()["tax_id"]
    username = f"old-{secrets.token_hex(5)}"
    email = f"{username}@example.test"
    file = tmp_path / "people.csv"
    file.write_text(f"tax_id,username,name,email,role\n{tax_id},{username},林小玉,{email},staff\n", encoding="utf-8")
    provider.idp("import", "accounts", str(file))
    return Newcomer(username, email, tax_id, Mailbox(provider).newest(email).link)


def choose(browser: Browser, page: Page, tax_id: str, password: str = PASSWORD, again: str | None = None) -> Page:
    return browser.submit(
        page, "set-password", tax_id=tax_id, password=password, password_again=password if again is None else again
    )


def sees(browser: Browser, link: str, heading: str, status: int = 410) -> Page:
    page = browser.get(link)
    assert (page.status, page.path) == (status, "/first-password"), f"{page!r}"
    assert heading in page.text
    return page


def test_a_first_password_is_chosen_once_and_the_mailbox_is_confirmed(provider: Town, newcomer: Newcomer) -> None:
    mail = Mailbox(provider).newest(newcomer.email)
    assert newcomer.username in mail.text
    assert mail.link.startswith(f"{provider.issuer}/first-password/")
    for _ in range(3):
        scanner = provider.browser()
        assert scanner.get(mail.link).status == 200
        assert scanner.http.head(mail.link, allow_redirects=False).status_code == 303
    browser = provider.browser()
    page = browser.get(mail.link)
    assert (page.status, page.path) == (200, "/first-password")
    assert page.response.url == f"{provider.issuer}/first-password"
    assert page.hops[0].headers["Location"] == "/first-password"
    assert page.hops[0].headers["Referrer-Policy"] == "no-referrer"
    assert mail.token not in page.html
    assert newcomer.tax_id not in page.html
    assert page.controls_without_id == []
    for heading in ("設定您的密碼", "林小玉您好", "統一編號", "密碼8字元以上，且需英文數字混合。"):
        assert heading in page.text
    for password, again, told in (
        ("short1", None, "密碼至少 8 個字元，且須同時包含英文與數字。"),
        (PASSWORD, "another", "兩次輸入的密碼不同。"),
        (f"{newcomer.username}1", None, "密碼不可由公司名稱、統一編號、帳號或服務名稱組成。"),
        ("", "", "請輸入密碼。"),
    ):
        refused = choose(browser, page, newcomer.tax_id, password, again)
        assert (refused.status, told in refused.text) == (400, True), f"{refused!r}"
        assert refused.forms[0].value("tax_id") == newcomer.tax_id
    wrong = choose(browser, page, "00000016")
    assert (wrong.status, "統一編號與這個帳號的公司不符，請確認後再試。" in wrong.text) == (400, True)
    assert not is_in(enter(provider.browser(), newcomer.username, PASSWORD))
    full_width = newcomer.tax_id.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})
    done = choose(browser, page, full_width)
    assert (done.status, "密碼已設定，可以登入了" in done.text) == (200, True), f"{done!r}"
    twice = choose(browser, page, newcomer.tax_id, "another-Passw0rd-17")
    assert "密碼已設定，可以登入了" in twice.text
    sees(browser, mail.link, "密碼已設定", status=200)
    assert is_in(enter(browser, newcomer.username, PASSWORD))
    sees(provider.browser(), mail.link, "這個連結已經使用過")
    read = {"name": newcomer.username}
    verified = "SELECT email_verified_at FROM accounts WHERE username = :name"
    assert provider.server.read(verified, read)[0][0] is not None
    told = (
        "SELECT action FROM audit_log JOIN accounts a ON a.id = account_id WHERE username = :name ORDER BY audit_log.id"
    )
    actions = [action for (action,) in provider.server.read(told, read)]
    assert actions[:2] == ["account:imported", "account:first_password:sent"]
    assert {"account:first_password:wrong_company", "account:mailbox:confirmed", "account:password:set"} <= {*actions}


def test_the_companys_number_is_not_guessed(provider: Town, newcomer: Newcomer) -> None:
    browser = provider.browser()
    page = browser.get(newcomer.link)
    for number in ("00000016", "00000022", "1", "x", "00000037"):
        assert choose(browser, page, number).status == 400
    other = provider.browser()
    for tried in (browser, other):
        refused = choose(tried, tried.get(newcomer.link), newcomer.tax_id)
        assert (refused.status, "操作次數過多" in refused.text) == (429, True)
        assert int(refused.response.headers["Retry-After"]) > 0
    assert not is_in(enter(provider.browser(), newcomer.username, PASSWORD))


def test_a_link_that_works_no_more_says_why_and_whom_to_ask(provider: Town, newcomer: Newcomer) -> None:
    sees(provider.browser(), "/first-password", "找不到這個連結")
    unknown = sees(provider.browser(), "/first-password/" + "x" * 43, "找不到這個連結")
    assert "請洽客服重新寄送" in unknown.text
    browser = provider.browser()
    form = browser.get(newcomer.link)
    provider.idp("account", "send-first-password", "--username", newcomer.username)
    replaced = sees(browser, newcomer.link, "這個連結已由較新的信件取代")
    assert "請點擊最後收到的信件中的連結" in replaced.text
    assert "這個連結已由較新的信件取代" in choose(browser, form, newcomer.tax_id).text
    newer = Mailbox(provider).newest(newcomer.email).link
    assert newer != newcomer.link
    provider.idp("account", "suspend", "--username", newcomer.username, "--reason", "測試")
    sees(provider.browser(), newer, "目前無法設定密碼")
    provider.idp("account", "restore", "--username", newcomer.username)
    provider.server.write(
        "UPDATE one_time_secrets SET expires_at = :past WHERE address = :to", {"past": PAST, "to": newcomer.email}
    )
    expired = sees(provider.browser(), newer, "這個連結已經逾時")
    assert "有效期限為 7 天" in expired.text
    assert not is_in(enter(provider.browser(), newcomer.username, PASSWORD))


def test_a_link_for_one_purpose_opens_no_other_door(provider: Town, newcomer: Newcomer) -> None:
    applicant = an_applicant(provider)
    token = Mailbox(provider).newest(applicant.email).token
    sees(provider.browser(), f"/first-password/{token}", "找不到這個連結")
    ours = newcomer.link.rpartition("/")[2]
    assert provider.browser().get(f"/verify/{ours}").button("confirm") is None
    assert provider.browser().get(f"/invitation/{ours}").status == 410
    straight = provider.browser().post("/first-password", {"tax_id": newcomer.tax_id, "password": PASSWORD})
    assert straight.status in {400, 403}
    sees(provider.browser(), newcomer.link, "設定您的密碼", status=200)


@pytest.mark.both_databases
def test_of_two_who_set_it_at_the_same_instant_one_does(provider: Town, newcomer: Newcomer) -> None:
    passwords = [f"tests-Passw0rd-{n}" for n in range(4)]
    opened = [(browser, browser.get(newcomer.link)) for browser in (provider.browser() for _ in passwords)]
    acts = [
        lambda browser=browser, page=page, password=password: choose(browser, page, newcomer.tax_id, password)
        for (browser, page), password in zip(opened, passwords, strict=True)
    ]
    assert {page.status for page in at_once(acts)} <= {200, 410}
    entered = [is_in(enter(provider.browser(), newcomer.username, password)) for password in passwords]
    assert sum(entered) == 1


def test_an_english_reader_gets_the_page_in_english(provider: Town, newcomer: Newcomer) -> None:
    browser = Browser(provider.issuer, language="en")
    browser.get("/language/en?next=/login")
    page = browser.get(newcomer.link)
    assert "Choose a password" in page.text
    assert "This is not the tax ID of this account's company." in choose(browser, page, "00000016").text
