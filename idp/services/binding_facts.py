"""Bindings as owners, group admins and operators see them: who through whom, where it stands, when it was used last."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from idp.db import now, session
from idp.errors import NotFound
from idp.models import Account, Binding, Client, Company, Password, Service
from idp.policies.bindings import (
    CODE_PAUSE,
    BindingProof,
    BindingStanding,
    EndedBy,
    HeldBecause,
    Shown,
    needs_new_password,
    shown,
    tries_left,
    why_unusable,
)
from idp.policies.standing import BindingState
from idp.services.bindings import IS_TOLD, Linked
from idp.services.service_registry import registration_policy

ON_A_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingFacts:
    """A binding and what is said of it. Mailboxes are whole here: the page masks them (R-105).

    ``state`` is as people see it; ``unusable_because`` is ``account`` or ``company`` where it is bound_unusable.
    ``resend_at``, ``code_expires_at`` and ``tries_left`` are of a request that is pending.
    """

    id: str
    state: Shown
    unusable_because: str | None
    proof: BindingProof
    asked_by_name: bool
    code_expires_at: datetime | None
    resend_at: datetime | None
    tries_left: int
    created_at: datetime
    bound_at: datetime | None
    held_at: datetime | None
    held_because: HeldBecause | None
    first_used_at: datetime | None
    last_used_at: datetime | None
    last_client_id: str | None
    last_client: tuple[str, str] | None
    ended_at: datetime | None
    ended_by: EndedBy | None
    linked_id: str
    linked_name: str
    linked_username: str
    linked_email: str
    account_id: str
    account_name: str
    account_username: str
    account_email: str
    company_id: str
    company_name: str
    company_tax_id: str
    advises_password: bool
    needs_new_password: bool


def bindings_of_account(
    account_id: str, *, after: tuple[datetime, str] | None = None, most: int | None = None
) -> list[BindingFacts]:
    """The living bindings of a general account, requests too, the newest first; of a linked one those it made.

    ``after`` and ``most`` as for bindings_of_company; without ``most`` all.
    """
    made = and_(Binding.linked_account_id == account_id, IS_TOLD)
    return _page_of(or_(Binding.account_id == account_id, made), after=after, most=most)


def bindings_of_company(
    company_id: str, *, after: tuple[datetime, str] | None = None, most: int = ON_A_PAGE
) -> list[BindingFacts]:
    """A page of the bindings of a company's accounts, the newest first, after the one of this ``(created_at, id)``.

    What an owner has yet to answer is hers alone.
    """
    return _page_of(Account.company_id == company_id, Binding.state != BindingState.PENDING, after=after, most=most)


def _page_of(*which: ColumnElement[bool], after: tuple[datetime, str] | None, most: int | None) -> list[BindingFacts]:
    statement = _select().where(*which).order_by(Binding.created_at.desc(), Binding.id)
    if after is not None:
        moment, key = after
        is_later = or_(Binding.created_at < moment, and_(Binding.created_at == moment, Binding.id > key))
        statement = statement.where(is_later)
    return _facts(statement.limit(most))


def binding_facts(binding_id: str, *which: ColumnElement[bool]) -> BindingFacts:
    """One living binding that meets these conditions. Raises NotFound."""
    found = _facts(_select().where(Binding.id == binding_id, *which))
    if not found:
        raise NotFound(what="binding")
    return found[0]


def binding_of_owner(account_id: str, binding_id: str) -> BindingFacts:
    """One living binding of this general account. Raises NotFound."""
    return binding_facts(binding_id, Binding.account_id == account_id)


def binding_of_company(company_id: str, binding_id: str) -> BindingFacts:
    """One binding of this company's accounts that its owner has answered. Raises NotFound."""
    return binding_facts(binding_id, Account.company_id == company_id, Binding.state != BindingState.PENDING)


def _select() -> Select[*tuple[Any, ...]]:
    return (
        select(Binding, Linked, Account, Company, Service, Client.name_zh, Client.name_en, Password.changed_at)
        .join(Linked, Linked.id == Binding.linked_account_id)
        .join(Account, Account.id == Binding.account_id)
        .join(Company, Company.id == Account.company_id)
        .outerjoin(Service, Service.id == Account.service_id)
        .outerjoin(Client, Client.id == Binding.last_client_id)
        .outerjoin(Password, Password.account_id == Account.id)
        .where(Binding.state != BindingState.UNBOUND)
        .execution_options(populate_existing=True)
    )


def _facts(statement: Select[*tuple[Any, ...]]) -> list[BindingFacts]:
    moment = now()
    return [_one(row, moment) for row in session.execute(statement)]


def _one(row: Any, moment: datetime) -> BindingFacts:
    binding, linked, account, company, service, client_zh, client_en, password_at = row
    standing = BindingStanding(
        binding.state, binding.code_expires_at, binding.code_tries, account.status, company.status
    )
    state = shown(standing, moment)
    return BindingFacts(
        id=binding.id,
        state=state,
        unusable_because=why_unusable(standing) if state is Shown.BOUND_UNUSABLE else None,
        proof=binding.proof,
        asked_by_name=binding.asked_by_name,
        code_expires_at=binding.code_expires_at,
        resend_at=binding.code_sent_at + CODE_PAUSE if binding.code_sent_at else None,
        tries_left=tries_left(binding.code_tries),
        created_at=binding.created_at,
        bound_at=binding.bound_at,
        held_at=binding.held_at,
        held_because=HeldBecause(binding.held_because) if binding.held_because else None,
        first_used_at=binding.first_used_at,
        last_used_at=binding.last_used_at,
        last_client_id=binding.last_client_id,
        last_client=(client_zh, client_en) if client_zh is not None else None,
        ended_at=binding.ended_at,
        ended_by=binding.ended_by,
        linked_id=linked.id,
        linked_name=linked.name,
        linked_username=linked.username,
        linked_email=linked.email,
        account_id=account.id,
        account_name=account.name,
        account_username=account.username,
        account_email=account.email,
        company_id=company.id,
        company_name=company.name,
        company_tax_id=company.tax_id,
        advises_password=_advises(binding, service, password_at),
        needs_new_password=must_change_password(binding, password_at),
    )


def must_change_password(binding: Binding, password_at: datetime | None) -> bool:
    """Whether the owner has to change her password (of this moment) before she may confirm a binding that is held."""
    return binding.state is BindingState.NEEDS_CONFIRMATION and needs_new_password(
        binding.proof,
        held_because=HeldBecause(binding.held_because) if binding.held_because else None,
        held_at=binding.held_at,
        password_at=password_at,
    )


def _advises(binding: Binding, service: Service | None, password_at: datetime | None) -> bool:
    """Whether the owner gave away the password that she still has, and has not said that she keeps it.

    For a binding that an operator made (no request was ever sent) nobody gave any.
    """
    if binding.code_sent_at is None or binding.asked_by_name:
        return False
    if binding.password_advised_at is not None or binding.bound_at is None:
        return False
    if password_at is None or password_at >= binding.bound_at:
        return False
    return service is None or registration_policy(service).rotate_after_binding
