"""Accounts and sign-ins that the tests of services begin with."""

import secrets
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from idp.db import now, session, transaction
from idp.errors import Refused
from idp.models import (
    Account,
    AuditEntry,
    Client,
    ClientSession,
    Company,
    Grant,
    OutboxEntry,
    SignIn,
    Token,
)
from idp.policies.roles import Role
from idp.services.accounts import add_account
from idp.services.client_registry import Registration, add_client
from idp.services.secrets import digest, new_id

PASSWORD = "tests-Passw0rd-92"


def person(company: Company, role: Role = Role.STAFF, **more: Any) -> Account:
    """An account of a person in a company."""
    username = more.pop("username", f"{role.value.replace('_', '-')[:8]}-{secrets.token_hex(4)}")
    given: dict[str, Any] = {"name": "王小明", "email": f"{username}@example.test", **more}
    with transaction():
        return add_account(company=company, username=username, role=role, **given)


def a_client(client_id: str = "dreams", **more: Any) -> Client:
    """A registered client."""
    given: dict[str, Any] = {"name_zh": "DREAMS", "redirect_uris": ("https://app.example/cb",), **more}
    with transaction():
        return add_client(Registration(**given), client_id=client_id)[0]


def signed_in(account: Account, client: Client) -> str:
    """The account is signed in and uses a client, with one access token; gives the sign-in's id."""
    moment = now()
    later = moment + timedelta(hours=1)
    sign_in, sid, grant = new_id("si_"), new_id("sd_"), new_id("gr_")
    with transaction():
        session.add(
            SignIn(
                id=sign_in, token_hash=digest(new_id("")), browser_hash=digest(new_id("")), account_id=account.id,
                auth_time=moment,
                methods=["password"], created_at=moment, last_seen_at=moment, expires_at=later,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            ClientSession(sid=sid, sign_in_id=sign_in, client_id=client.id, account_id=account.id, created_at=moment)
        )
        session.flush()
        session.add(
            Grant(
                id=grant, client_id=client.id, account_id=account.id, sign_in_id=sign_in, sid=sid,
                scope="openid", auth_time=moment, methods=["password"], session_expires_at=later,
                redirect_uri="https://app.example/cb", code_hash=digest(grant), code_expires_at=later,
                created_at=moment,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            Token(
                hash=digest(sid), kind="access", client_id=client.id, grant_id=grant, account_id=account.id,
                scope="openid", issued_at=moment, expires_at=later, answer=b"sealed",
            )
        )  # fmt: skip
    return sign_in


def what_is_open(account: Account) -> list[str]:
    """The kinds of things of an account that have not ended."""
    session.expire_all()
    ends = {SignIn: "ended_at", ClientSession: "ended_at", Grant: "revoked_at", Token: "revoked_at"}
    return [
        table.__name__
        for table, end in ends.items()
        for row in session.scalars(select(table).where(table.account_id == account.id))
        if getattr(row, end) is None
    ]


def audit_rows() -> list[AuditEntry]:
    """The audit log, oldest first."""
    return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def actions() -> list[str]:
    """What the audit log tells of, oldest first."""
    return [row.action for row in audit_rows()]


def mails() -> list[OutboxEntry]:
    """The outbox, oldest first."""
    session.expire_all()
    return list(session.scalars(select(OutboxEntry).order_by(OutboxEntry.id)))


def at_once(database: Flask, act: Callable[[], str], times: int = 4) -> list[str]:
    """What each of several gets who do the same at the same moment, in order: an answer or the code of a refusal."""
    gate = threading.Barrier(times)
    answers: list[str] = []

    def run() -> None:
        with database.app_context():
            gate.wait()
            try:
                answers.append(act())
            except Refused as refusal:
                answers.append(refusal.code)

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(answers)
