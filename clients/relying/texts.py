"""What a text that somebody typed may hold."""

import unicodedata

# What prints nothing or turns the reading direction has no place in a name (bidi controls: UAX #9).
INVISIBLE = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
HAS_INVISIBLE = "這個欄位含有看不見的控制字元，請刪除後重新輸入。"


def has_invisible(text: str) -> bool:
    """Whether a control character is in it, which nobody would see on a page."""
    return any(unicodedata.category(char) in ("Cc", "Cs") or char in INVISIBLE for char in text)


def tidy(text: str) -> str:
    """The text as it is stored: composed, without blanks around it."""
    return unicodedata.normalize("NFC", text).strip()


def folded(text: str) -> str:
    """Full-width digits, letters and signs as the usual ones, without blanks around them."""
    return unicodedata.normalize("NFKC", text).strip()
