"""What still stands between a person and a client: one list, asked anew after every page (house.md example 3)."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that decides what is still missing for one authorization request."""

    is_signed_in: bool
    must_sign_in_again: bool = False
    must_register: bool = False
    is_linked: bool = False
    meets_wish: bool = True
    wishes_for_somebody_else: bool = False
    is_admitted: bool = True
    has_several: bool = False
    has_left_client: bool = False
    must_choose: bool = False
    must_enter_by_page: bool = False
    must_agree: bool = False
    must_consent: bool = False
    must_step_up: bool = False
    is_beyond_reach: bool = False


@dataclass(frozen=True, slots=True)
class Requirement:
    """A page to send the person to, what a client hears instead under ``prompt=none``, and when it applies."""

    page: str
    error: Callable[[Situation], str]
    is_unmet: Callable[[Situation], bool]


def _account_error(situation: Situation) -> str:
    if situation.wishes_for_somebody_else or situation.has_left_client:
        return "login_required"
    if situation.must_enter_by_page or (situation.is_linked and not situation.meets_wish):
        # One error for all else: unknown, unbound, suspended, not admitted, never entered (tokens.md, rule 5).
        return "interaction_required"
    if not situation.meets_wish or not situation.is_admitted:
        # Before somebody has agreed, a client is not told whether its wish fits.
        return "consent_required" if situation.must_consent else "interaction_required"
    return "account_selection_required"


def _must_choose(situation: Situation) -> bool:
    if not situation.meets_wish or not situation.is_admitted or situation.has_several:
        return True
    return situation.must_choose or situation.has_left_client or situation.must_enter_by_page


def _agreements_error(situation: Situation) -> str:
    return "consent_required" if situation.must_consent else "interaction_required"


REQUIREMENTS = (
    # Initiating User Registration 1.0 §4: the registration page first, until somebody has signed in for this request.
    Requirement("register", lambda s: "login_required", lambda s: s.must_register),
    Requirement(
        "sign_in",
        lambda s: "login_required",
        lambda s: not s.is_signed_in or s.must_sign_in_again,
    ),
    Requirement("choose_account", _account_error, _must_choose),
    Requirement("unmet", lambda s: "unmet_authentication_requirements", lambda s: s.is_beyond_reach),
    Requirement("step_up", lambda s: "unmet_authentication_requirements", lambda s: s.must_step_up),
    # The error of whoever has consent before her yet tells no more than a wish that does not fit (see _account_error).
    Requirement("agreements", _agreements_error, lambda s: s.must_agree),
    Requirement("consent", lambda s: "consent_required", lambda s: s.must_consent),
)


def next_requirement(situation: Situation) -> Requirement | None:
    """The first thing still missing, or None when the client may have its answer."""
    return next((r for r in REQUIREMENTS if r.is_unmet(situation)), None)
