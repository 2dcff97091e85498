"""What still stands between a person and a client, in its order."""

import dataclasses

import pytest

from idp.policies.requirements import Situation, next_requirement

READY = Situation(
    is_signed_in=True,
    must_sign_in_again=False,
    must_register=False,
    meets_wish=True,
    wishes_for_somebody_else=False,
    is_admitted=True,
    has_left_client=False,
    must_choose=False,
    must_agree=False,
    must_consent=False,
    must_step_up=False,
    is_beyond_reach=False,
)


def missing(**changes: bool) -> tuple[str, str] | None:
    situation = dataclasses.replace(READY, **changes)
    requirement = next_requirement(situation)
    return (requirement.page, requirement.error(situation)) if requirement else None


def test_nothing_missing_is_an_answer() -> None:
    assert missing() is None


@pytest.mark.parametrize(
    ("changes", "page", "error"),
    [
        ({"must_register": True}, "register", "login_required"),
        ({"must_register": True, "is_signed_in": False}, "register", "login_required"),
        ({"is_signed_in": False}, "sign_in", "login_required"),
        ({"must_sign_in_again": True}, "sign_in", "login_required"),
        ({"must_choose": True}, "choose_account", "account_selection_required"),
        ({"meets_wish": False}, "choose_account", "interaction_required"),
        ({"is_admitted": False}, "choose_account", "interaction_required"),
        ({"has_left_client": True}, "choose_account", "login_required"),
        ({"meets_wish": False, "wishes_for_somebody_else": True}, "choose_account", "login_required"),
        ({"is_beyond_reach": True}, "unmet", "unmet_authentication_requirements"),
        ({"must_step_up": True}, "step_up", "unmet_authentication_requirements"),
        ({"must_agree": True}, "agreements", "interaction_required"),
        ({"must_agree": True, "must_consent": True}, "agreements", "consent_required"),
        ({"must_consent": True}, "consent", "consent_required"),
    ],
)
def test_each_thing_missing_has_its_page_and_its_error(changes: dict[str, bool], page: str, error: str) -> None:
    assert missing(**changes) == (page, error)


def test_signing_in_comes_before_choosing_and_choosing_before_consent() -> None:
    assert missing(is_signed_in=False, must_choose=True, must_consent=True) == ("sign_in", "login_required")
    assert missing(must_choose=True, must_consent=True) == ("choose_account", "account_selection_required")


def test_a_card_is_asked_for_once_the_account_is_known_and_before_anything_is_agreed_to() -> None:
    assert missing(must_choose=True, must_step_up=True) == ("choose_account", "account_selection_required")
    assert missing(must_step_up=True, must_agree=True) == ("step_up", "unmet_authentication_requirements")
    assert missing(must_step_up=True, must_consent=True) == ("step_up", "unmet_authentication_requirements")
