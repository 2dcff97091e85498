"""How a binding is shown, and what a typed code is."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policies.bindings import BindingStanding, Shown, folded_code, shown, tries_left, why_unusable
from idp.policies.standing import AccountStatus, BindingState, CompanyStatus

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def standing(
    state: BindingState,
    *,
    ends: datetime | None = NOON + SECOND,
    tries: int = 0,
    account: AccountStatus = AccountStatus.ACTIVE,
    company: CompanyStatus | None = CompanyStatus.ACTIVE,
) -> BindingStanding:
    return BindingStanding(state, ends, tries, account, company)


@pytest.mark.parametrize(
    ("given_standing", "as_seen"),
    [
        (standing(BindingState.PENDING), Shown.PENDING),
        (standing(BindingState.PENDING, tries=4), Shown.PENDING),
        (standing(BindingState.PENDING, tries=5), Shown.CODE_VOID),
        (standing(BindingState.PENDING, tries=5, ends=NOON), Shown.CODE_VOID),
        (standing(BindingState.PENDING, ends=NOON), Shown.CODE_EXPIRED),
        (standing(BindingState.PENDING, ends=None), Shown.CODE_EXPIRED),
        (standing(BindingState.AWAITS_ADMIN), Shown.AWAITS_ADMIN),
        (standing(BindingState.BOUND, ends=None), Shown.BOUND),
        (standing(BindingState.BOUND, company=CompanyStatus.NEEDS_RECHECK), Shown.BOUND),
        (standing(BindingState.BOUND, company=None), Shown.BOUND),
        (standing(BindingState.BOUND, account=AccountStatus.SUSPENDED), Shown.BOUND_UNUSABLE),
        (standing(BindingState.BOUND, company=CompanyStatus.SUSPENDED), Shown.BOUND_UNUSABLE),
        (standing(BindingState.NEEDS_CONFIRMATION, account=AccountStatus.SUSPENDED), Shown.NEEDS_CONFIRMATION),
        (standing(BindingState.UNBOUND), Shown.UNBOUND),
    ],
)
def test_a_binding_is_shown_as_it_stands(given_standing: BindingStanding, as_seen: Shown) -> None:
    assert shown(given_standing, NOON) is as_seen


def test_what_makes_a_binding_unusable_is_told() -> None:
    suspended = standing(BindingState.BOUND, account=AccountStatus.SUSPENDED, company=CompanyStatus.SUSPENDED)
    assert why_unusable(suspended) == "account"
    assert why_unusable(standing(BindingState.BOUND, company=CompanyStatus.CLOSED)) == "company"
    assert why_unusable(standing(BindingState.BOUND)) is None


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("042137", "042137"),
        (" 042 137 ", "042137"),
        ("042-137", "042137"),
        ("０４２１３７", "042137"),
        ("０４２　１３７", "042137"),
        ("42137", None),
        ("0421370", None),
        ("04213x", None),
        ("٠٤٢١٣٧", None),
        ("", None),
    ],
)
def test_a_code_is_taken_however_it_is_typed(typed: str, code: str | None) -> None:
    assert folded_code(typed) == code


@given(st.text())
def test_no_text_breaks_the_folding(text: str) -> None:
    code = folded_code(text)
    assert code is None or (len(code) == 6 and code.isascii() and code.isdigit())


def test_tries_run_out_at_none() -> None:
    assert [tries_left(tries) for tries in (0, 4, 5, 9)] == [5, 1, 0, 0]
