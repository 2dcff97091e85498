"""電子身分證號: IC, nine digits and a check digit that finds typing errors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policies.electronic_id import electronic_id, is_electronic_id

numbers = st.integers(min_value=0, max_value=10**9 - 1)


@pytest.mark.requirement("R-191")
@given(numbers)
def test_every_number_made_is_recognised(number: int) -> None:
    text = electronic_id(number)
    assert len(text) == 12
    assert is_electronic_id(text)


@pytest.mark.requirement("R-191")
@given(numbers, st.integers(min_value=2, max_value=11), st.integers(min_value=1, max_value=9))
def test_one_wrong_digit_is_always_noticed(number: int, place: int, shift: int) -> None:
    text = electronic_id(number)
    wrong = str((int(text[place]) + shift) % 10)
    assert not is_electronic_id(text[:place] + wrong + text[place + 1 :])


@pytest.mark.parametrize("text", ["", "IC", "ic0000000007", "IC00000000٠7", "IC１２３４５６７８９０", "XX0000000000"])
def test_other_texts_are_none(text: str) -> None:
    assert not is_electronic_id(text)


@pytest.mark.parametrize("number", [-1, 10**9])
def test_a_number_out_of_range_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="nine digits"):
        electronic_id(number)
