"""Bindings: made, held, confirmed and ended, with what runs through them (tokens.md "Acting through a linked account").

none -> pending -> bound <-> needs_confirmation -> unbound (for ever: binding again is a new row)
        pending -> awaits_admin -> bound, where the company's policy asks its group admin

Whoever changes a binding holds its company first: what is decided about one company's accounts comes one after another.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from idp.db import now, session
from idp.errors import AlreadyBound, InvalidInput, NotFound
from idp.mails import bindings as mails
from idp.models import Account, Binding, Company, Service
from idp.policies.bindings import (
    BindingProof,
    BindingStanding,
    EndedBy,
    HeldBecause,
    LinkedAccounts,
    Shown,
    shown,
)
from idp.policies.registration import RegistrationPolicy
from idp.policies.standing import USABLE_COMPANIES, AccountKind, AccountStatus, BindingState
from idp.services.access import end_access_of_binding
from idp.services.audit import record
from idp.services.company_claims import locked_company
from idp.services.constraints import breaks_unique
from idp.services.group_admins import group_admins_of
from idp.services.secrets import new_id
from idp.services.service_registry import registration_policy

Linked = aliased(Account)
# What the linked side is shown; names that were only tried tell nothing.
IS_TOLD = or_(Binding.state != BindingState.PENDING, Binding.asked_by_name.is_(False))


@dataclass(frozen=True, slots=True)
class Parties:
    """A binding with both of its sides, and the company that its owner is of."""

    binding: Binding
    linked: Account
    owner: Account
    company: Company

    @property
    def shown(self) -> Shown:
        """The binding as people see it now."""
        binding = self.binding
        return shown(
            BindingStanding(
                binding.state, binding.code_expires_at, binding.code_tries, self.owner.status, self.company.status
            ),
            now(),
        )

    @property
    def sides(self) -> mails.Sides:
        """Of whom a mail about the binding speaks."""
        return mails.Sides(self.linked, self.owner, self.company)


def bind_by_operator(linked: Account, account: Account, reason: str) -> Binding:
    """Bind at an operator's word, as for people who come with an existing system. The owner is told.

    Raises InvalidInput (``field`` linked or account) where either is of the wrong kind or not active, or the company
    forbids it; AlreadyBound.
    """
    if linked.kind is not AccountKind.LINKED or linked.status is not AccountStatus.ACTIVE:
        raise InvalidInput(field="linked", problem="binding.not_linked")
    company = check_bindable(account)
    moment = now()
    # Nobody gave a password away, so that none is advised to be changed.
    binding = insert_binding(linked.id, account.id, BindingState.BOUND, bound_at=moment, password_advised_at=moment)
    sides = Parties(binding, linked, account, company)
    note("binding:bound", sides, by="operator", reason=reason)
    mails.bound(sides.sides, advises_password=False)
    return binding


def check_bindable(account: Account) -> Company:
    """The company of an account that can be bound, held for this transaction.

    Raises InvalidInput (``field`` account) for what can't be bound: a linked account, one that is not active, a company
    that is not in use or forbids it (LK07).
    """
    if account.kind is not AccountKind.GENERAL or account.company_id is None:
        raise InvalidInput(field="account", problem="binding.not_general")
    company = locked_company(account.company_id)
    if account.status is not AccountStatus.ACTIVE:
        raise InvalidInput(field="account", problem="account.not_active")
    if company.status not in USABLE_COMPANIES:
        raise InvalidInput(field="account", problem="company.not_active")
    if company.linked_accounts == LinkedAccounts.FORBIDDEN:
        raise InvalidInput(field="account", problem="binding.forbidden")
    return company


def policy_of_account(account: Account) -> RegistrationPolicy:
    """The registration policy of the account's service; the defaults for an account of none."""
    service = session.get(Service, account.service_id) if account.service_id else None
    return registration_policy(service) if service is not None else RegistrationPolicy()


def insert_binding(
    linked_account_id: str,
    account_id: str,
    state: BindingState,
    *,
    proof: BindingProof = BindingProof.OWNER_APPROVES,
    **values: object,
) -> Binding:
    """Write a new binding. Raises AlreadyBound, decided by the database."""
    binding = Binding(
        id=values.pop("id", None) or new_id("bi_"),
        linked_account_id=linked_account_id,
        account_id=account_id,
        state=state,
        proof=proof,
        created_at=now(),
        **values,
    )
    try:
        with session.begin_nested():
            session.add(binding)
            session.flush()
    except IntegrityError as error:
        if not is_of_two(error):
            raise
        raise AlreadyBound from error
    return binding


def is_of_two(error: IntegrityError) -> bool:
    """Whether an error says that the two accounts have a living binding already."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return bool(diagnosis.constraint_name == "uq_bindings_live")
    return breaks_unique(error, "bindings", "linked_account_id", "account_id")


def held(binding_id: str, *which: ColumnElement[bool]) -> Parties:
    """A living binding that meets these conditions, held for this transaction. Raises NotFound."""
    company_id = session.scalar(
        select(Account.company_id).join(Binding, Binding.account_id == Account.id).where(Binding.id == binding_id)
    )
    if company_id is None:
        raise NotFound(what="binding")
    company = locked_company(company_id)
    row = session.execute(
        select(Binding, Linked, Account)
        .join(Linked, Linked.id == Binding.linked_account_id)
        .join(Account, Account.id == Binding.account_id)
        .where(Binding.id == binding_id, Binding.state != BindingState.UNBOUND, *which)
        .with_for_update(of=Binding, key_share=True)
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise NotFound(what="binding")
    return Parties(row[0], row[1], row[2], company)


def agreed(found: Parties, *, by: str) -> Binding:
    """The owner has agreed, by code or by her word: bound now, or waiting for the company's group admins.

    The caller holds the binding, which is pending. Raises InvalidInput where it can't be bound any more.
    """
    company = check_bindable(found.owner)
    if company.linked_accounts != LinkedAccounts.ADMIN_APPROVES:
        return bound(found, by=by)
    _move(found.binding, BindingState.AWAITS_ADMIN, code_hash=None)
    note("binding:agreed", found, by=by)
    for admin in group_admins_of(company.id):
        mails.waits_for_admin(admin, found.sides)
    return found.binding


def bound(found: Parties, *, by: str) -> Binding:
    """Let a binding work from now on. Both sides are told, the owner also that her password was given away."""
    _move(found.binding, BindingState.BOUND, code_hash=None, bound_at=now())
    note("binding:bound", found, by=by)
    gave_password = not found.binding.asked_by_name
    advises = gave_password and policy_of_account(found.owner).rotate_after_binding
    mails.bound(found.sides, advises_password=advises)
    return found.binding


def unbind(binding_id: str, by: EndedBy, *, was: BindingState | None = None, **why: str) -> Binding | None:
    """End a binding for ever, and all that runs through it, at once; None where it is ended already. Nobody is told.

    ``was``: how it stood, where the caller holds it.
    """
    ended = session.execute(
        update(Binding)
        .where(Binding.id == binding_id, Binding.state != BindingState.UNBOUND)
        .values(state=BindingState.UNBOUND, ended_at=now(), ended_by=by, code_hash=None)
        .returning(Binding.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if ended is None:
        return None
    end_access_of_binding(binding_id, "unbound")
    binding = session.scalars(select(Binding).where(Binding.id == binding_id)).one()
    session.refresh(binding)
    record(
        "binding:unbound",
        account_id=binding.account_id,
        linked_account_id=binding.linked_account_id,
        binding_id=binding_id,
        company_id=_company_told(session.get_one(Account, binding.account_id).company_id, was),
        by=str(by),
        **({"was": str(was)} if was is not None else {}),
        **why,
    )
    return binding


def hold_bindings(account_id: str, because: HeldBecause | str) -> int:
    """Let no binding of a general account work until its owner confirms it; gives how many were held.

    For a password set anew (not one that its owner changed, knowing the old one) and for another mailbox: who took the
    account over shall not have her agents too, nor an agent what only the old mailbox knew. Access through them ends at
    once, both sides are told, and codes on their way work no more.
    """
    why = HeldBecause(because)
    company_id = session.scalar(select(Account.company_id).where(Account.id == account_id))
    if company_id is None:
        return 0
    locked_company(company_id)
    _void_requests(account_id)
    moment = now()
    ids = session.scalars(
        update(Binding)
        .where(Binding.account_id == account_id, Binding.state == BindingState.BOUND)
        .values(state=BindingState.NEEDS_CONFIRMATION, held_at=moment, held_because=str(why))
        .returning(Binding.id)
        .execution_options(synchronize_session=False)
    ).all()
    for binding_id in ids:
        end_access_of_binding(binding_id, "held")
        found = held(binding_id)
        note("binding:held", found, because=str(why))
        mails.held(found.sides, because=why)
    return len(ids)


def _void_requests(account_id: str) -> None:
    """Let the codes of an account run out at once, and what its owner agreed to before be asked anew."""
    session.execute(
        update(Binding)
        .where(
            Binding.account_id == account_id,
            Binding.state.in_((BindingState.PENDING, BindingState.AWAITS_ADMIN)),
        )
        .values(state=BindingState.PENDING, code_hash=None, code_expires_at=now())
        .execution_options(synchronize_session=False)
    )


def end_bindings_of_company(company_id: str) -> int:
    """End all bindings of a company's accounts, requests too: it forbids linked accounts. Gives how many.

    Both sides of each are told. The caller has changed the company in this transaction.
    """
    return _end_each(Account.company_id == company_id, by=EndedBy.GROUP_ADMIN)


def end_bindings_of_account(account_id: str) -> int:
    """End all bindings of an account that closes, on whichever side it stands; gives how many."""
    return _end_each(or_(Account.id == account_id, Binding.linked_account_id == account_id), by=EndedBy.CLOSURE)


def _end_each(*which: ColumnElement[bool], by: EndedBy) -> int:
    ids = session.scalars(
        select(Binding.id)
        .join(Account, Account.id == Binding.account_id)
        .where(Binding.state != BindingState.UNBOUND, *which)
        .order_by(Account.company_id, Binding.id)
    ).all()
    for binding_id in ids:
        end_and_tell(held(binding_id), by)
    return len(ids)


def end_and_tell(found: Parties, by: EndedBy, **why: str) -> None:
    """End a binding or a request that the caller holds, and tell both sides what it was."""
    state, was_told = found.binding.state, not found.binding.asked_by_name
    unbind(found.binding.id, by, was=state, **why)
    if state in (BindingState.BOUND, BindingState.NEEDS_CONFIRMATION):
        mails.ended(found.sides, by=by, reason=why.get("reason"))
    elif state is BindingState.AWAITS_ADMIN or was_told:
        mails.refused(found.sides, by=by, tells_owner=by is not EndedBy.OWNER)


def note(action: str, found: Parties, **details: Any) -> None:
    """Append an audit row about a binding, with everybody it has to do with so far."""
    record(
        action,
        account_id=found.owner.id,
        linked_account_id=found.linked.id,
        binding_id=found.binding.id,
        company_id=_company_told(found.company.id, found.binding.state),
        **details,
    )


def _company_told(company_id: str | None, state: BindingState | None) -> str | None:
    """The company of an audit row: what an owner has not answered is hers alone, and no row of her company's."""
    return None if state is BindingState.PENDING else company_id


def _move(binding: Binding, state: BindingState, **values: object) -> None:
    """Move a binding that is held, and have the object say so."""
    session.execute(
        update(Binding)
        .where(Binding.id == binding.id, Binding.state == binding.state)
        .values(state=state, **values)
        .execution_options(synchronize_session=False)
    )
    session.refresh(binding)
