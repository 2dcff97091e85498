"""Requirements of the manuals that hold already, seen from outside: forms in, words and tokens out (R-numbers)."""

import re
import time

import pytest

from tests.harness.browser import Browser, Page
from tests.harness.people import MENUS, Town
from tests.harness.relying_party import Person, RelyingParty

NEUTRAL = "帳號或密碼不正確。"
OTHER_SPELLINGS = ("群組管理人", "群組管理者", "管理員群組")


def sign_in(browser: Browser, username: str, password: str) -> Page:
    """Fill in the login page."""
    page = browser.get("/login")
    return browser.submit(page, "sign-in", username=username, password=password)


def set_status(provider: Town, person: Person, status: str) -> None:
    """What the review will do (issue 3): there is no page for it yet."""
    statement = "UPDATE accounts SET status = :status WHERE id = :id"
    assert provider.server.write(statement, {"status": status, "id": person.sub}) == 1


@pytest.mark.requirement("R-033", "R-034")
def test_an_account_signs_in_with_its_password_once_it_is_approved(
    provider: Town, browser: Browser, staff: Person
) -> None:
    set_status(provider, staff, "review_pending")
    waiting = sign_in(browser, staff.username, staff.password)
    assert "您的帳號尚待群組管理員審核。" in waiting.text
    assert waiting.asks_for_password
    assert "尚待" not in sign_in(provider.browser(), staff.username, "another-Passw0rd-1").text
    set_status(provider, staff, "active")
    assert sign_in(browser, staff.username, staff.password).path == "/account"


@pytest.mark.requirement("R-083")
def test_an_unconfirmed_mailbox_is_told_after_the_right_password_only(
    provider: Town, browser: Browser, staff: Person
) -> None:
    set_status(provider, staff, "email_pending")
    page = sign_in(browser, staff.username, staff.password)
    assert "您的信箱尚未驗證，請點選驗證信中的連結。" in page.text
    assert NEUTRAL in sign_in(provider.browser(), staff.username, "another-Passw0rd-1").text


@pytest.mark.requirement("R-040")
@pytest.mark.parametrize(("role", "label"), [("guest", "訪客"), ("staff", "一般人員"), ("group_admin", "群組管理員")])
def test_an_account_has_one_of_three_roles_and_its_page_says_which(
    provider: Town, browser: Browser, app: RelyingParty, role: str, label: str
) -> None:
    person = provider.person(role)
    assert f"權限為{label}。" in sign_in(browser, person.username, person.password).text
    assert app.sign_in(browser).claims["roles"] == [role]


@pytest.mark.requirement("R-041")
def test_a_guest_may_look_and_no_more(app: RelyingParty, browser: Browser, guest: Person) -> None:
    claims = app.sign_in(browser, guest).claims
    assert (claims["roles"], claims["entitlements"]) == (["guest"], ["site.list"])


@pytest.mark.requirement("R-042")
def test_staff_may_apply_for_a_new_site(app: RelyingParty, browser: Browser, staff: Person) -> None:
    claims = app.sign_in(browser, staff).claims
    assert (claims["roles"], claims["entitlements"]) == (["staff"], ["site.list", "site.new"])


@pytest.mark.requirement("R-043")
def test_a_group_admin_has_every_right_there_is(app: RelyingParty, browser: Browser, group_admin: Person) -> None:
    claims = app.sign_in(browser, group_admin).claims
    assert (claims["roles"], claims["entitlements"]) == (["group_admin"], [item["code"] for item in MENUS])


@pytest.mark.requirement("R-048")
def test_each_account_has_its_own_answer_for_each_menu_item(
    provider: Town, browser: Browser, app: RelyingParty, staff: Person, other_staff: Person
) -> None:
    tokens = app.sign_in(browser, staff)
    for code, allowed in (("site.new", "0"), ("site.review", "1")):
        statement = (
            "INSERT INTO menu_rights (account_id, menu_item_id, allowed, changed_at)"
            " SELECT :account, id, :allowed = '1', :moment FROM menu_items"
            " WHERE client_id = :client AND code = :code"
        )
        values = {"account": staff.sub, "allowed": allowed, "moment": "2026-11-20 06:05:32"}
        assert provider.server.write(statement, values | {"client": app.client.client_id, "code": code}) == 1
    # At the next call already, without a new sign-in.
    assert app.person(tokens.access_token)["entitlements"] == ["site.list", "site.review"]
    assert app.introspect(tokens.access_token)["entitlements"] == ["site.list", "site.review"]
    assert app.sign_in(provider.browser(), other_staff).claims["entitlements"] == ["site.list", "site.new"]


@pytest.mark.requirement("R-051")
def test_the_pages_say_group_admin_in_one_way(provider: Town, browser: Browser, group_admin: Person) -> None:
    pages = [
        sign_in(browser, group_admin.username, group_admin.password),
        browser.get("/account"),
        browser.get("/login?other=1"),
        browser.get("/nowhere"),
    ]
    assert "群組管理員" in pages[0].text
    assert [word for page in pages for word in OTHER_SPELLINGS if word in page.text] == []


@pytest.mark.requirement("R-059", "R-060", "R-146", "R-147")
def test_one_person_has_an_account_of_its_own_for_each_company(
    provider: Town, app: RelyingParty, staff: Person, other_staff: Person
) -> None:
    first = app.sign_in(provider.browser(), staff).claims
    second = app.sign_in(provider.browser(), other_staff).claims
    assert (first["company_tax_id"], second["company_tax_id"]) == ("00000016", "00000022")
    assert first["name"] == second["name"]
    assert first["sub"] != second["sub"]
    assert first["tenant"] != second["tenant"]


@pytest.mark.requirement("R-089")
def test_the_login_page_asks_for_account_and_password(browser: Browser) -> None:
    page = browser.get("/login")
    found = page.button("sign-in")
    assert found is not None
    form, button = found
    assert form.method == "post"
    assert {"username": "text", "password": "password"}.items() <= form.kinds.items()
    assert button.text.strip() == "登入"
    for label in ("使用者帳號", "使用者密碼"):
        assert label in page.text
    for name in ("username", "password"):
        assert f'for="{name}"' in page.html
    assert page.controls_without_id == []


@pytest.mark.requirement("R-116")
def test_the_header_of_every_page_names_the_company(
    provider: Town, browser: Browser, app: RelyingParty, staff: Person
) -> None:
    account = sign_in(browser, staff.username, staff.password)
    consent = provider.new_rp(scope="openid profile company")
    pages = [
        account,
        consent.open(browser, consent.ask()),
        app.open(browser, app.ask(prompt="select_account")),
        browser.get("/logout"),
        browser.get("/nowhere"),
    ]
    for page in pages:
        before_main = page.html.split('<main id="main"')[0]
        bar = re.search(r'<section class="acting.*?</section>', before_main, re.DOTALL)
        assert bar, page
        assert "測試一號有限公司" in bar[0]
        assert "016" in bar[0]
        assert "一般人員" in bar[0]


@pytest.mark.requirement("R-117")
def test_the_name_in_the_header_opens_a_menu_without_script(browser: Browser, staff: Person) -> None:
    page = sign_in(browser, staff.username, staff.password)
    menu = re.search(r'<details class="pop">.*?</details>', page.html, re.DOTALL)
    assert menu
    summary, _, inside = menu[0].partition("</summary>")
    assert staff.name in summary
    assert "測試一號有限公司" in inside
    assert "登出" in inside


@pytest.mark.requirement("R-119")
def test_signing_out_leads_straight_to_the_login_page(browser: Browser, staff: Person) -> None:
    page = sign_in(browser, staff.username, staff.password)
    after = browser.submit(page, "sign-out")
    assert after.path == "/login"
    assert after.asks_for_password
    assert "您已登出。" in after.text
    assert browser.get("/account").path == "/login"


@pytest.mark.requirement("R-191")
def test_every_account_has_a_public_number_that_others_authorise_it_by(
    provider: Town, browser: Browser, app: RelyingParty, staff: Person
) -> None:
    tokens = app.sign_in(browser, staff, scope="openid electronic_id")
    number = app.person(tokens.access_token)["electronic_id"]
    assert re.fullmatch(r"IC\d{10}", number)
    assert number in browser.get("/account").text
    assert "electronic_id" not in tokens.claims


@pytest.mark.requirement("R-229")
def test_a_wrong_password_and_an_unknown_account_get_the_same_words(provider: Town, staff: Person) -> None:
    wrong = sign_in(provider.browser(), staff.username, "another-Passw0rd-1")
    unknown = sign_in(provider.browser(), f"nobody-{time.time_ns()}"[:30], "another-Passw0rd-1")
    assert NEUTRAL in wrong.text
    assert wrong.status == unknown.status
    assert _without_names(wrong) == _without_names(unknown)


def _without_names(page: Page) -> str:
    """The page without what differs from visit to visit: the name typed, tokens, nonces."""
    return re.sub(r'(value|nonce)="[^"]*"', r'\1=""', page.html)
