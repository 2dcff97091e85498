"""Texts at the first sign-in (P18): to be agreed to, and with one that was not ticked."""

import json

from tests.browser.place import Place
from tests.browser.scenes import Scenes
from tests.browser.visitor import Visitor

AGREEMENTS = Scenes()
_prepared: set[str] = set()


def texts_asked_at(place: Place) -> str:
    """The address of a request of an application whose service asks for the three texts; both are made at first use."""
    if place.issuer not in _prepared:
        file = place.server.folder / "texts-policy.json"
        file.write_text(json.dumps({"preset": "twport", "company_proof": ["operator"]}))
        words = ("--name", "港區通行證系統", "--name-en", "Port pass", "--mail-from", "port@example.test")
        place.town.idp("service", "add", "--id", "texts", *words, "--policy", str(file))
        _prepared.add(place.issuer)
    return place.authorize("texts")


@AGREEMENTS.page(role="staff")
def texts_to_agree_to(window: Visitor) -> None:
    window.open(texts_asked_at(window.place))


@AGREEMENTS.page(role="staff", focus="summary")
def texts_not_agreed_to(window: Visitor) -> None:
    window.open(texts_asked_at(window.place))
    window.page.press("#text-authority", "End")
    window.page.check("#agree-authority")
    window.click("agree-all")
