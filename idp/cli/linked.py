"""``idp linked``: linked accounts and their bindings, as for people who come with an existing system."""

from typing import Any

import click

from idp.cli.accounts import username_option
from idp.cli.companies import reason_option
from idp.cli.running import changes, secret_from_stdin, show_json, with_application
from idp.errors import NotFound
from idp.models import Account, Binding
from idp.services.accounts import account_by_username, add_linked_account
from idp.services.bindings import bind_by_operator

account_option = click.option("--account", "account_name", required=True, help="The general account's name.")


@click.group()
def linked() -> None:
    """Add linked accounts and bind general accounts to them."""


@linked.command()
@username_option
@click.option("--name", required=True, help="The person's name.")
@click.option("--email", required=True, help="The person's mailbox; it counts as confirmed.")
@click.option("--password-stdin", is_flag=True, help="Read the password as one line from standard input.")
@with_application
def add(username: str, name: str, email: str, password_stdin: bool) -> None:
    """Add an active linked account, and print it as JSON."""
    password = secret_from_stdin("password") if password_stdin else None
    with changes():
        added = add_linked_account(username=username, name=name, email=email, password=password)
    show_json({"sub": added.id, "kind": added.kind.value, "username": added.username, "status": added.status.value})


@linked.command()
@username_option
@account_option
@reason_option
@with_application
def bind(username: str, account_name: str, reason: str) -> None:
    """Bind a general account to a linked account at your word; its person is told by mail."""
    with changes():
        bound = bind_by_operator(_found(username), _found(account_name), reason)
    show_json(_about(bound))


def _found(username: str) -> Account:
    account = account_by_username(username)
    if account is None:
        raise NotFound(what="account")
    return account


def _about(binding: Binding) -> dict[str, Any]:
    return {
        "id": binding.id,
        "linked_account": binding.linked_account_id,
        "account": binding.account_id,
        "state": binding.state.value,
    }
