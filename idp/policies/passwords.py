"""What a password must be (R-022, security.md §1.9-5) and how failures slow a guesser (security.md §3)."""

import unicodedata
from collections.abc import Iterable
from datetime import timedelta

SHORTEST = 8
LONGEST = 128
SHORTEST_WORD = 4
GUESSABLE = 1  # zxcvbn's score: 0 and 1 fall within a million guesses

FREE_FAILURES = 5
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=1)
DISABLED_AFTER = 100
NOT_TAKEN_AGAIN = 3  # the last ones an account had, the present one among them (domain.md 3.9)


def normalized(password: str) -> str:
    """The form that is hashed: NFC, so that the same keys on another keyboard give the same password."""
    return unicodedata.normalize("NFC", password)


def form_problem(password: str) -> str | None:
    """Why a password breaks the floor of the manuals, or None: 「密碼8字元以上，且需英文數字混合。」"""
    text = normalized(password)
    if any("\ud800" <= c <= "\udfff" for c in text):
        return "unreadable"
    if len(text) < SHORTEST:
        return "short"
    if len(text) > LONGEST:
        return "long"
    has_letter = any(c.isalpha() for c in text)
    has_digit = any(c.isdigit() for c in text)
    return None if has_letter and has_digit else "mixed"


def made_of(password: str, words: Iterable[str]) -> bool:
    """Whether a password is little more than one of these words (company, tax ID, account, service)."""
    folded = _folded(password)
    return any(known in folded and len(folded) - len(known) < SHORTEST for known in words_that_count(words))


def words_that_count(words: Iterable[str]) -> list[str]:
    """The words, each in the form in which it is looked for, that are long enough for a password to be made of."""
    return sorted({known for word in words if len(known := _folded(word)) >= SHORTEST_WORD})


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def delay_after(failures: int) -> timedelta:
    """How long a name is not tried after so many failures in a row: none up to 4, then 30 s doubling to 1 h."""
    if failures < FREE_FAILURES:
        return timedelta(0)
    doublings = min(failures - FREE_FAILURES, 16)
    delay: timedelta = FIRST_DELAY * 2**doublings
    return min(delay, LONGEST_DELAY)


def is_disabled(failures: int) -> bool:
    """Whether so many failures in a row end the password until it is set anew (PW01, NIST SP 800-63B-4 §3.2.2)."""
    return failures >= DISABLED_AFTER
