"""Rules about passkeys: counters, first names, names."""

import pytest

from idp.policies.passkeys import device_of, has_fallen, passkey_name_problem


@pytest.mark.parametrize(
    ("before", "told", "fell"), [(0, 0, False), (0, 1, False), (5, 6, False), (5, 5, True), (5, 3, True), (5, 0, True)]
)
def test_a_counter_that_counts_has_to_grow(before: int, told: int, fell: bool) -> None:
    assert has_fallen(before, told) is fell


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)", "iPhone"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140", "Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "Mac"),
        ("curl/8", None),
    ],
)
def test_a_passkey_is_first_called_as_its_device(user_agent: str, device: str | None) -> None:
    assert device_of(user_agent) == device


@pytest.mark.parametrize(
    ("name", "is_good"), [("手機", True), (" ", False), ("x" * 60, True), ("x" * 61, False), ("a\nb", False)]
)
def test_a_name_is_a_line_of_text(name: str, is_good: bool) -> None:
    assert (passkey_name_problem(name) is None) is is_good
