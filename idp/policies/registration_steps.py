"""Where a run of the wizard is: which steps it has, which are reached, and which comes next (house.md 1.3)."""

from collections.abc import Collection, Sequence

from idp.policies.registration_path import Path, Step

# A correction is about a case that is there: the texts were agreed to, and who reviews was explained.
OF_A_CORRECTION = (Step.COMPANY, Step.DOCUMENT, Step.ACCOUNT, Step.CHECK)

# 鏈結帳號: no company is proven, for it acts for none by itself (C-11); it is asked on the page of the account.
OF_A_LINKED_ACCOUNT = (Step.TERMS, Step.ACCOUNT, Step.CHECK)


def steps_of(path: Path, *, is_correction: bool = False) -> tuple[Step, ...]:
    """The pages that a person fills in, in their order; the page after them is none of them."""
    return tuple(step for step in path.steps if (step in OF_A_CORRECTION if is_correction else step is not Step.DONE))


def current_step(steps: Sequence[Step], done: Collection[Step]) -> Step:
    """The first step that is not done: the one the run is at. The last one is never done before it is sent."""
    return next((step for step in steps if step not in done), steps[-1])


def is_reached(steps: Sequence[Step], done: Collection[Step], wanted: Step) -> bool:
    """Whether a step may be opened: the run is at it, or past it and its person comes back to change something."""
    return wanted in steps and steps.index(wanted) <= steps.index(current_step(steps, done))


def step_before(steps: Sequence[Step], step: Step) -> Step | None:
    """The step to go back to, or None at the first."""
    place = steps.index(step)
    return steps[place - 1] if place else None
