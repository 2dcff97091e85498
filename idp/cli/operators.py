"""``idp operator``: the people who run the provider; the first one is added here, the others at /ops too."""

from typing import Any

import click

from idp.cli.companies import json_option
from idp.cli.running import changes, looked_at, show_json, show_table, with_application
from idp.config import settings
from idp.errors import NotFound
from idp.models import Operator
from idp.policies.duties import Duty
from idp.services.operators import (
    SET_UP_LASTS,
    NewOperator,
    add_operator,
    list_operators,
    operator_by_name,
    reset_operator,
    suspend_operator,
)

LISTED = ("username", "name", "email", "status", "duties")
username_option = click.option("--username", required=True, help="The operator's name for signing in.")


@click.group()
def operator() -> None:
    """Add, list, reset and suspend operators."""


@operator.command()
@username_option
@click.option("--name", required=True, help="The person's name.")
@click.option("--email", required=True, help="Where the set-up link is sent.")
@click.option(
    "--duty",
    "duties",
    required=True,
    multiple=True,
    type=click.Choice([d.value for d in Duty]),
    help="What the operator is there for; may be given several times.",
)
@click.option(
    "--locale", type=click.Choice(["zh-TW", "en"]), default="zh-TW", show_default=True, help="The language of mails."
)
@click.option("--own-tax-id", help="The company the person belongs to as well: nobody decides about his own.")
@with_application
def add(username: str, name: str, email: str, duties: tuple[str, ...], locale: str, own_tax_id: str | None) -> None:
    """Add an operator, and print the one-time set-up link, once; it is mailed too."""
    new = NewOperator(username=username, name=name, email=email, duties=duties, locale=locale, own_tax_id=own_tax_id)
    with changes():
        added, path = add_operator(new)
    show_json(_about(added) | _link(path))


@operator.command("list")
@json_option
@with_application
def list_(as_json: bool) -> None:
    """List all operators."""
    looked_at("operators")
    rows = [_about(one) for one in list_operators()]
    if as_json:
        show_json(rows)
    else:
        show_table([row | {"duties": " ".join(row["duties"])} for row in rows], LISTED)


@operator.command()
@username_option
@with_application
def reset(username: str) -> None:
    """Take an operator's password and second factor away; print a new one-time set-up link, which is mailed too."""
    with changes():
        found = _operator_or_not_found(username)
        found, path = reset_operator(found.id, found.version, may_be_last=True)
    show_json(_about(found) | _link(path))


@operator.command()
@username_option
@with_application
def suspend(username: str) -> None:
    """Suspend an operator: running sessions end, and no sign-in is possible until a reset."""
    with changes():
        found = _operator_or_not_found(username)
        suspend_operator(found.id, found.version)
    show_json(_about(found))


def _operator_or_not_found(username: str) -> Operator:
    found = operator_by_name(username)
    if found is None:
        raise NotFound(what="operator")
    return found


def _link(path: str) -> dict[str, Any]:
    return {"set_up_link": settings().link(path), "set_up_hours": int(SET_UP_LASTS.total_seconds() // 3600)}


def _about(found: Operator) -> dict[str, Any]:
    return {
        "id": found.id,
        "username": found.username,
        "name": found.name,
        "email": found.email,
        "duties": found.duties,
        "own_tax_id": found.own_tax_id,
        "locale": found.locale,
        "status": found.status.value,
        "created_at": found.created_at.isoformat(),
    }
