"""An agent serves two companies in a real browser: issue 6, "Done when" 1; domain.md §5, step 4 and step 6."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.conftest import Visit
from tests.browser.place import OTHER_COMPANY, Place
from tests.browser.test_a_company_registers import mail
from tests.browser.visitor import Visitor
from tests.clients.portpass.test_at_the_provider import PortPass
from tests.harness.linked import an_agent
from tests.harness.relying_party import Person

pytestmark = pytest.mark.browser

ONE, TWO = "測試一號有限公司", "測試二號有限公司"
MAILED = "鏈結帳號綁定驗證碼通知"
CODE = re.compile(r"^\W*(\d{6})\W*$", re.MULTILINE)
AT_ONCE = 1.0  # seconds: issue 6, "Speed"


def of_the_docks(place: Place, name: str, tax_id: str) -> Person:
    """Somebody with an account of the port pass's service, which is bound by its password and a code."""
    person = place.town.person("staff", tax_id=tax_id, name=name)
    of = {"service": "docks", "id": person.sub}
    assert place.server.write("UPDATE accounts SET service_id = :service WHERE id = :id", of) == 1
    return person


def ask_to_bind(window: Visitor, person: Person) -> None:
    """From the list to the page for the code, by the account and the password that its owner gave."""
    window.open("/linked")
    window.click("to-bind")
    window.fill(person).click("bind")
    assert "已發送到被綁定帳號的 Email 信箱，請聯繫帳號使用者取得「驗證碼」。" in window.text


def code_told_by(window: Visitor, person: Person) -> str:
    """The owner reads her newest mail, and tells what stands there."""
    tab = Visitor(window.context, window.place)
    [code] = CODE.findall(mail(tab, person.email, MAILED).inner_text())
    tab.page.close()
    return str(code)


def enter_code(window: Visitor, code: str) -> None:
    """Type the code."""
    window.page.fill("#code", code)
    window.click("verify")


def a_day_goes_by(window: Visitor) -> None:
    """The request and its code are made older than a code may be."""
    binding = window.path.rpartition("/")[2]
    sent, ends = (
        f"{datetime.now(UTC) - timedelta(**ago):%Y-%m-%d %H:%M:%S.%f}" for ago in ({"hours": 25}, {"hours": 1})
    )
    moments = {"id": binding, "sent": sent, "ends": ends}
    window.place.server.write(
        "UPDATE bindings SET code_sent_at = :sent, code_expires_at = :ends WHERE id = :id", moments
    )


def read_the_texts(window: Visitor) -> None:
    """Read and accept the three texts of the service, asked once of each human (R-090)."""
    for text in ("privacy", "authority", "hazard"):
        region = window.page.locator(f"#text-{text}")
        region.evaluate("region => region.scrollTo(0, region.scrollHeight)")
        window.page.locator(f"#agree-{text}:enabled").check()
    window.click("agree-all")


def write_a_pass(window: Visitor, name: str) -> None:
    """Begin to apply for a pass: something that would be a pity to lose."""
    window.click("menu-pass-apply")
    window.page.check("input[name=kind][value=once]")
    window.page.locator("#name").press_sequentially(name)
    window.page.fill("#purpose", "船舶補給")


def menus(window: Visitor) -> set[str]:
    """The menu items that an application shows."""
    return {str(link.get_attribute("id")) for link in window.page.locator("nav a[id^=menu-]").all()}


@pytest.mark.requirement("R-096", "R-107", "R-110", "R-119", "R-125")
def test_she_binds_two_companies_works_for_both_and_one_ends_it(place: Place, portpass: PortPass, visit: Visit) -> None:
    agent = an_agent(place.town)
    one, two = of_the_docks(place, "王小明", "00000016"), of_the_docks(place, "李大華", OTHER_COMPANY)
    window, owner = visit(), visit()
    window.sign_in(Person(agent.username, agent.password, agent.sub))

    # She binds the first: the code comes too late, and 補發驗證信 brings another one. Then the second.
    assert window.path == "/linked"
    ask_to_bind(window, one)
    late = code_told_by(window, one)
    a_day_goes_by(window)
    enter_code(window, late)
    assert "驗證碼已逾時" in window.text
    window.click("resend")
    assert "已補發驗證信，先前信件中的驗證碼已失效。" in window.text
    enter_code(window, next_code(window, one, late))
    assert "帳號綁定驗證成功。" in window.text
    ask_to_bind(window, two)
    enter_code(window, code_told_by(window, two))
    assert "帳號綁定驗證成功。" in window.text

    # Into the port pass as the first, from her list; a second tab goes to DREAMS, which asks no password.
    window.click(f".rows a:has-text('{one.username}')")
    window.click("open-portpass")
    read_the_texts(window)
    window.click("consent-accept")
    assert f"錢大明（{ONE}／鏈結帳號）" in window.text
    dreams = Visitor(window.context, place)
    dreams.open(place.dreams)
    dreams.click("sign-in")
    assert "您要以哪一家公司進入「DREAMS 案場申請」？" in dreams.heading
    dreams.click(f"button:has-text('{one.username}')")
    dreams.click("consent-accept")
    assert f"錢大明（{ONE}／鏈結帳號）" in dreams.text
    assert menus(dreams).isdisjoint(menus(window)), "each application shows its own menu items"

    # She goes over to the second with a form not sent: it is kept. The old tab is told, and offered both.
    write_a_pass(window, "林雅婷")
    old = Visitor(window.context, place)
    old.open(window.page.url)
    write_a_pass(old, "陳志明")
    window.unfold("#who")
    window.click(f"to-{two.sub}")
    assert f"錢大明（{TWO}／鏈結帳號）" in window.text
    assert f"您在「{ONE}」未送出的內容已保留一小時" in window.text
    old.click("submit-pass")
    assert f"這份表單是以「{ONE}」開啟，目前身分為「{TWO}」。" in old.text
    assert f"再按一次送出，就會以「{TWO}」申請" in old.text
    assert old.page.inner_text("#back-to-opened") == f"以「{ONE}」繼續"
    assert old.page.input_value("#name") == "陳志明"
    old.click("back-to-opened")
    assert f"以「{ONE}」的名義申請。" in old.text
    assert old.page.input_value("#name") == "陳志明"
    dreams.click("menu-site-list")
    assert f"錢大明（{ONE}／鏈結帳號）" in dreams.text, "the other application is where it was"
    window.click("menu-pass-query")
    assert f"錢大明（{TWO}／鏈結帳號）" in window.text, "and so is the tab of the second company"

    # The owner of the second reads who acts as her, and ends it: the running session is over at the next click.
    owner.sign_in(two)
    owner.open("/account/bindings")
    assert "已綁定並驗證" in owner.text
    owner.click(".btn.risk")
    owner.click("unbind")
    ended = time.time()
    with window.page.expect_navigation() as gone:
        window.page.click("#menu-pass-apply")
    assert window.heading == "您的登入已結束"
    assert gone.value.request.timing["startTime"] / 1000 - ended < AT_ONCE, "when the refused page was asked for"
    assert "帳號解除綁定成功。" in owner.text
    assert ONE in window.page.inner_text("#main"), "where she is still signed in"
    old.click("menu-pass-query")
    dreams.click("menu-site-new")
    for tab in (old, dreams):
        assert f"錢大明（{ONE}／鏈結帳號）" in tab.text
    owner.open("/account")
    assert "李大華" in owner.text, "she herself goes on"

    # Signing out everywhere at one application reaches the other one.
    dreams.unfold("#who")
    dreams.click("sign-out-everywhere")
    dreams.click("sign-out-everywhere")
    assert "您已登出" in dreams.text
    old.click("menu-pass-query")
    assert old.heading == "您的登入已結束"


def next_code(window: Visitor, person: Person, old: str) -> str:
    """The code of the mail that was sent again; the two are the same once in a million."""
    for _ in range(40):
        code = code_told_by(window, person)
        if code != old:
            return code
        window.page.wait_for_timeout(100)
    raise AssertionError("no second mail")
