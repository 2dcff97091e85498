"""「使用者管理」 (P32): the list of a company's people, as its group admin has it (R-035, R-038).

list --> one person (group_person.py) --> list        list --> a person's menus (group_menus.py) --> list
"""

from functools import partial
from typing import Any

from flask import render_template, request, url_for
from flask import session as browser_session
from flask_babel import gettext

from idp.flows.group_guard import group_admin, group_pages, own_company
from idp.flows.group_words import HINT_LABELS, STATES, TAB_LABELS
from idp.flows.messages import ROLE_LABELS
from idp.flows.page_context import NOTICE
from idp.policies.company_names import shown_phone
from idp.policies.registration import Reviewer
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus
from idp.services.group_people import ListedPerson, PeoplePage, Search, Tab, count_people, people_of

bp = group_pages("group")

PAGES_AROUND = 2
LAST_PAGE = 1_000_000


@bp.get("/users")
def users() -> str:
    """Show a page of the company's people."""
    search = _search()
    counts = count_people(own_company())
    page = people_of(own_company(), search, counts)
    return render_template(
        "group/users.html",
        tabs=[_tab(tab, counts[tab], search) for tab in Tab],
        search=search,
        roles=[(role, ROLE_LABELS[role]) for role in Role],
        rows=[_row(one) for one in page.rows],
        page_of=page,
        numbers=_numbers(page),
        address=partial(address_of, search),
        notice=browser_session.pop(NOTICE, None),
    )


def address_of(search: Search, **changes: Any) -> str:
    """The address of a list that is searched so."""
    wanted = {
        "tab": search.tab,
        "q": search.text or None,
        "role": search.role,
        "page": search.page if search.page > 1 else None,
    }
    return url_for("group.users", **(wanted | changes))


def _search() -> Search:
    tab, role = request.args.get("tab"), request.args.get("role")
    number = request.args.get("page", 1, type=int)
    return Search(
        tab=Tab(tab) if tab in list(Tab) else Tab.ALL,
        text=request.args.get("q", "").strip(),
        role=Role(role) if role in list(Role) else None,
        page=min(max(number, 1), LAST_PAGE),
    )


def _tab(tab: Tab, count: int, search: Search) -> dict[str, Any]:
    return {
        "name": tab,
        "label": TAB_LABELS[tab],
        "count": count,
        "href": url_for("group.users", tab=tab),
        "is_current": tab is search.tab,
    }


def _row(one: ListedPerson) -> dict[str, Any]:
    account, application = one.account, one.case
    label, tone, sign = STATES[account.status]
    waits = account.status is AccountStatus.REVIEW_PENDING
    by_operator = waits and application is not None and application.reviewer is Reviewer.OPERATOR
    return {
        "id": account.id,
        "name": account.name,
        "shown_name": gettext("%(name)s（您）", name=account.name)
        if account.id == group_admin().account_id
        else account.name,
        "username": account.username,
        "email": account.email,
        "phone": shown_phone(account.phone) if account.phone else None,
        "role_label": ROLE_LABELS[account.role] if account.role and not waits else None,
        "state_label": gettext("待服務單位審核") if by_operator else label,
        "tone": tone,
        "sign": sign,
        "hints": [HINT_LABELS[hint] for hint in application.hints if hint in HINT_LABELS]
        if waits and application
        else [],
        "applied_at": application.submitted_at if application else account.created_at,
    }


def _numbers(page: PeoplePage) -> list[int | None]:
    """The pages that are linked: first, last and those around the current one; None stands for a gap."""
    near = range(max(1, page.number - PAGES_AROUND), min(page.pages, page.number + PAGES_AROUND) + 1)
    shown = sorted({1, page.pages, *near})
    numbers: list[int | None] = []
    for number in shown:
        if numbers and number - 1 != shown[shown.index(number) - 1]:
            numbers.append(None)
        numbers.append(number)
    return numbers
