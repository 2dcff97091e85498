"""Services at the operators' console: a policy that is refused, its wizard, a text's next version, menus compared."""

import json

from tests.browser.place import Place
from tests.browser.scenes import Scenes
from tests.browser.scenes_of_the_operators import at_console
from tests.browser.visitor import Visitor
from tests.harness.people import MENUS

SERVICES = Scenes()
SERVICE, CLIENT = "quays", "quays-app"
_menu_files: dict[str, bytes] = {}


def at_service(window: Visitor, path: str = "") -> None:
    """Open a page of a service that was made at the first visit, with an application and its menu."""
    place = window.place
    if place.issuer not in _menu_files:
        _menu_files[place.issuer] = _made(place)
    at_console(window, f"/ops/services/{SERVICE}{path}")


def _made(place: Place) -> bytes:
    names = ("--name", "DREAMS", "--name-en", "DREAMS")
    place.server.idp("service", "add", "--id", SERVICE, *names, "--preset", "dreams", "--mail-from", "a@example.test")
    address = ("--redirect-uri", "https://harbour.example/callback")
    place.server.idp("client", "add", "--client-id", CLIENT, "--name", "DREAMS", "--service", SERVICE, *address)
    file = place.folder / "harbour-menus.json"
    file.write_text(json.dumps({"client_id": CLIENT, "menus": MENUS}))
    place.server.idp("menu", "import", str(file))
    renamed = {**MENUS[0], "label_en": "All sites"}
    added = {**MENUS[1], "code": "site.edit", "label_en": "Edit a site"}
    return json.dumps({"client_id": CLIENT, "menus": [renamed, MENUS[1], added]}).encode()


@SERVICES.page(focus="summary")
def services_policy_refused(window: Visitor) -> None:
    at_service(window, "/policy")
    window.page.uncheck("[name=company_proof][value=card]")
    window.page.check("[name=company_proof][value=none]")
    window.click("save")


@SERVICES.page()
def services_preview(window: Visitor) -> None:
    at_service(window, "/preview")


@SERVICES.page(languages=("zh-TW",))
def services_text_preview(window: Visitor) -> None:
    at_service(window, "/texts/privacy/new")
    window.click("show-preview")


@SERVICES.page(languages=("zh-TW",))
def services_menus_compared(window: Visitor) -> None:
    at_service(window, "/menus")
    content = _menu_files[window.place.issuer]
    window.page.set_input_files("#file", {"name": "menus.json", "mimeType": "application/json", "buffer": content})
    window.click("compare")
