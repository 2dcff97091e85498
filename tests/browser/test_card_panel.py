"""The card panel and the self-test in Chromium: HiPKI's component, our agent, and whoever only says that it is one."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from clients.testca.authority import Card, new_key
from clients.testca.drawer import put_in_drawer
from clients.testca.server import CaServer
from tests.browser.conftest import Visit
from tests.browser.place import Place
from tests.browser.visitor import Visitor
from tests.harness.local_sign_server import PIN, LocalSignServer, Mood
from tests.harness.running_agent import RunningAgent

pytestmark = pytest.mark.browser

WRONG = "111111"
# ret_code and last_error (card.md A2), and what the page says: tests/cards/test_component_words.py has them all.
SENTENCES = {
    (0x76000006, 0): "讀卡機中沒有卡片，請插入工商憑證。",
    (0x7600000F, 0): "憑證元件的允許清單中沒有本網站。",
    (0x76100003, 0): "找不到讀卡機，請接上讀卡機",
    (0x76100006, 0x99): "卡片沒有接受憑證密碼（代碼 76100006-99）",
    (0x76100006, 0xA0): "憑證密碼不正確，連續錯誤將會鎖卡。",
    (0x76300009, 5): "卡片沒有完成簽章（代碼 76300009-5）",
    (0x76ABCDEF, -1): "憑證元件傳回錯誤代碼 76ABCDEF-FFFFFFFF。",
}


@pytest.fixture(scope="module")
def ca(place: Place) -> Iterator[CaServer]:
    """The CA of the tests, which the provider trusts."""
    running = CaServer(port=place.ca_port).start()
    for authority in (running.pki.root, running.pki.companies):
        anchor = place.folder / f"panel-{authority.slug}.der"
        anchor.write_bytes(authority.der)
        place.town.idp("trust", "add", str(anchor), "--sha256", hashlib.sha256(authority.der).hexdigest())
    yield running
    running.close()


@pytest.fixture
def card(ca: CaServer) -> Card:
    """A card of 00000016 that nobody has enrolled."""
    return ca.pki.company(key=new_key())


@pytest.fixture
def hipki(place: Place, card: Card) -> Iterator[LocalSignServer]:
    """HiPKI's component with that card, where the pages look for it."""
    running = LocalSignServer(place.hipki_port, card)
    yield running
    running.close()


@pytest.fixture
def empty_drawer(place: Place, tmp_path: Path) -> Iterator[Path]:
    """Our agent with software cards, new and with none yet: their drawer."""
    drawer = tmp_path / "drawer"
    drawer.mkdir()
    running = RunningAgent(tmp_path, "software", "--drawer", str(drawer), port=place.agent_port)
    yield drawer
    running.stop()


def type_pin(page: Page, pin: str = PIN, *, agreed: bool = False) -> None:
    """From wherever the panel is to the PIN handed over, which is gone from the page then."""
    if not page.locator("#card-pin").count():
        page.click("#card-hipki")
    expect(page.locator("#card-pin")).to_be_focused()
    page.fill("#card-pin", pin)
    if agreed:
        page.check("#card-pin-agreed")
    page.click("#card-hipki-go")
    assert page.locator("#card-pin").count() == 0


def told(page: Page) -> str:
    """What the panel says in the end, once nothing is under way."""
    page.wait_for_selector("#card-status .reader:is(.warn, .bad)")
    return " ".join(page.inner_text("#card-status").split())


def heard_by_the_provider(window: Visitor) -> list[str]:
    """All that this window's pages have sent to the provider, from now on."""
    sent: list[str] = []
    window.context.on(
        "request",
        lambda request: (
            sent.append(f"{request.url} {request.headers} {request.post_data or ''}")
            if request.url.startswith(window.place.issuer)
            else None
        ),
    )
    return sent


@pytest.mark.requirement("R-016", "R-201", "R-202", "R-204")
def test_a_card_is_enrolled_and_signs_in_through_hipki_and_its_pin_goes_nowhere_else(
    place: Place, visit: Visit, hipki: LocalSignServer
) -> None:
    window, person = visit(), place.new_person("staff")
    page, sent = window.page, heard_by_the_provider(window)
    window.open("/login/card")
    page.click("#card-hipki")
    field = page.locator("#card-pin")
    expect(field).to_be_focused()
    assert field.evaluate("field => [field.form, field.name, field.autocomplete, field.inputMode]") == [
        None, "", "off", "numeric"
    ]  # fmt: skip
    # What can't be a PIN spends no try.
    for nonsense in ("", "12345", "123456789", "12ab56", "１２３４５６"):
        field.fill(nonsense)
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("憑證密碼為 6 至 8 碼的數字；剛才輸入的沒有送給卡片。")
        expect(field).to_be_focused()
        assert field.input_value() == ""
    assert hipki.requests == []
    type_pin(page, WRONG)
    assert "憑證密碼不正確，還可以再試 2 次；連續錯誤將會鎖卡。" in told(page)
    assert page.get_attribute("#card-do-help", "href") == "/help/card"
    page.click("#card-do-pin")
    type_pin(page, WRONG)
    assert "憑證密碼不正確，還可以再試 1 次；連續錯誤將會鎖卡。" in told(page)
    # Before the last try she says that she knows what it is.
    page.click("#card-do-pin")
    page.fill("#card-pin", PIN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("請先勾選下方的確認，再繼續。")
    with page.expect_navigation():
        type_pin(page, agreed=True)
    asked = hipki.requests[-1]
    assert (asked["func"], asked["signatureType"], asked["hashAlgorithm"]) == ("MakeSignature", "PKCS1", "SHA256")
    assert asked["tbs"].startswith("card-login.v1.")
    assert [request["pin"] for request in hipki.requests] == [WRONG, WRONG, PIN]

    # The card is nobody's yet. She signs in once and enrols it, by the same panel.
    assert window.path == "/login/card/company"
    window.click("way-enrol")
    window.sign_in(person)
    assert window.path == "/account/credentials"
    with page.expect_navigation():
        type_pin(page)
    window.unfold("details.pop > summary")
    window.click("sign-out")
    window.open("/login/card?back=/account")
    with page.expect_navigation():
        type_pin(page)
    assert window.path == "/account"
    assert "憑證登入（HiPKI 元件）" in window.text
    page.go_back()
    assert PIN not in page.content()
    assert len(sent) > 10
    assert not [one for one in sent if PIN in one or WRONG in one]


@pytest.mark.requirement("R-020", "R-204")
def test_what_hipki_says_is_told_in_words(place: Place, visit: Visit, hipki: LocalSignServer) -> None:
    window = visit()
    page = window.page
    window.open("/login/card")
    for trouble, sentence in SENTENCES.items():
        hipki.trouble = trouble
        type_pin(page)
        assert sentence in told(page), trouble
    hipki.trouble = (0x76000031, 0)
    type_pin(page)
    told(page)
    assert page.get_attribute("#card-do-allow", "href") == f"{hipki.address}/addDomain?domain=localhost"
    hipki.trouble = (0x76100006, 0xA4)
    type_pin(page)
    told(page)
    assert page.get_attribute("#card-do-unlock", "href") == "/help/card#locked"
    assert page.locator("#card-status a, #card-status button").count() == 1
    hipki.trouble, hipki.mood = None, Mood.RUBBISH
    type_pin(page)
    assert "憑證元件傳回的資料不完整" in told(page)
    hipki.mood = None

    # The provider can't be asked, or does not know this page any more.
    page.route("**/card/challenge", lambda route: route.abort())
    type_pin(page)
    assert "連不上本網站" in told(page)
    page.unroute("**/card/challenge")
    window.context.clear_cookies()
    type_pin(page)
    assert "這個頁面開啟太久了，請重新載入後再操作。" in told(page)
    with page.expect_navigation():
        page.click("#card-do-reload")
    expect(page.locator("#card-hipki")).to_be_visible()
    # The browser's own complaints about the two answers.
    window.complaints.clear()

    english = visit(language="en")
    english.open("/login/card")
    hipki.trouble = (0x76ABCDEF, 0)
    type_pin(english.page)
    assert "error code 76ABCDEF" in told(english.page)
    assert hipki.tries == 3


@pytest.mark.requirement("R-020")
def test_a_component_that_is_not_there_is_missed_after_ten_seconds(
    place: Place, visit: Visit, hipki: LocalSignServer
) -> None:
    window = visit()
    page = window.page
    page.clock.install()
    window.open("/login/card")
    hipki.mood = Mood.SILENT
    type_pin(page)
    page.clock.run_for(9_000)
    assert "正在尋找讀卡機" in page.inner_text("#card-status")
    page.clock.run_for(1_500)
    assert "讀不到憑證元件，請安裝並啟動 HiCOS 卡片管理工具後再試。" in told(page)
    assert page.get_attribute("#card-do-download", "href") == "https://moeaca.nat.gov.tw/download/download_4.html"
    assert page.get_attribute("#card-do-help", "href") == "/help/card"
    hipki.mood = Mood.MUTE
    type_pin(page)
    expect(page.locator("#card-status")).to_contain_text("請勿取出")
    page.clock.run_for(61_000)
    assert "憑證元件逾時，沒有完成。" in told(page)
    # No agent runs: its window shows the browser's own error page, and is closed.
    with page.expect_popup() as opened:
        page.dblclick("#card-agent")
    assert len(window.context.pages) == 2
    page.clock.run_for(10_500)
    assert "讀不到讀卡元件，請安裝並啟動讀卡元件後再試。" in told(page)
    assert opened.value.is_closed()
    # Her own window, closed by herself.
    with page.expect_popup() as opened:
        page.click("#card-do-again")
    opened.value.close()
    page.clock.run_for(1_000)
    assert "憑證元件的視窗在完成前關閉了，沒有送出任何資料。" in told(page)
    page.evaluate("window.open = () => null")  # what a browser does that blocks popups
    page.click("#card-agent")
    assert "請允許本網站開啟彈出視窗，再按一次。" in told(page)
    assert len(window.context.pages) == 1


SAY = """([message, how]) => {
  const told = how === "text" ? JSON.stringify(message) : message;
  (window.opener ?? window).postMessage(told, "*");
}"""


def test_only_the_window_that_was_opened_is_heard(place: Place, visit: Visit, hipki: LocalSignServer) -> None:
    """Not the page itself, not another window of the component, not the window once it shows another site."""
    window = visit()
    page = window.page
    window.open("/login/card")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/card/challenge" in request.url else None)
    hipki.mood = Mood.SILENT
    page.click("#card-hipki")
    page.fill("#card-pin", PIN)
    with page.expect_popup() as opened:
        page.click("#card-hipki-go")
    own = opened.value
    own.wait_for_load_state()
    with page.expect_popup() as opened:
        page.evaluate("(address) => void window.open(address)", f"{hipki.address}/popupForm")
    other = opened.value
    other.wait_for_load_state()
    signed = {"func": "sign", "ret_code": 0, "signature": "AAAA", "certb64": "AAAA"}
    for message in ({"func": "getTbs"}, signed, {"from": "card-agent", "state": "ready"}):
        for speaker in (page, other):
            for how in ("text", "object"):
                speaker.evaluate(SAY, [message, how])
    own.goto(place.landing.address)
    own.evaluate(SAY, [{"func": "getTbs"}, "text"])
    page.wait_for_timeout(300)
    assert asked == []
    assert hipki.requests == []
    # The right one, and one question although it asks twice; what it says before it was asked is not an answer.
    own.goto(f"{hipki.address}/popupForm")
    own.evaluate(SAY, [signed, "text"])
    with page.expect_navigation():
        own.evaluate("""() => {
          window.opener.postMessage('{"func":"getTbs"}', "*");
          window.opener.postMessage('{"func":"getTbs"}', "*");
        }""")
    assert len(asked) == 1
    assert [request["pin"] for request in hipki.requests] == [PIN]
    assert window.path == "/login/card/company"


HEAR = "() => { window.heard = []; addEventListener('message', (event) => heard.push(event.data)); }"


@pytest.mark.requirement("R-020")
def test_the_self_test_tells_what_there_is_and_the_page_nothing_of_whom(
    place: Place, visit: Visit, hipki: LocalSignServer, ca: CaServer, empty_drawer: Path
) -> None:
    window = visit()
    page, sent = window.page, heard_by_the_provider(window)
    window.open("/help/card")
    for words in ("驗證失敗", "鎖卡", "無法讀取", "讀卡所需程式", "操作說明文件"):
        assert words in window.text
    sent.clear()
    page.evaluate(HEAR)
    with page.expect_popup() as opened:
        page.click("#card-check-agent")
    agents = opened.value
    agents.get_by_role("button", name="允許").click()
    page.wait_for_selector("#card-lines")
    expect(page.locator("#card-lines .tag")).to_have_text(["通過", "通過", "未通過", "未檢測"])
    assert "讀卡機中沒有卡片" in agents.inner_text("main")
    put_in_drawer(empty_drawer, "00000016", ca.pki.company(days=(-390, 30), key=new_key()), PIN)
    agents.get_by_role("button", name="再檢測一次").click()
    expect(page.locator("#card-lines [data-line=certificate]")).to_contain_text("即將到期")
    expect(page.locator("#card-lines .tag")).to_have_text(["通過", "通過", "通過", "即將到期"])
    for shown in ("測試一號有限公司", "00000016", "檢測沒有用到憑證密碼"):
        assert shown in agents.inner_text("main")
    assert agents.locator("#pin").count() == 0
    assert page.evaluate("heard")[-1] == {
        "from": "card-agent", "state": "checked",
        "report": {"via": "software", "reader": True, "card": True, "certificate": True, "days": 29, "trouble": None},
    }  # fmt: skip
    agents.get_by_role("button", name="關閉").click()
    expect(page.locator("#card-check-agent")).not_to_have_attribute("aria-disabled", "true")
    assert page.locator("#card-lines li").count() == 4

    page.click("#card-check-hipki")
    expect(page.locator("#card-lines .tag")).to_have_text(["通過"] * 4)
    expect(page.locator("#card-lines [data-line=certificate]")).to_contain_text("距離到期的日數：")
    for change, results in (
        ({"card": None}, ["通過", "通過", "未通過", "未檢測"]),
        ({"has_reader": False}, ["通過", "未通過", "未檢測", "未檢測"]),
        ({"trouble": (0x76100001, 0)}, ["未通過", "未檢測", "未檢測", "未檢測"]),
    ):
        for name, value in change.items():
            setattr(hipki, name, value)
        page.click("#card-check-hipki")
        expect(page.locator("#card-lines .tag")).to_have_text(results)
    assert "找不到讀取卡片的程式" in page.inner_text("#card-status")
    assert [one for one in sent if "/static/" not in one] == []
    assert "測試一號" not in json.dumps(page.evaluate("heard.filter((one) => one.from)"))
