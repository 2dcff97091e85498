"""The end of access: sign-ins, client sessions, grants and tokens of accounts or of a client (R-048)."""

from typing import Any

from sqlalchemy import ColumnElement, Select, delete, or_, select, update

from idp.db import now, session
from idp.models import Client, ClientSession, Grant, Launch, SignIn, Token
from idp.services.logout_notices import EndedSession, tell_clients

NARROWED = "narrowed"


def end_client_sessions(*which: ColumnElement[bool], because: str) -> int:
    """End the client sessions (``sid``) that these conditions name; gives how many.

    What was granted in them ends (offline grants go on), and their clients are told. Whatever ends a ``sid`` does it
    here (tokens.md "What a choice is bound to").
    """
    moment = now()
    living = (*which, ClientSession.ended_at.is_(None))
    session.execute(
        update(Grant)
        .where(
            Grant.sid.in_(select(ClientSession.sid).where(*living)),
            Grant.revoked_at.is_(None),
            Grant.is_offline.is_(False),
        )
        .values(revoked_at=moment, revoked_because=because)
        .execution_options(synchronize_session=False)
    )
    end = (
        update(ClientSession)
        .values(ended_at=moment, ended_because=because)
        .execution_options(synchronize_session=False)
    )
    # Past the sign-in's absolute end a client has ended its session by itself (claim session_expiry).
    over = select(SignIn.id).where(SignIn.id == ClientSession.sign_in_id, SignIn.expires_at <= moment).exists()
    session.execute(end.where(*living, over))
    ended = session.execute(
        end.where(*living).returning(ClientSession.sid, ClientSession.client_id, ClientSession.account_id)
    ).all()
    tell_clients([EndedSession(*row) for row in ended], because)
    return len(ended)


def narrow_access(account_id: str, client_id: str | None = None) -> None:
    """Role or rights of an account were taken away, for every client or for one.

    A client with a back-channel address that is registered ``on_narrowing`` logout (the default) is told that its
    session has ended; any other sees the difference at its next call.
    """
    told = select(Client.id).where(Client.on_narrowing == "logout", Client.backchannel_logout_uri.is_not(None))
    where = [ClientSession.account_id == account_id, ClientSession.client_id.in_(told)]
    if client_id is not None:
        where.append(ClientSession.client_id == client_id)
    end_client_sessions(*where, because=NARROWED)


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


def end_access_of_binding(binding_id: str, because: str) -> int:
    """End whatever runs through one binding, at clients and at our own pages; gives how many client sessions ended.

    Other bindings of the linked account, and its sign-in, go on (tokens.md "What a choice is bound to").
    """
    session.execute(
        update(SignIn)
        .where(SignIn.acting_binding_id == binding_id)
        .values(acting_account_id=None, acting_binding_id=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(delete(Launch).where(Launch.binding_id == binding_id))
    return _end(
        because, ClientSession.binding_id == binding_id, Grant.binding_id == binding_id, Token.binding_id == binding_id
    )


def end_access_of_client(client_id: str, because: str) -> None:
    """End every session, grant and token of a client; the people stay signed in at the provider."""
    _end(
        because,
        ClientSession.client_id == client_id,
        Grant.client_id == client_id,
        Token.client_id == client_id,
    )


def _end(because: str, sessions: ColumnElement[bool], grants: ColumnElement[bool], tokens: ColumnElement[bool]) -> int:
    moment = now()
    ended = end_client_sessions(sessions, because=because)
    session.execute(
        update(Grant).where(grants, Grant.revoked_at.is_(None)).values(revoked_at=moment, revoked_because=because)
    )
    values: dict[str, Any] = {"revoked_at": moment, "answer": None}
    session.execute(update(Token).where(tokens, Token.revoked_at.is_(None)).values(values))
    return ended
