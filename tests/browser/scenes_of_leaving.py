"""Closing an account, taking one's data away, privacy and accessibility."""

from tests.browser.scenes import Scenes
from tests.browser.visitor import Visitor

LEAVING = Scenes()


@LEAVING.page("staff", focus="summary")
def close_another_name(window: Visitor) -> None:
    window.open("/account/close")
    window.page.fill("#username", "somebody-else")
    window.click("close")


@LEAVING.page("staff")
def export(window: Visitor) -> None:
    window.open("/account/export")


@LEAVING.page(languages=("en",))
def closed(window: Visitor) -> None:
    window.open("/closed")


@LEAVING.page()
def privacy(window: Visitor) -> None:
    window.open("/privacy")


@LEAVING.page()
def accessibility(window: Visitor) -> None:
    window.open("/accessibility")
