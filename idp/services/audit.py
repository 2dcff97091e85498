"""Write the audit log: in the transaction of the change, with who did it and from where (I-8, security.md §5-17)."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert

from idp.db import now, session
from idp.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Who acts and from where, set once at the edge (a request, a command) for every row written within.

    ``binding_id``: the actor is a linked account that acts as the account it is bound to by this (LK10).
    """

    actor: str | None = None
    address: str | None = None
    binding_id: str | None = None


NOWHERE = Circumstances()
_circumstances: ContextVar[Circumstances] = ContextVar("circumstances", default=NOWHERE)


@contextmanager
def under(circumstances: Circumstances) -> Iterator[None]:
    """Write audit rows with these circumstances within the block."""
    token = _circumstances.set(circumstances)
    try:
        yield
    finally:
        _circumstances.reset(token)


def set_circumstances(circumstances: Circumstances) -> None:
    """Write audit rows with these circumstances from here on (a request's or command's own context)."""
    _circumstances.set(circumstances)


def who_acts() -> str | None:
    """Who acts here, as audit rows name her: an account, an operator, a command; None where nobody in particular."""
    return _circumstances.get().actor


def record(
    action: str,
    *,
    outcome: str = "done",
    actor: str | None = None,
    account_id: str | None = None,
    linked_account_id: str | None = None,
    binding_id: str | None = None,
    company_id: str | None = None,
    client_id: str | None = None,
    sign_in_id: str | None = None,
    **details: Any,
) -> None:
    """Append one row. ``action`` reads source:subject:act, such as ``account:role:changed``. Never give it a secret."""
    here = _circumstances.get()
    session.execute(
        insert(AuditEntry).values(
            at=now(),
            action=action,
            outcome=outcome,
            # Who acts through a binding does it, whomever the service was told: never its owner (LK10).
            actor=here.actor if here.binding_id else actor or here.actor,
            account_id=account_id,
            linked_account_id=linked_account_id or (here.actor if here.binding_id else None),
            binding_id=binding_id or here.binding_id,
            company_id=company_id,
            client_id=client_id,
            sign_in_id=sign_in_id,
            address=here.address,
            details=details,
        )
    )


def record_each(action: str, entries: Iterable[tuple[str | None, str | None, dict[str, Any]]]) -> None:
    """Append one row of the same action for each (account's id, company's id, details), at a tenth of the cost."""
    here, at = _circumstances.get(), now()
    rows = [
        {
            "at": at,
            "action": action,
            "outcome": "done",
            "actor": here.actor,
            "account_id": account_id,
            "linked_account_id": here.actor if here.binding_id else None,
            "binding_id": here.binding_id,
            "company_id": company_id,
            "address": here.address,
            "details": details,
        }
        for account_id, company_id, details in entries
    ]
    if rows:
        session.execute(insert(AuditEntry), rows)
