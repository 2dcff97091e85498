"""「公司」 (P37): companies found by number or by how the name begins, and one of them with all that helps its people.

list --> one --> an act: its question first, then done (company_acts.py) --> one        one --> its people (accounts.py)
"""

from typing import Any

from flask import render_template, request, url_for
from flask import session as browser_session

from idp.errors import OwnCompany
from idp.flows.messages import PROOF_LABELS
from idp.flows.ops.guard import operator, ops_pages
from idp.flows.ops.people_rows import company_row, history_of_company
from idp.flows.ops.people_words import COMPANY_ACTS, DIFFERENCES, DOCUMENT_STATES, SOURCE_LABELS, TAB_LABELS
from idp.flows.page_context import NOTICE
from idp.flows.registration_words import NUMBER_LABELS, REGISTER_LABELS, SOURCES
from idp.policies.company_names import shown_phone
from idp.policies.duties import Power
from idp.policies.entities import EntityKind
from idp.policies.helping import acts_for_company
from idp.policies.standing import AccountStatus
from idp.services.ops_companies import (
    CompanyTab,
    SeenCompany,
    companies_in,
    company_of_key,
    find_companies,
    look_up_unknown,
    seen_company,
)
from idp.services.own_company import check_not_own

bp = ops_pages("ops_companies", Power.SEE_PEOPLE, path="/companies")


@bp.get("")
def everybody() -> str:
    """Show a page of a tab, or of what was searched for."""
    words = request.args.get("q", "").strip()
    asked = request.args.get("tab")
    tab = CompanyTab(asked) if asked in list(CompanyTab) else CompanyTab.ALL
    after = request.args.get("after")
    page = find_companies(words, after) if words else companies_in(tab, after)
    kept: dict[str, Any] = {"q": words} if words else {"tab": tab}
    return render_template(
        "ops/companies.html",
        words=words,
        tabs=[(name, label, name is tab and not words) for name, label in TAB_LABELS.items()],
        rows=[company_row(company) for company in page.rows],
        look=look_up_unknown(words) if words and not page.rows else None,
        first=url_for("ops_companies.everybody", **kept) if after else None,
        next=url_for("ops_companies.everybody", **kept, after=page.after) if page.after else None,
    )


@bp.get("/<key>")
def one(key: str) -> str:
    """Show a company, by its id or its number."""
    seen = seen_company(company_of_key(key))
    company = seen.company
    return render_template(
        "ops/company.html",
        seen=seen,
        row=company_row(company),
        number_label=NUMBER_LABELS[EntityKind(company.id_type)],
        phone=shown_phone(company.phone) if company.phone else None,
        proof=PROOF_LABELS[company.proof],
        source=SOURCE_LABELS[seen.source.kind] if seen.source else None,
        register=_register(seen),
        differences=[DIFFERENCES[name] for name in seen.differences],
        people=sum(seen.people.values()),
        documents=[(one, DOCUMENT_STATES[one.document.state]) for one in seen.documents],
        acts=acts_of(seen),
        is_own=is_own(company.id),
        history=history_of_company(company.id),
        notice=browser_session.pop(NOTICE, None),
    )


def acts_of(seen: SeenCompany) -> list[tuple[str, Any]]:
    """What this operator can do to this company: (its name in the address, its words)."""
    if not operator().may(Power.HELP_PEOPLE) or is_own(seen.company.id):
        return []
    acts = acts_for_company(seen.company.status, people=seen.people.get(AccountStatus.ACTIVE, 0))
    return [(str(act), COMPANY_ACTS[act]) for act in acts]


def is_own(company_id: str | None) -> bool:
    """Whether the operator at the keyboard belongs to this company, and may not act on it."""
    try:
        if company_id is not None:
            check_not_own(operator().operator_id, company_id)
    except OwnCompany:
        return True
    return False


def _register(seen: SeenCompany) -> dict[str, Any] | None:
    look = seen.look
    if look is None or look.source is None:
        return None
    return {
        "name": look.name,
        "address": look.address,
        "organisation": look.organisation,
        "status": REGISTER_LABELS[look.status],
        "source": SOURCES[look.source],
        "as_of": look.as_of,
    }
