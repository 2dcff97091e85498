"""「登入要求」: whether a company's people must sign in with a second factor at every application.

look --> saved --> look        changed by somebody else meanwhile, or lifted by less than it demands: look, with the
                               sentence
     --> lifted --> fresh sign-in --> look
"""

from flask import make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.browser import current_sign_in
from idp.errors import Refused
from idp.flows.fresh import has_fresh_sign_in
from idp.flows.group_guard import group_admin, group_pages, leading, own_company
from idp.flows.messages import sentence_for
from idp.flows.page_context import NOTICE
from idp.policies.assurance import Acr, lowers
from idp.services.factors import factors_of
from idp.services.sign_in_demands import (
    change_demand_of_company,
    demand_of_company,
    is_of_operators,
    people_of_company,
)

bp = group_pages("group_sign_in")

# What a group admin can choose; that its card is demanded is set with the operators (``idp company demand``).
CHOICES: dict[str, Acr | None] = {"none": None, "mfa": Acr.MFA}


@bp.get("/sign-in")
def look() -> ResponseReturnValue:
    """Show what is demanded, and how many people have no second factor."""
    return _page()


@bp.post("/sign-in")
def save() -> ResponseReturnValue:
    """Demand it, or demand it no more."""
    seen, wanted = request.form.get("seen", ""), request.form.get("demand", "")
    if seen not in CHOICES or wanted not in CHOICES:
        return redirect(url_for("group_sign_in.look"), 303)
    signed_in = current_sign_in()
    if signed_in is None or (lowers(CHOICES[seen], CHOICES[wanted]) and not has_fresh_sign_in()):
        return redirect(url_for("sign_in.ask", back=request.path, again=1), 303)
    change = {"seen": CHOICES[seen], "wanted": CHOICES[wanted]}
    try:
        with leading():
            change_demand_of_company(own_company(), **change, reached_by=signed_in.acr)
    except Refused as refused:
        return _page(refused)
    browser_session[NOTICE] = (
        gettext("已要求同仁以第二因素登入，從下一次登入應用系統起適用。")
        if CHOICES[wanted]
        else gettext("不再要求同仁以第二因素登入。")
    )
    return redirect(url_for("group_sign_in.look"), 303)


def _page(refused: Refused | None = None) -> ResponseReturnValue:
    demand = demand_of_company(own_company())
    page = render_template(
        "group/sign_in.html",
        demand=next((name for name, acr in CHOICES.items() if acr is demand), "card"),
        people=people_of_company(own_company()),
        is_of_operators=is_of_operators(own_company()),
        lacks_herself=not factors_of(group_admin().account_id).has_second,
        refusal=sentence_for(refused) if refused else None,
        notice=browser_session.pop(NOTICE, None) if refused is None else None,
    )
    return make_response(page, refused.status if refused else 200)
