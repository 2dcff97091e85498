"""Clients as the protocol needs them: one immutable record, read from the database at most every few seconds.

A change of a client is therefore seen by every worker after at most CACHE_SECONDS (docs/operate.md says so). A new
client, a new secret and a new address work at once: what the record at hand does not know is asked for anew.
"""

import hmac
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from idp.db import now, session
from idp.models import Client, Service
from idp.policies.agreements import texts_of_first_sign_in
from idp.policies.assurance import Acr
from idp.policies.names import CLIENT_ID
from idp.services.secrets import digest

CACHE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """A client's registered metadata (tokens.md "Client metadata")."""

    id: str
    service_id: str | None
    name_zh: str
    name_en: str
    colour: str
    icon: str
    auth_method: str
    secret_hashes: tuple[tuple[bytes, datetime | None], ...]
    jwks: dict[str, Any] | None
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    grant_types: frozenset[str]
    scopes: frozenset[str]
    id_token_alg: str
    require_pkce: bool
    asks_consent: bool
    initiate_login_uri: str | None
    policy_uri: str | None
    tos_uri: str | None
    backchannel_logout_uri: str | None
    acting_understood: bool
    on_narrowing: str
    admission: dict[str, Any]
    # Whether its service has texts to agree to at the first sign-in: which, and who has, is read when it matters.
    has_first_texts: bool
    # The least its service demands of every sign-in, or None.
    required_acr: Acr | None

    @property
    def is_public(self) -> bool:
        """Whether the client can't keep a secret (RFC 6749 §2.1)."""
        return self.auth_method == "none"

    def knows_secret(self, secret: str) -> bool:
        """Whether this is the client's secret, or its previous one while that still counts."""
        given = digest(secret)
        return any(
            hmac.compare_digest(stored, given) and (until is None or until > now())
            for stored, until in self.secret_hashes
        )

    def name(self, language: str) -> str:
        """The client's name in a language of ours: ``en``, else Chinese."""
        return self.name_en if language == "en" else self.name_zh


def _record(row: Client, policy: dict[str, Any] | None, demand: str | None) -> ClientRecord:
    hashes: list[tuple[bytes, datetime | None]] = []
    if row.secret_hash is not None:
        hashes.append((row.secret_hash, None))
    if row.previous_secret_hash is not None and row.previous_secret_expires_at is not None:
        hashes.append((row.previous_secret_hash, row.previous_secret_expires_at))
    return ClientRecord(
        id=row.id,
        service_id=row.service_id,
        name_zh=row.name_zh,
        name_en=row.name_en,
        colour=row.colour,
        icon=row.icon,
        auth_method=row.auth_method,
        secret_hashes=tuple(hashes),
        jwks=row.jwks,
        redirect_uris=tuple(row.redirect_uris),
        post_logout_redirect_uris=tuple(row.post_logout_redirect_uris),
        grant_types=frozenset(row.grant_types),
        scopes=frozenset(row.scopes),
        id_token_alg=row.id_token_alg,
        require_pkce=row.require_pkce,
        asks_consent=row.asks_consent,
        initiate_login_uri=row.initiate_login_uri,
        policy_uri=row.policy_uri,
        tos_uri=row.tos_uri,
        backchannel_logout_uri=row.backchannel_logout_uri,
        acting_understood=row.acting_understood,
        on_narrowing=row.on_narrowing,
        admission=row.admission,
        has_first_texts=policy is not None and bool(texts_of_first_sign_in(policy)),
        required_acr=Acr(demand) if demand is not None else None,
    )


_CLIENTS = (
    select(Client, Service.policy, Service.required_acr)
    .outerjoin(Service, Service.id == Client.service_id)
    .where(Client.removed_at.is_(None))
)
_cache: dict[str, tuple[float, ClientRecord]] = {}
MOST_CACHED = 10_000


def client_by_id(client_id: str) -> ClientRecord | None:
    """The client of this id, or None when there is none (or it was removed)."""
    if not CLIENT_ID.fullmatch(client_id):
        return None
    cached = _cache.get(client_id)
    if cached is not None and cached[0] > time.monotonic():
        return cached[1]
    return client_anew(client_id)


def client_anew(client_id: str) -> ClientRecord | None:
    """As client_by_id, from the database: for what this process's record is about to refuse."""
    # Past the session, which may know the row from before.
    found = _CLIENTS.where(Client.id == client_id).execution_options(populate_existing=True)
    row = session.execute(found).first()
    if row is None:
        _cache.pop(client_id, None)
        return None
    record = _record(*row)
    if len(_cache) >= MOST_CACHED:
        _cache.clear()
    _cache[client_id] = (time.monotonic() + CACHE_SECONDS, record)
    return record


def all_clients() -> list[ClientRecord]:
    """Every client that is not removed, by its Chinese name."""
    rows = session.execute(_CLIENTS.order_by(Client.name_zh, Client.id))
    return [_record(*row) for row in rows]


def forget_cached_clients() -> None:
    """Read clients anew in this process (after a change made here, and in tests)."""
    _cache.clear()
