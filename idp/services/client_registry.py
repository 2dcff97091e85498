"""Clients (依賴方) as those who run the provider register them: added, changed, given secrets, removed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from idp.config import Mode, settings
from idp.db import now, session
from idp.errors import AlreadyExists, ChangedMeanwhile, InvalidInput, NotFound
from idp.models import Client, Company, Service
from idp.policies.admission import admission_form_problem
from idp.policies.colours import colour_problem
from idp.policies.names import client_id_problem, client_name_problem
from idp.policies.redirects import address_problem
from idp.policies.scopes import COMPANY_WISH, LINKED_ACCOUNTS, OFFLINE, SCOPES
from idp.services.access import end_access_of_client
from idp.services.audit import record
from idp.services.client_keys import jwks_problem
from idp.services.clients import forget_cached_clients
from idp.services.secrets import digest, new_id, new_secret

SECRET_METHODS = frozenset({"client_secret_basic", "client_secret_post"})
AUTH_METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")
ALGORITHMS = ("RS256", "ES256", "EdDSA")
NARROWING = ("logout", "poll")

SERVICE_SCOPE = re.compile(r"[a-z][a-z0-9_.:-]{0,99}", re.ASCII)
ICON = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)
# A given secret is kept under a plain SHA-256, so it must be long; printable, so that Basic carries it.
SECRET = re.compile(r"[\x21-\x7e]{32,200}", re.ASCII)
MOST_ADDRESSES = 50
LONGEST_ADDRESS = 2000
LONGEST_OVERLAP = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A client's metadata (tokens.md "Client metadata beyond the standard"); ``name_en`` may be left out."""

    name_zh: str
    name_en: str = ""
    service_id: str | None = None
    company_id: str | None = None
    colour: str = "#43505c"
    icon: str = "app"
    auth_method: str = "client_secret_basic"
    jwks: dict[str, Any] | None = None
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ("authorization_code",)
    scopes: tuple[str, ...] = ("openid",)
    id_token_alg: str = "RS256"  # noqa: S105 - an algorithm, not a secret
    require_pkce: bool = True
    asks_consent: bool = True
    initiate_login_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    backchannel_logout_uri: str | None = None
    acting_understood: bool = False
    on_narrowing: str = "logout"
    admission: dict[str, Any] = field(default_factory=dict)


def registration_of(client: Client) -> Registration:
    """A client's metadata as it stands, to be changed with ``dataclasses.replace``."""
    values: dict[str, Any] = {f.name: getattr(client, f.name) for f in fields(Registration)}
    listed: dict[str, Any] = {k: tuple(v) for k, v in values.items() if isinstance(v, list)}
    return Registration(**(values | listed))


def add_client(
    registration: Registration, *, client_id: str | None = None, secret: str | None = None
) -> tuple[Client, str | None]:
    """Register a client; the secret (given or made) is returned once and kept only as a hash.

    Raises InvalidInput (``field`` names the metadata) and, decided by the database, AlreadyExists (``field``
    client_id): an id is never used again, even after the client was removed.
    """
    chosen = client_id if client_id is not None else new_id("c-")
    problem = client_id_problem(chosen)
    if problem:
        raise InvalidInput(field="client_id", problem=problem)
    if session.get(Client, chosen) is not None:
        raise AlreadyExists(field="client_id")
    _check(registration)
    kept = _secret_for(registration.auth_method, secret)
    client = Client(
        id=chosen,
        **_columns(registration),
        secret_hash=digest(kept) if kept else None,
        created_at=now(),
        updated_at=now(),
    )
    try:
        with session.begin_nested():
            session.add(client)
            session.flush()
    except IntegrityError as error:
        raise AlreadyExists(field="client_id") from error
    record("client:added", client_id=client.id, auth_method=client.auth_method)
    forget_cached_clients()
    return client, kept


def change_client(client: Client, registration: Registration) -> str | None:
    """Register a client anew; grants that exist stay.

    A client that begins to need a secret gets one, which is returned; one that needs none any more loses it.
    Raises InvalidInput as add_client does.
    """
    _check(registration)
    before = registration_of(client)
    secret = None
    if registration.auth_method not in SECRET_METHODS:
        client.secret_hash = client.previous_secret_hash = client.previous_secret_expires_at = None
    elif client.secret_hash is None:
        secret = new_secret()
        client.secret_hash = digest(secret)
    for name, value in _columns(registration).items():
        setattr(client, name, value)
    client.updated_at = now()
    session.flush()
    after = registration_of(client)
    changed = [f.name for f in fields(Registration) if getattr(before, f.name) != getattr(after, f.name)]
    record("client:changed", client_id=client.id, changed=changed)
    forget_cached_clients()
    return secret


def client_to_see(client_id: str) -> Client:
    """The client of this id. Raises NotFound for one that never was or was removed."""
    found = session.get(Client, client_id)
    if found is None or found.removed_at is not None:
        raise NotFound(what="client")
    return found


def version_of(client: Client) -> str:
    """What tells one state of a client from all others, for a form to bring back."""
    return client.updated_at.isoformat()


def client_to_change(client_id: str, seen_version: str) -> Client:
    """The client of this id, locked, if it is still as it was seen. Raises NotFound, ChangedMeanwhile."""
    kept = select(Client).where(Client.id == client_id, Client.removed_at.is_(None))
    found = session.scalar(kept.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise NotFound(what="client")
    if version_of(found) != seen_version:
        raise ChangedMeanwhile
    return found


def rotate_secret(client: Client, overlap: timedelta, *, secret: str | None = None) -> str:
    """Give a client a new secret, returned once; the old one works for ``overlap`` longer (at most 30 days).

    Raises InvalidInput for a client without a secret, and for a secret or overlap that breaks the rules.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidInput(field="overlap", problem="overlap.range")
    if client.auth_method not in SECRET_METHODS:
        raise InvalidInput(field="secret", problem="secret.not_used")
    kept = _secret_for(client.auth_method, secret) or new_secret()
    moment = now()
    client.previous_secret_hash = client.secret_hash if overlap else None
    client.previous_secret_expires_at = moment + overlap if overlap else None
    client.secret_hash = digest(kept)
    client.updated_at = moment
    session.flush()
    record("client:secret:rotated", client_id=client.id, overlap_seconds=int(overlap.total_seconds()))
    forget_cached_clients()
    return kept


def withdraw_old_secret(client: Client) -> None:
    """End the overlap: the secret before the last works no more. Raises InvalidInput where there is none."""
    _need(client.previous_secret_hash is not None, "secret", "secret.no_old")
    client.previous_secret_hash = client.previous_secret_expires_at = None
    client.updated_at = now()
    session.flush()
    record("client:secret:withdrawn", client_id=client.id)
    forget_cached_clients()


def remove_client(client: Client) -> None:
    """Remove a client: its sessions, grants and tokens end at once, and its id is never given again."""
    session.execute(
        update(Client)
        .where(Client.id == client.id)
        .values(removed_at=now(), secret_hash=None, previous_secret_hash=None, updated_at=now())
    )
    end_access_of_client(client.id, "client_removed")
    record("client:removed", client_id=client.id)
    forget_cached_clients()


def problems_of_addresses(addresses: Iterable[str]) -> list[tuple[str, str]]:
    """Each of these addresses that can't be registered, and why (AD04)."""
    production = settings().mode is Mode.PRODUCTION
    bad: list[tuple[str, str]] = []
    for address in addresses:
        problem = address_problem(address, production=production)
        if problem or len(address) > LONGEST_ADDRESS:
            bad.append((address, problem or "redirect.form"))
    return bad


def _columns(registration: Registration) -> dict[str, Any]:
    values = {f.name: getattr(registration, f.name) for f in fields(Registration)}
    columns: dict[str, Any] = {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
    columns["name_en"] = registration.name_en or registration.name_zh
    columns["backchannel_logout_session_required"] = registration.acting_understood
    return columns


def _secret_for(auth_method: str, given: str | None) -> str | None:
    if auth_method not in SECRET_METHODS:
        _need(given is None, "secret", "secret.not_used")
        return None
    if given is not None:
        _need(SECRET.fullmatch(given), "secret", "secret.form")
    return given or new_secret()


def _check(registration: Registration) -> None:
    _refuse("name", client_name_problem(registration.name_zh))
    _refuse("name_en", client_name_problem(registration.name_en or registration.name_zh))
    _refuse("colour", colour_problem(registration.colour))
    _need(ICON.fullmatch(registration.icon), "icon", "icon.form")
    _need(registration.id_token_alg in ALGORITHMS, "alg", "alg.unknown")
    _need(registration.on_narrowing in NARROWING, "on_narrowing", "narrowing.unknown")
    _refuse("admission", admission_form_problem(registration.admission))
    _check_owners(registration)
    _check_authentication(registration)
    _check_grants(registration)
    _check_scopes(registration)
    _check_addresses(registration)


def _check_owners(registration: Registration) -> None:
    owner = registration.service_id
    _need(owner is None or session.get(Service, owner) is not None, "service", "service.unknown")
    company = registration.company_id
    _need(company is None or session.get(Company, company) is not None, "company", "company.unknown")


def _check_authentication(registration: Registration) -> None:
    method = registration.auth_method
    _need(method in AUTH_METHODS, "auth_method", "auth_method.unknown")
    if registration.jwks is not None:
        _refuse("jwks", jwks_problem(registration.jwks))
    _need(method != "private_key_jwt" or registration.jwks is not None, "jwks", "jwks.missing")
    # A public client has nothing but PKCE to tie a code to itself (RFC 9700 §2.1.1).
    _need(method != "none" or registration.require_pkce, "require_pkce", "pkce.public")


def _check_grants(registration: Registration) -> None:
    grants = registration.grant_types
    _need(bool(grants) and set(grants) <= set(GRANT_TYPES), "grant_types", "grant.unknown")
    by_code = "authorization_code" in grants
    _need(by_code or "refresh_token" not in grants, "grant_types", "grant.refresh_alone")
    _need(registration.redirect_uris or not by_code, "redirect_uris", "redirect.missing")
    public = registration.auth_method == "none"
    _need(not (public and "client_credentials" in grants), "grant_types", "grant.public")


def _check_scopes(registration: Registration) -> None:
    own = [s for s in registration.scopes if s not in SCOPES]
    by_itself = "client_credentials" in registration.grant_types
    for scope in own:
        well_formed = SERVICE_SCOPE.fullmatch(scope) and not scope.startswith(COMPANY_WISH)
        _need(by_itself and well_formed, "scopes", "scope.unknown")
    _need(registration.scopes, "scopes", "scope.missing")
    public = registration.auth_method == "none"
    _need(not (public and OFFLINE in registration.scopes), "scopes", "scope.offline_public")
    if LINKED_ACCOUNTS in registration.scopes:
        _need(not public, "scopes", "scope.linked_public")
        # A client of one company would learn its agent's other customers (tokens.md "Asking for a company" 7).
        _need(registration.company_id is None, "scopes", "scope.linked_company")


def _check_addresses(registration: Registration) -> None:
    _check_all("redirect_uris", registration.redirect_uris)
    _check_all("post_logout_redirect_uris", registration.post_logout_redirect_uris)
    for name in ("initiate_login_uri", "backchannel_logout_uri", "policy_uri", "tos_uri"):
        address = getattr(registration, name)
        if address is not None:
            _check_all(name, (address,))
    # Who shows `act` must also be told when it ends (tokens.md "Acting through a linked account").
    understood = registration.acting_understood
    _need(not understood or registration.backchannel_logout_uri, "backchannel_logout_uri", "acting.backchannel")


def _check_all(where: str, addresses: Iterable[str]) -> None:
    listed = list(addresses)
    _need(len(listed) <= MOST_ADDRESSES and len(set(listed)) == len(listed), where, "redirect.list")
    bad = problems_of_addresses(listed)
    if bad:
        address, problem = bad[0]
        every = [f"{why}:{which}" for which, why in bad]
        raise InvalidInput(field=where, problem=problem, value=address, problems=every)


def _need(holds: object, where: str, problem: str) -> None:
    _refuse(where, None if holds else problem)


def _refuse(where: str, problem: str | None) -> None:
    if problem is not None:
        raise InvalidInput(field=where, problem=problem)
