"""The console's pages about applications (P38)."""

from tests.browser.scenes import Scenes
from tests.browser.scenes_of_the_operators import at_console
from tests.browser.visitor import Visitor

CLIENTS = Scenes()


@CLIENTS.page(focus="summary")
def clients_new_wrong(window: Visitor) -> None:
    at_console(window, "/ops/clients/new")
    window.page.fill("#redirect_uris", "http://app.example/cb\nhttps://*.app.example/cb#part")
    window.click("add")


@CLIENTS.page()
def clients_connection_sheet(window: Visitor) -> None:
    at_console(window, "/ops/clients/dreams/sheet")


@CLIENTS.page()
def clients_tried(window: Visitor) -> None:
    person = window.place.person("staff")
    at_console(window, "/ops/clients/dreams/try")
    window.click("begin")
    window.page.fill("#username", person.username)
    window.page.fill("#password", person.password)
    window.click("sign-in")
    if window.page.query_selector("#consent-accept"):
        window.click("consent-accept")
