"""``idp client``: register, list, show, change and remove clients, and renew their secrets."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from idp.cli.companies import json_option
from idp.cli.menus import json_file
from idp.cli.running import (
    changes,
    looked_at,
    secret_from_stdin,
    show_fields,
    show_json,
    show_table,
    with_application,
)
from idp.cli.selftest import selftest
from idp.db import session
from idp.models import Client, Service
from idp.services.client_registry import (
    ALGORITHMS,
    AUTH_METHODS,
    GRANT_TYPES,
    NARROWING,
    Registration,
    add_client,
    change_client,
    client_to_see,
    registration_of,
    remove_client,
    rotate_secret,
)
from idp.services.service_registry import ServiceProfile, add_service

Command = Callable[..., Any]
SWITCHES = {"pkce": "require_pkce", "consent": "asks_consent", "acting": "acting_understood"}
ONE_VALUE = {
    "name": "name_zh",
    "name_en": "name_en",
    "auth_method": "auth_method",
    "alg": "id_token_alg",
    "initiate_login_uri": "initiate_login_uri",
    "backchannel_logout_uri": "backchannel_logout_uri",
    "policy_uri": "policy_uri",
    "tos_uri": "tos_uri",
    "on_narrowing": "on_narrowing",
    "colour": "colour",
    "icon": "icon",
}
LISTS = {
    "redirect_uri": "redirect_uris",
    "post_logout_redirect_uri": "post_logout_redirect_uris",
    "grant_type": "grant_types",
}
METADATA = (
    click.option("--service", help="The service the client belongs to; it is made if there is none."),
    click.option("--name-en", help="The name in English."),
    click.option("--redirect-uri", multiple=True, help="Where codes are sent. Repeatable."),
    click.option("--post-logout-redirect-uri", multiple=True, help="Where people go after signing out."),
    click.option("--auth-method", type=click.Choice(AUTH_METHODS), help="How the client proves who it is."),
    click.option(
        "--jwks",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Its public keys, a JWK Set.",
    ),
    click.option("--grant-type", multiple=True, type=click.Choice(GRANT_TYPES), help="Repeatable."),
    click.option("--scope", help="What it may ask for, with spaces between."),
    click.option("--alg", type=click.Choice(ALGORITHMS), help="How its ID tokens are signed."),
    click.option("--pkce/--no-pkce", default=None, help="Demand PKCE (S256); off only for a legacy library."),
    click.option("--consent/--no-consent", default=None, help="Ask people for consent."),
    click.option("--acting/--no-acting", default=None, help="It understands `act` (tokens.md)."),
    click.option("--on-narrowing", type=click.Choice(NARROWING), help="What it does when rights are taken away."),
    click.option("--initiate-login-uri", help="Where a sign-in that begins here is sent (OIDC Core 4)."),
    click.option("--backchannel-logout-uri", help="Where logout tokens are sent."),
    click.option("--policy-uri", help="Its privacy notice."),
    click.option("--tos-uri", help="Its terms of use."),
    click.option("--colour", help="The colour of its tile, #rrggbb."),
    click.option("--icon", help="The icon of its tile."),
)


def metadata_options(command: Command) -> Command:
    """The options of a client's metadata, which `add` and `set` share."""
    for option in reversed(METADATA):
        command = option(command)
    return command


id_argument = click.argument("client_id")


@click.group()
def client() -> None:
    """Register, list, show, change, remove and try clients, and renew their secrets."""


client.add_command(selftest)


@client.command()
@click.option("--client-id", help="The id; without it one is made.")
@click.option("--secret-stdin", is_flag=True, help="Read the secret as one line from standard input.")
@click.option("--name", required=True, help="The name people see.")
@metadata_options
@with_application
def add(client_id: str | None, secret_stdin: bool, **given: Any) -> None:
    """Register a client, and print its id and, this once, its secret as JSON."""
    secret = secret_from_stdin("secret") if secret_stdin else None
    with changes():
        registration = _changed(Registration(name_zh=given["name"]), given)
        added, made = add_client(registration, client_id=client_id, secret=secret)
    answer = {"client_id": added.id}
    show_json(answer if made is None else answer | {"client_secret": made})


@client.command("list")
@json_option
@with_application
def list_(as_json: bool) -> None:
    """List the clients."""
    rows = session.scalars(select(Client).where(Client.removed_at.is_(None)).order_by(Client.id))
    clients = [_about(row) for row in rows]
    looked_at("clients")
    if as_json:
        show_json(clients)
    else:
        show_table(clients, ("client_id", "name", "service", "auth_method"))


@client.command()
@id_argument
@json_option
@with_application
def show(client_id: str, as_json: bool) -> None:
    """Show a client; its secret is kept only as a hash and cannot be shown."""
    about = _about(client_to_see(client_id))
    looked_at("client", client_id=client_id)
    (show_json if as_json else show_fields)(about)


@client.command("set")
@id_argument
@click.option("--name", help="The name people see.")
@metadata_options
@with_application
def set_(client_id: str, **given: Any) -> None:
    """Change a client's metadata: what is given replaces what was there, and "" takes an address away."""
    with changes():
        found = client_to_see(client_id)
        secret = change_client(found, _changed(registration_of(found), given))
    show_json(_about(found) if secret is None else _about(found) | {"client_secret": secret})


@client.command("rotate-secret")
@id_argument
@click.option("--overlap-hours", type=float, default=24.0, show_default=True, help="The old one still works so long.")
@click.option("--secret-stdin", is_flag=True, help="Read the new secret as one line from standard input.")
@with_application
def rotate(client_id: str, overlap_hours: float, secret_stdin: bool) -> None:
    """Give a client a new secret, and print it this once."""
    given = secret_from_stdin("secret") if secret_stdin else None
    if not 0 <= overlap_hours <= 24 * 365:
        raise click.BadParameter("give hours from 0 to 720", param_hint="--overlap-hours")
    with changes():
        found = client_to_see(client_id)
        secret = rotate_secret(found, timedelta(hours=overlap_hours), secret=given)
    until = found.previous_secret_expires_at
    show_json(
        {
            "client_id": found.id,
            "client_secret": secret,
            "previous_secret_expires_at": until.isoformat() if until else None,
        }
    )


@client.command()
@id_argument
@with_application
def remove(client_id: str) -> None:
    """Remove a client: its tokens end at once, and its id is never given again."""
    with changes():
        remove_client(client_to_see(client_id))
    show_json({"client_id": client_id, "removed": True})


def _changed(before: Registration, given: dict[str, Any]) -> Registration:
    values: dict[str, Any] = {}
    for option, name in (ONE_VALUE | SWITCHES).items():
        if given[option] is not None:
            # An empty text takes an address away; a name or colour of no text is refused by its rule.
            values[name] = None if given[option] == "" and name.endswith("_uri") else given[option]
    for option, name in LISTS.items():
        if given[option]:
            values[name] = tuple(address for address in given[option] if address)
    return dataclasses.replace(before, **values, **_read(before, given))


def _read(before: Registration, given: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if given["scope"] is not None:
        values["scopes"] = tuple(dict.fromkeys(given["scope"].split()))
    if given["jwks"] is not None:
        values["jwks"] = json_file(given["jwks"])
    if given["service"] is not None:
        values["service_id"] = _service(given["service"], given["name"] or before.name_zh, given["name_en"])
    return values


def _service(service_id: str, name: str, name_en: str | None) -> str:
    if session.get(Service, service_id) is None:
        add_service(service_id, ServiceProfile(name_zh=name, name_en=name_en or ""))
    return service_id


def _about(found: Client) -> dict[str, Any]:
    registered = registration_of(found)
    return {
        "client_id": found.id,
        "name": registered.name_zh,
        "name_en": registered.name_en,
        "service": registered.service_id,
        "auth_method": registered.auth_method,
        "grant_types": list(registered.grant_types),
        "scope": " ".join(registered.scopes),
        "redirect_uris": list(registered.redirect_uris),
        "post_logout_redirect_uris": list(registered.post_logout_redirect_uris),
        "initiate_login_uri": registered.initiate_login_uri,
        "backchannel_logout_uri": registered.backchannel_logout_uri,
        "policy_uri": registered.policy_uri,
        "tos_uri": registered.tos_uri,
        "alg": registered.id_token_alg,
        "pkce": registered.require_pkce,
        "consent": registered.asks_consent,
        "acting": registered.acting_understood,
        "on_narrowing": registered.on_narrowing,
        "colour": registered.colour,
        "icon": registered.icon,
        "jwks": registered.jwks,
    }
