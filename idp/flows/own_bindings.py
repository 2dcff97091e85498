"""被綁定資訊 (P29): which linked accounts act as one's own account, who acted when and where; the owner's word on it.

list --> 同意 | 拒絕 | 繼續綁定 | 解除綁定: its question first --> done --> list
     where somebody is to be let in, who signed in longer ago than ten minutes does it again before the question
"""

from flask import make_response, redirect, render_template, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue

from idp.browser import current_sign_in
from idp.db import transaction
from idp.errors import NotFound, Refused
from idp.flows.account_guard import account_pages, oneself, only_by_owner
from idp.flows.asked import number_asked
from idp.flows.fresh import fresh_sign_in
from idp.flows.messages import sentence_for
from idp.flows.own_binding_words import ACT_WORDS, owner_badge, shown_record, shown_to_owner
from idp.flows.page_context import NOTICE
from idp.policies.binding_acts import NEED_FRESH_SIGN_IN, OwnerAct
from idp.policies.standing import AccountKind
from idp.services.acting_records import ON_A_PAGE, acting_records
from idp.services.binding_decisions import (
    owner_agrees,
    owner_confirms,
    owner_keeps_password,
    owner_refuses,
    owner_unbinds,
)
from idp.services.binding_facts import BindingFacts, binding_of_owner, bindings_of_account

bp = account_pages("own_bindings")

DO = {
    OwnerAct.AGREE: owner_agrees,
    OwnerAct.REFUSE: owner_refuses,
    OwnerAct.CONFIRM: owner_confirms,
    OwnerAct.END: owner_unbinds,
    OwnerAct.KEEP_PASSWORD: owner_keeps_password,
}


@bp.before_request
def only_owner() -> ResponseReturnValue | None:
    """Who acts through a linked account reads nothing of other ones here; a linked account has its own page of it."""
    if current_sign_in() is not None:
        only_by_owner(oneself())
        if oneself().kind is AccountKind.LINKED:
            return redirect(url_for("linked.home"), 303)
    return None


@bp.get("/bindings")
def look() -> str:
    """Show the bindings of one's account, and what was done through them."""
    own = oneself().account_id
    found, before = bindings_of_account(own), number_asked("before")
    # One more than is shown says whether there are older ones.
    records = acting_records(own, before=before, most=ON_A_PAGE + 1)
    rows = records[:ON_A_PAGE]
    return render_template(
        "account/bindings.html",
        badge=owner_badge(found),
        bindings=[shown_to_owner(one) for one in found],
        rows=[shown_record(record) for record in rows],
        is_first=before is None,
        older=url_for("own_bindings.look", before=rows[-1].id) if len(records) > ON_A_PAGE else None,
        notice=browser_session.pop(NOTICE, None),
    )


@bp.get("/bindings/<binding_id>/<act>")
def ask(binding_id: str, act: str) -> ResponseReturnValue:
    """Ask before it is done, and tell what follows."""
    chosen, one = _opened(binding_id, act)
    again = _again(chosen)
    return _page(chosen, one) if again is None else again


@bp.post("/bindings/<binding_id>/<act>")
def do(binding_id: str, act: str) -> ResponseReturnValue:
    """Do it."""
    chosen, one = _opened(binding_id, act)
    again = _again(chosen)
    if again is not None:
        return again
    try:
        with transaction():
            DO[chosen](oneself(), binding_id)
    except NotFound:
        raise
    except Refused as refused:
        return _page(chosen, binding_of_owner(oneself().account_id, binding_id), refused)
    browser_session[NOTICE] = str(ACT_WORDS[chosen].done) % {"name": one.linked_name}
    return redirect(url_for("own_bindings.look"), 303)


def _opened(binding_id: str, act: str) -> tuple[OwnerAct, BindingFacts]:
    if act not in list(OwnerAct):
        raise NotFound
    return OwnerAct(act), binding_of_owner(oneself().account_id, binding_id)


def _again(act: OwnerAct) -> ResponseReturnValue | None:
    return fresh_sign_in() if act in NEED_FRESH_SIGN_IN else None


def _page(act: OwnerAct, one: BindingFacts, refused: Refused | None = None) -> ResponseReturnValue:
    shown = shown_to_owner(one)
    is_possible = str(act) in dict(shown["acts"]) or (act is OwnerAct.KEEP_PASSWORD and one.advises_password)
    page = render_template(
        "account/binding_act.html",
        one=shown,
        act=str(act),
        words=ACT_WORDS[act],
        is_possible=is_possible,
        refusal=sentence_for(refused) if refused else None,
    )
    return make_response(page, refused.status if refused else 200)
