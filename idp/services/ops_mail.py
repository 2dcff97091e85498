"""The outbox as operators see it (P39): what waits, was sent or came to nothing, and why; sent once more, or given up.

No link or code of a mail is ever given out: a mail is rendered with a mark in the link's place, and what was sent keeps
no content at all. Whoever could read other people's links could be them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask_mail import Message
from sqlalchemy import ColumnElement, select, update

from idp.config import settings
from idp.db import now, session
from idp.errors import ChangedMeanwhile, MailNotSendable, NotFound
from idp.mails.compose import MAIL, unsealed
from idp.mails.leases import DEAD, GIVEN_UP, SENDING, SENT, WAITING
from idp.mails.render import rendered
from idp.models import Account, OutboxEntry
from idp.policies.names import email_key
from idp.services.audit import record
from idp.services.one_time_links import Purpose, link_of_token

ON_A_PAGE = 50
LONGEST_SEARCH = 254
STATES = (DEAD, WAITING, SENDING, SENT, GIVEN_UP)
MASK = "/●●●●●●●●"
# Where the links of mails lead, before their token.
PURPOSES = {
    "/verify/": Purpose.VERIFY,
    "/activate/": Purpose.ACTIVATION,
    "/register/status/open/": Purpose.CASE,
    "/invitation/": Purpose.INVITATION,
    "/first-password/": Purpose.FIRST_PASSWORD,
    "/mailbox/": Purpose.MAILBOX_CHANGE,
    "/ops/setup/": Purpose.OPERATOR_SETUP,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSearch:
    """Which mails are wanted; an empty text is any. ``address`` is a whole mailbox."""

    state: str = ""
    template: str = ""
    address: str = ""


def mails(search: MailSearch, *, before: int | None = None, most: int = ON_A_PAGE) -> list[OutboxEntry]:
    """The newest mails, older than the one of number ``before``."""
    conditions: list[ColumnElement[bool]] = [OutboxEntry.kind == MAIL]
    if search.state:
        conditions.append(OutboxEntry.state == search.state)
    if search.template:
        conditions.append(OutboxEntry.template == search.template)
    if search.address:
        conditions.append(OutboxEntry.recipient.in_(_spelled(search.address.strip()[:LONGEST_SEARCH])))
    if before is not None:
        conditions.append(OutboxEntry.id < before)
    return list(session.scalars(select(OutboxEntry).where(*conditions).order_by(OutboxEntry.id.desc()).limit(most)))


def _spelled(address: str) -> Iterable[str]:
    """The mailbox as it was typed here, and as accounts have it that differ by capitals alone."""
    known = session.scalars(select(Account.email).where(Account.email_canonical == email_key(address)))
    return {address, email_key(address), *known}


def mail_of_id(mail_id: int) -> OutboxEntry:
    """One mail as it is now. Raises NotFound, for logout notices too."""
    found = session.scalar(
        select(OutboxEntry)
        .where(OutboxEntry.id == mail_id, OutboxEntry.kind == MAIL)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(what="mail")
    return found


def masked(mail: OutboxEntry) -> Message | None:
    """The mail without its secret, or None where its content is not kept any more."""
    return rendered(mail, link=settings().link(MASK)) if has_content(mail) else None


def has_content(mail: OutboxEntry) -> bool:
    """Whether what the mail says is kept: until it was sent or given up."""
    return "context" in mail.payload


def why_not_sendable(mail: OutboxEntry) -> str | None:
    """Why a mail can't be sent once more: it is not dead (``gone``), or its link works no more (``over``)."""
    if mail.state != DEAD or not has_content(mail):
        return "gone"
    if "sealed_code" in mail.payload:
        # Its reader's own page sends another one (補發驗證信).
        return "over"
    address = unsealed(mail.payload)
    return "over" if address is not None and not _works(address) else None


def _works(address: str) -> bool:
    path = urlsplit(address).path
    place, _, token = path.rpartition("/")
    purpose = PURPOSES.get(f"{place}/")
    link = link_of_token(purpose, token) if purpose is not None else None
    return link is not None and link.trouble is None


def send_again(mail_id: int) -> OutboxEntry:
    """Have a dead mail tried at once. One older than a day gets a single try (idp.mails.leases).

    Raises MailNotSendable where its link is over, ChangedMeanwhile where it is not dead any more, NotFound.
    """
    mail = mail_of_id(mail_id)
    if why_not_sendable(mail) == "over":
        raise MailNotSendable
    _move(mail, (DEAD,), WAITING)
    record("mail:sent:again", account_id=mail.account_id, mail=mail.id, template=mail.template)
    return mail


def give_up(mail_id: int) -> OutboxEntry:
    """Try a mail no more; what it says is forgotten. Raises ChangedMeanwhile where it was sent meanwhile, NotFound."""
    mail = mail_of_id(mail_id)
    _move(mail, (DEAD, WAITING), GIVEN_UP)
    record("mail:given_up", account_id=mail.account_id, mail=mail.id, template=mail.template)
    return mail


def _move(mail: OutboxEntry, states: tuple[str, ...], to: str) -> None:
    values = {"state": to, "next_attempt_at": now()}
    if to == GIVEN_UP:
        values["payload"] = {name: mail.payload[name] for name in ("template", "locale") if name in mail.payload}
    moved = session.execute(
        update(OutboxEntry)
        .where(OutboxEntry.id == mail.id, OutboxEntry.state.in_(states))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]  # of an UPDATE
        raise ChangedMeanwhile
