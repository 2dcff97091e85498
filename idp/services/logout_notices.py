"""Notices of ended client sessions: rows of the outbox, written with what ended them; idp.oidc.backchannel sends them.

A row keeps the intent and never a token: that is signed anew at each attempt (tokens.md "What a choice is bound to").
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select

from idp.db import now, session
from idp.models import Client, OutboxEntry
from idp.services.secrets import digest

BACKCHANNEL = "backchannel"


@dataclass(frozen=True, slots=True)
class EndedSession:
    """A ``sid`` that has just ended: whose it was and which client knows it."""

    sid: str
    client_id: str
    account_id: str


def tell_clients(ended: Sequence[EndedSession], because: str) -> None:
    """Write a notice for each session whose client has a back-channel logout address, in the caller's transaction.

    A removed client is told as well. A ``sid`` ends once, so there is never a second notice of it.
    """
    if not ended:
        return
    known = select(Client.id, Client.backchannel_logout_uri).where(
        Client.id.in_({e.client_id for e in ended}), Client.backchannel_logout_uri.is_not(None)
    )
    addresses = {row[0]: row[1] for row in session.execute(known)}
    moment = now()
    notices = [
        {
            "kind": BACKCHANNEL,
            "recipient": addresses[e.client_id],
            "client_id": e.client_id,
            "account_id": e.account_id,
            "payload": {"sid": e.sid, "sub": e.account_id, "reason": because},
            "message_id": f"logout:{digest(e.sid).hex()}",
            "created_at": moment,
            "next_attempt_at": moment,
        }
        for e in ended
        if e.client_id in addresses
    ]
    if notices:
        session.execute(insert(OutboxEntry), notices)
