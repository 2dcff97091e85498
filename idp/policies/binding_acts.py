"""What owners and their group admins can do about a binding, and what an owner is told it is (P29; R-124 … R-129)."""

from collections.abc import Iterable
from enum import StrEnum

from idp.policies.bindings import BindingProof, Shown


class OwnerState(StrEnum):
    """One of the three that a general account's page shows (R-128)."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    NONE = "none"


class OwnerAct(StrEnum):
    """Something an owner does about a binding; the value is in the page's address."""

    AGREE = "agree"
    REFUSE = "refuse"
    CONFIRM = "confirm"
    END = "unbind"
    KEEP_PASSWORD = "keep-password"  # noqa: S105 - the name of an act


class GroupAct(StrEnum):
    """Something a group admin does about a binding of her company's accounts; the value is in the page's address."""

    APPROVE = "approve"
    REFUSE = "refuse"
    END = "unbind"


# Letting somebody act needs a fresh sign-in; ending it never does.
NEED_FRESH_SIGN_IN = frozenset({OwnerAct.AGREE, OwnerAct.CONFIRM})


def state_of(shown: Iterable[Shown]) -> OwnerState:
    """已綁定並驗證 where any binding works (or would, were the account not suspended); 已綁定未驗證 where one is asked
    for, waits for the group admin or for the owner's word; else 未被綁定."""
    states = set(shown) - {Shown.UNBOUND}
    if states & {Shown.BOUND, Shown.BOUND_UNUSABLE}:
        return OwnerState.VERIFIED
    return OwnerState.UNVERIFIED if states else OwnerState.NONE


def acts_of_owner(shown: Shown, proof: BindingProof) -> tuple[OwnerAct, ...]:
    """What the owner can do about a binding that is shown so."""
    if shown is Shown.PENDING and proof is BindingProof.OWNER_APPROVES:
        return OwnerAct.AGREE, OwnerAct.REFUSE
    if shown in {Shown.PENDING, Shown.CODE_EXPIRED, Shown.CODE_VOID, Shown.AWAITS_ADMIN}:
        return (OwnerAct.REFUSE,)
    if shown is Shown.NEEDS_CONFIRMATION:
        return OwnerAct.CONFIRM, OwnerAct.END
    return () if shown is Shown.UNBOUND else (OwnerAct.END,)


def acts_of_group_admin(shown: Shown) -> tuple[GroupAct, ...]:
    """What a group admin can do about a binding that is shown so. What its owner has not answered is hers alone."""
    if shown is Shown.AWAITS_ADMIN:
        return GroupAct.APPROVE, GroupAct.REFUSE
    is_made = shown in {Shown.BOUND, Shown.BOUND_UNUSABLE, Shown.NEEDS_CONFIRMATION}
    return (GroupAct.END,) if is_made else ()
