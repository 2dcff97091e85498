"""統一編號: the rule in force since 2023-04-01, by the vectors of the tax authority's notice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policies.tax_id import parse_tax_id

CLOSE_BY_BOTH_RULES = ["04595257", "22099131", "10458575", "12345675", "12345676", "10458574"]
CLOSE_BY_THE_NEW_RULE_ALONE = ["04595252", "00501508", "62140097", "10458570", "12345670"]
OF_THE_DEMO = ["00000016", "00000022", "00000037", "00000043", "00000058", "00000005", "00000011"]


@pytest.mark.requirement("R-008")
@pytest.mark.parametrize("number", CLOSE_BY_BOTH_RULES + CLOSE_BY_THE_NEW_RULE_ALONE + OF_THE_DEMO)
def test_a_number_whose_check_digit_closes_is_a_tax_id(number: str) -> None:
    assert parse_tax_id(number) == number


@pytest.mark.requirement("R-008")
@pytest.mark.parametrize(
    "text",
    ["12345678", "11111111", "00000008", "00000009", "1234567", "123456755", "", "00000000", "A11111111"],
)
def test_other_texts_are_none(text: str) -> None:
    assert parse_tax_id(text) is None


def test_full_width_digits_and_spaces_around_are_folded() -> None:
    assert parse_tax_id("　０４５９５２５７ ") == "04595257"


@pytest.mark.parametrize(
    "text",
    [
        "٠٤٥٩٥٢٥٧",
        "0459525७",
        "04595257\0",
        "\ud80004595257",
        "‮04595257",
        "0459 5257",
        "-4595257",
        "0" * 100_000,
    ],
    ids=["arabic", "devanagari", "nul", "surrogate", "direction", "inner space", "sign", "long"],
)
def test_digits_of_other_scripts_and_control_characters_are_refused(text: str) -> None:
    assert parse_tax_id(text) is None


@given(st.text())
def test_whatever_is_typed_the_answer_is_eight_ascii_digits_or_none(text: str) -> None:
    answer = parse_tax_id(text)
    assert answer is None or (len(answer) == 8 and answer.isascii() and answer.isdigit())
