"""``idp case``: the applications that wait for operators, and what they decide."""

from typing import Any

import click

from idp.cli.companies import json_option
from idp.cli.running import actor, changes, looked_at, show_fields, show_json, show_table, with_application
from idp.errors import InvalidInput
from idp.models import Account, Case, Company, Review
from idp.policies.registration import Reviewer
from idp.policies.reviews import Outcome, Reason
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus, Approval
from idp.services.case_queue import WaitingCase, case_of_number, waiting_cases
from idp.services.case_reviews import Decision, decide_case
from idp.services.cases import reviews_of

WAITING = (Reviewer.OPERATOR, Reviewer.GROUP_ADMIN)
LISTED = ("number", "waits_for", "waiting_since", "company_tax_id", "company_name", "company_proof", "name", "username")
version_option = click.option(
    "--version",
    type=click.IntRange(min=1),
    help="The version that `case show` told: if the applicant has changed something since, nothing is decided.",
)


@click.group()
def case() -> None:
    """List applications for an account, show them, approve and reject them."""


@case.command("list")
@click.option("--waiting", type=click.Choice([r.value for r in WAITING]), help="Only those that wait for this one.")
@click.option("--most", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many at most.")
@json_option
@with_application
def list_(waiting: str | None, most: int, as_json: bool) -> None:
    """List the applications that wait for a decision, the longest waiting first."""
    cases, total = waiting_cases(Reviewer(waiting) if waiting else None, most=most)
    looked_at("cases", waiting=waiting, total=total)
    rows = list(map(_listed, cases))
    if as_json:
        show_json(rows)
    else:
        show_table(rows, LISTED)
    if total > len(cases):
        click.echo(f"{total - len(cases):,} more wait (--most).", err=True)


@case.command()
@click.argument("number")
@json_option
@with_application
def show(number: str, as_json: bool) -> None:
    """Show the application NUMBER: its person, its company, what to look at, and what was decided."""
    found, account, company = case_of_number(number)
    looked_at("case", case=found.number, account_id=account.id, company_id=company.id)
    told = _about(found, account, company) | {"reviews": list(map(_review, reviews_of(found)))}
    if as_json:
        show_json(told)
    else:
        reviews = told.pop("reviews")
        show_fields(told | {f"review.{n}": _one_line(review) for n, review in enumerate(reviews, 1)})


@case.command()
@click.argument("number")
@click.option("--role", required=True, type=click.Choice([r.value for r in Role]), help="What the person may do.")
@version_option
@with_application
def approve(number: str, role: str, version: int | None) -> None:
    """Approve the application NUMBER: its person can sign in and is told so by mail."""
    _decide(number, version, outcome=Outcome.APPROVED, role=Role(role))


@case.command()
@click.argument("number")
@click.option(
    "--reason", required=True, type=click.Choice([r.value for r in Reason]), help="Why; the applicant reads it."
)
@click.option("--text", default="", help="More about the reason, in words; needed with `other`.")
@version_option
@with_application
def reject(number: str, reason: str, text: str, version: int | None) -> None:
    """Reject the application NUMBER: its person is told why by mail, and may correct it and send it again."""
    _decide(number, version, outcome=Outcome.REJECTED, reason=reason, reason_text=text)


def _decide(number: str, version: int | None, **decided: Any) -> None:
    with changes():
        found, before, company = case_of_number(number)
        _check_waits(found, before)
        account = decide_case(
            Decision(
                case_id=found.id,
                seen_version=version or _version_to_decide(found),
                approval=Approval.OPERATOR,
                decided_by=actor(),
                **decided,
            )
        )
        told = _outcome(found, account, company, decided["outcome"])
    show_json(told)


def _check_waits(found: Case, account: Account) -> None:
    if account.status is AccountStatus.WITHDRAWN:
        raise InvalidInput(field=found.number, problem="case.withdrawn")
    if found.waiting_since is None and found.decided_at is None:
        raise InvalidInput(field=found.number, problem="case.unconfirmed")
    if found.waiting_since is None and not reviews_of(found):
        raise InvalidInput(field=found.number, problem="case.settled")


def _version_to_decide(found: Case) -> int:
    # A decided case is asked about the version that was decided, so that the answer tells who was quicker.
    return found.version if found.decided_at is None else found.version - 1


def _outcome(found: Case, account: Account, company: Company, outcome: Outcome) -> dict[str, Any]:
    return {
        "number": found.number,
        "outcome": outcome.value,
        "username": account.username,
        "name": account.name,
        "role": account.role.value if account.role and outcome is Outcome.APPROVED else None,
        "account_status": account.status.value,
        "must_confirm_mailbox": account.status is AccountStatus.EMAIL_PENDING,
        "company_tax_id": company.tax_id,
        "company_name": company.name,
        "mail_to": account.email,
    }


def _listed(waiting: WaitingCase) -> dict[str, Any]:
    return {
        "number": waiting.number,
        "waits_for": waiting.waits_for.value,
        "waiting_since": waiting.waiting_since.isoformat(timespec="seconds") if waiting.waiting_since else None,
        "company_tax_id": waiting.company_tax_id,
        "company_name": waiting.company_name,
        "company_proof": waiting.company_proof.value,
        "name": waiting.name,
        "username": waiting.username,
        "service": waiting.service,
    }


def _about(found: Case, account: Account, company: Company) -> dict[str, Any]:
    answers = found.answers
    return {
        "number": found.number,
        "version": found.version,
        "status": account.status.value,
        "waits_for": found.reviewer.value if found.waiting_since else None,
        "waiting_since": found.waiting_since.isoformat() if found.waiting_since else None,
        "submitted_at": found.submitted_at.isoformat(),
        "service": found.service_id,
        "username": account.username,
        "name": account.name,
        "email": account.email,
        "email_confirmed": account.email_verified_at is not None,
        "phone": account.phone,
        "company_tax_id": company.tax_id,
        "company_name": company.name,
        "company_status": company.status.value,
        "company_proof": company.proof.value,
        "given_company_name": answers.get("company_name"),
        "given_register_name": answers.get("register_name"),
        "given_address": answers.get("company_address"),
        "given_phone": answers.get("company_phone"),
        "given_responsible": answers.get("responsible"),
        "look_at": found.hints,
    }


def _review(review: Review) -> dict[str, Any]:
    return {
        "outcome": review.outcome.value,
        "role": review.role.value if review.role else None,
        "reason": review.reason,
        "reason_text": review.reason_text,
        "decided_by": review.decided_by,
        "decided_at": review.decided_at.isoformat(),
        "version": review.case_version,
    }


def _one_line(review: dict[str, Any]) -> str:
    return "  ".join(str(value) for value in review.values() if value is not None)
