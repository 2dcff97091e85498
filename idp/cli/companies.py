"""``idp company``: add, show, prove, suspend and restore companies, and what they demand of a sign-in."""

from typing import Any

import click

from idp.cli.running import changes, looked_at, show_fields, show_json, with_application
from idp.db import session
from idp.errors import NotFound
from idp.models import Account, Case, Company
from idp.policies.assurance import Acr
from idp.policies.standing import CompanyProof
from idp.services.case_standing import Standing
from idp.services.companies import add_company, company_by_tax_id, demand_acr, restore_company, suspend_company
from idp.services.company_standing import prove_company

tax_id_option = click.option("--tax-id", required=True, help="The company's 統一編號, 8 digits.")
reason_option = click.option("--reason", required=True, help="Why; it is kept in the audit log.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def company() -> None:
    """Add, show, prove, suspend and restore companies."""


@company.command()
@tax_id_option
@click.option("--name", required=True, help="The company's name, as registered.")
@click.option(
    "--proof",
    type=click.Choice([p.value for p in CompanyProof]),
    default=CompanyProof.NONE.value,
    show_default=True,
    help="How the company was proven.",
)
@with_application
def add(tax_id: str, name: str, proof: str) -> None:
    """Add a company, and print it as JSON."""
    with changes():
        added = add_company(tax_id=tax_id, name=name, proof=CompanyProof(proof))
    show_json(about_company(added))


@company.command()
@tax_id_option
@json_option
@with_application
def show(tax_id: str, as_json: bool) -> None:
    """Show a company."""
    found = company_or_not_found(tax_id)
    looked_at("company", company_id=found.id)
    (show_json if as_json else show_fields)(about_company(found))


@company.command()
@tax_id_option
@click.option(
    "--proof",
    type=click.Choice([p.value for p in CompanyProof if p is not CompanyProof.NONE]),
    required=True,
    help="What the operator has seen.",
)
@reason_option
@click.option("--name", help="What it is called, as the operator has seen it; without it the name stays.")
@click.option("--admin-email", help="The mailbox of the one person who may become its first group admin.")
@click.option("--first-come", is_flag=True, help="Let the first of those who wait become its group admin.")
@with_application
def prove(tax_id: str, proof: str, reason: str, name: str | None, admin_email: str | None, first_come: bool) -> None:
    """Take an operator's word that a company is proven, and print what became of the applications that waited for it.

    A recheck that was due is done with.
    """
    with changes():
        found = company_or_not_found(tax_id)
        word = {"name": name, "admin_email": admin_email}
        settled = prove_company(found, CompanyProof(proof), reason, **word, first_come=first_come)
        told = about_company(found) | {
            "first_admin_email": found.first_admin_email,
            "applications": [_settled(waited, standing) for waited, standing in settled],
        }
    show_json(told)


@company.command()
@tax_id_option
@reason_option
@with_application
def suspend(tax_id: str, reason: str) -> None:
    """Suspend a company: its people are signed out and cannot sign in."""
    with changes():
        found = company_or_not_found(tax_id)
        suspend_company(found, reason)
    show_json(about_company(found))


@company.command()
@tax_id_option
@with_application
def restore(tax_id: str) -> None:
    """Let the people of a suspended company sign in again."""
    with changes():
        found = company_or_not_found(tax_id)
        restore_company(found)
    show_json(about_company(found))


@company.command()
@tax_id_option
@click.option("--acr", type=click.Choice(["card", "mfa", "none"]), required=True, help="What every sign-in must reach.")
@with_application
def demand(tax_id: str, acr: str) -> None:
    """Let a company demand its card, or a second factor, of its people at every client, or demand it no more."""
    with changes():
        found = company_or_not_found(tax_id)
        demand_acr(found, None if acr == "none" else Acr[acr.upper()])
    show_json(about_company(found))


def company_or_not_found(tax_id: str) -> Company:
    """The company of this number. Raises NotFound."""
    found = company_by_tax_id(tax_id)
    if found is None:
        raise NotFound(what="company")
    return found


def _settled(waited: Case, standing: Standing) -> dict[str, Any]:
    account = session.get_one(Account, waited.account_id)
    return {
        "number": waited.number,
        "username": account.username,
        "name": account.name,
        "became": standing.became.value,
        "mail_to": account.email,
    }


def about_company(found: Company) -> dict[str, Any]:
    """What the command tells of a company."""
    return {
        "id": found.id,
        "id_type": found.id_type,
        "tax_id": found.tax_id,
        "name": found.name,
        "status": found.status.value,
        "proof": found.proof.value,
        "verified_at": found.verified_at.isoformat() if found.verified_at else None,
        "created_at": found.created_at.isoformat(),
        "required_acr": found.required_acr,
    }
