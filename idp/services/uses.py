"""The use of bindings: when a linked account acted as which account last, and the owner told of the first time."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from idp.db import now, session
from idp.mails import bindings as mails
from idp.models import Account, Binding, Client, Company
from idp.services.audit import record
from idp.services.bindings import Linked
from idp.services.seats import BoundSeat

USE_EVERY = timedelta(seconds=60)  # a use of the same application is written at most this often


def note_use(seat: BoundSeat, client_id: str | None) -> None:
    """Note that a binding is used, at a client or (None) at our own pages. At most one statement, but for the first
    time: then the owner is told by mail, once."""
    moment = now()
    if seat.last_used_at is None:
        _note_first_use(seat.binding_id, client_id, moment)
        return
    if seat.last_used_at > moment - USE_EVERY and seat.last_client_id == client_id:
        return
    session.execute(
        update(Binding)
        .where(Binding.id == seat.binding_id)
        .values(last_used_at=moment, last_client_id=client_id)
        .execution_options(synchronize_session=False)
    )


def _note_first_use(binding_id: str, client_id: str | None, moment: datetime) -> None:
    # Of two that are the first at once, one is: the other has nothing to add.
    first = session.execute(
        update(Binding)
        .where(Binding.id == binding_id, Binding.first_used_at.is_(None))
        .values(first_used_at=moment, last_used_at=moment, last_client_id=client_id)
        .returning(Binding.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if first is None:
        return
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
