"""Messages to a person about what she has changed herself, so that she learns of it where it was somebody else."""

from datetime import datetime
from typing import Any

from idp.db import session
from idp.mails.compose import compose, compose_to
from idp.models import Account, Company
from idp.policies.names import masked_email

MAILBOX_PAGE = "/account/email"


def password_changed(account: Account, *, has_cancelled_mailbox: bool) -> None:
    """密碼已變更, and that a change of mailbox which waited is cancelled."""
    told = {**_about(account), "has_cancelled_mailbox": has_cancelled_mailbox}
    compose("password_changed", account, **told, path="/account/password")


def password_reset(account: Account, *, token: str, end: datetime) -> None:
    """重設密碼: the link by which a new password is set; no password travels by mail (D-1)."""
    compose("password_reset", account, **_about(account), secret_path=f"/password/reset/{token}", until=end.isoformat())


def no_password(account: Account) -> None:
    """這個帳號沒有密碼: for who has forgotten one that never was; the PIN of a certificate is not ours (R-216)."""
    compose("no_password", account, **_about(account), path="/login")


def password_was_reset(account: Account, *, has_cancelled_mailbox: bool, has_dropped_factors: bool) -> None:
    """密碼已重設, that a change of mailbox which waited is cancelled, and second factors of these days removed."""
    told = {**_about(account), "has_cancelled_mailbox": has_cancelled_mailbox}
    compose("password_was_reset", account, **told, has_dropped_factors=has_dropped_factors)


def mailbox_to_confirm(account: Account, mailbox: str, *, token: str, end: datetime) -> None:
    """新信箱驗證: the link by which a change of mailbox takes effect, to the new mailbox (R-140)."""
    compose_to(
        "mailbox_to_confirm",
        recipient=mailbox,
        locale=account.locale,
        service_id=account.service_id,
        account_id=account.id,
        secret_path=f"/mailbox/{token}",
        until=end.isoformat(),
        **_about(account),
    )


def mailbox_change_asked(account: Account, mailbox: str, *, end: datetime) -> None:
    """舊信箱通知: another mailbox was asked for, which the old one may still prevent."""
    compose(
        "mailbox_change_asked",
        account,
        **_about(account),
        new_mailbox=masked_email(mailbox),
        until=end.isoformat(),
        path=MAILBOX_PAGE,
    )


def mailbox_changed(account: Account, former: str) -> None:
    """Email 已變更: to both mailboxes, after the change."""
    told = {**_about(account), "new_mailbox": masked_email(account.email)}
    compose("mailbox_changed", account, **told, is_former_mailbox=False)
    compose_to(
        "mailbox_changed",
        recipient=former,
        locale=account.locale,
        service_id=account.service_id,
        account_id=account.id,
        **told,
        is_former_mailbox=True,
    )


def _about(account: Account) -> dict[str, Any]:
    company = session.get(Company, account.company_id) if account.company_id else None
    return {
        "name": account.name,
        "username": account.username,
        "company_name": company.name if company else None,
        "company_tax_id": company.tax_id if company else None,
    }
