"""What people agreed to, per human × client × account acted as (tokens.md)."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from idp.db import db, now, session
from idp.models import Consent
from idp.policies.scopes import LINKED_ACCOUNTS
from idp.services.acting import Acting
from idp.services.audit import record


def agreed_scopes(acting: Acting, client_id: str) -> frozenset[str]:
    """The scopes this human agreed to for this client while acting as this account.

    That it may know her accounts is said once for the client, as whichever of them.
    """
    rows = session.execute(
        select(Consent.account_id, Consent.scopes).where(
            Consent.human_id == acting.human_id, Consent.client_id == client_id
        )
    ).all()
    agreed = {scope for account_id, scopes in rows if account_id == acting.account_id for scope in scopes}
    if any(LINKED_ACCOUNTS in scopes for _, scopes in rows):
        agreed.add(LINKED_ACCOUNTS)
    return frozenset(agreed)


def has_agreed_to_linked_accounts(human_id: str, client_id: str) -> bool:
    """Whether this human lets this client know which accounts she acts as (scope ``linked_accounts``)."""
    rows = session.scalars(select(Consent.scopes).where(Consent.human_id == human_id, Consent.client_id == client_id))
    return any(LINKED_ACCOUNTS in scopes for scopes in rows)


def agree(acting: Acting, client_id: str, scopes: Sequence[str]) -> None:
    """Keep that this human agreed, on top of what was agreed before."""
    all_scopes = sorted(agreed_scopes(acting, client_id) | set(scopes))
    insert = sqlite_insert if db.engine.dialect.name == "sqlite" else postgresql_insert
    told = {"scopes": all_scopes, "granted_at": now()}
    consent = insert(Consent).values(
        human_id=acting.human_id, client_id=client_id, account_id=acting.account_id, **told
    )
    session.execute(consent.on_conflict_do_update(index_elements=["human_id", "client_id", "account_id"], set_=told))
    record(
        "account:consent:given",
        actor=acting.human_id,
        account_id=acting.account_id,
        linked_account_id=acting.via.linked_account_id if acting.via else None,
        binding_id=acting.via.binding_id if acting.via else None,
        company_id=acting.company.id if acting.company else None,
        client_id=client_id,
        scopes=list(scopes),
    )
