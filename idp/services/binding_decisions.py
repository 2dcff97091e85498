"""What owners, linked people, group admins and operators decide about a binding (R-121 … R-129; tokens.md).

Each act is for a binding that is the caller's to decide about; any other one is NotFound. Where the binding has moved
on since the page was opened, or its owner was never offered this act, it is ChangedMeanwhile. Ending one ends at once
whatever runs through it (LK06).
"""

from sqlalchemy import ColumnElement, select, update

from idp.db import now, session
from idp.errors import BindingRequestOver, ChangedMeanwhile, PasswordNotChanged
from idp.mails import bindings as mails
from idp.models import Account, Binding, Password
from idp.policies.binding_acts import OwnerAct, acts_of_owner
from idp.policies.bindings import BindingProof, EndedBy, Shown
from idp.policies.standing import BindingState
from idp.services.acting import Acting
from idp.services.binding_facts import must_change_password
from idp.services.bindings import IS_TOLD, Parties, agreed, bound, check_bindable, end_and_tell, held, note
from idp.services.companies import checked_reason

MADE = (BindingState.BOUND, BindingState.NEEDS_CONFIRMATION)


def owner_agrees(owner: Acting, binding_id: str) -> Binding:
    """The owner lets a linked account act as her: bound, or waiting for the group admins.

    Where a code was mailed it is not hers to agree here: who gave her password could sign in as her, and the code would
    prove nothing (BC01, D-7). Raises NotFound, ChangedMeanwhile, BindingRequestOver after 24 hours, InvalidInput where
    it can't be bound.
    """
    return agreed(_of_owner(owner, binding_id, OwnerAct.AGREE), by="owner")


def owner_refuses(owner: Acting, binding_id: str) -> None:
    """The owner refuses a request, or takes back her word that waits for the group admins.

    Raises NotFound, ChangedMeanwhile.
    """
    _end(_of_owner(owner, binding_id, OwnerAct.REFUSE), EndedBy.OWNER)


def owner_unbinds(owner: Acting, binding_id: str) -> None:
    """解除綁定 by the owner (R-124 … R-127). Raises NotFound, ChangedMeanwhile."""
    _end(_of_owner(owner, binding_id, OwnerAct.END), EndedBy.OWNER)


def owner_confirms(owner: Acting, binding_id: str) -> Binding:
    """The owner says that a binding may go on after her password or mailbox is another one.

    Raises NotFound, ChangedMeanwhile, InvalidInput where it could not be bound today, PasswordNotChanged where the
    linked side still knows her password and her mailbox is another one.
    """
    found = _of_owner(owner, binding_id, OwnerAct.CONFIRM)
    check_bindable(found.owner)
    password_at = session.scalar(select(Password.changed_at).where(Password.account_id == owner.account_id))
    if must_change_password(found.binding, password_at):
        raise PasswordNotChanged
    session.execute(
        update(Binding)
        .where(Binding.id == binding_id, Binding.state == BindingState.NEEDS_CONFIRMATION)
        .values(state=BindingState.BOUND, held_at=None, held_because=None)
        .execution_options(synchronize_session=False)
    )
    session.refresh(found.binding)
    note("binding:confirmed", found)
    mails.confirmed(found.sides)
    return found.binding


def owner_keeps_password(owner: Acting, binding_id: str) -> None:
    """The owner will not set a new password although she gave hers away: she is not advised to any more.

    Raises NotFound, ChangedMeanwhile.
    """
    found = _in_state(_held_by_owner(owner, binding_id), *MADE)
    found.binding.password_advised_at = now()
    session.flush()
    note("binding:password:kept", found)


def linked_unbinds(linked: Acting, binding_id: str) -> None:
    """解除帳號 by the linked side (R-121 … R-123). Raises NotFound; ChangedMeanwhile for a request, which is cancelled
    (binding_requests.cancel_request)."""
    found = held(binding_id, Binding.linked_account_id == linked.account_id, IS_TOLD)
    _end(_in_state(found, *MADE), EndedBy.LINKED)


def admin_approves(company_id: str, binding_id: str) -> Binding:
    """A group admin lets a linked account act for the company, where its policy asks her.

    Raises NotFound for another company's, ChangedMeanwhile, InvalidInput where it can't be bound any more.
    """
    found = _in_state(_of_company(company_id, binding_id), BindingState.AWAITS_ADMIN)
    check_bindable(found.owner)
    return bound(found, by="group_admin")


def admin_unbinds(company_id: str, binding_id: str) -> None:
    """A group admin ends a binding of the company's accounts, or refuses one that waits. Raises NotFound,
    ChangedMeanwhile for a request that its owner has yet to answer."""
    _end(_in_state(_of_company(company_id, binding_id), BindingState.AWAITS_ADMIN, *MADE), EndedBy.GROUP_ADMIN)


def operator_unbinds(binding_id: str, reason: str) -> None:
    """An operator ends a binding or a request; both sides read the reason. Raises NotFound, InvalidInput (``field``
    reason)."""
    reason = checked_reason(reason)
    end_and_tell(held(binding_id), EndedBy.OPERATOR, reason=reason)


def _held_by_owner(owner: Acting, binding_id: str) -> Parties:
    return held(binding_id, Binding.account_id == owner.account_id)


def _of_owner(owner: Acting, binding_id: str, act: OwnerAct) -> Parties:
    """The owner's binding, held, where this act is one that she is offered as it stands now."""
    found = _held_by_owner(owner, binding_id)
    proof, stands = found.binding.proof, found.shown
    if act in acts_of_owner(stands, proof):
        return found
    is_late = act is OwnerAct.AGREE and stands is Shown.CODE_EXPIRED and proof is BindingProof.OWNER_APPROVES
    raise BindingRequestOver if is_late else ChangedMeanwhile


def _of_company(company_id: str, binding_id: str) -> Parties:
    # What an owner has not answered yet is nobody's business but hers.
    is_answered: ColumnElement[bool] = Binding.state != BindingState.PENDING
    return held(binding_id, Account.company_id == company_id, is_answered)


def _in_state(found: Parties, *states: BindingState) -> Parties:
    if found.binding.state not in states:
        raise ChangedMeanwhile
    return found


def _end(found: Parties, by: EndedBy) -> None:
    end_and_tell(found, by)
