"""The mailbox of an account: a link is sent to it, and opened and confirmed by its person (R-024 … R-028, R-083).

Where accounts are activated (C-4) the same link leads to the page of services/activations.
"""

from datetime import timedelta

from sqlalchemy import select

from idp.db import now, session
from idp.errors import AlreadyExists, LinkUnusable, OneAccountOnly, TooManyRequests
from idp.mails import cases as mails
from idp.models import Account, Case, Company, OneTimeSecret
from idp.policies.limits import MAILS_PER_MAILBOX
from idp.policies.names import email_key
from idp.policies.registration import MailCheck
from idp.policies.standing import AccountStatus
from idp.services.audit import record
from idp.services.case_policies import credential_of, policy_of_case
from idp.services.case_standing import Became, Standing, enrol_card_of_case, hold_case, move_account, settle
from idp.services.company_places import check_place
from idp.services.limits import count, is_reached, raise_reached
from idp.services.one_time_links import Link, Purpose, confirming_link, make_link, use_link

RESEND_PAUSE = timedelta(seconds=60)
WAITING = (AccountStatus.EMAIL_PENDING, AccountStatus.EMAIL_EXPIRED)


def check_mails_to(email: str) -> None:
    """Raise TooManyRequests where a mailbox has got its five mails of this hour. Ask before anything is written."""
    if is_reached(MAILS_PER_MAILBOX, email_key(email)):
        raise_reached(MAILS_PER_MAILBOX)


def send_verification(account: Account, case: Case, *, browser: str | None) -> None:
    """Send the one live link to the account's mailbox; ``browser`` is the one that may confirm without a password."""
    count(MAILS_PER_MAILBOX, account.email_canonical)
    company = session.get_one(Company, case.company_id)
    policy = policy_of_case(case)
    activates = policy.mail_check is MailCheck.ACTIVATION
    token, end = make_link(
        Purpose.ACTIVATION if activates else Purpose.VERIFY,
        account_id=account.id,
        address=account.email,
        lasts=timedelta(hours=policy.verify_hours),
        browser=browser,
    )
    if activates:
        mails.activation(account, company, case, credential_of(case), token=token, end=end)
    elif policy.mail_check is MailCheck.AFTER_REVIEW:
        mails.application_approved_verify(account, company, case, token=token, end=end)
    else:
        mails.verification(account, company, case, token=token, end=end)
    record("account:mailbox:asked", account_id=account.id, company_id=company.id, case=case.number)


def has_live_link(account_id: str) -> bool:
    """Whether an account has a link that it can still use."""
    link = confirming_link(account_id)
    return link is not None and link.trouble is None


def seconds_until_resend(account_id: str) -> int:
    """How long a person waits until another link may be sent to her: 60 s after the last one."""
    link = confirming_link(account_id)
    if link is None:
        return 0
    left = link.created_at + RESEND_PAUSE - now()
    return max(0, round(left.total_seconds()))


def resend_verification(account: Account, case: Case, *, browser: str | None) -> None:
    """Send a new link; the old one works no more.

    Raises TooManyRequests within 60 s of the last one or after five in an hour, LinkUnusable (``because`` done) where
    there is nothing to confirm, ChangedMeanwhile where the application is gone.
    """
    _, case, account = hold_case(case.id)
    if account.status not in WAITING:
        raise LinkUnusable(because="done")
    wait = seconds_until_resend(account.id)
    if wait:
        raise TooManyRequests(retry_at=now() + timedelta(seconds=wait), retry_seconds=wait)
    check_mails_to(account.email)
    move_account(account, *WAITING, status=AccountStatus.EMAIL_PENDING)
    send_verification(account, case, browser=browser)


def account_to_verify(link: Link) -> tuple[Account, Case | None]:
    """Whose mailbox a link confirms, with her case; a linked account has none.

    Raises LinkUnusable, also where the account or its address is another by now.
    """
    if link.trouble is not None:
        raise LinkUnusable(because=link.trouble)
    row = session.execute(
        select(Account, Case)
        .outerjoin(Case, Case.account_id == Account.id)
        .where(Account.id == link.account_id, Account.email == link.address)
    ).first()
    if row is None or row[0].status not in WAITING:
        raise LinkUnusable(because="replaced")
    return row[0], row[1]


def confirmed_case(link: Link) -> str | None:
    """The case whose mailbox was confirmed by this very link, or None: who opens it again is told what became of it."""
    if link.used_at is None:
        return None
    return session.scalar(
        select(Case.id)
        .join(Account, Account.id == Case.account_id)
        .where(Account.id == link.account_id, Account.email == link.address, Account.email_verified_at.is_not(None))
    )


def confirm_mailbox(hashed: bytes, *, purpose: Purpose = Purpose.VERIFY) -> tuple[Account, Case, Standing]:
    """Use a link: its mailbox is confirmed, and the case is judged. Whoever calls it has made sure of the person.

    Raises LinkUnusable, and ChangedMeanwhile where the application is gone. Of two who confirm at once one does; the
    other is told that it is done.
    """
    case_id = session.scalar(
        select(Case.id)
        .join(OneTimeSecret, OneTimeSecret.account_id == Case.account_id)
        .where(OneTimeSecret.purpose == purpose, OneTimeSecret.hash == hashed)
    )
    if case_id is None:
        raise LinkUnusable(because="unknown")
    # The link after the case: who corrects or withdraws holds the case when the link is made void.
    company, case, account = hold_case(case_id)
    try:
        check_place(policy_of_case(case), company, account.email, besides=account.id)
    except (AlreadyExists, OneAccountOnly) as error:
        # Somebody has confirmed this mailbox, or taken the company's one place, since the application was sent.
        raise LinkUnusable(because="taken") from error
    link = use_link(purpose, hashed)
    if account.email != link.address or account.status is not AccountStatus.EMAIL_PENDING:
        raise LinkUnusable(because="replaced")
    account.email_verified_at = now()
    session.flush()
    record("account:mailbox:confirmed", actor=account.id, account_id=account.id, company_id=account.company_id)
    if policy_of_case(case).mail_check is MailCheck.AFTER_REVIEW and case.decided_at is not None:
        if move_account(account, AccountStatus.EMAIL_PENDING, status=AccountStatus.ACTIVE):
            enrol_card_of_case(case, account)
        return account, case, Standing(Became.ACTIVE)
    return account, case, settle(case, account)
