"""Accounts as operators find and see them (P37): by how name, account or mailbox begins; looked at."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select

from idp.db import now, session
from idp.errors import NotFound
from idp.models import Account, Case, ClientSession, Company, NameFailures, Operator, Password, Service, SignIn
from idp.policies.electronic_id import is_electronic_id
from idp.policies.helping import AccountAct, AccountFacts, acts_for_account
from idp.policies.managing import BY_TIME
from idp.policies.names import canonical_username, email_key
from idp.policies.tax_id import fold_digits
from idp.services.cases import case_of_account
from idp.services.enrolled_cards import EnrolledCard, cards_of
from idp.services.factors import Factors, factors_of
from idp.services.limits import subject_hash
from idp.services.ops_people import LONGEST_SEARCH, Page, begins_with, page_of
from idp.services.service_registry import registration_policy

MOST_SIGN_INS = 10


class By(StrEnum):
    """What an account is found by; the electronic ID is given whole, all else by how it begins."""

    USERNAME = "username"
    EMAIL = "email"
    NAME = "name"
    ELECTRONIC_ID = "electronic_id"


@dataclass(frozen=True, slots=True)
class LastSignIn:
    """A sign-in of an account, running or over."""

    since: datetime
    last_seen_at: datetime
    methods: tuple[str, ...]
    address: str | None
    user_agent: str | None
    ended_at: datetime | None
    ended_because: str | None
    clients: int


@dataclass(frozen=True, slots=True)
class Lock:
    """What wrong passwords have brought: how many in a row, until when the name waits, whether the password is over."""

    failures: int
    until: datetime | None
    is_disabled: bool


@dataclass(frozen=True, slots=True)
class SeenAccount:
    """An account with everything that an operator helps by. There is no secret in it."""

    account: Account
    company: Company | None
    service: Service | None
    case: Case | None
    suspended_by: str | None
    password_since: datetime | None
    lock: Lock
    cards: list[EnrolledCard]
    sign_ins: list[LastSignIn]
    keeps_scope: bool
    factors: Factors

    @property
    def acts(self) -> tuple[AccountAct, ...]:
        """What can be done for it now."""
        return acts_for_account(
            AccountFacts(
                kind=self.account.kind,
                status=self.account.status,
                company=self.company.status if self.company else None,
                has_case=self.case is not None,
                has_password=self.password_since is not None,
                password_is_disabled=self.lock.is_disabled,
                is_locked=self.lock.until is not None,
                keeps_scope=self.keeps_scope,
                has_second_factor=self.factors.has_app or self.factors.passkeys > 0,
            )
        )


def find_accounts(by: By, words: str, after: str | None) -> Page[Account]:
    """A page of the accounts that are found so; empty words find all, by the names they sign in with."""
    words = words[:LONGEST_SEARCH].strip()
    if by is By.ELECTRONIC_ID and words:
        number = fold_digits(words).upper()
        wanted = select(Account).where(Account.electronic_id == number)
        return Page(list(session.scalars(wanted)) if is_electronic_id(number) else [], None)
    column, key = {
        By.EMAIL: (Account.email_canonical, email_key(words)),
        By.NAME: (Account.name, words),
    }.get(by, (Account.username_canonical, canonical_username(words)))
    if not key.isprintable():
        return Page([], None)
    found = select(Account).where(begins_with(column, key)) if key else select(Account)
    # A name that one signs in with is its account's alone.
    order = (column,) if column is Account.username_canonical else (column, Account.id)
    return page_of(found, Account, order, after)


def accounts_of(company_id: str, after: str | None) -> Page[Account]:
    """A page of a company's accounts, by status and age."""
    found = select(Account).where(Account.company_id == company_id)
    return page_of(found, Account, (Account.status, Account.created_at, Account.id), after)


def companies_of(accounts: list[Account]) -> dict[str, Company]:
    """The companies of these accounts, by id."""
    ids = {account.company_id for account in accounts if account.company_id}
    return {company.id: company for company in session.scalars(select(Company).where(Company.id.in_(ids)))}


def account_of_id(account_id: str) -> Account:
    """The account of this id, as it is now. Raises NotFound."""
    account = session.get(Account, account_id, populate_existing=True)
    if account is None:
        raise NotFound(what="account")
    return account


def seen_account(account: Account) -> SeenAccount:
    """An account as its page shows it."""
    application = case_of_account(account.id)
    service_id = application.service_id if application else account.service_id
    service = session.get(Service, service_id) if service_id else None
    password = session.get(Password, account.id, populate_existing=True)
    return SeenAccount(
        account=account,
        company=session.get(Company, account.company_id) if account.company_id else None,
        service=service,
        case=application,
        suspended_by=_name_of(account.suspended_by),
        password_since=password.changed_at if password else None,
        lock=lock_of(account, is_disabled=password is not None and password.disabled_at is not None),
        cards=cards_of(account.id),
        sign_ins=_last_sign_ins(account.id),
        keeps_scope=service is not None and registration_policy(service).data_scope,
        factors=factors_of(account.id),
    )


def lock_of(account: Account, *, is_disabled: bool) -> Lock:
    """What wrong passwords for this name have brought, from whatever browser."""
    row = session.execute(
        select(func.max(NameFailures.failures), func.max(NameFailures.not_before)).where(
            NameFailures.name_hash == subject_hash(account.username_canonical)
        )
    ).one()
    until = row[1] if row[1] is not None and row[1] > now() else None
    return Lock(row[0] or 0, until, is_disabled)


def _name_of(actor: str | None) -> str | None:
    if actor is None or actor == BY_TIME:
        return None
    named = session.scalar(select(Operator.name).where(Operator.id == actor))
    return named or session.scalar(select(Account.name).where(Account.id == actor)) or actor


def _last_sign_ins(account_id: str) -> list[LastSignIn]:
    clients = (
        select(func.count(func.distinct(ClientSession.client_id)))
        .where(ClientSession.sign_in_id == SignIn.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(SignIn, clients)
        .where(SignIn.account_id == account_id)
        .order_by(SignIn.auth_time.desc(), SignIn.id)
        .limit(MOST_SIGN_INS)
    )
    return [_told(sign_in, count) for sign_in, count in rows]


def _told(sign_in: SignIn, clients: int) -> LastSignIn:
    over = sign_in.expires_at if sign_in.ended_at is None and sign_in.expires_at <= now() else sign_in.ended_at
    return LastSignIn(
        since=sign_in.auth_time,
        last_seen_at=sign_in.last_seen_at,
        methods=tuple(sign_in.methods),
        address=sign_in.address,
        user_agent=sign_in.user_agent,
        ended_at=over,
        ended_because=sign_in.ended_because,
        clients=clients,
    )
