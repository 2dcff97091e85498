"""「鏈結帳號綁定」: the bindings of a company's accounts, approved and ended by its group admin; the company's rule.

list --> 核准 | 不核准 | 解除綁定: its question first --> done --> list
     --> the rule is saved --> list        forbidding, while there are bindings: a question first, for all of them end
"""

from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from idp.errors import NotFound, Refused
from idp.flows.account_guard import only_by_owner
from idp.flows.asked import place_asked
from idp.flows.group_binding_words import ACT_WORDS, shown_to_group
from idp.flows.group_guard import group_admin, group_pages, leading, own_company
from idp.flows.group_words import LINKED_ACCOUNTS_LABELS
from idp.flows.messages import sentence_for
from idp.flows.page_context import NOTICE
from idp.policies.binding_acts import GroupAct, acts_of_group_admin
from idp.policies.bindings import LinkedAccounts
from idp.services.binding_decisions import admin_approves, admin_unbinds
from idp.services.binding_facts import ON_A_PAGE, BindingFacts, binding_of_company, bindings_of_company
from idp.services.linked_policy import LinkedPolicy, count_answered_bindings, linked_policy_of, set_linked_policy

bp = group_pages("group_bindings")
ON = "1"


@bp.before_request
def only_in_person() -> None:
    """Who acts through a linked account looks, and changes no binding and no rule about them, whatever her role."""
    if request.method == "POST":
        only_by_owner(group_admin())


@bp.get("/bindings")
def bindings() -> ResponseReturnValue:
    """Show the bindings of the company's accounts, the newest first, and the company's rule."""
    return _list(linked_policy_of(own_company()))


@bp.post("/bindings/policy")
def save_policy() -> ResponseReturnValue:
    """Save the company's rule; where it would end bindings, ask first."""
    seen, wanted = _policy_in(prefix="seen_"), _policy_in()
    if seen is None or wanted is None:
        return redirect(url_for("group_bindings.bindings"), 303)
    ends = count_answered_bindings(own_company()) if wanted.linked_accounts is LinkedAccounts.FORBIDDEN else 0
    if ends and request.form.get("do") != "forbid":
        return render_template("group/bindings_forbid.html", ends=ends, seen=seen, wanted=wanted, on=ON)
    try:
        with leading():
            ended = set_linked_policy(own_company(), seen=seen, wanted=wanted)
    except Refused as refused:
        return _list(linked_policy_of(own_company()), refused)
    told = ngettext(
        "鏈結帳號的規定已儲存，並解除 %(num)d 項綁定與申請。",
        "鏈結帳號的規定已儲存，並解除 %(num)d 項綁定與申請。",
        ended,
    )
    browser_session[NOTICE] = told if ended else gettext("鏈結帳號的規定已儲存。")
    return redirect(url_for("group_bindings.bindings"), 303)


@bp.get("/bindings/<binding_id>/<act>")
def ask(binding_id: str, act: str) -> ResponseReturnValue:
    """Ask before it is done, and tell what follows."""
    return _page(*_opened(binding_id, act))


@bp.post("/bindings/<binding_id>/<act>")
def do(binding_id: str, act: str) -> ResponseReturnValue:
    """Do it."""
    chosen, one = _opened(binding_id, act)
    try:
        with leading():
            if chosen is GroupAct.APPROVE:
                admin_approves(own_company(), binding_id)
            else:
                admin_unbinds(own_company(), binding_id)
    except NotFound:
        raise
    except Refused as refused:
        return _page(chosen, binding_of_company(own_company(), binding_id), refused)
    names = {"linked": one.linked_name, "account": one.account_name}
    browser_session[NOTICE] = str(ACT_WORDS[chosen].done) % names
    return redirect(url_for("group_bindings.bindings"), 303)


def _opened(binding_id: str, act: str) -> tuple[GroupAct, BindingFacts]:
    if act not in list(GroupAct):
        raise NotFound
    return GroupAct(act), binding_of_company(own_company(), binding_id)


def _list(policy: LinkedPolicy, refused: Refused | None = None) -> ResponseReturnValue:
    after = place_asked()
    found = bindings_of_company(own_company(), after=after, most=ON_A_PAGE + 1)
    rows = found[:ON_A_PAGE]
    last = rows[-1] if len(found) > ON_A_PAGE else None
    page = render_template(
        "group/bindings.html",
        rows=[shown_to_group(one) for one in rows],
        may_change=group_admin().via is None,
        policy=policy,
        choices=list(LINKED_ACCOUNTS_LABELS.items()),
        on=ON,
        is_first=after is None,
        older=url_for("group_bindings.bindings", since=last.created_at.isoformat(), after=last.id) if last else None,
        refusal=sentence_for(refused) if refused else None,
        notice=browser_session.pop(NOTICE, None),
    )
    return make_response(page, refused.status if refused else 200)


def _policy_in(*, prefix: str = "") -> LinkedPolicy | None:
    chosen = request.form.get(f"{prefix}linked_accounts")
    if chosen not in list(LinkedAccounts):
        return None
    return LinkedPolicy(LinkedAccounts(chosen), request.form.get(f"{prefix}linked_admin") == ON)


def _page(act: GroupAct, one: BindingFacts, refused: Refused | None = None) -> ResponseReturnValue:
    context: dict[str, Any] = {
        "one": shown_to_group(one),
        "act": str(act),
        "words": ACT_WORDS[act],
        "is_possible": act in acts_of_group_admin(one.state) and group_admin().via is None,
        "refusal": sentence_for(refused) if refused else None,
    }
    return make_response(render_template("group/binding_act.html", **context), refused.status if refused else 200)
