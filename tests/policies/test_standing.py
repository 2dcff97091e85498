"""Who can act: the one rule that sign-in, code exchange, refresh, userinfo and introspection ask for."""

import pytest

from idp.policies.standing import AccountStatus, BindingState, CompanyStatus, Standing, can_act

GOOD = (AccountStatus.ACTIVE, CompanyStatus.ACTIVE)


def test_an_active_account_of_an_active_company_acts() -> None:
    assert can_act(Standing(*GOOD))


@pytest.mark.parametrize("status", [s for s in AccountStatus if s is not AccountStatus.ACTIVE])
def test_no_other_account_acts(status: AccountStatus) -> None:
    assert not can_act(Standing(status, CompanyStatus.ACTIVE))


@pytest.mark.parametrize("status", list(CompanyStatus))
def test_a_company_that_is_suspended_or_closed_stops_its_accounts(status: CompanyStatus) -> None:
    works = status in {CompanyStatus.ACTIVE, CompanyStatus.NEEDS_RECHECK}
    assert can_act(Standing(AccountStatus.ACTIVE, status)) is works


def test_a_linked_account_needs_no_company() -> None:
    assert can_act(Standing(AccountStatus.ACTIVE, None))


@pytest.mark.parametrize("state", [*BindingState, None])
def test_through_a_binding_only_a_bound_one_acts(state: BindingState | None) -> None:
    standing = Standing(*GOOD, binding=state, through_binding=True)
    assert can_act(standing) is (state is BindingState.BOUND)
