"""What a linked account's home shows: its bindings, searched and a page at a time, and one of them (R-103, R-104)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select

from idp.db import now, run, session
from idp.models import HomeCompany
from idp.policies.bindings import BindingProof, BindingStanding, Shown, shown, why_unusable
from idp.policies.roles import Role, role_through_linked
from idp.policies.standing import AccountStatus, BindingState, CompanyStatus
from idp.services.acting import ACCOUNTS, BINDINGS, COMPANIES
from idp.services.seats import IS_TOLD

ON_A_PAGE = 50
LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class HomeBinding:
    """A binding as its linked account sees it. What it asked for by a name alone is none before the owner agrees."""

    binding_id: str
    state: BindingState
    proof: BindingProof
    code_sent_at: datetime | None
    code_expires_at: datetime | None
    code_tries: int
    bound_at: datetime | None
    last_used_at: datetime | None
    last_client_id: str | None
    username: str
    name: str
    email: str
    account_status: AccountStatus
    account_role: Role | None
    company_id: str
    company_tax_id: str
    company_name: str
    company_phone: str | None
    company_status: CompanyStatus
    is_admin_allowed: bool

    @property
    def _standing(self) -> BindingStanding:
        return BindingStanding(
            self.state, self.code_expires_at, self.code_tries, self.account_status, self.company_status
        )

    @property
    def shown(self) -> Shown:
        """How it stands now."""
        return shown(self._standing, now())

    @property
    def why_unusable(self) -> str | None:
        """``account`` or ``company`` where one of them can't be used now, else None."""
        return why_unusable(self._standing)

    @property
    def takes_code(self) -> bool:
        """Whether a code makes it work; else its owner agrees by herself."""
        return self.proof is BindingProof.PASSWORD_AND_CODE

    @property
    def role(self) -> Role | None:
        """The role one has through this linked account (tokens.md)."""
        if self.account_role is None:
            return None
        return role_through_linked(self.account_role, is_admin_allowed=self.is_admin_allowed)


@dataclass(frozen=True, slots=True)
class HomePage:
    """A page of the list: which one, its rows, how many are listed in all, and how many bindings there are."""

    number: int
    rows: list[HomeBinding]
    total: int
    of_all: int

    @property
    def first(self) -> int:
        """The number of its first row."""
        return (self.number - 1) * ON_A_PAGE + 1

    @property
    def pages(self) -> int:
        """How many pages there are; one where there is nothing."""
        return max(1, -(-self.total // ON_A_PAGE))


COLUMNS: tuple[Any, ...] = (
    BINDINGS.c.id,
    BINDINGS.c.state,
    BINDINGS.c.proof,
    BINDINGS.c.code_sent_at,
    BINDINGS.c.code_expires_at,
    BINDINGS.c.code_tries,
    BINDINGS.c.bound_at,
    BINDINGS.c.last_used_at,
    BINDINGS.c.last_client_id,
    ACCOUNTS.c.username,
    ACCOUNTS.c.name,
    ACCOUNTS.c.email,
    ACCOUNTS.c.status,
    ACCOUNTS.c.role,
    COMPANIES.c.id,
    COMPANIES.c.tax_id,
    COMPANIES.c.name,
    COMPANIES.c.phone,
    COMPANIES.c.status,
    COMPANIES.c.linked_admin,
)
JOINED = BINDINGS.join(ACCOUNTS, BINDINGS.c.account_id == ACCOUNTS.c.id).join(
    COMPANIES, ACCOUNTS.c.company_id == COMPANIES.c.id
)
OF_HUMAN = and_(BINDINGS.c.linked_account_id == bindparam("human"), IS_TOLD)
# Recently used first, then by the company's name.
IN_ORDER: tuple[Any, ...] = (
    BINDINGS.c.last_used_at.is_(None),
    BINDINGS.c.last_used_at.desc(),
    COMPANIES.c.name,
    ACCOUNTS.c.username_canonical,
)
ONE = select(*COLUMNS).select_from(JOINED).where(OF_HUMAN, BINDINGS.c.id == bindparam("binding"))


def home_page(human_id: str, *, text: str = "", number: int = 1) -> HomePage:
    """A page of a linked account's bindings; of those whose company, tax ID or account has this text in it."""
    mine = select(func.count()).select_from(BINDINGS).where(OF_HUMAN)
    of_all = run(mine, {"human": human_id}).scalar_one()
    listed: tuple[ColumnElement[bool], ...] = (OF_HUMAN,)
    total = of_all
    if text:
        listed = (OF_HUMAN, _has(text[:LONGEST_SEARCH]))
        found = select(func.count()).select_from(JOINED).where(*listed)
        total = run(found, {"human": human_id}).scalar_one()
    last = max(1, -(-total // ON_A_PAGE))
    number = min(max(number, 1), last)
    rows = run(
        select(*COLUMNS)
        .select_from(JOINED)
        .where(*listed)
        .order_by(*IN_ORDER)
        .limit(ON_A_PAGE)
        .offset((number - 1) * ON_A_PAGE),
        {"human": human_id},
    )
    return HomePage(number, [HomeBinding(*row) for row in rows], total, of_all)


def _has(text: str) -> ColumnElement[bool]:
    searched = (COMPANIES.c.name, COMPANIES.c.tax_id, ACCOUNTS.c.name, ACCOUNTS.c.username)
    return or_(*(func.lower(column).contains(text.lower(), autoescape=True) for column in searched))


def home_binding(human_id: str, binding_id: str) -> HomeBinding | None:
    """One binding of this linked account; None where it is another's, ended or unknown."""
    row = run(ONE, {"human": human_id, "binding": binding_id}).first()
    return HomeBinding(*row) if row is not None else None


def home_company_name(account_id: str) -> str | None:
    """The name of the company a linked account's person works for (R-095, C-11); None where nothing is said."""
    return session.scalar(select(HomeCompany.name).where(HomeCompany.account_id == account_id))
