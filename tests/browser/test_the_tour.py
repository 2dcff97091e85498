"""docs/tour.md is true: its twenty steps are walked in the demo, and all that the page names is there."""

import os
import re
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser

from idp.cli.demo_data import FIRST_PORT, Ports
from tests.browser.tour import HEIGHT, WIDTH, Tour
from tests.browser.tour_steps import STEPS, Step
from tests.browser.tour_walk_companies import WALK as OF_COMPANIES
from tests.browser.tour_walk_people import WALK as OF_PEOPLE
from tests.harness.processes import ROOT
from tests.system.test_demo import Demo

PAGE, PICTURES = ROOT / "docs" / "tour.md", ROOT / "docs" / "tour"
MOST_OF_ONE, MOST_OF_ALL = 120_000, 2_000_000
BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
TEXTS_OF_THE_PRODUCT = (".html", ".py", ".json", ".txt")


@pytest.fixture
def tour(chromium: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tour]:
    """The demo with fresh data, and nobody signed in. DREAMS asks again every second, not every fourth minute."""
    monkeypatch.setenv("DREAMS_CHECK_SECONDS", "1")
    demo = Demo()
    pictures = PICTURES if os.environ.get("TOUR_PICTURES") else None
    walking = Tour(chromium, Ports(demo.port), pictures)
    try:
        demo.start("--fresh")
        yield walking
    finally:
        walking.close()
        demo.remove()


@pytest.mark.browser
@pytest.mark.soak
def test_all_steps_can_be_taken_one_after_the_other_in_the_demo(tour: Tour) -> None:
    for step, walk in zip(STEPS, (*OF_COMPANIES, *OF_PEOPLE), strict=True):
        tour.begin()
        window = walk(tour)
        assert tour.said == set(step.words), f"step {step.number}"
        tour.take(step, window)
    assert tour.complaints == []


def sections() -> dict[int, str]:
    """What the page says of each step, by its number."""
    parts = re.split(r"^## (\d+)\. ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}


def test_the_steps_are_numbered_and_the_page_has_all_of_them_in_order() -> None:
    assert [step.number for step in STEPS] == list(range(1, 21))
    assert list(sections()) == [step.number for step in STEPS]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.slug)
def test_the_page_says_of_a_step_what_the_walk_does(step: Step) -> None:
    heading, who, told, picture, *_ = sections()[step.number].split("\n\n")
    assert heading == step.title
    ports = Ports(FIRST_PORT)
    places = [place.partition("/") for place in step.places]
    addresses = [f"http://localhost:{getattr(ports, name)}{slash}{path}" for name, slash, path in places]
    assert who == " · ".join([step.who, *addresses, ", ".join(step.shows)])
    assert {" ".join(words.split()) for words in BOLD.findall(told)} == set(step.words)
    assert picture.strip() == f"![Step {step.number}: {step.title}](tour/{step.picture})"


def test_every_picture_is_there_small_and_of_one_size_and_there_is_no_other() -> None:
    files = sorted(PICTURES.iterdir())
    assert [path.name for path in files] == [step.picture for step in STEPS]
    sizes = [path.stat().st_size for path in files]
    assert max(sizes) < MOST_OF_ONE
    assert sum(sizes) < MOST_OF_ALL
    for path in files:
        with Image.open(path) as image:
            assert (image.size, image.mode) == ((WIDTH, HEIGHT), "P"), path.name


def test_the_words_on_screen_are_words_of_the_product_and_what_a_step_shows_is_kept() -> None:
    folders = [ROOT / "idp", ROOT / "clients"]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in TEXTS_OF_THE_PRODUCT]
    product = "\n".join(path.read_text(encoding="utf-8") for path in files)
    words = {words for step in STEPS for words in step.words}
    assert {one for one in words if not all(part in product for part in constant_parts(one))} == set()
    rows = "\n".join((ROOT / "docs" / name).read_text() for name in ("requirements.md", "specifications.md"))
    assert {one for step in STEPS for one in step.shows if f"| {one} " not in rows} == set()


def constant_parts(words: str) -> list[str]:
    """The words without what a page puts in: names within 「」, of people and of companies."""
    pieces = re.split(r"「[^」]*」|鄭○豪|錢大明|測試.號有限公司", words)
    return [piece for piece in pieces if piece.strip("（）／")]
