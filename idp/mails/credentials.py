"""Messages about what an account signs in by besides password and cards: put on, taken off, used up, reset.

Who did not do it herself learns of it (security.md PK11; NIST SP 800-63B-4 §4.2.3).
"""

from typing import Any, Literal

from idp.db import session
from idp.mails.compose import compose
from idp.models import Account, Company

CREDENTIALS_PAGE = "/account/credentials"
Credential = Literal["passkey", "app"]


def credential_added(account: Account, what: Credential, name: str) -> None:
    """已新增登入方式: from now on this passkey signs the account in, or this authenticator app is asked for."""
    compose(
        "credential_added", account, **_about(account), credential=what, credential_name=name, path=CREDENTIALS_PAGE
    )


def credential_removed(account: Account, what: Credential, name: str) -> None:
    """已移除登入方式: the passkey or the authenticator app is of no use any more."""
    told = {"credential": what, "credential_name": name, "path": CREDENTIALS_PAGE}
    compose("credential_removed", account, **_about(account), **told)


def recovery_codes_made(account: Account) -> None:
    """已產生備用碼: ten new ones, those before are void."""
    compose("recovery_codes_made", account, **_about(account), path=CREDENTIALS_PAGE)


def recovery_code_used(account: Account, *, left: int) -> None:
    """已使用備用碼: somebody signed in by one; ``left`` are not used yet."""
    compose("recovery_code_used", account, **_about(account), count=left, path=CREDENTIALS_PAGE)


def wrong_codes(account: Account, count: int) -> None:
    """驗證碼多次錯誤: somebody has the password, and has typed so many wrong codes today."""
    compose("wrong_codes", account, **_about(account), count=count, path="/account/password")


def second_factor_reset(account: Account, reason: str) -> None:
    """第二因素已重設: an operator took app, recovery codes and passkeys away, for who has lost them."""
    compose("second_factor_reset", account, **_about(account), reason=reason, path=CREDENTIALS_PAGE)


def _about(account: Account) -> dict[str, Any]:
    company = session.get(Company, account.company_id) if account.company_id else None
    return {
        "name": account.name,
        "username": account.username,
        "company_name": company.name if company else None,
        "company_tax_id": company.tax_id if company else None,
    }
