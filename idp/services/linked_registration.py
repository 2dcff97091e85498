"""Applications for a linked account (鏈結帳號; R-061 … R-088): sent, its link sent anew, its mailbox confirmed.

email_pending -mailbox confirmed-> active (nobody reviews it: it can do nothing but bind; C-12)
email_pending -24 h-> email_expired -補發驗證信-> email_pending;  email_expired -30 d-> deleted, its name is free again
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.exc import NoResultFound

from idp.db import now, session
from idp.errors import AlreadyExists, ChangedMeanwhile, LinkUnusable, TooManyRequests
from idp.mails import linked as mails
from idp.models import Account, HomeCompany, OneTimeSecret, Password, Service
from idp.policies.limits import MAILS_PER_MAILBOX
from idp.policies.names import canonical_username, email_key
from idp.policies.registration import RegistrationPolicy
from idp.policies.standing import AccountKind, AccountStatus, Approval
from idp.services.accounts import insert_account
from idp.services.agreements import keep_agreements
from idp.services.audit import record
from idp.services.case_standing import move_account
from idp.services.cases import PersonAnswers, username_is_free
from idp.services.company_claims import CompanyAnswers, policy_of
from idp.services.company_places import HOLDING
from idp.services.limits import count
from idp.services.mailbox_checks import WAITING, check_mails_to, seconds_until_resend
from idp.services.one_time_links import Link, Purpose, make_link, use_link
from idp.services.secrets import new_id
from idp.services.service_registry import registration_policy


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedSubmission:
    """A whole application. ``home``: the company its person works for, contact data and no claim to it (C-11)."""

    service: Service
    person: PersonAnswers
    home: CompanyAnswers
    password_hash: str
    texts: tuple[tuple[str, str], ...]
    browser: str
    address: str | None


def submit_linked(sent: LinkedSubmission) -> Account:
    """Take an application: account made, link sent.

    Raises AlreadyExists (``field`` username or email), TooManyRequests.
    """
    policy = registration_policy(sent.service)
    if not username_is_free(sent.person.username):
        raise AlreadyExists(field="username")
    check_mails_to(sent.person.email)
    _check_mailbox(policy, sent.person.email)
    account = _new_account(sent.service, sent.person)
    insert_account(account)
    keep_agreements(account.id, sent.service.id, sent.texts, sent.address)
    session.add(Password(account_id=account.id, hash=sent.password_hash, changed_at=now()))
    session.add(_home_of(account, sent.home))
    session.flush()
    record("linked:submitted", actor=account.id, account_id=account.id, service=sent.service.id)
    _send_link(account, policy, browser=sent.browser)
    return account


def resend_linked(account_id: str, *, browser: str | None) -> None:
    """Send a new link; the old one works no more (R-083).

    Raises TooManyRequests within 60 s of the last one or after five in an hour, LinkUnusable (``because`` done) where
    there is nothing to confirm, ChangedMeanwhile where the application is gone.
    """
    account = hold_linked(account_id)
    if account.status not in WAITING:
        raise LinkUnusable(because="done")
    wait = seconds_until_resend(account.id)
    if wait:
        raise TooManyRequests(retry_at=now() + timedelta(seconds=wait), retry_seconds=wait)
    check_mails_to(account.email)
    _wait_for_link(account, browser)


def change_mailbox(account_id: str, seen_version: int, email: str, *, browser: str) -> None:
    """Send the link to another mailbox, while this one is not confirmed; the same mailbox again is a resend, and the
    same form again is done already.

    Raises ChangedMeanwhile where it was confirmed, or changed in another tab; AlreadyExists (``field`` email),
    TooManyRequests.
    """
    account = hold_linked(account_id)
    is_seen = account.version == seen_version
    if account.status not in WAITING or not (is_seen or account.email == email):
        raise ChangedMeanwhile
    if account.email == email:
        return resend_linked(account_id, browser=browser) if is_seen else None
    _check_mailbox(policy_of(str(account.service_id)), email, besides=account.id)
    check_mails_to(email)
    account.email, account.email_canonical = email, email_key(email)
    session.flush()
    return _wait_for_link(account, browser)


def linked_waiting(text: str, most: int) -> list[str]:
    """Accounts (ids) of this name or mailbox that wait for their link, kept for this transaction."""
    key, name = email_key(text.strip()), canonical_username(text)
    is_meant = or_(Account.email_canonical == key, Account.username_canonical == name)
    found = select(Account.id).where(is_meant, Account.kind == AccountKind.LINKED, Account.status.in_(WAITING))
    return list(session.scalars(found.order_by(Account.id).limit(most).with_for_update()))


def confirmed_linked(link: Link) -> str | None:
    """The account whose mailbox was confirmed by this very link, or None."""
    if link.used_at is None:
        return None
    return session.scalar(
        select(Account.id).where(
            Account.id == link.account_id,
            Account.kind == AccountKind.LINKED,
            Account.email == link.address,
            Account.email_verified_at.is_not(None),
        )
    )


def confirm_linked(hashed: bytes) -> Account:
    """Use a link: its mailbox is confirmed and its account can sign in. The caller has made sure of the person.

    Raises LinkUnusable. Of two who confirm at once one does; the other is told that it is done.
    """
    account_id = session.scalar(
        select(OneTimeSecret.account_id).where(OneTimeSecret.purpose == Purpose.VERIFY, OneTimeSecret.hash == hashed)
    )
    account = _held_with_its_mailbox(account_id)
    if account is None:
        raise LinkUnusable(because="unknown")
    try:
        _check_mailbox(policy_of(str(account.service_id)), account.email, besides=account.id)
    except AlreadyExists as error:
        raise LinkUnusable(because="taken_linked") from error
    link = use_link(Purpose.VERIFY, hashed)
    if account.email != link.address:
        raise LinkUnusable(because="replaced")
    let_in = {"status": AccountStatus.ACTIVE, "approval": Approval.AUTO, "email_verified_at": now()}
    if not move_account(account, AccountStatus.EMAIL_PENDING, **let_in):
        raise LinkUnusable(because="replaced")
    record("account:mailbox:confirmed", actor=account.id, account_id=account.id)
    return account


def hold_linked(account_id: str) -> Account:
    """A linked account, kept for this transaction. Raises ChangedMeanwhile where there is none (any more)."""
    statement = select(Account).where(Account.id == account_id, Account.kind == AccountKind.LINKED).with_for_update()
    try:
        return session.execute(statement.execution_options(populate_existing=True)).scalar_one()
    except NoResultFound:
        raise ChangedMeanwhile from None


def home_of(account_id: str) -> HomeCompany | None:
    """The contact company of a linked account, or None."""
    return session.get(HomeCompany, account_id)


def _held_with_its_mailbox(account_id: str | None) -> Account | None:
    """A linked account, held with all others of its mailbox: of two that are confirmed at once the second sees the
    first."""
    mailbox = select(Account.email_canonical).where(Account.id == account_id, Account.kind == AccountKind.LINKED)
    accounts = session.scalars(
        select(Account)
        .where(Account.email_canonical == mailbox.scalar_subquery(), Account.kind == AccountKind.LINKED)
        .order_by(Account.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    return next((account for account in accounts if account.id == account_id), None)


def _check_mailbox(policy: RegistrationPolicy, email: str, *, besides: str | None = None) -> None:
    """Raise AlreadyExists (``field`` email) where another linked account has confirmed this mailbox (C-13, R-142)."""
    if policy.email_unique == "none":
        return
    other = select(Account.id).where(
        Account.email_canonical == email_key(email),
        Account.kind == AccountKind.LINKED,
        Account.status.in_(HOLDING),
        # Anybody may name anybody's mailbox; it is held by who has confirmed it.
        Account.email_verified_at.is_not(None),
        Account.id != (besides or ""),
    )
    if session.scalar(other.limit(1)) is not None:
        raise AlreadyExists(field="email", problem="email.used_linked")


def _wait_for_link(account: Account, browser: str | None) -> None:
    move_account(account, *WAITING, status=AccountStatus.EMAIL_PENDING)
    _send_link(account, policy_of(str(account.service_id)), browser=browser)


def _send_link(account: Account, policy: RegistrationPolicy, *, browser: str | None) -> None:
    count(MAILS_PER_MAILBOX, account.email_canonical)
    token, end = make_link(
        Purpose.VERIFY,
        account_id=account.id,
        address=account.email,
        lasts=timedelta(hours=policy.verify_hours),
        browser=browser,
    )
    mails.linked_verification(account, label=policy.label_linked, token=token, end=end)
    record("account:mailbox:asked", account_id=account.id)


def _new_account(service: Service, person: PersonAnswers) -> Account:
    moment = now()
    return Account(
        id=new_id("la_"),
        kind=AccountKind.LINKED,
        service_id=service.id,
        username=person.username.strip(),
        username_canonical=canonical_username(person.username),
        name=person.name,
        email=person.email,
        email_canonical=email_key(person.email),
        phone=person.phone,
        locale=person.locale,
        status=AccountStatus.EMAIL_PENDING,
        created_at=moment,
        updated_at=moment,
    )


def _home_of(account: Account, home: CompanyAnswers) -> HomeCompany:
    return HomeCompany(
        account_id=account.id,
        id_type=home.id_type,
        tax_id=home.number,
        name=home.name,
        phone=home.phone,
        address=home.address,
    )
