"""The demo's people who sign in by 統一編號 and a number (manual 004). In demo mode alone: the numbers never change."""

from dataclasses import dataclass

import click

from idp.config import Mode, settings
from idp.db import transaction
from idp.policies.electronic_id import electronic_id
from idp.policies.names import canonical_username
from idp.policies.roles import Role
from idp.services.accounts import account_by_username, add_account
from idp.services.audit import Circumstances, set_circumstances
from idp.services.companies import company_by_tax_id

SERVICE = "ida"


@dataclass(frozen=True)
class Numbered:
    """One of them: what she is called by, and her mailbox, by which she resets her password."""

    electronic_id: str
    name: str
    tax_id: str
    mailbox: str


NUMBERED = (
    Numbered(electronic_id(510_300_001), "周怡安", "00000016", "paper1"),
    Numbered(electronic_id(510_300_002), "鄭志豪", "00000022", "paper2"),
)


def make_numbered(password: str) -> None:
    """Add those who are not there yet, each under the number that the README and the terminal name."""
    from idp.app import create_app

    if settings().mode is not Mode.DEMO:
        raise click.ClickException("Only the demo has numbers that are known beforehand.")
    with create_app().app_context():
        set_circumstances(Circumstances(actor="cli:demo"))
        for person in NUMBERED:
            if account_by_username(person.electronic_id) is None:
                _make(person, password)


def _make(person: Numbered, password: str) -> None:
    with transaction():
        company = company_by_tax_id(person.tax_id)
        if company is None:
            raise click.ClickException(f"The demo has no company {person.tax_id}.")
        account = add_account(
            company=company,
            username=person.mailbox,
            name=person.name,
            email=f"{person.mailbox}@example.test",
            role=Role.STAFF,
            password=password,
            service_id=SERVICE,
        )
        # Elsewhere a number is drawn (services.accounts.insert_account).
        account.electronic_id = account.username = person.electronic_id
        account.username_canonical = canonical_username(person.electronic_id)
