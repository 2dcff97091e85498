"""Which texts are due at a sign-in, and which ticks count (R-090, R-091)."""

import pytest

from idp.policies.agreements import Due, DueText, due_texts, texts_of_first_sign_in, unticked
from idp.policies.registration import ConsentText

PRIVACY = ConsentText("privacy", "1", "first_login", True)
HAZARD = ConsentText("hazard", "2", "first_login", True)
DUE_PRIVACY = DueText("privacy", "1", must_scroll=True, is_update=False)


@pytest.mark.parametrize(
    ("policy", "texts"),
    [
        ({}, []),
        ({"preset": "dreams"}, []),
        ({"preset": "twport"}, ["privacy", "authority", "hazard"]),
        ({"preset": "twport", "consents": [{"id": "terms", "version": "1"}]}, []),
        ({"consents": [{"id": "hazard", "version": "2", "when": "first_login"}]}, ["hazard"]),
        # What else stands in the row shuts no way to an application that runs.
        ({"preset": "twport", "verify_hours": "of another version"}, ["privacy", "authority", "hazard"]),
    ],
)
def test_the_texts_of_the_first_sign_in_come_from_the_policy(policy: dict[str, object], texts: list[str]) -> None:
    assert [text.id for text in texts_of_first_sign_in(policy)] == texts


def test_what_was_agreed_to_in_this_version_is_not_asked_again_and_a_new_version_is() -> None:
    assert due_texts([PRIVACY, HAZARD], {("privacy", "1"), ("hazard", "2")}) == Due((), is_first=False)
    assert due_texts([PRIVACY, HAZARD], {("privacy", "1"), ("hazard", "1")}) == Due(
        (DueText("hazard", "2", must_scroll=True, is_update=True),), is_first=False
    )
    # Terms that were agreed to before applying make no sign-in the second one.
    assert due_texts([PRIVACY], {("terms", "1")}) == Due((DUE_PRIVACY,), is_first=True)
    assert due_texts([], {("privacy", "1")}).texts == ()


def test_a_tick_counts_for_the_version_that_was_on_the_page() -> None:
    assert unticked([DUE_PRIVACY], {("privacy", "1"), ("hazard", "1")}) == ()
    assert unticked([DUE_PRIVACY], {("privacy", "2")}) == (DUE_PRIVACY,)
    assert unticked([DUE_PRIVACY], set()) == (DUE_PRIVACY,)
