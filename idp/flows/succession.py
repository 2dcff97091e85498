"""接任群組管理員: the bearer of the company's 正卡 leads a company that nobody leads any more.

look --> a card is presented --> group admin --> the company's people        refused: look, with the sentence
     --> somebody leads the company: who, and that is all
"""

from flask import Response, make_response, redirect, render_template, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from idp.certificates.statement import CardPurpose
from idp.config import settings
from idp.db import transaction
from idp.errors import MenuForbidden, Refused
from idp.flows.account_guard import account_pages, oneself
from idp.flows.card_answers import keeps_popups, present
from idp.flows.forms import with_retry
from idp.flows.group_guard import NAMES_TOLD
from idp.flows.own_cards import sentence_for_own
from idp.flows.page_context import NOTICE
from idp.services.acting import CompanyFacts
from idp.services.group_admins import group_admins_of
from idp.services.group_people import Tab, count_people
from idp.services.own_cards import succeed

bp = account_pages("succession")


@bp.get("/succession")
@keeps_popups
def look() -> ResponseReturnValue:
    """Tell what succession is and show the panel, or tell who leads the company."""
    if oneself().account_id in {admin.id for admin in group_admins_of(_company().id)}:
        return redirect(url_for("group.users"), 303)
    return _page()


@bp.post("/succession")
@keeps_popups
def take_over() -> ResponseReturnValue:
    """Make the bearer of the card that was presented the group admin."""
    company = _company()
    try:
        card = present(CardPurpose.PROVE)
        with transaction():
            succeed(card, oneself().account_id)
    except Refused as refused:
        return _page(refused=refused)
    people = count_people(company.id)[Tab.ALL]
    browser_session[NOTICE] = " ".join(
        (
            gettext("您已接任%(company)s的群組管理員。", company=card.holder.name),
            ngettext(
                "貴公司目前有 %(num)d 個帳號，請確認名單與各人的權限。",
                "貴公司目前有 %(num)d 個帳號，請確認名單與各人的權限。",
                people,
            ),
        )
    )
    return redirect(url_for("group.users"), 303)


def _company() -> CompanyFacts:
    """Raises MenuForbidden for who acts for no company."""
    company = oneself().company
    if company is None:
        raise MenuForbidden(role=None, menu=gettext("接任群組管理員"))
    return company


def _page(*, refused: Refused | None = None) -> Response:
    page = render_template(
        "account/succession.html",
        admins=[admin.name for admin in group_admins_of(_company().id)[:NAMES_TOLD]],
        takes_cards=settings().offers_cards and oneself().tax_id is not None,
        refusal=sentence_for_own(refused) if refused else None,
    )
    return with_retry(make_response(page, refused.status if refused else 200), refused)
