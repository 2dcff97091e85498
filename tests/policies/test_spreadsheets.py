"""A cell of an exported table is text (RG14)."""

import pytest

from idp.policies.spreadsheets import harmless_cell


@pytest.mark.parametrize(
    "text", ["=1+1", "+886912345678", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"]
)
def test_what_a_spreadsheet_would_calculate_gets_an_apostrophe(text: str) -> None:
    assert harmless_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["", "王小明", "1+1", " =1", "'=1", "a@example.test"])
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert harmless_cell(text) == text
