"""Authorization requests that wait for a page: kept as they came, bound to one browser, ended once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, or_, select, update

from idp.config import settings
from idp.db import now, session
from idp.models import AuthorizationRequest
from idp.services.secrets import digest, new_id


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A request that waits, and what its person has done for it since it came."""

    id: str
    client_id: str
    parameters: dict[str, str]
    signed_in_at: datetime | None
    chosen_at: datetime | None
    account_id: str | None
    binding_id: str | None
    consented_at: datetime | None
    refused_at: datetime | None
    went_on_at: datetime | None
    created_at: datetime
    is_try: bool


def keep_request(client_id: str, parameters: dict[str, str], *, browser: str | None, is_try: bool = False) -> str:
    """Keep a request while its person looks at pages; its id. Without a browser the first one to come takes it.

    ``is_try`` is said by client_tries.begin_try alone, never by what a request brings.
    """
    moment = now()
    request_id = new_id("ar_")
    session.execute(
        insert(AuthorizationRequest).values(
            id=request_id,
            client_id=client_id,
            parameters=parameters,
            browser_hash=digest(browser) if browser else None,
            is_try=is_try,
            created_at=moment,
            expires_at=moment + timedelta(minutes=settings().request_minutes),
        )
    )
    return request_id


_COLUMNS = (
    AuthorizationRequest.id,
    AuthorizationRequest.client_id,
    AuthorizationRequest.parameters,
    AuthorizationRequest.signed_in_at,
    AuthorizationRequest.chosen_at,
    AuthorizationRequest.account_id,
    AuthorizationRequest.binding_id,
    AuthorizationRequest.consented_at,
    AuthorizationRequest.refused_at,
    AuthorizationRequest.went_on_at,
    AuthorizationRequest.created_at,
    AuthorizationRequest.is_try,
)


def waiting_request(request_id: str, *, browser: str) -> WaitingRequest | None:
    """The request of this id if it waits in this browser; None when it is unknown, done, expired or another's."""
    row = session.execute(
        select(*_COLUMNS).where(
            AuthorizationRequest.id == request_id,
            AuthorizationRequest.browser_hash == digest(browser),
            AuthorizationRequest.done_at.is_(None),
            AuthorizationRequest.expires_at > now(),
        )
    ).first()
    return WaitingRequest(*row) if row is not None else None


def claim_request(request_id: str, *, browser: str) -> bool:
    """Bind a request that came by a cross-site POST to the browser that follows it; False when another has it."""
    claimed = session.execute(
        update(AuthorizationRequest)
        .where(
            AuthorizationRequest.id == request_id,
            or_(
                AuthorizationRequest.browser_hash == digest(browser),
                AuthorizationRequest.browser_hash.is_(None),
            ),
        )
        .values(browser_hash=digest(browser))
        .returning(AuthorizationRequest.id)
    ).scalar()
    return claimed is not None


def note_signed_in(request_id: str, *, same_human: bool = False) -> None:
    """Note that somebody signed in for this request: ``prompt=login`` and ``max_age`` are met.

    What another account chose is forgotten, and what anybody agreed to; who signs in once more keeps her choice.
    """
    forgotten = {} if same_human else {"chosen_at": None, "account_id": None, "binding_id": None}
    session.execute(
        update(AuthorizationRequest)
        .where(AuthorizationRequest.id == request_id)
        .values(signed_in_at=now(), consented_at=None, **forgotten)
    )


def note_chosen(request_id: str, account_id: str, binding_id: str | None = None) -> None:
    """Note the account chosen for this request, and the binding it is acted as through."""
    session.execute(
        update(AuthorizationRequest)
        .where(AuthorizationRequest.id == request_id)
        .values(chosen_at=now(), account_id=account_id, binding_id=binding_id, consented_at=None)
    )


def note_decision(request_id: str, account_id: str, *, agreed: bool) -> None:
    """Note that this account agreed to, or refused, what the client asks for; it binds no other account."""
    values = {"consented_at": now(), "account_id": account_id} if agreed else {"refused_at": now()}
    session.execute(update(AuthorizationRequest).where(AuthorizationRequest.id == request_id).values(values))


def note_going_on(request_id: str) -> None:
    """Note that its person goes on without the stronger sign-in that the client merely wishes for."""
    session.execute(update(AuthorizationRequest).where(AuthorizationRequest.id == request_id).values(went_on_at=now()))


def finish_request(request_id: str) -> bool:
    """End a request, once: False when it was ended already (a double click), and then nothing is issued."""
    ended = session.execute(
        update(AuthorizationRequest)
        .where(AuthorizationRequest.id == request_id, AuthorizationRequest.done_at.is_(None))
        .values(done_at=now())
        .returning(AuthorizationRequest.id)
    ).scalar()
    return ended is not None
