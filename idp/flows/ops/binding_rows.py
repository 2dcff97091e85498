"""How the console shows a binding: from the side of a general account, or of a linked one."""

from typing import Any

from flask_babel import lazy_gettext

from idp.flows.group_binding_words import STATES
from idp.flows.own_binding_words import where
from idp.policies.bindings import Shown
from idp.services.binding_facts import BindingFacts

MOST_TOLD = 50
# What the group admin is not told of, an operator is: both sides ask her for help.
REQUESTS: dict[Shown, tuple[Any, str, str]] = {
    Shown.PENDING: (lazy_gettext("申請中"), "warn", "clock"),
    Shown.CODE_EXPIRED: (lazy_gettext("申請已逾時"), "", "dash"),
    Shown.CODE_VOID: (lazy_gettext("驗證碼已失效"), "bad", "cross"),
}


def binding_row(one: BindingFacts, account_id: str) -> dict[str, Any]:
    """A binding as the page of one of its two accounts lists it: ``other`` is the other side."""
    label, tone, sign = (STATES | REQUESTS)[one.state]
    owner = {"id": one.account_id, "name": one.account_name, "username": one.account_username}
    linked = {"id": one.linked_id, "name": one.linked_name, "username": one.linked_username}
    return {
        "id": one.id,
        "owner": owner,
        "linked": linked,
        "other": owner if account_id == one.linked_id else linked,
        "company": one.company_name,
        "company_id": one.company_id,
        "state": {"label": label, "tone": tone, "sign": sign},
        "asked_at": one.created_at,
        "bound_at": one.bound_at,
        "last_used_at": one.last_used_at,
        "last_used_where": where(one),
        "tries_left": one.tries_left if one.state is Shown.PENDING else None,
    }
