"""Where a run of the wizard is, and which steps may be opened."""

import pytest

from idp.policies.registration import RegistrationPolicy
from idp.policies.registration_path import CompanyState, Step, path_of
from idp.policies.registration_steps import current_step, is_reached, step_before, steps_of

FRESH = path_of(RegistrationPolicy(), CompanyState())
STEPS = (Step.TERMS, Step.COMPANY, Step.PROOF, Step.ACCOUNT, Step.CHECK)


def test_the_page_after_the_last_step_is_none_to_fill_in() -> None:
    assert steps_of(FRESH) == STEPS


def test_a_correction_asks_for_no_texts_and_explains_no_review() -> None:
    assert steps_of(FRESH, is_correction=True) == (Step.COMPANY, Step.ACCOUNT, Step.CHECK)


@pytest.mark.parametrize(
    ("done", "current", "reached"),
    [
        ([], Step.TERMS, STEPS[:1]),
        ([Step.TERMS], Step.COMPANY, STEPS[:2]),
        ([Step.TERMS, Step.COMPANY], Step.PROOF, STEPS[:3]),
        (list(STEPS[:4]), Step.CHECK, STEPS),
        # What comes after a step that is to be done again keeps, and waits.
        ([Step.TERMS, Step.PROOF, Step.ACCOUNT], Step.COMPANY, STEPS[:2]),
        # The last step is never done before it is sent.
        (list(STEPS), Step.CHECK, STEPS),
    ],
)
def test_a_run_is_at_its_first_open_step_and_leads_no_further(
    done: list[Step], current: Step, reached: tuple[Step, ...]
) -> None:
    assert current_step(STEPS, done) is current
    assert tuple(step for step in Step if is_reached(STEPS, done, step)) == reached


def test_each_step_leads_back_to_the_one_before_it() -> None:
    assert [step_before(STEPS, step) for step in STEPS] == [None, *STEPS[:-1]]
