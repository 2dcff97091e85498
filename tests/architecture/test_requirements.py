"""docs/requirements.md: a row for each of the 230 requirements of the manuals, and no claim without its test."""

import re

import pytest

from tests.architecture.reading import all_tests, in_code, rows_of

MANUALS = {0: range(1, 52), 1: range(52, 144), 2: range(144, 180), 3: range(180, 206), 4: range(206, 231)}
NUMBERS = [f"R-{number:03}" for number in range(1, 231)]
ISSUES = {
    "3": "registration",
    "4": "company card",
    "5": "documents and operators",
    "6": "linked accounts",
    "7": "IDA and passkeys",
}
STATE = re.compile(r"here|(?:part, )?issue ([3-7])")
MOST_NUMBERS_OF_A_TEST = 5
ROWS = {row[0]: row for row in rows_of("requirements.md") if row[0].startswith("R-")}


def marked_with(number: str) -> set[str]:
    return {test.name for test in all_tests() if number in test.requirements}


def test_every_requirement_has_one_row_in_order() -> None:
    assert [row[0] for row in rows_of("requirements.md") if row[0].startswith("R-")] == NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_a_row_says_what_it_is_and_how_far_it_is(number: str) -> None:
    _, what, place, proof, state = ROWS[number]
    assert what
    assert place
    assert STATE.fullmatch(state), state
    named = [word for word in in_code(proof) if word.startswith("test_")]
    if state == "here" or state.startswith("part"):
        assert named, f"{number} is claimed and names no test"
    else:
        assert not named, f"{number} is for a later issue and names a test"
    assert set(named) <= marked_with(number), f"{number} names tests that are not marked with it"


def test_every_mark_is_of_a_requirement_that_is_claimed() -> None:
    for test in all_tests():
        for number in test.requirements:
            assert number in ROWS, f"{test.file}::{test.name}"
            assert not ROWS[number][4].startswith("issue"), f"{number} has a test and its row says that it is to come"


def test_at_most_five_requirements_share_a_test() -> None:
    shared = {test.name: len(test.requirements) for test in all_tests()}
    assert {name: count for name, count in shared.items() if count > MOST_NUMBERS_OF_A_TEST} == {}


def test_the_issues_that_rows_wait_for_are_told_on_the_page() -> None:
    legend = {row[0]: row[1] for row in rows_of("requirements.md") if row[0] in {f"issue {n}" for n in ISSUES}}
    assert legend == {f"issue {number}": name for number, name in ISSUES.items()}
