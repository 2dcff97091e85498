"""A message is a row of the outbox, written with what it tells: never lost, and never sent for nothing."""

import secrets
from typing import Any
from urllib.parse import urlsplit

from idp.config import settings
from idp.db import now, session
from idp.models import Account, OutboxEntry

MAIL = "mail"


def compose(template: str, account: Account, **context: Any) -> None:
    """Write a mail to an account's mailbox, in the caller's transaction.

    ``template`` names ``mail/<template>.html`` and ``.txt``; the context must be JSON. The mail is rendered
    when it is sent, in the account's language. The Message-ID is fixed here: a mail sent twice is seen to be
    one (security.md §5-11).
    """
    moment = now()
    session.add(
        OutboxEntry(
            kind=MAIL,
            recipient=account.email,
            account_id=account.id,
            payload={"template": template, "locale": account.locale, "context": context},
            message_id=f"<{secrets.token_hex(16)}@{urlsplit(settings().issuer).hostname}>",
            created_at=moment,
            next_attempt_at=moment,
        )
    )
    session.flush()
