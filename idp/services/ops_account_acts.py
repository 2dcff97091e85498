"""What operators do for an account (P37). Nobody sets or sees a password here: links go to the mailbox (GA09).

Each act is about the version that was seen, is done by one of two at once, and never to an operator's own company.
"""

from dataclasses import dataclass

from sqlalchemy import delete, select

from idp.db import session
from idp.errors import ChangedMeanwhile, InvalidInput, NotFound
from idp.models import Account, Company, NameFailures, Password
from idp.policies.data_scope import DataScope
from idp.policies.helping import AccountAct
from idp.services.access import end_access_of_accounts
from idp.services.accounts import restore_account, set_data_scope, suspend_account
from idp.services.audit import record
from idp.services.cases import case_of_account
from idp.services.closing import close_by_operator
from idp.services.companies import checked_reason
from idp.services.first_passwords import send_first_password
from idp.services.limits import subject_hash
from idp.services.mailbox_checks import check_mails_to, resend_verification
from idp.services.ops_accounts import seen_account
from idp.services.own_company import check_not_own
from idp.services.second_factors import reset_second_factor

BY_OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """Who does what for which account, on which version of it, and why; ``scope`` where that is what changes."""

    operator_id: str
    account_id: str
    seen_version: int
    act: AccountAct
    reason: str = ""
    scope: DataScope | None = None


def help_account(change: AccountChange) -> Account:
    """Do it, in one act.

    Raises NotFound, OwnCompany, ChangedMeanwhile (also where this can't be done any more), InvalidInput (``field``
    reason or scope), LastGroupAdmin, TooManyRequests, LinkUnusable.
    """
    account = _held(change)
    if change.act not in seen_account(account).acts:
        raise ChangedMeanwhile
    if change.act is AccountAct.RESEND:
        _resend(account)
    elif change.act is AccountAct.FIRST_PASSWORD:
        send_first_password(account)
    else:
        _with_reason(account, change, checked_reason(change.reason))
    return account


def _with_reason(account: Account, change: AccountChange, reason: str) -> None:
    if change.act is AccountAct.SUSPEND:
        suspend_account(account, reason)
    elif change.act is AccountAct.RESTORE:
        restore_account(account, reason)
    elif change.act is AccountAct.CLOSE:
        close_by_operator(account, reason)
    elif change.act is AccountAct.SCOPE:
        _set_scope(account, change.scope, reason)
    elif change.act is AccountAct.SIGN_OUT:
        end_access_of_accounts(select(Account.id).where(Account.id == account.id), BY_OPERATOR)
        record("account:access:ended", account_id=account.id, company_id=account.company_id, reason=reason)
    elif change.act is AccountAct.RESET_FACTOR:
        reset_second_factor(account, reason)
    elif change.act is AccountAct.UNLOCK:
        _unlock(account, reason)
    else:
        _renew_password(account, reason)


def _resend(account: Account) -> None:
    application = case_of_account(account.id)
    if application is None:
        raise ChangedMeanwhile
    resend_verification(account, application, browser=None)


def _set_scope(account: Account, scope: DataScope | None, reason: str) -> None:
    if scope is None:
        raise InvalidInput(field="scope", problem="account.scope")
    set_data_scope(account, scope, reason=reason)


def _unlock(account: Account, reason: str) -> None:
    """Let the name be tried again at once, from whatever browser; the counters of addresses stay."""
    _forget_failures(account)
    record("account:unlocked", account_id=account.id, company_id=account.company_id, reason=reason)


def _renew_password(account: Account, reason: str) -> None:
    """Take a password away that too many failures have ended, and send the link to choose another (PW01)."""
    check_mails_to(account.email)
    taken = session.execute(
        delete(Password)
        .where(Password.account_id == account.id, Password.disabled_at.is_not(None))
        .returning(Password.account_id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        raise ChangedMeanwhile
    session.expire_all()
    record("account:password:removed", account_id=account.id, company_id=account.company_id, reason=reason)
    _forget_failures(account)
    send_first_password(account)


def _forget_failures(account: Account) -> None:
    session.execute(delete(NameFailures).where(NameFailures.name_hash == subject_hash(account.username_canonical)))


def _held(change: AccountChange) -> Account:
    company_id = session.scalar(select(Account.company_id).where(Account.id == change.account_id))
    # Company before account, as everywhere.
    session.execute(select(Company.id).where(Company.id == company_id).with_for_update(key_share=True)).first()
    account = session.scalar(
        select(Account)
        .where(Account.id == change.account_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if account is None:
        raise NotFound(what="account")
    if account.company_id is not None:
        check_not_own(change.operator_id, account.company_id)
    if account.version != change.seen_version:
        raise ChangedMeanwhile
    return account
