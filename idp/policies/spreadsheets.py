"""Text that a spreadsheet opens: a cell is never a formula (RG14, ASVS 1.2.10)."""

# What a spreadsheet takes for the beginning of a formula, in full width too, and behind a tab or a line break.
BEGINS_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def harmless_cell(text: str) -> str:
    """A cell's text; an apostrophe before what a spreadsheet would calculate."""
    return f"'{text}" if text.startswith(BEGINS_FORMULA) else text
