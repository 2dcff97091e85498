"""Messages about linked accounts (鏈結帳號) and their registration; the wording is manual 001's (R-080 … R-087)."""

from datetime import datetime

from idp.mails.compose import compose
from idp.models import Account


def linked_verification(account: Account, *, label: str, token: str, end: datetime) -> None:
    """鏈結帳號註冊通知信件: one link, its end as clock time, and what to know before binding (R-080 … R-087).

    ``label`` is what the service calls such accounts, which its Chinese mails say.
    """
    compose(
        "linked_verification",
        account,
        secret_path=f"/verify/{token}",
        name=account.name,
        username=account.username,
        label=label,
        until=end.isoformat(),
    )
