"""A person's own card: where it signs in, what its bearer may do before it does, and its step of the wizard."""

import json
from urllib.parse import parse_qs, urlsplit

from tests.browser.place import Place
from tests.browser.scenes import Scenes
from tests.browser.scenes_of_activation import service_of
from tests.browser.scenes_of_card_sign_in import send_nothing
from tests.browser.visitor import Visitor
from tests.harness.people import new_tax_id
from tests.registration.wizard import ADDRESS

CITIZEN_CARDS = Scenes()
TOLD = {"kind": "citizen", "name": "王小明"}


@CITIZEN_CARDS.page()
def citizen_card_sign_in(window: Visitor) -> None:
    window.open("/login/card?kind=citizen")


@CITIZEN_CARDS.page()
def citizen_card_that_signs_nobody_in(window: Visitor) -> None:
    window.open("/register?service=dreams")
    (run,) = parse_qs(urlsplit(window.page.url).query)["run"]
    # What a card told is kept as other runs are: this one becomes such a run.
    changed = "UPDATE flows SET kind = 'card', step = 'presented', data = :told WHERE id = :id"
    assert window.place.server.write(changed, {"told": json.dumps(TOLD), "id": run}) == 1
    window.open(f"/login/card/company?card={run}")


@CITIZEN_CARDS.page(focus="summary")
def citizen_step_nothing_presented(window: Visitor) -> None:
    _take_citizens(window.place)
    window.open(f"/register?service={service_of(window.place)}&credential=citizen_card")
    window.page.check("#agreed")
    window.click("next")
    window.page.fill("#number", new_tax_id())
    window.click("lookup")
    typed = {"company_name": "測試一號有限公司", "company_phone": "07-5213999#12", "responsible": "王小明"}
    for name, value in (typed | {"company_address": ADDRESS}).items():
        window.page.fill(f"#{name}", value)
    window.click("next")
    send_nothing(window)


def _take_citizens(place: Place) -> None:
    """Let the provider take cards of persons: which CA issues them is of no concern here."""
    place.server.write(
        "INSERT OR IGNORE INTO trust_anchors (sha256, certificate, subject, is_root, is_test, issues, not_after, "
        "added_at) VALUES (:sha256, X'00', 'CN=nobody', 0, 1, 'citizen', :end, :begin)",
        {"sha256": "0" * 64, "end": "2000-01-01 00:00:00.000000", "begin": "1999-01-01 00:00:00.000000"},
    )
