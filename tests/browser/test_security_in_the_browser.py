"""What real Chromium makes of our headers, cookies and escaping (security.md 2: HD, UI, SS)."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.conftest import Visit, start_options
from tests.browser.place import Place
from tests.browser.visitor import Visitor
from tests.harness.people import new_tax_id

pytestmark = pytest.mark.browser

MARKUP = '<img src=x onerror="window.ours=1">'


@pytest.mark.parametrize("path", ["/login", "/account", "/signed-out", "/nowhere", "/authorize?client_id=nobody"])
def test_no_page_of_the_provider_is_shown_in_a_frame(place: Place, visit: Visit, path: str) -> None:
    window = visit(person=place.person("staff"))
    window.open(f"{place.landing.address}/frame?src={quote(place.issuer + path, safe='')}")
    assert len(window.page.frames) == 2
    framed = window.page.frames[1]
    assert not framed.locator("h1:has-text('您好'), #username, main#main").count()
    assert any("frame-ancestors" in complaint for complaint in window.complaints), window.complaints
    window.complaints.clear()


def test_a_page_of_dreams_is_not_shown_in_a_frame_either(place: Place, visit: Visit) -> None:
    window = visit()
    window.open(f"{place.landing.address}/frame?src={quote(place.dreams, safe='')}")
    assert not window.page.frames[1].locator("#main").count()
    assert any("frame-ancestors" in complaint for complaint in window.complaints), window.complaints
    window.complaints.clear()


def test_names_with_markup_are_text_on_every_page(place: Place, visit: Visit) -> None:
    tax_id = new_tax_id()
    place.town.idp("company", "add", "--tax-id", tax_id, "--name", f"甲{MARKUP}", "--proof", "none")
    person = place.new_person("group_admin", tax_id=tax_id, name=f"乙{MARKUP}")
    client = "marked"
    home = place.landing.address + "/marked"
    place.town.idp(
        *("client", "add", "--client-id", client, "--name", f"丙{MARKUP}", "--redirect-uri", f"{home}/callback"),
        *("--scope", "openid profile company", "--initiate-login-uri", f"{home}/login"),
    )
    window = visit()
    asked = place.authorize("silent", client_id=client, redirect_uri=f"{home}/callback", scope="openid profile company")
    window.open(asked)
    expect_text(window, "丙")
    window.sign_in(person)
    assert window.path.startswith("/consent/")
    for name in "甲乙丙":
        expect_text(window, name)
    window.open(asked + "&prompt=select_account")
    expect_text(window, "甲")
    window.open("/account")
    for name in "甲乙":
        expect_text(window, name)
    window.open("/logout?client_id=marked")
    expect_text(window, "丙")
    window.open(place.dreams + "/login")
    expect_text(window, "乙")
    window.open(place.dreams + "/claims")
    expect_text(window, "甲")
    # Nobody else's tile shows this application after the test.
    place.town.idp("client", "remove", client)


def expect_text(window: Visitor, name: str) -> None:
    """The markup is there as text, and has done nothing."""
    assert name + MARKUP in window.page.inner_text("body"), window.page.url
    assert not window.page.locator("img[src=x]").count()
    assert window.page.evaluate("() => window.ours") is None


ECHOING = ["/login?request_id={}", "/login?expired={}", "/authorize?client_id={}", "/logout?state={}", "/{}"]


@pytest.mark.parametrize("path", ECHOING)
def test_what_an_address_says_is_never_run(place: Place, visit: Visit, path: str) -> None:
    window = visit()
    window.open(path.format(quote(f'"><script>window.ours=1</script>{MARKUP}', safe="")))
    assert window.page.evaluate("() => window.ours") is None
    assert not window.page.locator("img[src=x]").count()


@pytest.mark.parametrize("address", ["/login", "/nowhere", "dreams"])
def test_injected_script_and_style_are_not_run(place: Place, visit: Visit, address: str) -> None:
    window = visit()
    window.open(place.dreams if address == "dreams" else address)
    window.page.evaluate(
        """() => {
          const put = (name, properties) =>
            document.body.append(Object.assign(document.createElement(name), properties));
          put('div', {innerHTML: '<img src=/nothing onerror="window.ours=1"><p style="color: red" id="dyed">x</p>'});
          put('script', {textContent: 'window.ours=1'});
          put('script', {src: 'data:text/javascript,window.ours=1'});
          put('style', {textContent: 'h1 { display: none }'});
        }"""
    )
    window.page.wait_for_function("() => !document.querySelector('img[src=\"/nothing\"]') || "
                                  "document.querySelector('img[src=\"/nothing\"]').complete")  # fmt: skip
    assert window.page.evaluate("() => window.ours") is None
    assert window.page.locator("h1").is_visible()
    assert window.page.evaluate("() => getComputedStyle(document.getElementById('dyed')).color") != "rgb(255, 0, 0)"
    refused = [complaint for complaint in window.complaints if "Content Security Policy" in complaint]
    assert len(refused) >= 4, window.complaints
    window.complaints.clear()


def test_no_script_can_read_a_cookie(place: Place, visit: Visit) -> None:
    window = visit()
    window.open(place.dreams + "/login")
    window.sign_in(place.person("staff"))
    for address in (place.issuer + "/account", place.dreams):
        window.open(address)
        assert window.page.evaluate("() => document.cookie") == ""
        assert window.page.evaluate("() => localStorage.length + sessionStorage.length") == 0
    cookies = window.context.cookies()
    assert {"idp_session", "idp_browser", "dreams_session"} <= {cookie["name"] for cookie in cookies}
    for cookie in cookies:
        assert cookie["httpOnly"], cookie
        assert cookie["sameSite"] == "Lax", cookie
        assert cookie["path"] == "/", cookie


def test_the_sign_in_gets_a_new_id_and_loses_it(place: Place, visit: Visit) -> None:
    staff = place.new_person("staff")
    window = visit()
    window.sign_in(staff)
    first = sign_in_cookie(window)
    window.open(place.authorize("silent", prompt="login"))
    window.sign_in(staff)
    window.open("/account")
    assert sign_in_cookie(window) != first
    window.unfold("details.pop > summary")
    window.click("sign-out")
    assert sign_in_cookie(window) is None


def sign_in_cookie(window: Visitor) -> str | None:
    """The value of the provider's sign-in cookie."""
    found = [cookie["value"] for cookie in window.context.cookies() if cookie["name"] == "idp_session"]
    return found[0] if found else None


@pytest.fixture
def remembering(chromium: Browser, place: Place) -> Iterator[BrowserContext]:
    """A Chromium that keeps pages for the Back button, as people's browsers do and Playwright's do not."""
    options = start_options() | {"ignore_default_args": ["--disable-back-forward-cache"]}
    browser = chromium.browser_type.launch(**options)
    context = browser.new_context(locale="zh-TW")
    yield context
    browser.close()


def test_after_signing_out_the_back_button_shows_nothing_private(place: Place, remembering: BrowserContext) -> None:
    staff = place.new_person("staff")
    window = Visitor(remembering, place)
    window.open(place.dreams + "/login")
    window.sign_in(staff)
    window.open(place.dreams + "/claims")
    window.open("/account")
    assert staff.email in window.text
    window.unfold("details.pop > summary")
    window.click("sign-out")
    assert window.path == "/login"
    for _ in range(3):
        window.page.go_back()
        if not window.page.url.startswith(place.dreams):
            assert staff.email not in window.text, window.page.url
            assert "測試一號有限公司" not in window.text, window.page.url
    assert not window.complaints


def test_after_signing_out_everywhere_from_dreams_the_back_button_shows_nothing_private(
    place: Place, remembering: BrowserContext
) -> None:
    window = Visitor(remembering, place)
    window.open(place.dreams + "/login")
    window.sign_in(place.new_person("staff"))
    window.open(place.dreams + "/sites")
    window.unfold("#who")
    window.click("sign-out-everywhere")
    window.click("sign-out-everywhere")
    assert window.address == place.dreams + "/signed-out"
    for _ in range(3):
        window.page.go_back()
        assert "七股地面型東區" not in window.text, window.page.url
        assert "王小明" not in window.text, window.page.url


def test_another_site_cannot_send_our_forms(place: Place, visit: Visit) -> None:
    person = place.new_person("staff")
    window = visit()
    window.sign_in(person)
    window.open(place.landing.address + "/evil")
    with window.page.expect_navigation():
        window.page.evaluate(
            """address => {
              const form = document.createElement('form');
              Object.assign(form, {method: 'post', action: address + '/sign-out'});
              document.body.append(form);
              form.submit();
            }""",
            place.issuer,
        )
    assert window.address == place.issuer + "/sign-out"
    assert "沒有送出" in window.heading or "無法" in window.heading
    window.open("/account")
    assert window.path == "/account"
    window.complaints.clear()
