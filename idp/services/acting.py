"""Who acts: a general account, directly or through a linked account, read in one joined statement.

Authlib's ``user`` is our Acting, never our Account. A code, a token and every claim made from them therefore stay with
the company chosen when they were granted (tokens.md).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from idp.db import session
from idp.models import Account, Binding, Company
from idp.policies.roles import Role
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


Linked = aliased(Account, name="linked")

ACTING_COLUMNS: tuple[Any, ...] = (
    Account.id,
    Account.kind,
    Account.username,
    Account.name,
    Account.email,
    Account.email_verified_at,
    Account.phone,
    Account.locale,
    Account.updated_at,
    Account.electronic_id,
    Account.role,
    Account.data_scope,
    Account.perm_ver,
    Account.status,
    Account.approval,
    Account.service_id,
    Company.id,
    Company.id_type,
    Company.tax_id,
    Company.name,
    Company.status,
    Company.proof,
    Company.verified_at,
    Company.address,
)
VIA_COLUMNS: tuple[Any, ...] = (Linked.id, Linked.name, Linked.status, Binding.id, Binding.state)
ACTING_WIDTH = len(ACTING_COLUMNS)


def acting_from(row: Any, via: Any = None) -> Acting:
    """Make an Acting of the values of ACTING_COLUMNS and, where there is a linked account, of VIA_COLUMNS."""
    company = CompanyFacts(*row[16:24]) if row[16] is not None else None
    return Acting(
        account_id=row[0],
        kind=row[1],
        username=row[2],
        name=row[3],
        email=row[4],
        email_verified=row[5] is not None,
        phone=row[6],
        locale=row[7],
        updated_at=row[8],
        electronic_id=row[9],
        role=row[10],
        data_scope=row[11],
        perm_ver=row[12],
        status=row[13],
        approval=row[14],
        service_id=row[15],
        company=company,
        via=Via(*via) if via is not None and via[0] is not None else None,
    )


_BY_ID: Select[Any] = select(*ACTING_COLUMNS).select_from(Account).outerjoin(Company, Account.company_id == Company.id)


def acting_account(account_id: str) -> Acting | None:
    """An account as itself, not through a linked account; None when there is none."""
    row = session.execute(_BY_ID.where(Account.id == account_id)).first()
    return acting_from(row) if row is not None else None
