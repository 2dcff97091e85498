"""A text is read to its end before its tick works, by wheel or keyboard; without script the tick works at once."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.place import Place
from tests.browser.scenes_of_agreements import texts_asked_at

pytestmark = pytest.mark.browser
TEXTS = ("privacy", "authority", "hazard")


@pytest.mark.requirement("R-091", "R-092")
def test_a_tick_works_once_its_text_was_read_to_the_end(place: Place, visit: Visit) -> None:
    staff = place.new_person("staff")
    window = visit()
    window.open(texts_asked_at(place))
    window.sign_in(staff)
    page = window.page
    for text in TEXTS:
        expect(page.locator(f"#agree-{text}")).to_be_disabled()
    expect(page.get_by_text("尚未閱讀至結尾")).to_have_count(3)

    # By keyboard: the text is a stop of its own, and the tick the next one once it works.
    page.focus("#text-privacy")
    page.keyboard.press("PageDown")
    expect(page.locator("#agree-privacy")).to_be_disabled()
    page.keyboard.press("End")
    expect(page.locator("#agree-privacy")).to_be_enabled()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("#agree-privacy")).to_be_checked()
    expect(page.locator("#agree-authority")).to_be_disabled()
    # By wheel; what was read stays read.
    page.hover("#text-authority")
    page.mouse.wheel(0, 9_000)
    expect(page.locator("#agree-authority")).to_be_enabled()
    page.mouse.wheel(0, -9_000)
    expect(page.get_by_text("已閱讀至結尾").locator("visible=true")).to_have_count(2)
    page.check("#agree-authority")

    window.click("agree-all")
    assert "請滑動「危害告知」右側卷軸完成閱讀，並勾選「我同意」。" in page.inner_text("#summary")
    expect(page.locator("#agree-privacy")).to_be_checked()
    expect(page.locator("#agree-hazard")).to_be_disabled()
    # A text that fits into its box needs no scrolling.
    page.eval_on_selector("#text-hazard", "text => { text.style.height = '200rem'; }")
    expect(page.locator("#agree-hazard")).to_be_enabled()
    page.check("#agree-hazard")
    window.click("agree-all")
    assert window.path == f"/{place.client('texts')}/callback"

    without = visit(script=False)
    without.open(texts_asked_at(place))
    without.sign_in(place.new_person("staff"))
    assert "尚未閱讀至結尾" not in without.text
    for text in TEXTS:
        without.page.check(f"#agree-{text}")
    without.click("agree-all")
    assert without.path == f"/{place.client('texts')}/callback"
