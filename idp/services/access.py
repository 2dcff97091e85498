"""The end of access: sign-ins, client sessions, grants and tokens of accounts or of a client (R-048)."""

from typing import Any

from sqlalchemy import ColumnElement, Select, or_, update

from idp.db import now, session
from idp.models import ClientSession, Grant, SignIn, Token


def end_access_of_accounts(accounts: Select[str], because: str) -> None:
    """End whatever these accounts (a selection of their ids) began, and whatever others began as them.

    ``because`` is kept with each row. It never comes back: after a restoration people sign in anew.
    """
    moment = now()
    signed_in = SignIn.account_id.in_(accounts)
    session.execute(
        update(SignIn).where(signed_in, SignIn.ended_at.is_(None)).values(ended_at=moment, ended_because=because)
    )
    session.execute(
        update(SignIn)
        .where(SignIn.acting_account_id.in_(accounts), SignIn.ended_at.is_(None))
        .values(acting_account_id=None, acting_binding_id=None)
    )
    _end(
        because,
        or_(ClientSession.account_id.in_(accounts), ClientSession.linked_account_id.in_(accounts)),
        or_(Grant.account_id.in_(accounts), Grant.linked_account_id.in_(accounts)),
        or_(Token.account_id.in_(accounts), Token.linked_account_id.in_(accounts)),
    )


def end_access_of_client(client_id: str, because: str) -> None:
    """End every session, grant and token of a client; the people stay signed in at the provider."""
    _end(
        because,
        ClientSession.client_id == client_id,
        Grant.client_id == client_id,
        Token.client_id == client_id,
    )


def _end(because: str, sessions: ColumnElement[bool], grants: ColumnElement[bool], tokens: ColumnElement[bool]) -> None:
    moment = now()
    session.execute(
        update(ClientSession)
        .where(sessions, ClientSession.ended_at.is_(None))
        .values(ended_at=moment, ended_because=because)
    )
    session.execute(
        update(Grant).where(grants, Grant.revoked_at.is_(None)).values(revoked_at=moment, revoked_because=because)
    )
    values: dict[str, Any] = {"revoked_at": moment, "answer": None}
    session.execute(update(Token).where(tokens, Token.revoked_at.is_(None)).values(values))
