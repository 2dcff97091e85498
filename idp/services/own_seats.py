"""Who is the same person, as far as we know, as a linked account that acts as a group admin (tokens.md)."""

from sqlalchemy import or_, select

from idp.db import session
from idp.errors import OwnSeat
from idp.models import Account, Binding
from idp.policies.standing import BindingState
from idp.services.acting import Acting

BOUND = (BindingState.BOUND, BindingState.NEEDS_CONFIRMATION, BindingState.AWAITS_ADMIN)


def check_not_own_seat(acting: Acting, account_id: str) -> None:
    """Raise OwnSeat where who acts would decide about herself or about somebody she acts for as well.

    That is: the account, or another one with its mailbox, is bound to the same linked account, or has its mailbox. Who
    acts as herself is held by other rules.
    """
    if acting.via is None:
        return
    linked = acting.via.linked_account_id
    bound = select(Binding.account_id).where(Binding.linked_account_id == linked, Binding.state.in_(BOUND))
    mailboxes = select(Account.email_canonical).where(or_(Account.id == linked, Account.id.in_(bound)))
    is_own = or_(Account.id.in_(bound), Account.email_canonical.in_(mailboxes))
    if session.scalar(select(Account.id).where(Account.id == account_id, is_own)) is not None:
        raise OwnSeat
