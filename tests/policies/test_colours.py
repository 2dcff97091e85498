"""White text is readable on the colours that services and clients choose."""

import pytest

from idp.policies.colours import colour_problem, contrast_with_white


@pytest.mark.parametrize("text", ["", "red", "#fff", "#FFFFFF", "#12345g", "#123456\n", "red;}", "＃123456"])
def test_a_colour_is_six_small_hexadecimal_digits(text: str) -> None:
    assert colour_problem(text) == "colour.form"


@pytest.mark.parametrize(
    ("colour", "ratio"), [("#000000", 21.0), ("#ffffff", 1.0), ("#767676", 4.54), ("#777777", 4.48), ("#0a0a0a", 19.8)]
)
def test_contrast_is_that_of_wcag(colour: str, ratio: float) -> None:
    assert contrast_with_white(colour) == pytest.approx(ratio, abs=0.005)


def test_a_colour_on_which_white_is_hard_to_read_is_refused() -> None:
    assert colour_problem("#767676") is None
    assert colour_problem("#777777") == "colour.contrast"
