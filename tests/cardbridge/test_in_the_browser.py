"""From a click in real Chromium through popup, agent and reader to the card, and back to a page that is allowed."""

import base64
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from clients.testca.cards import Gpki
from idp.cardbridge.piv import PivBackend
from idp.certificates.statement import Transport
from idp.certificates.verification import BareSignature
from tests.browser.conftest import start_options
from tests.cardbridge.conftest import PIN, Insert, Start
from tests.cardbridge.test_operation import ASKED
from tests.certificates.test_verification import statement, verify
from tests.harness.card_page import CardPage
from tests.harness.running_agent import RunningAgent
from tests.harness.virtual_card.piv_card import GENERAL_AUTHENTICATE, VERIFY, VirtualPivCard
from tests.harness.virtual_card.reader import VirtualReader

pytestmark = pytest.mark.browser
Open = Callable[..., CardPage]
StartAllowing = Callable[..., tuple[RunningAgent, CardPage]]


@pytest.fixture
def open_page() -> Iterator[Open]:
    """Pages at origins of their own."""
    pages: list[CardPage] = []

    def begin(agent: RunningAgent | None = None, **more: Any) -> CardPage:
        pages.append(CardPage(ASKED, **more))
        pages[-1].agent = agent.address if agent else ""
        return pages[-1]

    yield begin
    for page in pages:
        page.close()


@pytest.fixture
def start_allowing(start: Start, open_page: Open) -> StartAllowing:
    """An agent, and a page that it allows already."""

    def begin(*words: str) -> tuple[RunningAgent, CardPage]:
        page = open_page()
        agent = start(*words, "--allow", page.origin)
        page.agent = agent.address
        return agent, page

    return begin


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(locale="zh-TW", viewport={"width": 480, "height": 640})
    context.set_default_timeout(15_000)
    yield context
    context.close()


def click(context: BrowserContext, page: CardPage) -> tuple[Page, Page]:
    """The page, and the window of the agent that a click has opened."""
    tab = context.new_page()
    tab.goto(page.origin)
    with tab.expect_popup() as opened:
        tab.click("#card")
    return tab, opened.value


def answer_of(tab: Page) -> dict[str, Any]:
    tab.wait_for_function("heard.length > 1")
    told: dict[str, Any] = tab.evaluate("heard.at(-1)")
    return told


def press(window: Page, name: str) -> None:
    window.get_by_role("button", name=name).click()


def type_pin(window: Page, pin: str = PIN) -> None:
    window.fill("#pin", pin)
    window.click("button.go")


@pytest.mark.parametrize("backend", ["piv", "pkcs11"])
def test_a_click_ends_in_a_signature_that_the_provider_takes(
    pki: Gpki, insert: Insert, start: Start, open_page: Open, context: BrowserContext, backend: str
) -> None:
    inside = insert(pki.company())
    agent = start(backend)
    page = open_page(agent)
    tab, window = click(context, page)
    expect(window.locator("#origin")).to_have_text(page.origin)
    press(window, "允許")
    expect(window.locator("dd").nth(2)).to_have_text("測試一號有限公司")
    assert inside.count(VERIFY) == 0
    with window.expect_event("close"):
        type_pin(window)
    told = answer_of(tab)
    assert (told["from"], told["state"], told["answer"]["via"]) == ("card-agent", "signed", "agent")
    certificate, signature = (base64.b64decode(told["answer"][name]) for name in ("certificate", "signature"))
    line = statement(audience=page.origin, transport=Transport.AGENT)
    # In a thread of its own: this one has Playwright's event loop.
    with ThreadPoolExecutor(1) as judge:
        answer = BareSignature(certificate, signature)
        holder = judge.submit(verify, pki, answer, expected_statement=line).result()
    assert (holder.tax_id, holder.name) == ("00000016", "測試一號有限公司")
    assert (inside.count(VERIFY), inside.count(GENERAL_AUTHENTICATE)) == (1, 1)
    assert PIN not in tab.evaluate("JSON.stringify(heard)")


def test_a_second_click_is_a_second_act_and_asks_for_the_pin_again(
    pki: Gpki, insert: Insert, start_allowing: StartAllowing, context: BrowserContext
) -> None:
    inside = insert(pki.company())
    _, page = start_allowing("piv")
    for times in (1, 2):
        tab, window = click(context, page)
        with window.expect_event("close"):
            type_pin(window)
        assert answer_of(tab)["state"] == "signed"
        assert (inside.count(VERIFY), inside.count(GENERAL_AUTHENTICATE)) == (times, times)


def test_wrong_pins_are_told_with_the_tries_and_the_last_needs_a_second_consent(
    pki: Gpki, insert: Insert, start_allowing: StartAllowing, context: BrowserContext
) -> None:
    inside = insert(pki.company())
    _, page = start_allowing("piv")
    tab, window = click(context, page)
    type_pin(window, "12345")
    expect(window.get_by_role("alert")).to_contain_text("沒有送給卡片")
    assert inside.count(VERIFY) == 0
    type_pin(window, "111111")
    expect(window.get_by_role("alert")).to_contain_text("不正確")
    expect(window.locator(".note")).to_have_text("還可以再試 2 次。")
    type_pin(window, "111111")
    expect(window.get_by_role("alert")).to_have_text("憑證密碼不正確。 只剩最後一次機會，再錯一次卡片就會鎖住。")
    assert inside.tries == 1
    expect(window.locator("button.go")).to_be_disabled()
    window.fill("#pin", "111111")
    window.keyboard.press("Enter")
    assert inside.count(VERIFY) == 2
    window.check("#agreed")
    window.click("button.go")
    expect(window.locator("h1")).to_contain_text("卡片已鎖住")
    assert inside.count(VERIFY) == 3
    with window.expect_event("close"):
        press(window, "關閉")
    assert answer_of(tab)["state"] == "cancelled"
    assert inside.count(GENERAL_AUTHENTICATE) == 0


def test_a_card_that_is_put_in_later_and_pulled_out_in_the_middle(
    pki: Gpki, reader: VirtualReader, start_allowing: StartAllowing, context: BrowserContext
) -> None:
    reader.pull_out()
    _, page = start_allowing("piv")
    tab, window = click(context, page)
    expect(window.locator("h1")).to_contain_text("沒有卡片")
    inside = reader.insert(VirtualPivCard({0x9A: pki.company()}, pin=PIN))
    expect(window.locator("#pin")).to_be_visible()
    inside.pulled_out_at = GENERAL_AUTHENTICATE
    type_pin(window)
    expect(window.locator("h1")).to_contain_text("在途中被拔出")
    inside.pulled_out_at = None
    reader.insert(inside)
    press(window, "再試一次")
    with window.expect_event("close"):
        type_pin(window)
    assert answer_of(tab)["state"] == "signed"
    reader.pull_out()


def test_a_card_that_another_program_holds_keeps_nobody_from_giving_up(
    pki: Gpki, insert: Insert, start_allowing: StartAllowing, context: BrowserContext
) -> None:
    insert(pki.company())
    _, page = start_allowing("piv")
    held = PivBackend().open("Virtual PCD 00 00")
    try:
        tab, window = click(context, page)
        expect(window.locator("h1")).to_contain_text("讀取卡片中")
        with window.expect_event("close"):
            press(window, "取消")
        assert answer_of(tab)["state"] == "cancelled"
        _, second = click(context, page)
        expect(second.locator("h1")).to_contain_text("另一個視窗")
    finally:
        held.let_go()
    _, third = click(context, page)
    expect(third.locator("#pin")).to_be_visible()


def test_a_name_that_was_made_to_lead_here_is_not_answered(chromium: Browser, start: Start, drawer: Any) -> None:
    """DNS rebinding: the browser believes that the agent is evil.example."""
    agent = start("software", "--drawer", str(drawer))
    options = start_options()
    options["args"] = [*options["args"], "--host-resolver-rules=MAP evil.example 127.0.0.1"]
    misled = chromium.browser_type.launch(**options)
    try:
        tab = misled.new_page()
        answer = tab.goto(f"http://evil.example:{agent.port}/card")
        assert answer is not None
        assert answer.status == 421
        assert "data-token" not in tab.content()
    finally:
        misled.close()


def test_a_window_that_is_closed_lets_the_next_one_begin(
    drawer: Any, start_allowing: StartAllowing, context: BrowserContext
) -> None:
    _, page = start_allowing("software", "--drawer", str(drawer))
    _, first = click(context, page)
    expect(first.locator("#pin")).to_be_visible()
    _, second = click(context, page)
    expect(second.locator("h1")).to_contain_text("另一個視窗")
    first.close(run_before_unload=True)
    _, third = click(context, page)
    expect(third.locator("#pin")).to_be_visible()


EVIL = """async ([agent, token]) => {
  const told = {};
  const note = async (name, act) => { try { told[name] = await act(); } catch (error) { told[name] = error.name; } };
  const json = { "Content-Type": "application/json" };
  const questions = ["begin", "allow", "look", "choose", "sign", "cancel"];
  for (const question of questions) {
    const body = JSON.stringify({ token, origin: location.origin, request: {}, card: "x", pin: "246810" });
    const url = `${agent}/api/${question}`;
    await note(`json ${question}`, () => fetch(url, { method: "POST", headers: json, body }).then((a) => a.status));
    await note(`simple ${question}`, () => fetch(url, { method: "POST", mode: "no-cors", body }).then((a) => a.type));
    navigator.sendBeacon(url, body);
  }
  await note("read", () => fetch(`${agent}/card`).then((answer) => answer.text()));
  await note("texts", () => fetch(`${agent}/texts.json`).then((answer) => answer.text()));
  const load = (name, more) => new Promise((resolve) => {
    const made = Object.assign(document.createElement(name), more);
    made.onload = () => resolve("loaded");
    made.onerror = () => resolve("failed");
    document.body.append(made);
    setTimeout(() => resolve("nothing"), 2000);
  });
  told.image = await load("img", { src: `${agent}/card` });
  told.script = await load("script", { src: `${agent}/agent.js`, type: "module" });
  told.style = await load("link", { href: `${agent}/agent.css`, rel: "stylesheet" });
  await load("iframe", { src: `${agent}/card` });
  const titleOf = (frame) => { try { return frame.contentDocument?.title ?? null; } catch { return null; } };
  told.frames = [...document.querySelectorAll("iframe")].map(titleOf);
  await note("document", () => popup.document.title);
  popup.postMessage({ from: "card-page", request }, "*");
  popup.postMessage({ from: "card-agent", state: "signed" }, "*");
  return told;
}"""


def test_a_page_of_another_origin_gets_the_not_allowed_window_and_nothing_else(
    pki: Gpki, insert: Insert, start: Start, open_page: Open, context: BrowserContext
) -> None:
    inside = insert(pki.company())
    agent = start("piv", "--allow", "https://idp.example.tw")
    evil = open_page(agent, host="localhost", opener="unsafe-none")
    tab, window = click(context, evil)
    expect(window.locator("#not-allowed")).to_have_text(evil.origin)
    told = tab.evaluate(EVIL, [agent.address, "A" * 43])
    refused = {name: result for name, result in told.items() if name.startswith("json") or name in ("read", "texts")}
    assert set(refused.values()) == {"TypeError"}
    assert {told[f"simple {question}"] for question in ("begin", "sign", "allow")} <= {"opaque", "TypeError"}
    assert (told["image"], told["script"], told["style"]) == ("failed", "failed", "failed")
    assert told["frames"] == [None]
    assert told["document"] == "SecurityError"
    tab.evaluate(FORM, agent.address)
    tab.wait_for_timeout(300)
    expect(window.locator("h1")).to_contain_text("不在允許清單中")
    assert tab.evaluate("heard") == [{"from": "card-agent", "state": "ready", "protocol": 1}]
    assert inside.commands == []
    assert agent.origins.read_text().count("http") == 1
    with window.expect_event("close"):
        press(window, "關閉")


FORM = """(agent) => {
  const form = Object.assign(document.createElement("form"), { method: "POST", action: `${agent}/api/sign`,
    enctype: "text/plain", target: "elsewhere" });
  const field = { name: '{"token":"A","pin":"246810","x":"', value: '"}' };
  form.append(Object.assign(document.createElement("input"), field));
  const frame = Object.assign(document.createElement("iframe"), { name: "elsewhere" });
  document.body.append(frame, form);
  form.submit();
}"""


SANDBOX = """(html) => document.body.append(Object.assign(document.createElement("iframe"),
  { srcdoc: html, sandbox: "allow-scripts allow-popups allow-popups-to-escape-sandbox" }))"""


def test_a_sandboxed_page_without_an_origin_is_not_allowed(
    start: Start, drawer: Any, open_page: Open, context: BrowserContext
) -> None:
    agent = start("software", "--drawer", str(drawer))
    tab = context.new_page()
    tab.goto(open_page(agent, host="localhost", opener="unsafe-none").origin)
    inner = f"""<script>onmessage = (e) => e.source.postMessage({{ from: "card-page", request: {{}} }}, "*")</script>
      <button onclick="window.open('{agent.address}/card')">open</button>"""
    tab.evaluate(SANDBOX, inner)
    with tab.expect_popup() as opened:
        tab.frame_locator("iframe").locator("button").click()
    expect(opened.value.locator("#not-allowed")).to_have_text("null")
    with opened.value.expect_event("close"):
        press(opened.value, "關閉")


def test_a_page_that_cuts_its_popups_off_is_why_the_provider_must_not(
    start: Start, drawer: Any, open_page: Open, context: BrowserContext
) -> None:
    """With Cross-Origin-Opener-Policy: same-origin the window has no opener, and says where it is to be opened from."""
    agent = start("software", "--drawer", str(drawer), "--allow", "https://idp.example.tw")
    tab, window = click(context, open_page(agent, opener="same-origin"))
    expect(window.locator("h1")).to_contain_text("請由登入頁面開啟")
    expect(window.locator(".address")).to_have_text("https://idp.example.tw")
    assert tab.evaluate("heard") == []


def test_the_window_speaks_the_browsers_language(chromium: Browser, drawer: Any, start_allowing: StartAllowing) -> None:
    _, page = start_allowing("software", "--drawer", str(drawer))
    for language, heading in (
        ("en-US", "Enter the PIN of the card"),
        ("zh-TW", "請輸入憑證密碼"),
        ("fr", "Enter the PIN"),
    ):
        context = chromium.new_context(locale=language)
        _, window = click(context, page)
        expect(window.locator("h1")).to_contain_text(heading)
        assert window.evaluate("document.documentElement.lang") == ("zh-TW" if language == "zh-TW" else "en")
        window.locator(".buttons button").last.click()
        context.close()


def test_a_page_of_the_internet_reaches_the_agent_by_popup_and_not_by_fetch(
    chromium: Browser, drawer: Any, start_allowing: StartAllowing
) -> None:
    """Chromium is told that the page's address is a public one: local network access is then its own to decide."""
    agent, page = start_allowing("software", "--drawer", str(drawer))
    options = start_options()
    options["args"] = [*options["args"], f"--ip-address-space-overrides=127.0.0.1:{page.port}=public"]
    outside = chromium.browser_type.launch(**options)
    try:
        context = outside.new_context(locale="zh-TW")
        said: list[str] = []
        context.on("console", lambda message: said.append(message.text))
        tab, window = click(context, page)
        expect(window.locator("#pin")).to_be_visible()
        fetching = "(address) => fetch(address, { mode: 'no-cors' }).then(() => 'done', () => 'failed')"
        assert tab.evaluate(fetching, f"{agent.address}/texts.json") == "failed"
        assert any("loopback" in words or "local" in words.lower() for words in said), said
        with window.expect_event("close"):
            type_pin(window)
        assert answer_of(tab)["state"] == "signed"
    finally:
        outside.close()


def test_allow_can_not_be_pressed_by_a_click_that_was_on_its_way(
    start: Start, drawer: Any, open_page: Open, context: BrowserContext
) -> None:
    agent = start("software", "--drawer", str(drawer))
    _, window = click(context, open_page(agent))
    expect(window.locator("button.go")).to_be_disabled()
    window.keyboard.press("Enter")
    window.keyboard.press("Space")
    expect(window.locator("button.go")).to_be_enabled()
    expect(window.locator("#origin")).to_be_visible()
    assert not agent.origins.exists()


def test_nothing_that_the_window_holds_is_run_or_loaded_from_elsewhere(
    drawer: Any, start_allowing: StartAllowing, context: BrowserContext
) -> None:
    _, page = start_allowing("software", "--drawer", str(drawer))
    complaints: list[str] = []
    context.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    _, window = click(context, page)
    expect(window.locator("#pin")).to_be_visible()
    assert complaints == []
    window.evaluate("document.body.append(Object.assign(document.createElement('img'), { src: 'http://localhost/x' }))")
    window.wait_for_timeout(100)
    assert any("Content Security Policy" in complaint for complaint in complaints)
