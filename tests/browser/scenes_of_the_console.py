"""The group admin's console (P32 … P35), with how one gets there."""

from tests.browser.scenes import Scenes
from tests.browser.visitor import Visitor

CONSOLE = Scenes()


def staff(window: Visitor, more: str = "") -> str:
    """The address of a colleague's page."""
    return f"/group/users/{window.place.person('staff').sub}{more}"


@CONSOLE.page("group_admin")
def console_users(window: Visitor) -> None:
    window.open(staff(window))  # so that there is a colleague
    window.open("/group/users")


@CONSOLE.page("group_admin")
def console_users_nobody_waits(window: Visitor) -> None:
    window.open("/group/users?tab=pending")


@CONSOLE.page("group_admin", focus="summary")
def console_person_without_a_reason(window: Visitor) -> None:
    window.open(staff(window))
    window.page.check("#state-1")
    window.click("save")


@CONSOLE.page("long")
def console_oneself(window: Visitor) -> None:
    window.open("/group/users")
    window.click("a[id^=edit-]")


@CONSOLE.page("group_admin")
def console_menus_all_ticked(window: Visitor) -> None:
    window.open(staff(window, "/menus"))
    window.click("button[id^=all-]")


@CONSOLE.page("group_admin")
def console_preview(window: Visitor) -> None:
    window.open(staff(window, "/menus"))
    window.click("preview")


@CONSOLE.page("group_admin")
def console_records(window: Visitor) -> None:
    window.open("/group/audit")


@CONSOLE.page("staff", languages=("zh-TW",))
def console_forbidden(window: Visitor) -> None:
    window.open("/group/users")
