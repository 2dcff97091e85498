"""Launches: the account that was clicked for an application, kept here until that application asks (tokens.md rule 6).

clicked --> kept, at most five minutes --> the application's next request takes it, once
"""

from urllib.parse import urlencode, urljoin

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from idp.config import settings
from idp.db import db, now, session
from idp.errors import BindingUnusable, NotFound
from idp.models import Launch
from idp.policies.bindings import LAUNCH_LASTS
from idp.policies.wishes import Wish
from idp.services.acting import Acting
from idp.services.admission import admission_of
from idp.services.audit import record
from idp.services.clients import ClientRecord
from idp.services.seats import seat_of_binding
from idp.services.sign_ins import SignedIn


def launch(signed_in: SignedIn, binding_id: str, client: ClientRecord) -> str:
    """Keep the account of a binding as the one clicked for a client, and give the address at the client to go to.

    The last click counts. Raises NotFound for a binding that is not this linked account's, and for a client that can't
    be entered from here or does not admit the account; BindingUnusable for one that can't be used now.
    """
    seat = seat_of_binding(signed_in.human.account_id, binding_id)
    if seat is None:
        raise NotFound(what="binding")
    if not seat.acting.is_able:
        raise BindingUnusable
    if client.initiate_login_uri is None or admission_of(seat.acting, client) is not None:
        raise NotFound(what="client")
    _keep(signed_in.id, client.id, seat.acting.account_id, binding_id)
    record(
        "linked:launched",
        actor=signed_in.human.account_id,
        account_id=seat.acting.account_id,
        linked_account_id=signed_in.human.account_id,
        binding_id=binding_id,
        company_id=seat.acting.company.id if seat.acting.company else None,
        client_id=client.id,
        sign_in_id=signed_in.id,
    )
    return initiation_of(client, seat.acting)


def _keep(sign_in_id: str, client_id: str, account_id: str, binding_id: str) -> None:
    insert = sqlite_insert if db.engine.dialect.name == "sqlite" else postgresql_insert
    chosen = {"account_id": account_id, "binding_id": binding_id, "expires_at": now() + LAUNCH_LASTS}
    session.execute(
        insert(Launch)
        .values(sign_in_id=sign_in_id, client_id=client_id, **chosen)
        .on_conflict_do_update(index_elements=["sign_in_id", "client_id"], set_=chosen)
    )


def take_launch(signed_in: SignedIn, client_id: str, wish: Wish) -> tuple[str, str] | None:
    """The account clicked for this client in this sign-in, ``(account id, binding id)``, taken once; None where none
    was, or longer ago than a launch lasts. Whether it may still be acted as is for the caller to ask.

    A request that wishes for another account leaves it where it is: no stranger's link uses up a click.
    """
    mine: tuple[ColumnElement[bool], ...] = (Launch.sign_in_id == signed_in.id, Launch.client_id == client_id)
    if wish:
        clicked = session.scalar(select(Launch.binding_id).where(*mine))
        seat = seat_of_binding(signed_in.human.account_id, clicked) if clicked is not None else None
        if seat is None or not wish.is_met_by(seat.acting.seat):
            return None
        mine = (*mine, Launch.binding_id == clicked)
    row = session.execute(
        delete(Launch)
        .where(*mine)
        .returning(Launch.account_id, Launch.binding_id, Launch.expires_at)
        .execution_options(synchronize_session=False)
    ).first()
    return (row[0], row[1]) if row is not None and row[2] > now() else None


def initiation_of(client: ClientRecord, acting: Acting) -> str:
    """The address at which a client begins a sign-in that was begun elsewhere (OIDC Core §4).

    Its hints are the provider's word only: a client that drops ``tenant`` and ``login_hint`` still lands right. Raises
    NotFound for a client without such an address.
    """
    if client.initiate_login_uri is None:
        raise NotFound(what="client")
    begins_at = urljoin(client.initiate_login_uri, "/")
    hints = {"iss": settings().issuer, "target_link_uri": begins_at, "login_hint": acting.account_id}
    if acting.company is not None:
        hints["tenant"] = acting.company.id
    joint = "&" if "?" in client.initiate_login_uri else "?"
    return client.initiate_login_uri + joint + urlencode(hints)
