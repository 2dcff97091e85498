"""Texts of services, agreed to by people: before they apply, and at the first sign-in to an application (R-006, R-090).

Kept per human × service × text × version (tokens.md): a linked account agrees for its own person, once, whichever
account it acts as.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from idp.db import db, now, run, session, table_of
from idp.models import Service, TextAgreement
from idp.policies.agreements import Due, DueText, Named, due_texts, texts_of_first_sign_in
from idp.services.acting import Acting
from idp.services.audit import record
from idp.services.clients import ClientRecord

SERVICES = table_of(Service)
AGREEMENTS = table_of(TextAgreement)
# The policy stands beside what was agreed to, so that a version counts at once, on every page and in every process.
_AGREED = (
    select(SERVICES.c.policy, AGREEMENTS.c.text_id, AGREEMENTS.c.version)
    .select_from(
        SERVICES.outerjoin(
            AGREEMENTS,
            and_(AGREEMENTS.c.service_id == SERVICES.c.id, AGREEMENTS.c.account_id == bindparam("human")),
        )
    )
    .where(SERVICES.c.id == bindparam("service"))
)


def texts_due(acting: Acting, client: ClientRecord) -> Due:
    """The texts that this human has yet to agree to before she gets to this client. One statement."""
    return texts_due_at(acting.human_id, client.service_id)


def texts_due_at(human_id: str, service_id: str | None) -> Due:
    """The texts of a service's first sign-in that this human has yet to agree to. One statement."""
    rows = run(_AGREED, {"human": human_id, "service": service_id}).all()
    if not rows:
        return Due()
    return due_texts(texts_of_first_sign_in(rows[0][0]), {(text, version) for _, text, version in rows})


def must_agree(acting: Acting, client: ClientRecord) -> bool:
    """Whether texts stand between this human and this client; where its service has none, nothing is read."""
    return client.has_first_texts and bool(texts_due(acting, client).texts)


def keep_agreements(account_id: str, service_id: str, texts: Iterable[Named], address: str | None) -> list[Named]:
    """Note which texts, in which version, this person has agreed to, once each; those that are new."""
    insert = sqlite_insert if db.engine.dialect.name == "sqlite" else postgresql_insert
    kept = []
    for text_id, version in texts:
        agreement = insert(TextAgreement).values(
            account_id=account_id,
            service_id=service_id,
            text_id=text_id,
            version=version,
            agreed_at=now(),
            address=address,
        )
        # A double click, and two pages at once, agree once.
        written = agreement.on_conflict_do_nothing().returning(TextAgreement.text_id)
        if session.execute(written).scalar() is not None:
            kept.append((text_id, version))
    return kept


def agree_to_texts(acting: Acting, client: ClientRecord, texts: Iterable[DueText], address: str | None) -> None:
    """Keep that this human agreed to texts of a client's service on the way to it (R-092)."""
    if client.service_id is None:
        raise ValueError(f"{client.id} belongs to no service")
    named = [text.named for text in texts]
    for text_id, version in keep_agreements(acting.human_id, client.service_id, named, address):
        _record("agreement:given", acting, client, text=text_id, version=version)


def agree_at_home(account_id: str, service_id: str, texts: Iterable[DueText], address: str | None) -> None:
    """Keep that a linked account's person agreed to the texts of the service where she registered (R-090, R-092)."""
    for text_id, version in keep_agreements(account_id, service_id, [text.named for text in texts], address):
        record(
            "agreement:given",
            actor=account_id,
            account_id=account_id,
            service=service_id,
            text=text_id,
            version=version,
        )


def decline_at_home(account_id: str, service_id: str, texts: Iterable[DueText]) -> None:
    """Note that she did not agree. Her sign-in is ended by the caller."""
    named = [" ".join(text.named) for text in texts]
    record("agreement:declined", actor=account_id, account_id=account_id, service=service_id, texts=named)


def decline_texts(acting: Acting, client: ClientRecord, texts: Iterable[DueText]) -> None:
    """Note that this human did not agree. Her sign-in is ended by the caller."""
    _record("agreement:declined", acting, client, texts=[" ".join(text.named) for text in texts])


def _record(action: str, acting: Acting, client: ClientRecord, **details: Any) -> None:
    record(
        action,
        actor=acting.human_id,
        account_id=acting.account_id,
        linked_account_id=acting.via.linked_account_id if acting.via else None,
        binding_id=acting.via.binding_id if acting.via else None,
        company_id=acting.company.id if acting.company else None,
        client_id=client.id,
        service=client.service_id,
        **details,
    )
