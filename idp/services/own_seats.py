"""Who is the same person, as far as we know, as a linked account that acts as a group admin (tokens.md)."""

from sqlalchemy import Select, or_, select

from idp.db import session
from idp.errors import InvalidInput, OwnSeat
from idp.models import Account, Binding
from idp.policies.names import email_key
from idp.policies.standing import BindingState
from idp.services.acting import Acting, Via

BOUND = (BindingState.BOUND, BindingState.NEEDS_CONFIRMATION, BindingState.AWAITS_ADMIN)


def check_not_own_seat(acting: Acting, account_id: str) -> None:
    """Raise OwnSeat where who acts would decide about herself or about somebody she acts for as well.

    That is: the account, or another one with its mailbox, is bound to the same linked account, or has its mailbox. Who
    acts as herself is held by other rules.
    """
    if acting.via is None:
        return
    via = acting.via
    is_own = or_(Account.id.in_(_bound_to(via)), Account.email_canonical.in_(_mailboxes_of(via)))
    if session.scalar(select(Account.id).where(Account.id == account_id, is_own)) is not None:
        raise OwnSeat


def check_not_own_mailbox(via: Via | None, email: str) -> None:
    """Raise InvalidInput (``field`` email) where who acts would let herself in: an account of her own, by a mailbox of
    hers or of somebody she acts for, would outlive the binding."""
    if via is not None and session.scalar(_mailboxes_of(via).where(Account.email_canonical == email_key(email))):
        raise InvalidInput(field="email", problem="invitation.own_mailbox")


def _bound_to(via: Via) -> Select[str]:
    return select(Binding.account_id).where(
        Binding.linked_account_id == via.linked_account_id, Binding.state.in_(BOUND)
    )


def _mailboxes_of(via: Via) -> Select[str]:
    return select(Account.email_canonical).where(
        or_(Account.id == via.linked_account_id, Account.id.in_(_bound_to(via)))
    )
