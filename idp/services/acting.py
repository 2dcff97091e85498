"""Who acts: a general account, directly or through a linked account, read in one joined statement.

Authlib's ``user`` is our Acting, never our Account. A code, a token and every claim made from them therefore stay with
the company chosen when they were granted (tokens.md).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from idp.db import run, table_of
from idp.models import Account, Binding, Company
from idp.policies.entities import EntityKind
from idp.policies.roles import Role, role_through_linked
from idp.policies.standing import (
    AccountKind,
    AccountStatus,
    Approval,
    BindingState,
    CompanyProof,
    CompanyStatus,
    Standing,
    can_act,
)
from idp.policies.wishes import Seat


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """The company acted for, as tokens tell it."""

    id: str
    id_type: str
    tax_id: str
    name: str
    status: CompanyStatus
    proof: CompanyProof
    verified_at: datetime | None
    address: str | None
    required_acr: str | None
    linked_admin: bool


@dataclass(frozen=True, slots=True)
class Via:
    """The linked account somebody acts through, and the binding between the two."""

    linked_account_id: str
    name: str
    status: AccountStatus
    binding_id: str
    binding_state: BindingState


@dataclass(frozen=True, slots=True)
class Acting:
    """A general account that acts (or a linked account that acts for nobody yet: ``company`` and ``role`` None)."""

    account_id: str
    kind: AccountKind
    username: str
    name: str
    email: str
    email_verified: bool
    phone: str | None
    locale: str
    updated_at: datetime
    electronic_id: str
    role: Role | None
    data_scope: str | None
    perm_ver: int
    status: AccountStatus
    approval: Approval | None
    service_id: str | None
    company: CompanyFacts | None
    via: Via | None = None

    @property
    def human_id(self) -> str:
        """The account of the human at the keyboard: the linked account where there is one."""
        return self.via.linked_account_id if self.via else self.account_id

    @property
    def tax_id(self) -> str | None:
        """The 統一編號 of the company acted for; None where it is known by another kind of number, or there is none."""
        return self.company.tax_id if self.company and self.company.id_type == EntityKind.UBN else None

    @property
    def seat(self) -> Seat:
        """What a client's wish for an account is held against."""
        return Seat(
            sub=self.account_id,
            tenant=self.company.id if self.company else None,
            company_tax_id=self.company.tax_id if self.company else None,
            actor=self.via.linked_account_id if self.via else None,
        )

    @property
    def is_able(self) -> bool:
        """Whether this may act now (the one rule: policies.standing.can_act)."""
        if self.via and self.via.status is not AccountStatus.ACTIVE:
            return False
        return can_act(
            Standing(
                account=self.status,
                company=self.company.status if self.company else None,
                binding=self.via.binding_state if self.via else None,
                through_binding=self.via is not None,
            )
        )


ACCOUNTS = table_of(Account)
COMPANIES = table_of(Company)
BINDINGS = table_of(Binding)
LINKED = ACCOUNTS.alias("linked")

ACTING_COLUMNS: tuple[Any, ...] = (
    ACCOUNTS.c.id,
    ACCOUNTS.c.kind,
    ACCOUNTS.c.username,
    ACCOUNTS.c.name,
    ACCOUNTS.c.email,
    ACCOUNTS.c.email_verified_at,
    ACCOUNTS.c.phone,
    ACCOUNTS.c.locale,
    ACCOUNTS.c.updated_at,
    ACCOUNTS.c.electronic_id,
    ACCOUNTS.c.role,
    ACCOUNTS.c.data_scope,
    ACCOUNTS.c.perm_ver,
    ACCOUNTS.c.status,
    ACCOUNTS.c.approval,
    ACCOUNTS.c.service_id,
    COMPANIES.c.id,
    COMPANIES.c.id_type,
    COMPANIES.c.tax_id,
    COMPANIES.c.name,
    COMPANIES.c.status,
    COMPANIES.c.proof,
    COMPANIES.c.verified_at,
    COMPANIES.c.address,
    COMPANIES.c.required_acr,
    COMPANIES.c.linked_admin,
)
VIA_COLUMNS: tuple[Any, ...] = (LINKED.c.id, LINKED.c.name, LINKED.c.status, BINDINGS.c.id, BINDINGS.c.state)
ACTING_WIDTH = len(ACTING_COLUMNS)
COMPANY_AT = 16
ROLE_AT = 10


def acting_from(row: Any, via: Any = None) -> Acting:
    """Make an Acting of the values of ACTING_COLUMNS and, where there is a linked account, of VIA_COLUMNS.

    Through a linked account a group admin is ``staff``, unless the company lets her be more (tokens.md).
    """
    facts: list[Any] = list(row[:COMPANY_AT])
    facts[5] = facts[5] is not None
    company = CompanyFacts(*row[COMPANY_AT:ACTING_WIDTH]) if row[COMPANY_AT] is not None else None
    through = Via(*via) if via is not None and via[0] is not None else None
    if through is not None and company is not None:
        facts[ROLE_AT] = role_through_linked(facts[ROLE_AT], is_admin_allowed=company.linked_admin)
    facts += [company, through]
    return Acting(*facts)


_BY_ID = (
    select(*ACTING_COLUMNS)
    .select_from(ACCOUNTS.outerjoin(COMPANIES, ACCOUNTS.c.company_id == COMPANIES.c.id))
    .where(ACCOUNTS.c.id == bindparam("account_id"))
)


def acting_account(account_id: str) -> Acting | None:
    """An account as itself, not through a linked account; None when there is none."""
    row = run(_BY_ID, {"account_id": account_id}).first()
    return acting_from(row) if row is not None else None
