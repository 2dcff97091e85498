"""The first password of an account that came without one, such as from another system: asked for by a link of a mail.

Who opens the link must also know the company's number: a mail that was passed on is not enough.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from idp.db import now, session
from idp.errors import InvalidInput, LinkUnusable
from idp.mails import cases as mails
from idp.models import Account, Company, Password
from idp.policies.bindings import HeldBecause
from idp.policies.entities import EntityKind, parse_entity
from idp.policies.limits import FIRST_PASSWORD_TRIES, MAILS_PER_MAILBOX
from idp.policies.standing import USABLE_COMPANIES, AccountStatus
from idp.services.audit import record, record_each
from idp.services.bindings import hold_bindings
from idp.services.company_claims import locked_company
from idp.services.limits import count, is_reached, raise_reached
from idp.services.mailbox_checks import check_mails_to
from idp.services.one_time_links import Link, Purpose, link_of_hash, make_first_links, make_link, use_link
from idp.services.passwords import check_password_rules

LASTS = timedelta(days=7)
SENT = "account:first_password:sent"


@dataclass(frozen=True, slots=True)
class Awaited:
    """Who is to choose a first password, and by which link."""

    link: Link
    account: Account
    company: Company


def send_first_password(account: Account) -> None:
    """Send the one live link by which an account without a password gets its first one; older links are void.

    Raises InvalidInput (``field`` status) where the account is not active, its company is not in use or it has a
    password, TooManyRequests after five mails in an hour.
    """
    if account.status is not AccountStatus.ACTIVE:
        raise InvalidInput(field="status", problem="account.not_active")
    company = session.get(Company, account.company_id) if account.company_id else None
    if company is None or company.status not in USABLE_COMPANIES:
        raise InvalidInput(field="status", problem="company.not_active")
    if session.get(Password, account.id, populate_existing=True) is not None:
        raise InvalidInput(field="password", problem="password.there")
    check_mails_to(account.email)
    count(MAILS_PER_MAILBOX, account.email_canonical)
    _send(account, company)


def send_first_passwords(account_ids: list[str]) -> None:
    """As send_first_password, for accounts that were just made: whether they may is known already."""
    if not account_ids:
        return
    rows = session.execute(
        select(Account, Company)
        .join(Company, Company.id == Account.company_id)
        .where(Account.id.in_(account_ids))
        .order_by(Account.username_canonical)
    ).all()
    tokens, end = make_first_links(Purpose.FIRST_PASSWORD, [(a.id, a.email) for a, _ in rows], lasts=LASTS)
    for token, (account, company) in zip(tokens, rows, strict=True):
        mails.first_password(account, company, token=token, end=end)
    record_each(SENT, [(account.id, company.id, {}) for account, company in rows])


def _send(account: Account, company: Company) -> None:
    token, end = make_link(Purpose.FIRST_PASSWORD, address=account.email, lasts=LASTS, account_id=account.id)
    mails.first_password(account, company, token=token, end=end)
    record(SENT, account_id=account.id, company_id=company.id)


def awaited(link_hash: bytes) -> Awaited:
    """Who is to choose a password by the link of this hash. Uses nothing up.

    Raises LinkUnusable (``because`` unknown, used, replaced, expired; done where the account has a password by now).
    """
    link = link_of_hash(Purpose.FIRST_PASSWORD, link_hash)
    if link is None:
        raise LinkUnusable(because="unknown")
    if link.trouble is not None:
        raise LinkUnusable(because=link.trouble)
    row = session.execute(
        select(Account, Company, Password.account_id)
        .join(Company, Company.id == Account.company_id)
        .outerjoin(Password, Password.account_id == Account.id)
        .where(Account.id == link.account_id, Account.email == link.address)
    ).first()
    if row is None:
        raise LinkUnusable(because="replaced")
    account, company, password = row
    if password is not None:
        raise LinkUnusable(because="done")
    if account.status is not AccountStatus.ACTIVE or company.status not in USABLE_COMPANIES:
        raise LinkUnusable(because="suspended")
    return Awaited(link, account, company)


def knows_company(who: Awaited, number: str) -> bool:
    """Whether this is the number of the account's company, however it is typed. Each wrong one counts.

    Raises TooManyRequests after five within an hour: the number has eight digits, and is not to be guessed.
    """
    if is_reached(FIRST_PASSWORD_TRIES, who.account.id):
        raise_reached(FIRST_PASSWORD_TRIES)
    if parse_entity(EntityKind(who.company.id_type), number) == who.company.tax_id:
        return True
    count(FIRST_PASSWORD_TRIES, who.account.id)
    record(
        "account:first_password:wrong_company",
        outcome="refused",
        account_id=who.account.id,
        company_id=who.company.id,
    )
    return False


def check_first_password(who: Awaited, password: str) -> None:
    """Raise PasswordRefused (``reason``) when the chosen password breaks a rule."""
    check_password_rules(password, who.account)


def set_first_password(link_hash: bytes, password_hash: str) -> Account:
    """Use the link up and give its account the password, which was hashed outside of any transaction.

    The link was sent to the account's mailbox, which is thereby confirmed. Raises LinkUnusable: of two who try at once
    one succeeds.
    """
    # Company before account, as everywhere; what became of the account until it was held counts.
    locked_company(awaited(link_hash).company.id)
    session.expire_all()
    who = awaited(link_hash)
    use_link(Purpose.FIRST_PASSWORD, link_hash)
    moment = now()
    try:
        with session.begin_nested():
            session.execute(insert(Password).values(account_id=who.account.id, hash=password_hash, changed_at=moment))
    except IntegrityError as error:
        raise LinkUnusable(because="done") from error
    session.execute(
        update(Account)
        .where(Account.id == who.account.id, Account.email_verified_at.is_(None))
        .values(email_verified_at=moment, updated_at=moment, version=Account.version + 1)
    )
    hold_bindings(who.account.id, HeldBecause.PASSWORD)
    told = {"actor": who.account.id, "account_id": who.account.id, "company_id": who.company.id}
    record("account:mailbox:confirmed", **told)
    record("account:password:set", because="first", **told)
    return who.account
