"""What owners and group admins can do about a binding, by where it stands (P29)."""

import pytest

from idp.policies.binding_acts import GroupAct, OwnerAct, OwnerState, acts_of_group_admin, acts_of_owner, state_of
from idp.policies.bindings import BindingProof, Shown

REQUESTS = {Shown.PENDING, Shown.CODE_EXPIRED, Shown.CODE_VOID}
CODE, OWNER = BindingProof.PASSWORD_AND_CODE, BindingProof.OWNER_APPROVES


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        ([], OwnerState.NONE),
        ([Shown.UNBOUND], OwnerState.NONE),
        ([Shown.PENDING], OwnerState.UNVERIFIED),
        ([Shown.CODE_EXPIRED], OwnerState.UNVERIFIED),
        ([Shown.CODE_VOID], OwnerState.UNVERIFIED),
        ([Shown.AWAITS_ADMIN], OwnerState.UNVERIFIED),
        ([Shown.NEEDS_CONFIRMATION], OwnerState.UNVERIFIED),
        ([Shown.BOUND], OwnerState.VERIFIED),
        ([Shown.BOUND_UNUSABLE], OwnerState.VERIFIED),
        ([Shown.PENDING, Shown.BOUND], OwnerState.VERIFIED),
    ],
)
def test_an_account_is_shown_in_one_of_three_states(shown: list[Shown], state: OwnerState) -> None:
    """R-128; domain.md §2 BINDING, last line."""
    assert state_of(shown) is state


@pytest.mark.parametrize("shown", Shown)
def test_an_owner_can_always_say_no_and_yes_only_where_she_is_asked(shown: Shown) -> None:
    for proof in BindingProof:
        acts = set(acts_of_owner(shown, proof))
        ends = acts & {OwnerAct.REFUSE, OwnerAct.END}
        assert len(ends) == (shown is not Shown.UNBOUND), "exactly one way to end it"
        assert (OwnerAct.AGREE in acts) == (shown is Shown.PENDING and proof is OWNER), "a code is not passed by"
        assert (OwnerAct.CONFIRM in acts) == (shown is Shown.NEEDS_CONFIRMATION)
        assert OwnerAct.KEEP_PASSWORD not in acts


@pytest.mark.parametrize("shown", Shown)
def test_a_group_admin_does_nothing_about_what_its_owner_has_not_answered(shown: Shown) -> None:
    acts = acts_of_group_admin(shown)
    if shown in REQUESTS | {Shown.UNBOUND}:
        assert acts == ()
    elif shown is Shown.AWAITS_ADMIN:
        assert acts == (GroupAct.APPROVE, GroupAct.REFUSE)
    else:
        assert acts == (GroupAct.END,)
