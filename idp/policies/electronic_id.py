"""電子身分證號 (IC…), the public number of an account by which others authorise it (R-191)."""

LETTERS = "IC"
DIGITS = 9


def check_digit(digits: str) -> str:
    """The check digit of a row of digits by ISO 7064, MOD 11,10."""
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def electronic_id(number: int) -> str:
    """The number of an account from a row number of 0 to 999,999,999: IC, nine digits, check digit."""
    digits = f"{number:0{DIGITS}d}"
    if len(digits) != DIGITS or number < 0:
        raise ValueError("an electronic ID has nine digits")
    return LETTERS + digits + check_digit(digits)


def is_electronic_id(text: str) -> bool:
    """Whether a text has the form of such a number and its check digit closes."""
    digits = text[len(LETTERS) : -1]
    well_formed = (
        text.startswith(LETTERS)
        and len(text) == len(LETTERS) + DIGITS + 1
        and text[len(LETTERS) :].isascii()
        and text[len(LETTERS) :].isdigit()
    )
    return well_formed and check_digit(digits) == text[-1]
