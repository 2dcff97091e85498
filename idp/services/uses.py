"""The use of bindings: when a linked account acted as which account last, and the owner told of the first time."""

from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, or_, select, update

from idp.db import now, run, session
from idp.mails import bindings as mails
from idp.models import Account, Binding, Client, Company
from idp.policies.standing import USABLE_COMPANIES, AccountStatus, BindingState
from idp.services.acting import ACCOUNTS, BINDINGS, COMPANIES
from idp.services.audit import record
from idp.services.bindings import Linked
from idp.services.seats import BoundSeat

USE_EVERY = timedelta(seconds=60)  # a use of the same application is written at most this often

# The company and the account are held with the binding, and before it, in this order as everywhere, so that neither a
# suspension of either nor an unbinding passes by unseen: what is begun here is there for them to end, or is not begun.
_ACCOUNT = (
    select(ACCOUNTS.c.id)
    .join(COMPANIES, ACCOUNTS.c.company_id == COMPANIES.c.id)
    .where(
        ACCOUNTS.c.id == bindparam("account"),
        ACCOUNTS.c.status == AccountStatus.ACTIVE,
        COMPANIES.c.status.in_(sorted(USABLE_COMPANIES)),
    )
    .with_for_update(read=True, of=[COMPANIES, ACCOUNTS])
)
_IS_GOOD = and_(
    BINDINGS.c.id == bindparam("binding"),
    BINDINGS.c.state == BindingState.BOUND,
    BINDINGS.c.account_id.in_(_ACCOUNT),
)
# Not FOR SHARE: two who hold it so and then note its use would wait for each other.
_HOLD = select(BINDINGS.c.id).where(_IS_GOOD).with_for_update(key_share=True)
_USE = (
    update(BINDINGS)
    .where(_IS_GOOD)
    .values(last_used_at=bindparam("moment"), last_client_id=bindparam("client"))
    .returning(BINDINGS.c.id)
)
_FIRST_USE = (
    update(BINDINGS)
    .where(_IS_GOOD, BINDINGS.c.first_used_at.is_(None))
    .values(
        first_used_at=bindparam("moment"),
        last_used_at=bindparam("moment"),
        last_client_id=bindparam("client"),
    )
    .returning(BINDINGS.c.id)
)


def note_account_in_use(account_id: str, moment: datetime) -> None:
    """Note that an account is in use, once a day; one that was warned of idling has not idled."""
    today = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    # Two who act as it hold it both: neither waits for the other, for a day is noted tomorrow as well.
    due = (
        select(Account.id)
        .where(Account.id == account_id, or_(Account.last_used_at.is_(None), Account.last_used_at < today))
        .with_for_update(skip_locked=True)
    )
    session.execute(
        update(Account)
        .where(Account.id.in_(due))
        .values(last_used_at=moment, idle_warned_at=None)
        .execution_options(synchronize_session=False)
    )


def take_seat(seat: BoundSeat, client_id: str | None) -> bool:
    """Hold a binding for this transaction and note that it is used, at a client or (None) at our own pages.

    False where it, its account or its company is not good any more: nothing may be begun through it then. The first
    statement of its transaction, for who ends a binding holds that before all that runs through it. One statement, but
    for the first time, when the owner is told by mail, and the first time of a day, when the account's use is noted.
    """
    moment = now()
    which = {"account": seat.acting.account_id, "binding": seat.binding_id}
    use = which | {"moment": moment, "client": client_id}
    last = seat.last_used_at
    is_first_today = last is None or last.date() < moment.date()
    is_due = last is None or is_first_today or last <= moment - USE_EVERY or seat.last_client_id != client_id
    if last is None and run(_FIRST_USE, use).first() is not None:
        _tell_first_use(seat.binding_id, client_id)
    elif run(_USE if is_due else _HOLD, use if is_due else which).first() is None:
        return False
    if is_first_today:
        note_account_in_use(seat.acting.account_id, moment)
    return True


def _tell_first_use(binding_id: str, client_id: str | None) -> None:
    linked, owner, company, name_zh, name_en = session.execute(
        select(Linked, Account, Company, Client.name_zh, Client.name_en)
        .select_from(Binding)
        .join(Linked, Linked.id == Binding.linked_account_id)
        .join(Account, Account.id == Binding.account_id)
        .join(Company, Company.id == Account.company_id)
        .outerjoin(Client, Client.id == client_id)
        .where(Binding.id == binding_id)
    ).one()
    mails.first_used(mails.Sides(linked, owner, company), client=(name_zh, name_en) if name_zh is not None else None)
    record(
        "binding:used:first",
        account_id=owner.id,
        linked_account_id=linked.id,
        binding_id=binding_id,
        company_id=company.id,
        client_id=client_id,
    )
