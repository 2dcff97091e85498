"""A message is a row of the outbox, written with what it tells: never lost, and never sent for nothing."""

import base64
import secrets
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from idp.config import settings
from idp.db import now, session
from idp.models import Account, OutboxEntry

MAIL = "mail"


def compose(
    template: str,
    account: Account,
    *,
    secret_path: str | None = None,
    secret_code: str | None = None,
    **context: Any,
) -> None:
    """Write a mail to an account's mailbox, in the caller's transaction.

    ``template`` names ``mail/<template>.html``, of which both forms are made; the context must be JSON. The mail is
    rendered when it is sent, in the account's language. The Message-ID is fixed here: a mail sent twice is seen to be
    one (security.md §5-11). ``secret_path`` is a path of ours that holds a token, ``secret_code`` a code to be typed:
    they are kept sealed.
    """
    compose_to(
        template,
        recipient=account.email,
        locale=account.locale,
        service_id=account.service_id,
        account_id=account.id,
        secret_path=secret_path,
        secret_code=secret_code,
        **context,
    )


def compose_to(
    template: str,
    *,
    recipient: str,
    locale: str,
    service_id: str | None,
    account_id: str | None = None,
    secret_path: str | None = None,
    secret_code: str | None = None,
    **context: Any,
) -> None:
    """As compose, to a mailbox whose person may have no account yet."""
    moment = now()
    payload: dict[str, Any] = {"template": template, "locale": locale, "service": service_id, "context": context}
    if secret_path is not None:
        payload["sealed"] = _vault().encrypt(settings().link(secret_path).encode()).decode()
    if secret_code is not None:
        payload["sealed_code"] = _vault().encrypt(secret_code.encode()).decode()
    session.add(
        OutboxEntry(
            kind=MAIL,
            template=template,
            recipient=recipient,
            account_id=account_id,
            payload=payload,
            message_id=f"<{secrets.token_hex(16)}@{urlsplit(settings().issuer).hostname}>",
            created_at=moment,
            next_attempt_at=moment,
        )
    )
    session.flush()


def unsealed(payload: dict[str, Any]) -> str | None:
    """The address with a token that a mail leads to, or None: a dump of the database has no link that works."""
    sealed = payload.get("sealed")
    return _vault().decrypt(str(sealed).encode()).decode() if sealed else None


def unsealed_code(payload: dict[str, Any]) -> str | None:
    """The code that a mail hands over, or None where it has none."""
    sealed = payload.get("sealed_code")
    return _vault().decrypt(str(sealed).encode()).decode() if sealed else None


def _vault() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(settings().derived_key("outbox")))
