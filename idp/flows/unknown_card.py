"""A good card of a person, or of a company that is known here, enrolled on no account: what its bearer may do (R-203).

A card alone takes no account over, and what the page says of the company is what the card says.

    ask --> sign in once, and enrol it    --> apply for an account    --> 正卡 and nobody leads: become group admin
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from idp.browser import browser_id
from idp.flows.card_sign_in import CARD_RUN
from idp.flows.card_words import RANK_LABELS
from idp.flows.door import arrival_of
from idp.flows.page_context import on_the_way_to
from idp.policies.cards import CardKind, CardRank, CardWay, ways_of
from idp.services.card_sign_in import situation_of
from idp.services.clients import client_by_id
from idp.services.flows import running

bp = Blueprint("unknown_card", __name__)


@bp.get("/login/card/company")
def ask() -> ResponseReturnValue:
    """Show whose card it is and the ways on. What it told is kept for a quarter of an hour, in its browser alone."""
    arrival = arrival_of(request.args)
    request_id = arrival.waiting.id if arrival.waiting else None
    run = running(request.args.get("card", ""), CARD_RUN, browser=browser_id())
    if run is None:
        return redirect(url_for("card_sign_in.ask", request_id=request_id, again=1), 303)
    on_the_way_to(client_by_id(arrival.waiting.client_id) if arrival.waiting else None)
    if run.data.get("kind") == CardKind.CITIZEN:
        return _citizen(run.id, str(run.data["name"]), request_id)
    rank = CardRank(run.data["rank"])
    ways = ways_of(situation_of(run.data["tax_id"], rank))
    hrefs = {
        CardWay.ENROL: url_for("sign_in.ask", back="/account/credentials"),
        CardWay.APPLY: url_for("registration.begin", card=run.id, request_id=request_id),
        CardWay.SUCCEED: url_for("sign_in.ask", back="/account/succession"),
    }
    return render_template(
        "sign_in/card_company.html",
        name=run.data["name"],
        tax_id=run.data["tax_id"],
        rank=RANK_LABELS[rank],
        ways=[(way.value, hrefs[way]) for way in ways],
        card_href=url_for("card_sign_in.ask", request_id=request_id),
        password_href=url_for("sign_in.ask", request_id=request_id),
    )


def _citizen(run_id: str, name: str, request_id: str | None) -> str:
    """Whether she has an account, nobody can tell from a name: she says so herself."""
    return render_template(
        "sign_in/card_citizen.html",
        name=name,
        enrol_href=url_for("sign_in.ask", back="/account/credentials"),
        apply_href=url_for("registration.begin", card=run_id, request_id=request_id),
        card_href=url_for("card_sign_in.ask", request_id=request_id, kind=CardKind.CITIZEN.value),
        password_href=url_for("sign_in.ask", request_id=request_id),
    )
