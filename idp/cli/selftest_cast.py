"""Who plays in `idp client selftest`: a linked account with a seat at each of two test companies, for one run alone.

All of it is made by the same services as everything else, audited, and put out of use at the end of the run.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import or_, select, update

from idp.cli.running import changes
from idp.db import now, session
from idp.models import Binding, ClientSession, Company, OutboxEntry, SignIn
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus, BindingState
from idp.services.access import end_client_sessions
from idp.services.accounts import account_by_username, add_account, add_linked_account, suspend_account
from idp.services.audit import record
from idp.services.binding_decisions import operator_unbinds
from idp.services.bindings import bind_by_operator
from idp.services.case_standing import move_account
from idp.services.secrets import digest

T = TypeVar("T")
OVER = "idp client selftest"
PERSON = "自我測試"


@dataclass(frozen=True, slots=True)
class Seat:
    """A general account of the test, and its binding."""

    sub: str
    username: str
    binding_id: str
    tenant: str
    tax_id: str
    company: str

    @property
    def marks(self) -> tuple[str, ...]:
        """What a control that offers this company may call it."""
        return (self.sub, self.tenant, self.tax_id, self.company)


@dataclass(frozen=True, slots=True)
class Cast:
    """The linked account and its two seats. All three have one mailbox; both seats have one person's name."""

    sub: str
    username: str
    name: str
    password: str
    first: Seat
    second: Seat

    def other(self, seat: Seat) -> Seat:
        """The other seat."""
        return self.second if seat is self.first else self.first


def names_of_a_run() -> tuple[str, str, str]:
    """Account names that nobody has: the linked account's and its seats'."""
    mark = secrets.token_hex(5)
    return f"selftest-{mark}", f"selftest-{mark}-1", f"selftest-{mark}-2"


def engage(names: tuple[str, str, str], companies: tuple[Company, Company], role: Role, email: str) -> Cast:
    """Make the three accounts and bind them. Raises what these acts refuse."""
    password = f"a1{secrets.token_urlsafe(24)}"
    name = f"代理{names[0][-4:]}"
    with changes():
        linked = add_linked_account(username=names[0], name=name, email=email, password=password)
        seats = []
        for username, company in zip(names[1:], companies, strict=True):
            account = add_account(
                company=company, username=username, name=PERSON, email=email, role=role, password=password
            )
            binding = bind_by_operator(linked, account, OVER)
            seats.append(Seat(account.id, username, binding.id, company.id, str(company.tax_id), company.name))
        record("operator:selftest:begun", account_id=linked.id, linked=names[0])
    return Cast(linked.id, names[0], name, password, *seats)


def dismiss(names: tuple[str, str, str]) -> None:
    """Unbind, suspend and close whatever there is of a run, also one that was interrupted while it was made.

    Each step is tried whatever became of those before it. Raises what the last one that failed did.
    """
    failed: Exception | None = None
    for step in (*(partial(_put_out, username) for username in names), partial(_note_over, names[0])):
        try:
            step()
        except Exception as error:
            session.rollback()
            failed = error
    if failed is not None:
        raise failed


def _put_out(username: str) -> None:
    account = account_by_username(username)
    if account is None:
        return
    account_id = account.id
    try:
        if account.status is AccountStatus.ACTIVE:
            with changes():
                suspend_account(account, OVER)
    finally:
        for binding_id in _bindings_of(account_id):
            with changes():
                operator_unbinds(binding_id, OVER)
    with changes():
        # A suspended account would keep the operator's mailbox from every other one.
        move_account(account, AccountStatus.SUSPENDED, status=AccountStatus.CLOSED)


def _note_over(linked: str) -> None:
    with changes():
        record("operator:selftest:over", linked=linked)


def _bindings_of(account_id: str) -> list[str]:
    of_account = or_(Binding.linked_account_id == account_id, Binding.account_id == account_id)
    return list(session.scalars(select(Binding.id).where(of_account, Binding.state != BindingState.UNBOUND)))


def sids_of(cast: Cast, seat: Seat, client_id: str) -> set[str]:
    """The living sessions of the application for a seat, through the linked account."""
    return _read(
        lambda: set(
            session.scalars(
                select(ClientSession.sid).where(
                    ClientSession.client_id == client_id,
                    ClientSession.account_id == seat.sub,
                    ClientSession.linked_account_id == cast.sub,
                    ClientSession.ended_at.is_(None),
                )
            )
        )
    )


def end_sid(sid: str) -> None:
    """End one session of the application, which it is then told of."""
    with changes():
        end_client_sessions(ClientSession.sid == sid, because="selftest")
        record("operator:selftest:ended", of="sid")


def unbind(seat: Seat) -> None:
    """End the binding of a seat."""
    with changes():
        operator_unbinds(seat.binding_id, OVER)


def notice_of(sid: str) -> tuple[bool, str]:
    """Whether the logout token of a ``sid`` was taken, and what was wrong so far."""
    row = _read(
        lambda: session.execute(
            select(OutboxEntry.sent_at, OutboxEntry.last_error).where(
                OutboxEntry.message_id == f"logout:{digest(sid).hex()}"
            )
        ).first()
    )
    return (row is not None and row[0] is not None, (row and row[1]) or "")


def shorten_sign_ins(cast: Cast, seconds: int, but: set[str]) -> set[str]:
    """Let the linked account's sign-ins end so soon, all but these; gives their ids."""
    with changes():
        which = (SignIn.account_id == cast.sub, SignIn.ended_at.is_(None), SignIn.id.not_in(but))
        ids = set(session.scalars(select(SignIn.id).where(*which)))
        session.execute(update(SignIn).where(SignIn.id.in_(ids)).values(expires_at=now() + timedelta(seconds=seconds)))
        record("operator:selftest:shortened", account_id=cast.sub)
    return ids


def sign_ins_of(cast: Cast) -> set[str]:
    """The ids of the linked account's sign-ins."""
    return _read(lambda: set(session.scalars(select(SignIn.id).where(SignIn.account_id == cast.sub))))


def _read(read: Callable[[], T]) -> T:
    """Read what is there now: nothing is held while the application and the provider are asked."""
    session.rollback()
    try:
        return read()
    finally:
        session.rollback()


def sub_in(id_token: str) -> str:
    """The ``sub`` of an ID token, unchecked; nothing where it is none."""
    try:
        body = id_token.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return ""
    return str(claims.get("sub", ""))
