"""Messages to people about their account."""

from datetime import datetime
from typing import Any

from idp.db import session
from idp.mails.compose import compose
from idp.models import Account, Company


def role_changed(account: Account) -> None:
    """權限已變更: which role the account has now."""
    compose("role_changed", account, **_about(account), role=str(account.role))


def account_suspended(account: Account, reason: str) -> None:
    """帳號停用, and why."""
    compose("account_suspended", account, **_about(account), reason=reason)


def account_restored(account: Account, reason: str | None = None) -> None:
    """帳號恢復: the account signs in again, and why where a reason is given."""
    compose("account_restored", account, **_about(account), reason=reason)


def account_idle(account: Account, *, suspended_on: datetime) -> None:
    """帳號即將停用: nobody has used it for long; who signs in until then keeps it."""
    compose("account_idle", account, **_about(account), until=suspended_on.isoformat(), path="/login")


def account_idle_kept(account: Account) -> None:
    """久未使用: of the last group admin of a company, who is not suspended."""
    compose("account_idle", account, **_about(account), until=None, path="/login")


def account_idle_suspended(account: Account) -> None:
    """帳號因久未使用而停用, and who restores it."""
    compose("account_idle_suspended", account, **_about(account))


def account_closed(account: Account, reason: str | None = None) -> None:
    """帳號已關閉: what has ended, and what is kept."""
    compose("account_closed", account, **_about(account), reason=reason)


def data_scope_changed(account: Account) -> None:
    """資料讀取範圍已變更: what the account sees now, its own data or its company's."""
    compose("data_scope_changed", account, **_about(account), scope=account.data_scope)


def _about(account: Account) -> dict[str, Any]:
    company = session.get(Company, account.company_id) if account.company_id else None
    return {
        "name": account.name,
        "username": account.username,
        "company_name": company.name if company else None,
        "company_tax_id": company.tax_id if company else None,
    }
