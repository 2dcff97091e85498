"""Logout notices as operators see them: which client was not told that a session ended, and why; told once more.

A client that was not told goes on as if the session lived (tokens.md "What a choice is bound to"), so what failed waits
here for those who run the provider. A notice holds no token and no secret: the token is signed anew at each attempt.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, update

from idp.db import now, session
from idp.errors import ChangedMeanwhile, NotFound
from idp.mails.leases import DEAD, GIVEN_UP, WAITING
from idp.models import Account, OutboxEntry
from idp.services.audit import record
from idp.services.console_summary import Waiting
from idp.services.logout_notices import BACKCHANNEL

ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class SeenNotice:
    """A notice, and the account whose session ended (its name, or None where it is gone)."""

    notice: OutboxEntry
    account_name: str | None
    username: str | None


def notices(state: str, client_id: str, *, before: int | None = None, most: int = ON_A_PAGE) -> list[SeenNotice]:
    """The newest notices in this state and for this client (an empty text is any), older than number ``before``."""
    conditions: list[ColumnElement[bool]] = [OutboxEntry.kind == BACKCHANNEL]
    if state:
        conditions.append(OutboxEntry.state == state)
    if client_id:
        conditions.append(OutboxEntry.client_id == client_id)
    if before is not None:
        conditions.append(OutboxEntry.id < before)
    rows = session.execute(
        select(OutboxEntry, Account.name, Account.username)
        .outerjoin(Account, Account.id == OutboxEntry.account_id)
        .where(*conditions)
        .order_by(OutboxEntry.id.desc())
        .limit(most)
        .execution_options(populate_existing=True)
    ).all()
    return [SeenNotice(*row) for row in rows]


def notices_not_taken() -> Waiting:
    """Notices that came to nothing, for the first page of the console."""
    counted = select(func.count(), func.min(OutboxEntry.created_at)).where(
        OutboxEntry.state == DEAD, OutboxEntry.kind == BACKCHANNEL
    )
    count, since = session.execute(counted).one()
    return Waiting(count, since)


def tell_again(notice_id: int) -> OutboxEntry:
    """Have a dead notice tried at once. Raises NotFound, ChangedMeanwhile where it is not dead any more."""
    notice = _notice(notice_id)
    _move(notice, (DEAD,), WAITING)
    record("logout_notice:sent:again", account_id=notice.account_id, client_id=notice.client_id, notice=notice.id)
    return notice


def tell_all_again(client_id: str) -> int:
    """Have every dead notice of a client tried at once, as when it was away for more than a day; gives how many."""
    moved = session.execute(
        update(OutboxEntry)
        .where(OutboxEntry.kind == BACKCHANNEL, OutboxEntry.state == DEAD, OutboxEntry.client_id == client_id)
        .values(state=WAITING, next_attempt_at=now())
        .execution_options(synchronize_session=False)
    )
    count = int(moved.rowcount)  # type: ignore[attr-defined]  # of an UPDATE
    if count:
        record("logout_notice:sent:again", client_id=client_id, notices=count)
    return count


def give_notice_up(notice_id: int) -> OutboxEntry:
    """Try a notice no more. Raises NotFound, ChangedMeanwhile where the client was told meanwhile."""
    notice = _notice(notice_id)
    _move(notice, (DEAD, WAITING), GIVEN_UP)
    record("logout_notice:given_up", account_id=notice.account_id, client_id=notice.client_id, notice=notice.id)
    return notice


def _notice(notice_id: int) -> OutboxEntry:
    found = session.scalar(
        select(OutboxEntry)
        .where(OutboxEntry.id == notice_id, OutboxEntry.kind == BACKCHANNEL)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(what="notice")
    return found


def _move(notice: OutboxEntry, states: tuple[str, ...], to: str) -> None:
    moved = session.execute(
        update(OutboxEntry)
        .where(OutboxEntry.id == notice.id, OutboxEntry.state.in_(states))
        .values(state=to, next_attempt_at=now())
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]  # of an UPDATE
        raise ChangedMeanwhile
