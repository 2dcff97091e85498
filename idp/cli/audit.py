"""``idp audit``: whether the audit log is whole."""

import dataclasses

import click

from idp.cli.companies import json_option
from idp.cli.running import looked_at, show_fields, show_json, with_application
from idp.services.audit_chain import verify as verify_chain


@click.group()
def audit() -> None:
    """Check the audit log."""


@audit.command()
@json_option
@with_application
def verify(as_json: bool) -> None:
    """Check the chain and the signed heads of the audit log; the status is 1 where they are broken.

    Keep the head that is printed off this machine: a later run must still tell of it.
    """
    report = verify_chain()
    looked_at("audit", intact=report.is_intact)
    (show_json if as_json else show_fields)({"intact": report.is_intact, **dataclasses.asdict(report)})
    if not report.is_intact:
        raise click.exceptions.Exit(1)
