"""``idp menu import``: a client's menu items from a file."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import click

from idp.cli.running import changes, show_json, with_application
from idp.services.menu_catalogue import import_menus, read_menu_file


@click.group()
def menu() -> None:
    """Import the menu items of clients."""


@menu.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_application
def import_(file: Path) -> None:
    """Make the menus of FILE those of its client, and print what was added, changed and retired.

    FILE is JSON: an object with client_id and menus, a list of objects with code, label_zh, label_en, parent,
    default_roles and acr.
    """
    with changes():
        client_id, menus = read_menu_file(file.read_bytes())
        difference = import_menus(client_id, menus)
    show_json({"client_id": client_id, **dataclasses.asdict(difference)})


def json_file(file: Path) -> Any:
    """What a JSON file holds. Raises ClickException."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise click.ClickException(f"{file} is not readable as JSON: {error}") from error
