"""Sign-in by 統一編號, 電子身分帳號 and 密碼 where a service says so (P1; R-226 … R-230), and by number everywhere."""

from collections.abc import Callable

import pytest

from tests.activation.place import IDA, Newcomer, activate
from tests.harness.browser import Browser, Page
from tests.harness.linked import acting_client, an_agent
from tests.harness.mailbox import Mailbox
from tests.harness.people import PASSWORD, Town
from tests.harness.relying_party import Person, RelyingParty
from tests.security.doors import WRONG, enter, is_in, sign_in, told

Apply = Callable[[], Newcomer]
NEUTRAL = "統一編號、電子身分帳號或密碼不正確。"
NEW = "first-Passw0rd-31"


@pytest.fixture
def her(apply: Apply) -> Newcomer:
    """Somebody with a 非憑證帳號 that is in use."""
    somebody = apply()
    activate(somebody.browser, somebody.browser.get(somebody.mail.link), somebody.tax_id)
    return somebody


@pytest.fixture
def letters(town: Town) -> RelyingParty:
    """An application of the service."""
    return town.new_rp(more=["--service", IDA])


def door(browser: Browser) -> Page:
    """The form of the service, as the plain one leads there."""
    page = browser.get(next(link for link in browser.get("/login").links if f"service={IDA}" in link))
    assert (page.path, page.controls_without_id) == ("/login", [])
    return page


def by_number(browser: Browser, page: Page, tax_id: str, number: str, password: str = PASSWORD) -> Page:
    return browser.submit(page, "sign-in", tax_id=tax_id, username=number, password=password)


@pytest.mark.requirement("R-226", "R-227", "R-228", "R-229", "R-205")
def test_a_person_signs_in_by_tax_id_number_and_password(
    town: Town, her: Newcomer, letters: RelyingParty, browser: Browser
) -> None:
    page = letters.open(browser, asked := letters.ask())
    for words in ("登入免稅函線上申辦", "非憑證帳號", "統一編號", "電子身分帳號", "密碼", "登入", "忘記密碼"):
        assert words in page.text, words
    for kind in ("company-card", "citizen-card", "password"):
        assert page.has(f"build-{kind}")
    for words in ("建立工商憑證帳號", "建立自然人憑證帳號", "建立非憑證帳號"):
        assert words in page.text, words
    assert page.has("by-card")
    assert any(f"/register?service={IDA}&credential=password&request_id=" in link for link in page.links)
    empty = by_number(browser, page, "", "", "")
    assert (empty.status, empty.controls_without_id) == (400, [])
    for words in ("請輸入統一編號。", "請輸入使用者帳號。", "請輸入使用者密碼。"):
        assert words in empty.text, words
    wide = her.tax_id.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})
    page = by_number(browser, page, f" {wide} ", f" {her.number.lower()} ".replace("ic", "ｉｃ"))
    answer = letters.finish(browser, page, asked, None)
    assert letters.tokens(answer).claims["sub"]
    assert door(town.browser()).text.count("免稅函線上申辦") >= 1


def test_whatever_does_not_fit_is_told_and_counted_the_same(town: Town, her: Newcomer, staff: Person) -> None:
    """PW08 with three fields: text and status; a wrong tax ID beside the right password is a failure like any."""
    disabled = town.person("staff", tax_id=town.new_company()["tax_id"])
    long_ago = {"id": disabled.sub, "t": "2020-01-01 00:00:00.000000"}
    town.server.write("UPDATE passwords SET disabled_at = :t WHERE account_id = :id", long_ago)
    said = {}
    for kind, (tax_id, number, password) in {
        "unknown": (her.tax_id, "IC0000000000", PASSWORD),
        "nobody": ("99999999", "nobody-here", PASSWORD),
        "tax ID": ("00000037", her.number, PASSWORD),
        "password": (her.tax_id, her.number, WRONG),
        "disabled": (disabled.tax_id, disabled.username, disabled.password),
    }.items():
        browser = town.browser()
        page = by_number(browser, door(browser), tax_id, number, password)
        html = told(page, number, tax_id).replace(f'value="{number}"', "").replace(f'value="{tax_id}"', "")
        said[kind] = (page.status, NEUTRAL in page.text, html.replace('value=""', ""))
    assert len({status for status, _, _ in said.values()}) == 1
    assert all(is_neutral for _, is_neutral, _ in said.values()), said
    assert {html for _, _, html in said.values()} == {said["unknown"][2]}
    for _ in range(3):
        browser = town.browser()
        by_number(browser, door(browser), "00000037", her.number)
    waits = town.browser()
    assert NEUTRAL in by_number(waits, door(waits), her.tax_id, her.number).text, "five failures in a row"


def test_a_number_is_a_name_everywhere_and_the_company_is_asked_at_its_service_alone(
    town: Town, letters: RelyingParty, staff: Person
) -> None:
    [(number,)] = town.server.read("SELECT electronic_id FROM accounts WHERE id = :id", {"id": staff.sub})
    assert is_in(enter(town.browser(), number.lower(), staff.password))
    browser = town.browser()
    page = letters.open(browser, letters.ask())
    assert not page.has("by-linked"), "the application takes none"
    form, _ = page.button("sign-in") or pytest.fail(f"{page!r}")
    without = {name: value for name, value in form.fields if name != "tax_id"}
    without |= {"username": staff.username, "password": staff.password}
    refused = browser.post("/login", without | {"linked": "1"}, headers={"Origin": browser.origin})
    assert (refused.status, "請輸入統一編號。" in refused.text) == (400, True)
    # Who is signed in already is asked nothing of the kind.
    elsewhere = town.browser()
    sign_in(elsewhere, staff)
    again = letters.open(elsewhere, letters.ask(prompt="login"))
    assert (again.asks_for_password, again.has("tax_id")) == (True, False)


def test_a_linked_account_has_a_form_of_its_own_that_takes_nobody_else(town: Town, staff: Person) -> None:
    client = acting_client(town)
    town.server.write("UPDATE clients SET service_id = :s WHERE id = :id", {"s": IDA, "id": client.client.client_id})
    agent, browser = an_agent(town), town.browser()
    page = client.open(browser, client.ask())
    page = browser.get(next(link for link in page.links if "linked=1" in link))
    assert not page.has("tax_id")
    refused = browser.submit(page, "sign-in", username=staff.username, password=staff.password)
    assert refused.asks_for_password, "who has a company names it"
    came = browser.submit(refused, "sign-in", username=agent.username, password=agent.password)
    assert not came.asks_for_password


@pytest.mark.requirement("R-196", "R-197", "R-219", "R-220")
def test_she_changes_her_own_data_and_resets_her_password_by_number(town: Town, her: Newcomer) -> None:
    browser = town.browser()
    page = by_number(browser, door(browser), her.tax_id, her.number)
    assert is_in(page), f"{page!r}"
    page = browser.get("/account/profile")
    for words in (
        "帳號識別碼（IC）",
        her.number,
        "帳號種類",
        "非憑證帳號",
        f"公司{her.tax_id}",
        "負責人",
        "陳大文",
        "送出",
        "清除",
    ):
        assert words in page.text, words
    cleared = browser.get(next(link for link in page.links if "clear=1" in link))
    assert cleared.forms[-1].value("name") == ""
    saved = browser.submit(browser.submit(page, "save", name="林新名"), "confirm")
    assert ("資料已儲存。" in saved.text, "林新名" in saved.text) == (True, True)
    away = town.browser()
    page = away.get("/password/forgot")
    away.submit(page, "send-link", username=her.number, tax_id=her.tax_id)
    mail = Mailbox(town).newest(her.email)
    assert (f"我們收到 {her.number} 的重設密碼申請。" in mail.text, "免稅函線上申辦" in mail.sender) == (True, True)
    done = away.submit(away.get(mail.link), "reset-password", password=NEW, password_again=NEW)
    assert "密碼已重設，可以登入了" in done.text
    assert browser.get("/account").asks_for_password
    assert is_in(by_number(away, door(away), her.tax_id, her.number, NEW))


@pytest.mark.requirement("R-230")
def test_an_agency_that_is_renamed_has_its_new_name_on_pages_and_in_mails(town: Town, her: Newcomer) -> None:
    town.idp.kept(
        "service", "set", "--id", IDA, "--name", "經濟部產業發展署", "--mail-from", "iisi@moeaidb.example.test"
    )
    try:
        browser = town.browser()
        assert "登入經濟部產業發展署" in door(browser).text
        browser.submit(browser.get("/password/forgot"), "send-link", username=her.number, tax_id=her.tax_id)
        mail = Mailbox(town).newest(her.email)
        assert ("經濟部產業發展署" in mail.sender, "iisi@moeaidb.example.test" in mail.sender) == (True, True)
        assert "免稅函線上申辦" not in mail.text
    finally:
        town.idp.kept("service", "set", "--id", IDA, "--name", "免稅函線上申辦", "--mail-from", "ida@example.test")
