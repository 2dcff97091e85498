"""The pages of the application for duty-free letters, with how one gets there."""

import json

from tests.browser.place import OTHER_COMPANY
from tests.browser.scenes import Scenes
from tests.browser.visitor import Visitor
from tests.harness.processes import ROOT

IDA = Scenes()
SAMPLES = json.loads((ROOT / "clients" / "ida" / "samples.json").read_text(encoding="utf-8"))
# What is Chinese in an English page too: what companies wrote into their applications, and a masked name.
CASE = {"goods": "原子力顯微鏡", "quantity": "1 套", "amount": "3200000", "purpose": "量測薄膜表面"}
CASE_TEXTS = (
    *(str(case[part]) for cases in SAMPLES.values() for case in cases for part in ("goods", "quantity", "purpose")),
    *(CASE["goods"], CASE["quantity"], CASE["purpose"], "李○華"),
)


def at_ida(window: Visitor, path: str) -> None:
    """Open a page there, in the window's language and with a session."""
    window.open(window.place.ida + "/login")
    window.open(window.place.ida + path)


@IDA.page()
def ida_welcome(window: Visitor) -> None:
    window.open(window.place.ida)


@IDA.page("staff")
def ida_home(window: Visitor) -> None:
    at_ida(window, "/")


@IDA.page("staff")
def ida_locked(window: Visitor) -> None:
    at_ida(window, "/cases/new/electronic")


@IDA.page("staff")
def ida_new_case_wrong(window: Visitor) -> None:
    at_ida(window, "/cases/new/paper")
    window.click("submit-case")


@IDA.page("staff")
def ida_account_to_authorise(window: Visitor) -> None:
    """On the way there is a case, so that there is something to authorise."""
    place = window.place
    at_ida(window, "/cases/new/paper")
    window.page.check("#kind-research")
    for field, value in CASE.items():
        window.page.fill(f"#{field}", value)
    window.click("submit-case")
    other = place.person("staff", tax_id=OTHER_COMPANY)
    window.open(place.ida + "/authorisations")
    window.page.fill(
        "#number", place.town.idp("account", "show", "--username", other.username, "--json")["electronic_id"]
    )
    window.click("look-up")
