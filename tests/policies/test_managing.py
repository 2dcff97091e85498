"""What a group admin may do to a person, by where that person's account stands (P33, P34)."""

import pytest

from idp.policies.managing import Task, takes_menus, task_for
from idp.policies.registration import Reviewer
from idp.policies.standing import AccountStatus

DECIDE = AccountStatus.REVIEW_PENDING


@pytest.mark.parametrize(
    ("approver", "task"),
    [(Reviewer.GROUP_ADMIN, Task.REVIEW), (Reviewer.AUTO, Task.REVIEW), (Reviewer.OPERATOR, None), (None, None)],
)
def test_an_application_is_decided_unless_operators_decide_it_all(approver: Reviewer | None, task: Task | None) -> None:
    assert task_for(DECIDE, approver) is task


@pytest.mark.parametrize("status", list(AccountStatus))
def test_an_account_is_changed_once_it_was_let_in(status: AccountStatus) -> None:
    was_let_in = status in {AccountStatus.ACTIVE, AccountStatus.SUSPENDED}
    assert (task_for(status, Reviewer.OPERATOR) is Task.CHANGE) is was_let_in
    assert takes_menus(status, has_menu_rights=True) is (status in {AccountStatus.ACTIVE, DECIDE})
    assert not takes_menus(status, has_menu_rights=False)
