"""``idp service``: services, their brand, their mail sender and what they ask of those who register."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from idp.cli.companies import json_option
from idp.cli.menus import json_file
from idp.cli.running import changes, looked_at, show_fields, show_json, show_table, with_application
from idp.db import session
from idp.errors import NotFound
from idp.models import Service
from idp.policies.assurance import Acr
from idp.policies.registration import PRESETS
from idp.services.service_registry import (
    ServiceProfile,
    add_service,
    change_service,
    held_service,
    list_services,
    profile_of,
    registration_policy,
)

Command = Callable[..., Any]
ONE_VALUE = {
    "name": "name_zh",
    "name_en": "name_en",
    "colour": "colour",
    "mail_from": "mail_from",
    "reply_to": "mail_reply_to",
    "footer": "mail_footer",
}
PROFILE = (
    click.option("--name-en", help="The name in English."),
    click.option("--colour", help="The colour of its mails, #rrggbb, on which white is readable."),
    click.option("--mail-from", help="The sender of its mails."),
    click.option("--reply-to", help="Where answers to its mails go."),
    click.option("--footer", help="The last lines of its mails."),
    click.option("--required-acr", type=click.Choice(["mfa", "card", "none"]), help="The least a sign-in must reach."),
    click.option("--preset", type=click.Choice(list(PRESETS)), help="The registration policy it begins with."),
    click.option(
        "--policy",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A JSON file with the keys of the policy that differ (docs/registration-policy.md).",
    ),
)
id_option = click.option("--id", "service_id", required=True, help="The service's id.")


def profile_options(command: Command) -> Command:
    """The options of a service, which `add` and `set` share."""
    for option in reversed(PROFILE):
        command = option(command)
    return command


@click.group()
def service() -> None:
    """Add, list, show and change services."""


@service.command()
@id_option
@click.option("--name", required=True, help="The name people see.")
@profile_options
@with_application
def add(service_id: str, **given: Any) -> None:
    """Add a service, and print it as JSON."""
    with changes():
        added = add_service(service_id, _changed(ServiceProfile(name_zh=given["name"]), given))
    show_json(_about(added))


@service.command("list")
@json_option
@with_application
def list_(as_json: bool) -> None:
    """List the services."""
    services = [_about(row) for row in list_services()]
    looked_at("services")
    if as_json:
        show_json(services)
    else:
        show_table(services, ("id", "name", "preset", "mail_from"))


@service.command()
@id_option
@json_option
@with_application
def show(service_id: str, as_json: bool) -> None:
    """Show a service, with every key of its registration policy."""
    about = _about(_service_or_not_found(service_id))
    looked_at("service", service=service_id)
    if as_json:
        show_json(about)
    else:
        policy = about.pop("policy")
        show_fields(about | {f"policy.{key}": value for key, value in policy.items()})


@service.command("set")
@id_option
@click.option("--name", help="The name people see.")
@profile_options
@with_application
def set_(service_id: str, **given: Any) -> None:
    """Change a service: what is given replaces what was there, and "" takes an address or the footer away."""
    with changes():
        found = held_service(service_id)
        change_service(found, _changed(profile_of(found), given))
    show_json(_about(found))


def _service_or_not_found(service_id: str) -> Service:
    found = session.get(Service, service_id)
    if found is None:
        raise NotFound(what="service")
    return found


def _changed(before: ServiceProfile, given: dict[str, Any]) -> ServiceProfile:
    values = {name: given[option] for option, name in ONE_VALUE.items() if given[option] is not None}
    if given["required_acr"] is not None:
        values["required_acr"] = None if given["required_acr"] == "none" else str(Acr[given["required_acr"].upper()])
    return dataclasses.replace(before, **values, policy=_policy(before.policy, given))


def _policy(before: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    policy = before
    if given["policy"] is not None:
        content = json_file(given["policy"])
        if not isinstance(content, dict):
            raise click.ClickException(f"{given['policy']} must be a JSON object with keys of the policy.")
        policy = {name: value for name, value in before.items() if name == "preset"} | content
    return policy if given["preset"] is None else policy | {"preset": given["preset"]}


def _about(found: Service) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name_zh,
        "name_en": found.name_en,
        "colour": found.colour,
        "mail_from": found.mail_from,
        "reply_to": found.mail_reply_to,
        "footer": found.mail_footer,
        "required_acr": found.required_acr,
        "preset": found.policy.get("preset"),
        "changed_keys": sorted(set(found.policy) - {"preset"}),
        "policy": dataclasses.asdict(registration_policy(found)),
    }
