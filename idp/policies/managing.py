"""What a group admin may do to a person of her company, by where that person's account stands (P32 … P34)."""

from enum import StrEnum

from idp.policies.registration import Reviewer
from idp.policies.standing import AccountStatus


class Task(StrEnum):
    """What is done on the page of a person: decide her application, or change her account."""

    REVIEW = "review"
    CHANGE = "change"


CHANGEABLE = frozenset({AccountStatus.ACTIVE, AccountStatus.SUSPENDED})
ACCOUNTS = ("ga_", "la_")
# Ticks of an account that waits are kept for its approval.
TAKES_MENUS = frozenset({AccountStatus.ACTIVE, AccountStatus.REVIEW_PENDING})

# Who suspended an account that nobody has used for long.
BY_TIME = "system"


def is_of_operators(suspended_by: str | None) -> bool:
    """Whether a suspension is one that only operators lift: whoever made it was no account, nor time alone."""
    return suspended_by is not None and not suspended_by.startswith(ACCOUNTS) and suspended_by != BY_TIME


def task_for(status: AccountStatus, approver: Reviewer | None, *, suspended_by: str | None = None) -> Task | None:
    """What there is to do. ``approver`` is who decides about applications at the service of the case; None: no case.

    Where operators have suspended an account, they alone restore it. Where operators decide, a group admin looks on.
    What was escalated to them she may decide as well (C-3).
    """
    if status in CHANGEABLE:
        return None if is_of_operators(suspended_by) else Task.CHANGE
    if status is not AccountStatus.REVIEW_PENDING or approver in (None, Reviewer.OPERATOR):
        return None
    return Task.REVIEW


def takes_menus(status: AccountStatus, *, has_menu_rights: bool) -> bool:
    """Whether menu rights can be set now (C-16)."""
    return has_menu_rights and status in TAKES_MENUS
