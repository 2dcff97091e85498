"""How the console shows a company, an account and what was done to them, in a list."""

from typing import Any

from idp.flows.group_words import STATES
from idp.flows.messages import PROOF_LABELS, ROLE_LABELS
from idp.flows.ops.audit_words import sentence_of
from idp.flows.ops.people_words import COMPANY_STATES
from idp.flows.page_context import application_of
from idp.flows.registration_words import NUMBER_LABELS
from idp.models import Account, Company
from idp.policies.entities import EntityKind
from idp.services.clients import client_by_id
from idp.services.ops_audit import AuditSearch, SeenEntry, last_changes, search_audit

MOST_TOLD = 10


def company_row(company: Company) -> dict[str, Any]:
    """A company in a list."""
    label, tone, sign = COMPANY_STATES[company.status]
    kind = EntityKind(company.id_type)
    return {
        "id": company.id,
        "name": company.name,
        "number": company.tax_id,
        "number_label": None if kind is EntityKind.UBN else NUMBER_LABELS[kind],
        "proof": PROOF_LABELS[company.proof],
        "is_proven": company.verified_at is not None,
        "verified_at": company.verified_at,
        "state": {"label": label, "tone": tone, "sign": sign},
    }


def account_row(account: Account, company: Company | None) -> dict[str, Any]:
    """An account in a list."""
    label, tone, sign = STATES[account.status]
    return {
        "id": account.id,
        "name": account.name,
        "username": account.username,
        "email": account.email,
        "role": ROLE_LABELS[account.role] if account.role else None,
        "company": company,
        "state": {"label": label, "tone": tone, "sign": sign},
    }


def history_of_account(account_id: str) -> list[dict[str, Any]]:
    """The last audit rows about an account and of what it did, the newest first."""
    return [_entry(seen) for seen in search_audit(AuditSearch(account=account_id), most=MOST_TOLD).rows]


def history_of_company(company_id: str) -> list[dict[str, Any]]:
    """The last audit rows about a company and its people but for their sign-ins, the newest first."""
    return [_entry(seen) for seen in last_changes(company_id, most=MOST_TOLD)]


def _entry(seen: SeenEntry) -> dict[str, Any]:
    entry = seen.entry
    client = client_by_id(entry.client_id) if entry.client_id else None
    is_own = seen.by is not None and seen.about is not None and seen.by.id == seen.about.id
    return {
        "id": entry.id,
        "at": entry.at,
        "told": sentence_of(entry, application_of(client).name if client else entry.client_id) or entry.action,
        "reason": entry.details.get("reason"),
        "is_done": entry.outcome == "done",
        "by": (seen.by.name or seen.by.id) if seen.by else None,
        "about": None if is_own or seen.about is None else seen.about.name,
    }
