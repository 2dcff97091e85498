"""「帳號」 (P37): found by how account, mailbox or name begins; and one of them with all that helps its person.

list --> one --> an act: its question first, then done (account_acts.py) --> one        one --> its company
"""

from typing import Any

from flask import render_template, request, url_for
from flask import session as browser_session
from flask_babel import gettext
from ua_parser import parse

from idp.flows.asked import place_asked
from idp.flows.messages import METHOD_LABELS, ROLE_LABELS
from idp.flows.ops.binding_rows import MOST_TOLD, binding_row
from idp.flows.ops.companies import is_own
from idp.flows.ops.guard import operator, ops_pages
from idp.flows.ops.people_rows import account_row, company_row, history_of_account
from idp.flows.ops.people_words import ACCOUNT_ACTS, BY_LABELS
from idp.flows.own_cards import shown_card
from idp.flows.page_context import NOTICE
from idp.policies.assurance import Method
from idp.policies.company_names import shown_phone
from idp.policies.data_scope import DataScope, scope_of
from idp.policies.duties import Power
from idp.policies.helping import AccountAct, CompanyAct, acts_for_company
from idp.policies.roles import Role
from idp.policies.standing import AccountKind, AccountStatus
from idp.services.binding_facts import bindings_of_account
from idp.services.ops_accounts import (
    By,
    LastSignIn,
    SeenAccount,
    account_of_id,
    accounts_of,
    companies_of,
    find_accounts,
    seen_account,
)
from idp.services.ops_companies import company_of_key

bp = ops_pages("ops_accounts", Power.SEE_PEOPLE, path="/accounts")


@bp.get("")
def everybody() -> str:
    """Show a page of all accounts, of a company's, or of what was searched for."""
    words, after = request.args.get("q", "").strip(), request.args.get("after")
    asked, key = request.args.get("by"), request.args.get("company")
    by = By(asked) if asked in list(By) else By.USERNAME
    # No account's name has this sign, every mailbox has.
    by = By.EMAIL if by is By.USERNAME and "@" in words else by
    company = company_of_key(key) if key else None
    page = accounts_of(company.id, after) if company else find_accounts(by, words, after)
    kept: dict[str, Any] = {"company": company.id} if company else {"q": words or None, "by": by if words else None}
    named = companies_of(page.rows)
    return render_template(
        "ops/accounts.html",
        words=words,
        by=by,
        kinds=list(BY_LABELS.items()),
        company=company_row(company) if company else None,
        rows=[account_row(account, named.get(account.company_id or "")) for account in page.rows],
        first=url_for("ops_accounts.everybody", **kept) if after else None,
        next=url_for("ops_accounts.everybody", **kept, after=page.after) if page.after else None,
    )


@bp.get("/<account_id>")
def one(account_id: str) -> str:
    """Show an account."""
    seen = seen_account(account_of_id(account_id))
    account = seen.account
    after = place_asked()
    bindings = bindings_of_account(account.id, after=after, most=MOST_TOLD + 1)
    last = bindings[MOST_TOLD - 1] if len(bindings) > MOST_TOLD else None
    return render_template(
        "ops/account.html",
        seen=seen,
        row=account_row(account, seen.company),
        company=company_row(seen.company) if seen.company else None,
        is_linked=account.kind is AccountKind.LINKED,
        phone=shown_phone(account.phone) if account.phone else None,
        role=ROLE_LABELS[account.role] if account.role else None,
        sees_company=scope_of(account.data_scope) is DataScope.COMPANY,
        cards=[shown_card(card) for card in seen.cards],
        sign_ins=[_sign_in(one) for one in seen.sign_ins],
        bindings=[binding_row(one, account.id) for one in bindings[:MOST_TOLD]],
        is_first=after is None,
        older=url_for(".one", account_id=account.id, since=last.created_at.isoformat(), after=last.id)
        if last
        else None,
        may_unbind=operator().may(Power.HELP_PEOPLE) and not is_own(account.company_id),
        acts=acts_of(seen),
        may_lead=_may_lead(seen),
        is_own=is_own(account.company_id),
        history=history_of_account(account.id),
        notice=browser_session.pop(NOTICE, None),
    )


def acts_of(seen: SeenAccount) -> list[tuple[str, Any]]:
    """What this operator can do for this account: (its name in the address, its words)."""
    if not operator().may(Power.HELP_PEOPLE) or is_own(seen.account.company_id):
        return []
    return [(str(act), ACCOUNT_ACTS[AccountAct(act)]) for act in seen.acts]


def _may_lead(seen: SeenAccount) -> bool:
    """Whether the account can be named group admin of its company."""
    if seen.company is None or seen.account.status is not AccountStatus.ACTIVE or not acts_of(seen):
        return False
    return seen.account.role is not Role.GROUP_ADMIN and CompanyAct.ADMIN in acts_for_company(
        seen.company.status, people=1
    )


def _sign_in(one: LastSignIn) -> dict[str, Any]:
    agent = parse(one.user_agent or "").with_defaults()
    labels = [str(METHOD_LABELS[Method(m)]) for m in one.methods if m in list(Method) and Method(m) in METHOD_LABELS]
    return {
        "since": one.since,
        "last_seen_at": one.last_seen_at,
        "methods": labels,
        "address": one.address,
        "browser": gettext("其他瀏覽器") if agent.user_agent.family == "Other" else agent.user_agent.family,
        "ended_at": one.ended_at,
        "clients": one.clients,
    }
