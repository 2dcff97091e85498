"""What people agreed to, per human × client × account acted as (tokens.md)."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from idp.db import db, now, session
from idp.models import Consent
from idp.services.acting import Acting
from idp.services.audit import record


def agreed_scopes(acting: Acting, client_id: str) -> frozenset[str]:
    """The scopes this human agreed to for this client while acting as this account."""
    scopes = session.execute(
        select(Consent.scopes).where(
            Consent.human_id == acting.human_id,
            Consent.client_id == client_id,
            Consent.account_id == acting.account_id,
        )
    ).scalar()
    return frozenset(scopes or ())


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
        company_id=acting.company.id if acting.company else None,
        client_id=client_id,
        scopes=list(scopes),
    )
