"""補發驗證信 for whoever waits for a link, general and linked accounts alike (P14, R-083)."""

from contextlib import suppress

from sqlalchemy import or_, select

from idp.db import session
from idp.errors import ChangedMeanwhile, LinkUnusable, TooManyRequests
from idp.models import Account, Case
from idp.policies.names import canonical_username, email_key
from idp.services.case_standing import hold_case
from idp.services.linked_registration import linked_waiting, resend_linked
from idp.services.mailbox_checks import WAITING, resend_verification

MOST_ACCOUNTS_OF_A_MAILBOX = 20


def resend_to_whoever(text: str) -> None:
    """Send new links to the accounts of this name or mailbox that wait for it. Says nothing: the page is neutral."""
    key, name = email_key(text.strip()), canonical_username(text)
    found = session.execute(
        select(Account, Case)
        .join(Case, Case.account_id == Account.id)
        .where(
            or_(Account.email_canonical == key, Account.username_canonical == name),
            Account.status.in_(WAITING),
        )
        .order_by(Case.company_id, Case.id)
        .limit(MOST_ACCOUNTS_OF_A_MAILBOX)
    ).all()
    # All companies and linked accounts before the first counter, and in order: who applies holds her company when she
    # counts her mails.
    for _, case in found:
        with suppress(ChangedMeanwhile):
            hold_case(case.id)
    linked = linked_waiting(text, MOST_ACCOUNTS_OF_A_MAILBOX)
    # One that was sent a minute ago, or five times this hour, gets no more; the others do.
    for account, case in found:
        with suppress(ChangedMeanwhile, LinkUnusable, TooManyRequests):
            resend_verification(account, case, browser=None)
    for account_id in linked:
        with suppress(ChangedMeanwhile, LinkUnusable, TooManyRequests):
            resend_linked(account_id, browser=None)
