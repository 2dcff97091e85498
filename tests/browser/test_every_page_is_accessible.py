"""Each page in a language by turns, on a desktop and on a phone, in light and dark (design.md 7)."""

import csv
import os
import zlib
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.browser.acceptance import (
    OF_COLOURS,
    axe_findings,
    first_focus_problems,
    language_problems,
    let_go_of_the_focus,
    structure_problems,
    tab_stop_problems,
    width_problems,
)
from tests.browser.conftest import Visit
from tests.browser.place import LONG_COMPANY, NAMES, OTHER_NAME, Place
from tests.browser.scenes import Scene
from tests.browser.scenes_of_acting import ACTING, AGENT_NAME
from tests.browser.scenes_of_activation import ACTIVATION
from tests.browser.scenes_of_agreements import AGREEMENTS
from tests.browser.scenes_of_applications import APPLICATIONS, SITE_NAMES
from tests.browser.scenes_of_bindings import BINDINGS
from tests.browser.scenes_of_card_sign_in import CARD_SIGN_IN
from tests.browser.scenes_of_citizen_cards import CITIZEN_CARDS
from tests.browser.scenes_of_clients import CLIENTS
from tests.browser.scenes_of_documents import DOCUMENTS, PAPER_NAMES
from tests.browser.scenes_of_ida import CASE_TEXTS, IDA
from tests.browser.scenes_of_leaving import LEAVING
from tests.browser.scenes_of_linked import LINKED
from tests.browser.scenes_of_linked_registration import LINKED_REGISTRATION
from tests.browser.scenes_of_own_data import OWN_DATA
from tests.browser.scenes_of_passkeys import PASSKEYS
from tests.browser.scenes_of_passwords import PASSWORDS
from tests.browser.scenes_of_people import PEOPLE
from tests.browser.scenes_of_reviews import REVIEWS
from tests.browser.scenes_of_second_factors import SECOND_FACTORS
from tests.browser.scenes_of_services import SERVICES
from tests.browser.scenes_of_the_console import CONSOLE
from tests.browser.scenes_of_the_operators import OPERATOR_NAME, OPERATORS
from tests.browser.scenes_of_the_provider import PROVIDER
from tests.browser.visitor import Visitor
from tests.harness.processes import ROOT
from tests.harness.relying_party import Person
from tests.registration.wizard import ADDRESS

pytestmark = pytest.mark.browser

# Where pictures of all pages are put for a person to look at, when set.
PICTURES = os.environ.get("IDP_TEST_PICTURES")
DESKTOP, PHONE, NARROWEST = 1280, 390, 320


SCENES = [
    *PROVIDER,
    *CARD_SIGN_IN,
    *AGREEMENTS,
    *ACTING,
    *LINKED,
    *BINDINGS,
    *LINKED_REGISTRATION,
    *ACTIVATION,
    *CITIZEN_CARDS,
    *OWN_DATA,
    *LEAVING,
    *SECOND_FACTORS,
    *PASSKEYS,
    *PASSWORDS,
    *APPLICATIONS,
    *IDA,
    *CONSOLE,
    *OPERATORS,
    *PEOPLE,
    *CLIENTS,
    *DOCUMENTS,
    *REVIEWS,
    *SERVICES,
]
COMPANIES = ("測試一號有限公司", "測試二號有限公司", LONG_COMPANY)
# Names stay as they are on English pages.
# What the register says stays Chinese: which company of it a page shows depends on which tests ran before.
with (ROOT / "data" / "companies_sample.csv").open(encoding="utf-8", newline="") as rows:
    told = {cell for row in csv.reader(rows) if row[1].isdigit() for cell in (row[0], row[6])}
OF_THE_REGISTER = sorted(told, key=len, reverse=True)
CHINESE_NAMES = (
    *NAMES.values(),
    OTHER_NAME,
    OPERATOR_NAME,
    AGENT_NAME,
    *COMPANIES,
    *SITE_NAMES,
    *CASE_TEXTS,
    *PAPER_NAMES,
    ADDRESS,
    *OF_THE_REGISTER,
)
# The shell, a form, a table, a step of the wizard, the chooser: what the layouts of all others are made of.
IN_BOTH = ("account", "sign_in", "console_users", "document_asked_for", "chooser")


def cases() -> list[ParameterSet]:
    """Each page in one language, two of three in Chinese, always the same ones; in the other one in the long rounds.

    What a page is made of is the same in both. Their words are looked at without a browser: tests/architecture.
    """
    found = []
    for scene in SCENES:
        turn = scene.languages[-1] if zlib.crc32(scene.name.encode()) % 3 == 0 else scene.languages[0]
        for language in scene.languages:
            is_its_turn = language == turn or scene.name in IN_BOTH
            marks = () if is_its_turn else (pytest.mark.soak,)
            found.append(pytest.param(scene, language, id=f"{scene.name}-{language}", marks=marks))
    return found


@pytest.mark.parametrize(("scene", "language"), cases())
def test_a_page_is_for_everybody(place: Place, visit: Visit, axe: str, scene: Scene, language: str) -> None:
    window = visit(person=who(place, scene.role), language=language, again=True)
    scene.go(window)
    page = window.page
    problems = [
        *first_focus_problems(page, scene.focus),
        *tab_stop_problems(page),
    ]
    let_go_of_the_focus(page)
    problems += [
        *structure_problems(page, language),
        *language_problems(page, language, CHINESE_NAMES),
        *(f"desktop: {finding}" for finding in axe_findings(page, axe)),
        *width_problems(page, "desktop"),
    ]
    take(window, scene, language, "desktop")
    page.emulate_media(color_scheme="dark")
    problems += [f"dark: {finding}" for finding in axe_findings(page, axe, only=OF_COLOURS)]
    take(window, scene, language, "dark")
    page.emulate_media(color_scheme="light")
    page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
    problems += width_problems(page, "text of double size")
    page.evaluate("() => { document.documentElement.style.fontSize = '' }")
    page.set_viewport_size({"width": PHONE, "height": 844})
    problems += [f"phone: {finding}" for finding in axe_findings(page, axe)]
    take(window, scene, language, "phone")
    page.set_viewport_size({"width": NARROWEST, "height": 640})
    problems += width_problems(page, "the narrowest phone")
    assert not problems, "\n".join(dict.fromkeys(problems))


def who(place: Place, role: str | None) -> Person | None:
    """Who looks at the page."""
    if role is None:
        return None
    return place.long_names() if role == "long" else place.person(role)


def take(window: Visitor, scene: Scene, language: str, what: str) -> None:
    """Take a picture where somebody wants to look at it."""
    if PICTURES:
        path = Path(PICTURES, f"{scene.name}.{language}.{what}.png")
        window.page.screenshot(path=path, full_page=True, animations="disabled")
