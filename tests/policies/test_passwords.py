"""What a password must be, and how failures slow a guesser."""

from datetime import timedelta

import pytest

from idp.policies.passwords import delay_after, form_problem, is_disabled, made_of, normalized, words_that_count


@pytest.mark.requirement("R-022")
@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("abc1234", "short"),
        ("abcd1234", None),
        ("a1" * 32, None),
        ("a1" * 64, None),
        ("a1" * 64 + "x", "long"),
        ("a1" * 500_000, "long"),
        ("abcdefgh", "mixed"),
        ("12345678", "mixed"),
        ("密碼密碼密碼密碼1", None),
        ("correct horse battery 9", None),
    ],
    ids=["7", "8", "64", "128", "129", "1 MB", "letters", "digits", "han", "spaces"],
)
def test_length_and_mixture_are_those_of_the_manuals(password: str, problem: str | None) -> None:
    assert form_problem(password) == problem


def test_the_same_keys_on_another_keyboard_give_the_same_password() -> None:
    assert normalized("cafe\u03011234") == normalized("caf\u00e91234")


def test_case_and_width_of_letters_stay_different() -> None:
    assert len({normalized(p) for p in ("Secret12", "secret12", "ｓecret12")}) == 3


@pytest.mark.parametrize("password", ["dreams2026", "00000016a", "ADMIN1-xyz", "測試一號有限公司1"], ids=str)
def test_a_password_that_is_little_more_than_a_known_word_is_found(password: str) -> None:
    assert made_of(password, ["dreams", "00000016", "admin1", "測試一號有限公司"])


def test_a_known_word_in_a_long_password_does_no_harm() -> None:
    assert not made_of("dreams of 27 white horses", ["dreams"])


def test_a_very_short_word_is_no_reason() -> None:
    assert not made_of("wang-8827-q", ["wan"])


def test_only_words_that_a_password_could_be_made_of_count() -> None:
    assert words_that_count(["王小明", "Ｄreams", "dreams", "16a", ""]) == ["dreams"]


def test_failures_wait_longer_and_longer_up_to_an_hour() -> None:
    waits = [delay_after(n).total_seconds() for n in (0, 4, 5, 6, 7, 11, 12, 13, 10_000)]
    assert waits == [0, 0, 30, 60, 120, 1920, 3600, 3600, 3600]
    assert delay_after(99) == timedelta(hours=1)


def test_a_hundred_failures_in_a_row_end_the_password() -> None:
    assert [is_disabled(n) for n in (0, 99, 100, 101)] == [False, False, True, True]
