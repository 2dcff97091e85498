"""An agent with two tabs in Chromium: the menu by keyboard, the question before she leaves, and both choices."""

import pytest

from tests.browser.conftest import Visit
from tests.browser.place import Place
from tests.browser.scenes_of_acting import act_as, send_as_another

pytestmark = pytest.mark.browser


@pytest.mark.requirement("R-117", "R-118")
def test_what_was_typed_is_asked_about_and_kept(place: Place, visit: Visit) -> None:
    window = visit()
    act_as(window, 0)
    page = window.page
    # by pointer, by click and by keyboard; Esc closes it and gives the focus back.
    page.hover("details.pop > summary")
    assert window.sees("to-linked-home")
    page.mouse.move(5, 700)
    page.locator("#to-linked-home").wait_for(state="hidden")
    page.focus("details.pop > summary")
    page.keyboard.press("Enter")
    assert "前往鏈結帳號管理與登入" in page.inner_text("details.pop")
    assert window.sees("switch-company")
    page.keyboard.press("Escape")
    page.locator("#switch-company").wait_for(state="hidden")

    window.open("/group/invitations/new")
    page.locator("#email").press_sequentially("new")
    page.locator("#switch").click(no_wait_after=True)
    page.wait_for_timeout(300)
    assert window.path == "/group/invitations/new", "asked, and not left"
    assert [complaint for complaint in window.complaints if complaint.startswith("dialog")]
    window.complaints.clear()
    page.fill("#email", "")
    window.click("send")
    assert window.complaints == [], "who sends the form is not asked"

    send_as_another(window)
    assert "這份表單是以「測試一號有限公司」開啟，目前身分為「測試二號有限公司」。" in window.text
    window.click("conflict-switch")
    assert "目前身分為「測試一號有限公司」" in window.text
    window.click("resend")
    assert window.path == "/group/invitations"
    assert "new-colleague@example.test" in window.text
