"""The people of a company as its group admins see them: counted, listed, searched, looked at (R-035, R-038)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, case, func, literal, or_, select

from idp.db import session
from idp.errors import NotFound
from idp.models import Account, Case, Review, Service
from idp.policies.managing import Task, is_of_operators, takes_menus, task_for
from idp.policies.names import canonical_username, email_key
from idp.policies.registration import RegistrationPolicy, Reviewer
from idp.policies.roles import Role
from idp.policies.standing import AccountKind, AccountStatus
from idp.services.cases import case_of_account, reviews_of
from idp.services.service_registry import registration_policy

ON_A_PAGE = 20
LONGEST_SEARCH = 100


class Tab(StrEnum):
    """What is listed. ``all`` has refused applications too, and who was approved before her mailbox is confirmed."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ALL = "all"


STATUS_OF = {
    Tab.PENDING: AccountStatus.REVIEW_PENDING,
    Tab.ACTIVE: AccountStatus.ACTIVE,
    Tab.SUSPENDED: AccountStatus.SUSPENDED,
}
LISTED = (*STATUS_OF.values(), AccountStatus.REJECTED)


@dataclass(frozen=True, slots=True)
class Search:
    """What a group admin looks for: ``text`` is part of a name, an account or a mailbox."""

    tab: Tab = Tab.ALL
    text: str = ""
    role: Role | None = None
    page: int = 1

    @property
    def is_of_all(self) -> bool:
        """Whether nothing is looked for: the whole tab is listed."""
        return not self.text and self.role is None


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """An account in the list, and the case it came by (None: added by an operator)."""

    account: Account
    case: Case | None


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """A page of the list: which one, what is on it, and how many there are in all."""

    number: int
    rows: list[ListedPerson]
    total: int

    @property
    def first(self) -> int:
        """The number of its first row."""
        return (self.number - 1) * ON_A_PAGE + 1

    @property
    def pages(self) -> int:
        """How many pages there are; one where there is nothing."""
        return max(1, -(-self.total // ON_A_PAGE))


@dataclass(frozen=True, slots=True)
class SeenPerson:
    """One person with everything that a group admin decides by; ``reviews`` with the names of who made them.

    A review by nobody of the company (an operator) has no name.
    """

    account: Account
    case: Case | None
    service: Service | None
    policy: RegistrationPolicy | None
    reviews: list[tuple[Review, str | None]]

    @property
    def task(self) -> Task | None:
        """What there is to do."""
        approver = self.policy.member_approval if self.policy and self.case else None
        return task_for(self.account.status, approver, suspended_by=self.account.suspended_by)

    @property
    def is_of_operators(self) -> bool:
        """Whether operators have suspended the account, and they alone restore it."""
        return is_of_operators(self.account.suspended_by)

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that can be given: those of the service, and the one there is."""
        offered = self.policy.roles if self.policy else tuple(Role)
        return tuple(role for role in Role if role in offered or role is self.account.role)

    @property
    def takes_menus(self) -> bool:
        """Whether menu rights can be set now."""
        return takes_menus(self.account.status, has_menu_rights=self.has_menu_rights)

    @property
    def has_menu_rights(self) -> bool:
        """Whether the service knows menu rights at all (C-16)."""
        return self.policy is None or self.policy.menu_rights


def count_people(company_id: str) -> dict[Tab, int]:
    """How many people of a company each tab has."""
    rows = session.execute(
        select(Account.status, func.count())
        .where(Account.company_id == company_id, _is_listed(company_id))
        .group_by(Account.status)
    )
    counts: dict[AccountStatus, int] = {row[0]: row[1] for row in rows}
    return {tab: counts.get(status, 0) for tab, status in STATUS_OF.items()} | {Tab.ALL: sum(counts.values())}


def count_waiting(company_id: str) -> int:
    """How many applications wait for the group admins of a company."""
    waiting = (Case.company_id == company_id, Case.waiting_since.is_not(None), Case.reviewer == Reviewer.GROUP_ADMIN)
    return session.scalar(select(func.count()).select_from(Case).where(*waiting)) or 0


def people_of(company_id: str, search: Search, counts: Mapping[Tab, int]) -> PeoplePage:
    """A page of a company's people: who waits first, then by age. Past the end it is the last page, or of what was
    looked for the first. ``counts`` are those of count_people.
    """
    conditions = _wanted(company_id, search)
    if search.is_of_all:
        total = counts[search.tab]
        number = min(search.page, max(1, -(-total // ON_A_PAGE)))
        return PeoplePage(number, [row[0] for row in _rows(conditions, number, literal(total))], total)
    for number in dict.fromkeys((search.page, 1)):
        rows = _rows(conditions, number, func.count().over())
        if rows:
            return PeoplePage(number, [row[0] for row in rows], rows[0][1])
    return PeoplePage(1, [], 0)


def person_of(company_id: str, account_id: str) -> SeenPerson:
    """One person of this company. Raises NotFound, for another company's too."""
    account = account_of(company_id, account_id)
    application = case_of_account(account.id)
    service_id = application.service_id if application else account.service_id
    service = session.get(Service, service_id) if service_id else None
    return SeenPerson(
        account=account,
        case=application,
        service=service,
        policy=registration_policy(service) if service else None,
        reviews=_named(company_id, reviews_of(application)) if application else [],
    )


def account_of(company_id: str, account_id: str) -> Account:
    """An account of this company as it is now. Raises NotFound, for another company's too."""
    account = session.scalar(
        select(Account)
        .where(Account.id == account_id, Account.company_id == company_id, Account.kind == AccountKind.GENERAL)
        .execution_options(populate_existing=True)
    )
    if account is None:
        raise NotFound(what="account")
    return account


def matching(text: str) -> ColumnElement[bool]:
    """A condition: the text is part of the name, the account or the mailbox; no character in it is a wildcard."""
    return or_(
        func.lower(Account.name).contains(text.lower(), autoescape=True),
        Account.username_canonical.contains(canonical_username(text), autoescape=True),
        Account.email_canonical.contains(email_key(text), autoescape=True),
    )


def _named(company_id: str, reviews: list[Review]) -> list[tuple[Review, str | None]]:
    if not reviews:
        return []
    deciders = {review.decided_by for review in reviews}
    rows = session.execute(
        select(Account.id, Account.name).where(Account.company_id == company_id, Account.id.in_(deciders))
    )
    names: dict[str, str] = {row[0]: row[1] for row in rows}
    return [(review, names.get(review.decided_by)) for review in reviews]


def _wanted(company_id: str, search: Search) -> list[ColumnElement[bool]]:
    conditions = [Account.company_id == company_id]
    is_in_tab = _is_listed(company_id) if search.tab is Tab.ALL else Account.status == STATUS_OF[search.tab]
    conditions.append(is_in_tab)
    if search.text:
        conditions.append(matching(search.text[:LONGEST_SEARCH]))
    if search.role is not None:
        # Whoever waits has no role yet, whatever her row says.
        conditions += [Account.role == search.role, Account.status != AccountStatus.REVIEW_PENDING]
    return conditions


def _is_listed(company_id: str) -> ColumnElement[bool]:
    # So written that the index alone answers it: these are few, and their approval is in no index.
    approved = select(Account.id).where(
        Account.company_id == company_id,
        Account.status == AccountStatus.EMAIL_PENDING,
        Account.approval.is_not(None),
    )
    return or_(Account.status.in_(LISTED), Account.id.in_(approved))


def _rows(
    conditions: list[ColumnElement[bool]], number: int, total: ColumnElement[int]
) -> list[tuple[ListedPerson, int]]:
    waits_first = case((Account.status == AccountStatus.REVIEW_PENDING, 0), else_=1)
    order = (waits_first, Account.created_at, Account.id)
    # The few ids first: joined with cases before they are cut off, a big company would be read whole.
    ids = (
        select(Account.id, total.label("total"))
        .where(*conditions)
        .order_by(*order)
        .offset((number - 1) * ON_A_PAGE)
        .limit(ON_A_PAGE)
        .subquery()
    )
    rows = session.execute(
        select(Account, Case, ids.c.total)
        .join(ids, ids.c.id == Account.id)
        .outerjoin(Case, Case.account_id == Account.id)
        .order_by(*order)
    ).all()
    return [(ListedPerson(account, application), count) for account, application, count in rows]
