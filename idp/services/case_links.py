"""The applicant's own case where her account has no password yet: a link to her mailbox stands for it (P12).

It lasts for half an hour and is used up by what she does with it: correcting or taking back her application.
"""

from datetime import timedelta

from sqlalchemy import select

from idp.db import now, session
from idp.errors import ChangedMeanwhile, LinkUnusable, TooManyRequests
from idp.mails import cases as mails
from idp.models import Account, Case, Company
from idp.policies.case_progress import is_open
from idp.policies.limits import MAILS_PER_MAILBOX
from idp.services.audit import record
from idp.services.case_standing import hold_case
from idp.services.limits import count
from idp.services.mailbox_checks import RESEND_PAUSE, check_mails_to
from idp.services.one_time_links import Purpose, link_of_hash, live_link, make_link, use_link
from idp.services.passwords import has_password

LASTS = timedelta(minutes=30)


def send_case_link(case_id: str) -> None:
    """Send the applicant the one live link by which she changes her own application.

    Raises ChangedMeanwhile where it is open no more or her account has a password by now, TooManyRequests within 60 s
    of the last one or after five mails in an hour.
    """
    company, case, account = hold_case(case_id)
    if not is_open(account.status) or has_password(account.id):
        raise ChangedMeanwhile
    last = live_link(Purpose.CASE, account_id=account.id)
    left = round((last.created_at + RESEND_PAUSE - now()).total_seconds()) if last is not None else 0
    if left > 0:
        raise TooManyRequests(retry_at=now() + timedelta(seconds=left), retry_seconds=left)
    check_mails_to(account.email)
    count(MAILS_PER_MAILBOX, account.email_canonical)
    token, end = make_link(Purpose.CASE, account_id=account.id, address=account.email, lasts=LASTS)
    mails.case_link(account, company, case, token=token, end=end)
    record("case:link:sent", account_id=account.id, company_id=company.id, case=case.number)


def case_of_link(link_hash: bytes) -> str | None:
    """The case that the link of this hash opens, while it works; None otherwise. Uses nothing up."""
    link = link_of_hash(Purpose.CASE, link_hash)
    if link is None or link.trouble is not None:
        return None
    return session.scalar(
        select(Case.id)
        .join(Account, Account.id == Case.account_id)
        .where(Account.id == link.account_id, Account.email == link.address)
    )


def use_case_link(link_hash: bytes, case_id: str) -> None:
    """Use the link up for this case. Raises LinkUnusable; of two who use it at once one does."""
    link = use_link(Purpose.CASE, link_hash)
    row = session.execute(
        select(Case.id, Company.id)
        .join(Account, Account.id == Case.account_id)
        .join(Company, Company.id == Case.company_id)
        .where(Case.id == case_id, Account.id == link.account_id, Account.email == link.address)
    ).first()
    if row is None:
        raise LinkUnusable(because="replaced")
    record("case:link:used", actor=link.account_id, account_id=link.account_id, company_id=row[1])
