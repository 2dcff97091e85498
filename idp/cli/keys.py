"""``idp keys``: the keys that sign ID tokens."""

from typing import Any

import click

from idp.cli.companies import json_option
from idp.cli.running import changes, looked_at, show_json, show_table, with_application
from idp.services import signing_keys


@click.group()
def keys() -> None:
    """List, rotate and retire the keys that sign ID tokens."""


@keys.command("list")
@json_option
@with_application
def list_(as_json: bool) -> None:
    """List the keys: next ones are published already, active ones sign, retired ones only verify."""
    rows: list[dict[str, Any]] = [
        {
            "kid": key.kid,
            "alg": key.alg,
            "state": key.state,
            "retired_at": key.retired_at.isoformat() if key.retired_at else None,
        }
        for key in signing_keys.list_keys()
    ]
    looked_at("keys")
    if as_json:
        show_json(rows)
    else:
        show_table(rows, ("kid", "alg", "state", "retired_at"))


@keys.command()
@click.option("--alg", type=click.Choice(signing_keys.ALGORITHMS), default="RS256", show_default=True, help="Which.")
@click.option("--force", is_flag=True, help="Even if the next key is not published long enough, as after a leak.")
@with_application
def rotate(alg: str, force: bool) -> None:
    """Sign with the next key from now on, and publish a new next one."""
    with changes():
        kid = signing_keys.rotate(alg, force=force)
    show_json({"alg": alg, "active": kid})


@keys.command()
@click.argument("kid")
@with_application
def retire(kid: str) -> None:
    """Take the key KID out of use; an active one is followed by its next at once."""
    with changes():
        signing_keys.retire(kid)
    show_json({"kid": kid, "state": "retired"})
