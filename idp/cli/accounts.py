"""``idp account``: add, show, suspend and restore accounts, and change their role."""

from typing import Any

import click

from idp.cli.companies import company_or_not_found, json_option, reason_option, tax_id_option
from idp.cli.running import changes, looked_at, secret_from_stdin, show_fields, show_json, with_application
from idp.db import session
from idp.errors import NotFound
from idp.models import Account, Company
from idp.policies.roles import Role
from idp.services.accounts import account_by_username, add_account, restore_account, set_role, suspend_account
from idp.services.closing import close_by_operator
from idp.services.first_passwords import send_first_password
from idp.services.idle_accounts import idle_leaders
from idp.services.second_factors import reset_second_factor

ROLES = click.Choice([r.value for r in Role])
username_option = click.option("--username", required=True, help="The account's name.")


@click.group()
def account() -> None:
    """Add, show, suspend and restore accounts, and change their role."""


@account.command()
@tax_id_option
@username_option
@click.option("--name", required=True, help="The person's name.")
@click.option("--email", required=True, help="The person's mailbox; it counts as confirmed.")
@click.option("--role", required=True, type=ROLES, help="What the person may do.")
@click.option("--password-stdin", is_flag=True, help="Read the password as one line from standard input.")
@click.option("--service", "service_id", help="The service the account was opened at.")
@with_application
def add(
    tax_id: str,
    username: str,
    name: str,
    email: str,
    role: str,
    password_stdin: bool,
    service_id: str | None,
) -> None:
    """Add an active account to a company, and print it as JSON. Without a password it cannot sign in yet."""
    password = secret_from_stdin("password") if password_stdin else None
    with changes():
        added = add_account(
            company=company_or_not_found(tax_id),
            username=username,
            name=name,
            email=email,
            role=Role(role),
            password=password,
            service_id=service_id,
        )
    show_json(_about(added))


@account.command()
@username_option
@json_option
@with_application
def show(username: str, as_json: bool) -> None:
    """Show an account."""
    found = _account_or_not_found(username)
    looked_at("account", account_id=found.id, company_id=found.company_id)
    (show_json if as_json else show_fields)(_about(found))


@account.command()
@username_option
@reason_option
@with_application
def suspend(username: str, reason: str) -> None:
    """Suspend an account: it is signed out everywhere and cannot sign in."""
    with changes():
        found = _account_or_not_found(username)
        suspend_account(found, reason)
    show_json(_about(found))


@account.command()
@username_option
@with_application
def restore(username: str) -> None:
    """Let a suspended account sign in again."""
    with changes():
        found = _account_or_not_found(username)
        restore_account(found)
    show_json(_about(found))


@account.command()
@username_option
@reason_option
@with_application
def close(username: str, reason: str) -> None:
    """Close an account for ever: nothing of it works any more, and its name stays taken."""
    with changes():
        found = _account_or_not_found(username)
        close_by_operator(found, reason)
    show_json(_about(found))


@account.command()
@json_option
@with_application
def idle(as_json: bool) -> None:
    """List the last group admins of companies who have not come for long: they are warned and never suspended."""
    found = [_about(one) for one, _ in idle_leaders()]
    looked_at("idle accounts")
    if as_json:
        show_json(found)
        return
    for one in found:
        show_fields(one)


@account.command("send-first-password")
@username_option
@with_application
def send_first_password_(username: str) -> None:
    """Send an account without a password the link to choose one; a link that was sent before works no more."""
    with changes():
        found = _account_or_not_found(username)
        send_first_password(found)
    show_json(_about(found) | {"mail_to": found.email})


@account.command("reset-second-factor")
@username_option
@reason_option
@with_application
def reset_second_factor_(username: str, reason: str) -> None:
    """Take an account's authenticator app, recovery codes and passkeys away: its person has lost them."""
    with changes():
        found = _account_or_not_found(username)
        reset_second_factor(found, reason)
    show_json(_about(found) | {"mail_to": found.email})


@account.command("set-role")
@username_option
@click.option("--role", required=True, type=ROLES, help="The new role.")
@with_application
def change_role(username: str, role: str) -> None:
    """Give an account another role."""
    with changes():
        found = _account_or_not_found(username)
        set_role(found, Role(role))
    show_json(_about(found))


def _account_or_not_found(username: str) -> Account:
    found = account_by_username(username)
    if found is None:
        raise NotFound(what="account")
    return found


def _about(found: Account) -> dict[str, Any]:
    company = session.get(Company, found.company_id) if found.company_id else None
    return {
        "sub": found.id,
        "kind": found.kind.value,
        "username": found.username,
        "name": found.name,
        "email": found.email,
        "role": found.role.value if found.role else None,
        "status": found.status.value,
        "status_reason": found.status_reason,
        "company_tax_id": company.tax_id if company else None,
        "company_name": company.name if company else None,
        "electronic_id": found.electronic_id,
        "perm_ver": found.perm_ver,
        "created_at": found.created_at.isoformat(),
    }
