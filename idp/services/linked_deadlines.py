"""What time does to linked accounts whose mailbox nobody confirms (domain.md §2), as case_deadlines to general ones."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, select, text

from idp.db import now, session, transaction
from idp.errors import ChangedMeanwhile
from idp.models import Account
from idp.models.accounts import NOT_LET_IN
from idp.policies.deadlines import KEPT_UNFINISHED, SHORTEST_LINK
from idp.policies.standing import AccountKind, AccountStatus
from idp.services.audit import record
from idp.services.case_deadlines import has_link
from idp.services.case_standing import move_account
from idp.services.linked_registration import hold_linked
from idp.services.mailbox_checks import has_live_link
from idp.services.purging import purge_linked_account, was_never_let_in

BATCH = 50


def keep_linked_deadlines() -> int:
    """Note links that ran out, delete what was never confirmed; at most a batch of each, each account in a transaction
    of its own. How much it was."""
    expired = _each(AccountStatus.EMAIL_PENDING, SHORTEST_LINK, ~has_link(), _expire)
    return expired + _each(AccountStatus.EMAIL_EXPIRED, KEPT_UNFINISHED, was_never_let_in(), purge_linked_account)


def _each(
    status: AccountStatus, older_than: timedelta, is_due: ColumnElement[bool], act: Callable[[Account], bool]
) -> int:
    found = session.scalars(_unfinished(status, older_than).where(is_due).limit(BATCH)).all()
    session.commit()
    done = 0
    for account_id in found:
        # Confirmed or purged since the list was made: then there is nothing to do.
        with suppress(ChangedMeanwhile), transaction():
            account = hold_linked(account_id)
            # Whoever sends a link holds the account too, so what is read here stays so.
            if account.status is status and account.updated_at <= now() - older_than:
                done += act(account)
    return done


def _unfinished(status: AccountStatus, older_than: timedelta) -> Select[str]:
    return (
        select(Account.id)
        .where(
            text(f"accounts.{NOT_LET_IN}"),
            Account.status == status,
            Account.kind == AccountKind.LINKED,
            Account.updated_at <= now() - older_than,
        )
        .order_by(Account.updated_at)
    )


def _expire(account: Account) -> bool:
    if has_live_link(account.id):
        return False
    if not move_account(account, AccountStatus.EMAIL_PENDING, status=AccountStatus.EMAIL_EXPIRED):
        return False
    record("linked:expired", account_id=account.id)
    return True
