"""A change of mailbox: asked for, confirmed from the new one within 24 h, or taken back (P27; domain.md §2 MAILCHG).

    idle --asked--> pending --link of the new mailbox, confirmed--> changed: every sign-in ends
                            --24 h--> expired --> asked again        --cancelled, or the password changed--> idle

The one live link is the pending change: it names account and new mailbox. The old mailbox stays in force until then,
and is told when the change is asked for and when it is made (R-138 … R-142).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from idp.db import now, one_at_a_time, session
from idp.errors import AlreadyExists, InvalidInput, LinkUnusable, NotFound, TooManyRequests
from idp.mails import own_changes as mails
from idp.models import Account
from idp.policies.bindings import HeldBecause
from idp.policies.limits import MAILBOX_CHANGES_PER_ACCOUNT, MAILS_PER_MAILBOX
from idp.policies.names import email_key, masked_email
from idp.policies.standing import AccountKind, AccountStatus
from idp.services.access import end_access_of_accounts
from idp.services.audit import record
from idp.services.bindings import hold_bindings
from idp.services.company_claims import locked_company, policy_of
from idp.services.company_places import HOLDING, check_mailbox_free
from idp.services.limits import count, spend
from idp.services.mailbox_checks import RESEND_PAUSE, check_mails_to
from idp.services.one_time_links import Link, Purpose, live_link, make_link, use_link, void_links
from idp.services.secrets import digest

LASTS = timedelta(hours=24)
BECAUSE = "mailbox_changed"


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change that waits for the new mailbox, or has expired; ``resend_seconds`` until another link may be sent."""

    mailbox: str
    asked_at: datetime
    expires_at: datetime
    has_expired: bool
    resend_seconds: int


def pending_change(account_id: str) -> PendingChange | None:
    """The change of mailbox that an account waits for; None where there is none, or it is done or cancelled."""
    link = live_link(Purpose.MAILBOX_CHANGE, account_id=account_id)
    if link is None:
        return None
    left = (link.created_at + RESEND_PAUSE - now()).total_seconds()
    return PendingChange(link.address, link.created_at, link.expires_at, link.trouble is not None, max(0, round(left)))


def ask_change(account_id: str, mailbox: str, *, browser: str) -> None:
    """Send a link to the new mailbox (in its one form) and tell the old one; an older change is void.

    ``browser`` is the one that may confirm without a password. A stranger's linked account is not betrayed: whether
    the mailbox is taken by one is said to who opens the link. Raises InvalidInput (``field`` email) where it is the
    mailbox there is, AlreadyExists where a colleague has it, TooManyRequests.
    """
    account = _held(account_id)
    if email_key(mailbox) == account.email_canonical:
        raise InvalidInput(field="email", problem="email.same")
    if account.kind is AccountKind.GENERAL:
        _check_free(account, mailbox)
    _send(account, mailbox, browser=browser)
    mails.mailbox_change_asked(account, mailbox, end=now() + LASTS)
    record(
        "account:mailbox:change_asked",
        account_id=account.id,
        company_id=account.company_id,
        mailbox=masked_email(mailbox),
    )


def resend_change(account_id: str, *, browser: str) -> None:
    """Send a new link to the mailbox that was asked for; the old link is void, and 24 hours begin anew.

    Raises NotFound where there is no change that waits, TooManyRequests within 60 s of the last mail, after five an
    hour to the mailbox and after ten a day for the account.
    """
    account = _held(account_id)
    waiting = pending_change(account_id)
    if waiting is None:
        raise NotFound(what="mailbox change")
    if waiting.resend_seconds:
        retry_at = now() + timedelta(seconds=waiting.resend_seconds)
        raise TooManyRequests(retry_at=retry_at, retry_seconds=waiting.resend_seconds)
    _send(account, waiting.mailbox, browser=browser)
    record(
        "account:mailbox:change_asked",
        account_id=account.id,
        company_id=account.company_id,
        mailbox=masked_email(waiting.mailbox),
        again=True,
    )


def cancel_change(account_id: str) -> None:
    """Take a change back: its link works no more. Raises NotFound where there is none."""
    account = _held(account_id)
    if live_link(Purpose.MAILBOX_CHANGE, account_id=account_id) is None:
        raise NotFound(what="mailbox change")
    void_links(Purpose.MAILBOX_CHANGE, account_id=account_id)
    record("account:mailbox:change_cancelled", account_id=account.id, company_id=account.company_id, because="owner")


def account_of_change(link: Link) -> Account:
    """Whose mailbox a link changes. Uses nothing up.

    Raises LinkUnusable (``because`` used, replaced, expired, suspended; taken where another has the mailbox by now).
    """
    if link.trouble is not None:
        raise LinkUnusable(because=link.trouble)
    account = session.get_one(Account, link.account_id, populate_existing=True)
    _check_still(account, link)
    return account


def apply_change(link: Link) -> Account:
    """Use the link: the mailbox is the new one, all sign-ins of the account end, and both mailboxes are told.

    Whoever calls it has made sure of the person. The bindings of a general account wait for its owner's word
    (tokens.md). Raises LinkUnusable as account_of_change does; of two who confirm at once one does.
    """
    # What else could take this mailbox, now or in the same instant, before the account and its link.
    found = session.get_one(Account, link.account_id)
    if found.company_id is not None:
        locked_company(found.company_id)
    else:
        one_at_a_time(digest(f"mailbox of a linked account {email_key(link.address)}"))
    account = _held(found.id, even_suspended=True)
    _check_still(account, link)
    use_link(Purpose.MAILBOX_CHANGE, link.hash)
    former, moment = account.email, now()
    session.execute(
        update(Account)
        .where(Account.id == account.id)
        .values(
            email=link.address,
            email_canonical=email_key(link.address),
            email_verified_at=moment,
            updated_at=moment,
            version=Account.version + 1,
        )
        .execution_options(synchronize_session=False)
    )
    session.refresh(account)
    end_access_of_accounts(select(Account.id).where(Account.id == account.id), BECAUSE)
    _hold_bindings(account)
    mails.mailbox_changed(account, former)
    record(
        "account:mailbox:changed",
        actor=account.id,
        account_id=account.id,
        company_id=account.company_id,
        former=masked_email(former),
        mailbox=masked_email(account.email),
    )
    return account


def _send(account: Account, mailbox: str, *, browser: str) -> None:
    check_mails_to(mailbox)
    spend(MAILBOX_CHANGES_PER_ACCOUNT, account.id)
    count(MAILS_PER_MAILBOX, email_key(mailbox))
    token, end = make_link(Purpose.MAILBOX_CHANGE, account_id=account.id, address=mailbox, lasts=LASTS, browser=browser)
    mails.mailbox_to_confirm(account, mailbox, token=token, end=end)


def _held(account_id: str, *, even_suspended: bool = False) -> Account:
    """The account, kept for this transaction: it has one live link. Raises NotFound where it is not active."""
    account = session.execute(
        select(Account).where(Account.id == account_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one()
    if account.status is not AccountStatus.ACTIVE and not even_suspended:
        raise NotFound(what="account")
    return account


def _check_still(account: Account, link: Link) -> None:
    if account.status is not AccountStatus.ACTIVE:
        raise LinkUnusable(because="suspended")
    try:
        _check_free(account, link.address)
    except AlreadyExists as error:
        raise LinkUnusable(because="taken") from error


def _check_free(account: Account, mailbox: str) -> None:
    """Raise AlreadyExists where the policy gives a mailbox to one account, and another has it (C-13, R-142).

    An account of no service has no policy: it is held to the rule where it is a linked one, which has no company.
    """
    policy = policy_of(account.service_id) if account.service_id is not None else None
    if account.company_id is not None:
        if policy is not None:
            check_mailbox_free(policy, account.company_id, mailbox, besides=account.id)
        return
    if policy is not None and policy.email_unique == "none":
        return
    others = select(Account.id).where(
        Account.kind == AccountKind.LINKED,
        Account.status.in_(HOLDING),
        Account.email_verified_at.is_not(None),
        Account.email_canonical == email_key(mailbox),
        Account.id != account.id,
    )
    if session.scalar(others.limit(1)) is not None:
        raise AlreadyExists(field="email", problem="email.used")


def _hold_bindings(account: Account) -> None:
    if account.kind is AccountKind.GENERAL:
        hold_bindings(account.id, HeldBecause.MAILBOX)
