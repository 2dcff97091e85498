"""The main job, as a person does it: issue 2, "Done when" 1, and what happens on the way."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.place import OTHER_COMPANY, Place

pytestmark = pytest.mark.browser


def test_staff_open_dreams_sign_in_see_the_menu_and_their_claims_and_sign_out_everywhere(
    place: Place, visit: Visit
) -> None:
    staff = place.new_person("staff")
    window = visit()
    window.open(place.dreams)
    window.click("sign-in")
    assert window.path == "/login"
    expect(window.page.locator("#app-h")).to_have_text("DREAMS 案場申請")
    window.sign_in(staff)
    assert window.address == place.dreams + "/"
    assert "測試一號有限公司" in window.text
    assert window.page.inner_text("#menu-site-new") == "申請新案場"
    assert not window.page.locator("#menu-group-users").count()

    window.click("menu-site-new")
    assert window.heading == "申請新案場"
    window.unfold("#who")
    window.click("claims")
    claims = window.page.inner_text("table")
    assert staff.sub in claims
    assert "00000016" in claims
    assert "site.new" in claims

    window.open("/account")
    assert window.heading == "王小明，您好"
    assert "申請新案場" in window.page.inner_text("#applications ~ form")
    window.open(place.dreams)
    window.unfold("#who")
    window.click("sign-out-everywhere")
    assert window.path.startswith("/sign-out/")
    window.click("sign-out-everywhere")
    assert window.address == place.dreams + "/signed-out"
    window.open("/account")
    assert window.path == "/login"
    window.open(place.dreams + "/sites")
    assert window.path == "/login"


def test_a_guest_is_refused_the_typed_address_and_told_which_right_is_missing(place: Place, visit: Visit) -> None:
    window = visit()
    window.open(place.dreams + "/sites")
    window.sign_in(place.person("guest"))
    assert window.heading == "案場查詢"
    assert not window.page.locator("#menu-site-new, #new-site").count()
    answer = window.open(place.dreams + "/sites/new")
    assert answer is not None
    assert answer.status == 403
    assert window.heading == "無法使用「申請新案場」"
    assert window.page.inner_text("#missing-menu") == "site.new"
    assert "訪客" in window.page.inner_text("#reason")


def test_a_group_admin_sees_the_user_menu(place: Place, visit: Visit) -> None:
    window = visit(person=place.person("group_admin"))
    window.open(place.dreams + "/login")
    assert window.page.inner_text("#menu-group-users") == "使用者管理"
    window.click("menu-group-users")
    assert window.path == "/group/users"


def test_staff_of_another_company_see_only_her_company(place: Place, visit: Visit) -> None:
    window = visit(person=place.person("staff", tax_id=OTHER_COMPANY))
    window.open(place.dreams + "/sites")
    assert "彰濱二廠屋頂型" in window.text
    assert "測試二號有限公司" in window.text
    assert "七股地面型東區" not in window.text
    assert "測試一號有限公司" not in window.text


def test_a_second_application_is_entered_without_a_page(place: Place, visit: Visit) -> None:
    window = visit(person=place.person("staff"))
    window.open(place.dreams + "/login")
    assert window.address == place.dreams + "/"
    pages: list[str] = []
    window.page.on("domcontentloaded", lambda page: pages.append(page.url))
    window.open(place.authorize("silent"))
    assert window.path == f"/{place.client('silent')}/callback"
    assert len(pages) == 1
    assert place.landing.arrivals(place.client("silent"))[-1].keys() == {"code", "state", "iss"}


def test_the_tile_on_the_account_page_enters_dreams(place: Place, visit: Visit) -> None:
    window = visit()
    window.sign_in(place.person("staff"))
    assert window.path == "/account"
    window.click("open-dreams")
    assert window.address == place.dreams + "/"
    assert window.heading == "王小明，您好"


def test_ending_the_sign_in_of_another_device_ends_it_there_and_at_dreams(place: Place, visit: Visit) -> None:
    staff = place.new_person("staff")
    office, home = visit(), visit()
    office.open(place.dreams + "/login")
    office.sign_in(staff)
    home.sign_in(staff)
    other = home.page.locator("button[id^=end-]", has_text="結束登入")
    expect(other).to_have_count(1)
    home.click("button[id^=end-]:has-text('結束登入')")
    assert home.path == "/account"
    assert "已結束該裝置的登入。" in home.text
    expect(home.page.locator("button[id^=end-]")).to_have_count(1)
    office.open("/account")
    assert office.path == "/login"
    # DREAMS looks again after its second is over.
    office.page.wait_for_timeout(1100)
    office.open(place.dreams + "/sites")
    assert "七股地面型東區" not in office.text
    assert office.heading == "您的登入已結束"


def test_ending_the_sign_in_of_this_device_leads_to_the_sign_in_page(place: Place, visit: Visit) -> None:
    window = visit()
    window.sign_in(place.new_person("staff"))
    window.click("button[id^=end-]:has-text('登出這個裝置')")
    assert window.path == "/login"


def test_signing_out_of_dreams_alone_leaves_the_provider_signed_in(place: Place, visit: Visit) -> None:
    window = visit()
    window.open(place.dreams + "/login")
    window.sign_in(place.new_person("staff"))
    window.unfold("#who")
    window.click("sign-out-here")
    assert window.heading == "您已登出 DREAMS"
    window.open("/account")
    assert window.path == "/account"


def test_dreams_asks_before_it_is_entered_again_after_signing_out_of_it_at_the_provider(
    place: Place, visit: Visit
) -> None:
    window = visit()
    window.open(place.dreams + "/login")
    window.sign_in(place.new_person("staff"))
    window.unfold("#who")
    window.click("sign-out-everywhere")
    window.click("sign-out-application")
    assert window.address == place.dreams + "/signed-out"
    window.click("sign-in")
    assert window.path.endswith("/account")
    assert "DREAMS 案場申請" in window.heading
    window.click("button[id^=choose-ga]")
    assert window.address == place.dreams + "/"


def test_the_header_signs_out_at_once(place: Place, visit: Visit) -> None:
    window = visit()
    window.sign_in(place.new_person("staff"))
    window.unfold("details.pop > summary")
    window.click("sign-out")
    assert window.path == "/login"
    assert "您已登出" in window.text
    window.open("/account")
    assert window.path == "/login"


def test_the_language_link_keeps_the_page_and_the_application(place: Place, visit: Visit) -> None:
    window = visit()
    window.open(place.dreams + "/login?lang=zh-TW")
    window.click("a[hreflang=en]")
    assert window.heading == "Sign in"
    assert window.page.inner_text("#app-h") == "DREAMS sites"
    window.sign_in(place.person("staff"))
    assert window.address == place.dreams + "/"
    window.open("/account")
    assert window.page.get_attribute("html", "lang") == "en"
    window.click("a[hreflang=zh-Hant-TW]")
    assert window.page.get_attribute("html", "lang") == "zh-Hant-TW"
    assert window.path == "/account"


def test_the_language_link_after_a_wrong_password_keeps_the_application(place: Place, visit: Visit) -> None:
    window = visit()
    window.open(place.authorize("silent"))
    window.fill(place.person("staff"), password="not-the-Passw0rd").click("sign-in")
    assert window.sees("summary")
    window.click("a[hreflang=en]")
    assert window.page.inner_text("#app-h") == "Port passes"


def test_the_browsers_language_is_taken(place: Place, visit: Visit) -> None:
    window = visit(language="en-GB")
    window.open("/login")
    assert window.heading == "Sign in"
    window = visit(language="fr-FR")
    window.open("/login")
    assert window.heading == "登入"


def test_a_wrong_password_keeps_the_name_and_the_application(place: Place, visit: Visit) -> None:
    staff = place.person("staff")
    window = visit()
    window.open(place.authorize("silent"))
    window.fill(staff, password="not-the-Passw0rd").click("sign-in")
    assert window.page.input_value("#username") == staff.username
    assert window.page.input_value("#password") == ""
    assert window.page.title().startswith("請修正：")
    window.sign_in(staff)
    assert window.path == f"/{place.client('silent')}/callback"


def test_using_another_account_says_what_ends_and_then_ends_it(place: Place, visit: Visit) -> None:
    first, second = place.new_person("staff"), place.new_person("group_admin")
    window = visit()
    window.sign_in(first)
    window.open(place.authorize("silent", prompt="select_account"))
    window.click("choose-other")
    assert "「王小明」在這個瀏覽器的登入會結束" in window.text
    window.sign_in(second)
    if "/authorize/" in window.page.url:
        window.click("button[id^=choose-ga]")
    assert window.path == f"/{place.client('silent')}/callback"
    window.open("/account")
    assert window.heading == "陳美惠，您好"


def test_consent_is_asked_once(place: Place, visit: Visit) -> None:
    window = visit(width=390)
    window.open(place.authorize("asking"))
    staff = place.new_person("staff")
    window.sign_in(staff)
    assert window.path.startswith("/consent/")
    assert "免稅函線上申辦" in window.heading
    assert staff.email in window.page.inner_text("main")
    window.page.reload()
    window.click("consent-accept")
    client_id = place.client("asking")
    assert window.path == f"/{client_id}/callback"
    window.open(place.authorize("asking"))
    assert window.path == f"/{client_id}/callback"


def test_consent_that_was_taken_back_is_asked_again(place: Place, visit: Visit) -> None:
    window = visit()
    window.open(place.authorize("asking"))
    window.sign_in(place.new_person("staff"))
    window.click("consent-accept")
    window.open("/account")
    assert "免稅函線上申辦" in window.page.inner_text("#authorizations")
    window.click(f"take-back-{place.client('asking')}")
    assert window.path == "/account"
    assert not window.page.locator("#authorizations").count()
    window.open(place.authorize("asking"))
    window.page.wait_for_selector("#consent-accept, #choose-other")


def test_refusing_consent_leads_back_without_a_code(place: Place, visit: Visit) -> None:
    window = visit(person=place.person("guest"))
    window.open(place.authorize("asking", state="the-one-refused"))
    window.click("consent-refuse")
    answers = {answer["state"]: answer for answer in place.landing.arrivals(place.client("asking"))}
    assert answers["the-one-refused"]["error"] == "access_denied"


def test_the_chooser_is_shown_when_the_application_asks_for_it(place: Place, visit: Visit) -> None:
    staff = place.person("staff")
    window = visit(person=staff)
    window.open(place.authorize("silent", prompt="select_account"))
    assert window.heading == "以哪個帳號進入「港區通行證系統」？"
    choice = window.page.locator(f"#choose-{staff.sub}")
    expect(choice).to_be_focused()
    window.page.keyboard.press("Enter")
    window.page.wait_for_url("**/callback?*")
    assert window.path == f"/{place.client('silent')}/callback"


def test_a_wish_for_another_company_is_a_page_that_offers_another_account(place: Place, visit: Visit) -> None:
    wished = place.town.company(OTHER_COMPANY)["id"]
    window = visit()
    window.sign_in(place.new_person("staff"))
    window.open(place.authorize("silent", tenant=wished))
    assert "與您目前登入的「測試一號有限公司」不同" in window.text
    assert not window.page.locator("button[id^=choose-ga]").count()
    window.click("choose-other")
    window.sign_in(place.new_person("staff", tax_id=OTHER_COMPANY))
    assert window.path == f"/{place.client('silent')}/callback"


def test_an_application_that_does_not_admit_the_role_says_so(place: Place, visit: Visit) -> None:
    window = visit(person=place.person("guest"))
    window.open(place.authorize("narrow"))
    assert "您的權限不足以使用這個應用系統" in window.text
    window.click("choose-back")
    assert place.landing.arrivals(place.client("narrow"))[-1]["error"] == "access_denied"


def test_a_double_click_signs_in_once(place: Place, visit: Visit) -> None:
    staff = place.new_person("staff")
    window = visit()
    window.open(place.authorize("asking"))
    window.fill(staff)
    window.page.dblclick("#sign-in")
    window.page.wait_for_selector("#consent-accept")
    window.page.dblclick("#consent-accept")
    window.page.wait_for_url("**/callback?*")
    window.open("/account")
    expect(window.page.locator("button[id^=end-]")).to_have_count(1)


def test_going_back_and_reloading_lose_nothing(place: Place, visit: Visit) -> None:
    staff = place.new_person("staff")
    window = visit()
    window.open(place.dreams + "/sites")
    asked_at = window.page.url
    window.page.reload()
    window.sign_in(staff)
    assert window.address == place.dreams + "/sites"
    window.page.reload()
    assert window.heading == "案場查詢"
    window.page.go_back()
    assert window.path == "/account"
    window.page.go_forward()
    assert window.address == place.dreams + "/sites"
    # The address of the finished sign-in, kept as a bookmark.
    window.open(asked_at)
    assert window.path == "/account"


def test_going_back_from_the_consent_page_does_not_break_the_request(place: Place, visit: Visit) -> None:
    window = visit()
    window.open(place.authorize("asking"))
    window.sign_in(place.new_person("staff"))
    window.page.go_back()
    window.page.go_forward()
    window.click("consent-accept")
    assert window.path == f"/{place.client('asking')}/callback"
