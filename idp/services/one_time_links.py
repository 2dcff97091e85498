"""Links of mails: 256 random bits, kept by their hash, used once in one statement; the newest voids older ones.

A link is for one purpose and one account (or invitation) and for the mailbox it was sent to. A mail scanner may look at
it as often as it likes; only ``use_link`` uses it (EL rows).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update

from idp.db import now, session
from idp.errors import LinkUnusable
from idp.models import OneTimeSecret
from idp.services.secrets import digest, new_secret


class Purpose(StrEnum):
    """What a link is for; part of its key, so that none opens another's door."""

    VERIFY = "verify"
    INVITATION = "invitation"
    OPERATOR_SETUP = "operator_setup"
    MAILBOX_CHANGE = "mailbox_change"
    FIRST_PASSWORD = "first_password"  # noqa: S105  (a purpose, no password)
    ACTIVATION = "activation"
    CASE = "case"
    PASSWORD_RESET = "password_reset"  # noqa: S105  (a purpose, no password)


# What confirms a mailbox: the link of a verification, or of an activation. An account waits for one of them at most.
CONFIRMING = (Purpose.VERIFY, Purpose.ACTIVATION)


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it was made. ``browser_hash``: of the browser in which its purpose began, or None."""

    purpose: Purpose
    hash: bytes
    account_id: str | None
    invitation_id: str | None
    operator_id: str | None
    address: str
    browser_hash: bytes | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    replaced_at: datetime | None

    @property
    def trouble(self) -> str | None:
        """Why it works no more (used, replaced, expired), or None."""
        if self.used_at is not None:
            return "used"
        if self.replaced_at is not None:
            return "replaced"
        return "expired" if self.expires_at <= now() else None


_COLUMNS = (
    OneTimeSecret.purpose,
    OneTimeSecret.hash,
    OneTimeSecret.account_id,
    OneTimeSecret.invitation_id,
    OneTimeSecret.operator_id,
    OneTimeSecret.address,
    OneTimeSecret.browser_hash,
    OneTimeSecret.created_at,
    OneTimeSecret.expires_at,
    OneTimeSecret.used_at,
    OneTimeSecret.replaced_at,
)


def make_link(
    purpose: Purpose,
    *,
    address: str,
    lasts: timedelta,
    account_id: str | None = None,
    invitation_id: str | None = None,
    operator_id: str | None = None,
    browser: str | None = None,
) -> tuple[str, datetime]:
    """Make the one live link of this purpose for its holder: ``(token, end)``; older ones are void."""
    void_links(purpose, account_id=account_id, invitation_id=invitation_id, operator_id=operator_id)
    moment = now()
    token = new_secret()
    session.execute(
        insert(OneTimeSecret).values(
            purpose=purpose,
            hash=digest(token),
            account_id=account_id,
            invitation_id=invitation_id,
            operator_id=operator_id,
            address=address,
            browser_hash=digest(browser) if browser else None,
            tries=0,
            most_tries=1,
            created_at=moment,
            expires_at=moment + lasts,
        )
    )
    return token, moment + lasts


def make_first_links(
    purpose: Purpose, accounts: list[tuple[str, str]], *, lasts: timedelta
) -> tuple[list[str], datetime]:
    """As make_link, for many accounts (id, address) that have no link of this purpose yet: ``(tokens, end)``."""
    moment = now()
    tokens = [new_secret() for _ in accounts]
    rows = [
        {
            "purpose": purpose,
            "hash": digest(token),
            "account_id": account_id,
            "address": address,
            "tries": 0,
            "most_tries": 1,
            "created_at": moment,
            "expires_at": moment + lasts,
        }
        for token, (account_id, address) in zip(tokens, accounts, strict=True)
    ]
    if rows:
        session.execute(insert(OneTimeSecret), rows)
    return tokens, moment + lasts


def void_links(
    purpose: Purpose,
    *,
    account_id: str | None = None,
    invitation_id: str | None = None,
    operator_id: str | None = None,
) -> None:
    """Let the live link of this purpose work no more."""
    session.execute(
        update(OneTimeSecret)
        .where(
            OneTimeSecret.purpose == purpose,
            _belongs_to(account_id, invitation_id, operator_id),
            OneTimeSecret.used_at.is_(None),
            OneTimeSecret.replaced_at.is_(None),
        )
        .values(replaced_at=now())
        .execution_options(synchronize_session=False)
    )


def link_of_token(purpose: Purpose, token: str) -> Link | None:
    """The link of this token and purpose, whatever became of it; None when there never was one."""
    return link_of_hash(purpose, digest(token))


def link_of_hash(purpose: Purpose, hashed: bytes) -> Link | None:
    """As link_of_token, by the hash that a run keeps in place of the token."""
    row = session.execute(
        select(*_COLUMNS).where(OneTimeSecret.purpose == purpose, OneTimeSecret.hash == hashed)
    ).first()
    return _link(row) if row is not None else None


def live_link(purpose: Purpose, *, account_id: str) -> Link | None:
    """The link of this purpose that an account may still use or has let expire; None when it has none."""
    row = session.execute(
        select(*_COLUMNS).where(
            OneTimeSecret.purpose == purpose,
            OneTimeSecret.account_id == account_id,
            OneTimeSecret.used_at.is_(None),
            OneTimeSecret.replaced_at.is_(None),
        )
    ).first()
    return _link(row) if row is not None else None


def confirming_link(account_id: str) -> Link | None:
    """The link that confirms an account's mailbox, by whatever page: usable, or let expire; None when it has none."""
    found = (live_link(purpose, account_id=account_id) for purpose in CONFIRMING)
    return next((link for link in found if link is not None), None)


def void_confirming_links(account_id: str) -> None:
    """Let the link that confirms an account's mailbox work no more."""
    for purpose in CONFIRMING:
        void_links(purpose, account_id=account_id)


def use_link(purpose: Purpose, hashed: bytes) -> Link:
    """Use a link up, in one statement: of two who try at once one succeeds.

    Raises LinkUnusable (``because`` unknown, used, replaced or expired).
    """
    row = session.execute(
        update(OneTimeSecret)
        .where(
            OneTimeSecret.purpose == purpose,
            OneTimeSecret.hash == hashed,
            OneTimeSecret.used_at.is_(None),
            OneTimeSecret.replaced_at.is_(None),
            OneTimeSecret.expires_at > now(),
        )
        .values(used_at=now(), tries=OneTimeSecret.tries + 1)
        .returning(*_COLUMNS)
        .execution_options(synchronize_session=False)
    ).first()
    if row is not None:
        return _link(row)
    there = link_of_hash(purpose, hashed)
    raise LinkUnusable(because=(there.trouble if there else None) or "unknown")


def _link(row: Any) -> Link:
    return Link(Purpose(row[0]), *row[1:])


def _belongs_to(account_id: str | None, invitation_id: str | None, operator_id: str | None) -> ColumnElement[bool]:
    if account_id is not None:
        return OneTimeSecret.account_id == account_id
    if operator_id is not None:
        return OneTimeSecret.operator_id == operator_id
    return OneTimeSecret.invitation_id == invitation_id
