"""鏈結帳號管理與登入 (P21): the home of a linked account (R-093, R-094).

list --> a row --> its data --> 登入 (flows/acting.py)          --> 解除帳號 (linked_unbind.py)
                            --> 輸入驗證碼 (linked_binding.py)   --> an application, as this account
     --> 撤回授權: an application that may know all accounts
     --> 綁定帳號 (linked_bind.py)
"""

from functools import partial
from itertools import chain
from typing import Any

from flask import redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.db import transaction
from idp.errors import NotFound
from idp.flows.linked_guard import linked_pages, own_linked, own_sign_in
from idp.flows.linked_words import shown_binding
from idp.flows.messages import ADMISSION_REASONS
from idp.flows.page_context import NOTICE, application_of, person_of
from idp.policies.bindings import Shown
from idp.policies.seats import SEARCHED_FROM
from idp.policies.standing import AccountKind
from idp.services.acting import Acting
from idp.services.admission import admission_of
from idp.services.authorizations import know_accounts_of, take_back
from idp.services.clients import ClientRecord, all_clients, client_by_id
from idp.services.launches import launch
from idp.services.linked_home import LONGEST_SEARCH, HomeBinding, HomePage, home_binding, home_page
from idp.services.seats import seat_of_binding
from idp.services.sign_ins import is_due_to_be_seen, see_sign_in

bp = linked_pages("linked")

LAST_PAGE = 1_000_000


@bp.get("")
def home() -> ResponseReturnValue:
    """Show the bindings, and one of them with the applications it opens."""
    signed_in = own_sign_in()
    if signed_in.human.kind is not AccountKind.LINKED:
        return render_template("linked/not_linked.html", acting=person_of(signed_in.human))
    if is_due_to_be_seen(signed_in):
        with transaction():
            see_sign_in(signed_in)
    text = request.args.get("q", "").strip()[:LONGEST_SEARCH]
    number = min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)
    page = home_page(signed_in.human.account_id, text=text, number=number)
    current = signed_in.acting.via.binding_id if signed_in.acting and signed_in.acting.via else None
    chosen = _chosen(page, current)
    return render_template(
        "linked/home.html",
        rows=[shown_binding(one) for one in page.rows],
        chosen=shown_binding(chosen) if chosen is not None else None,
        applications=_applications(chosen) if chosen is not None else [],
        current=current,
        text=text,
        page_of=page,
        is_searched=page.of_all >= SEARCHED_FROM,
        address=partial(_address, text, page.number),
        known_to=_known_to(signed_in.human),
        notice=browser_session.pop(NOTICE, None),
    )


@bp.post("/open")
def open_application() -> ResponseReturnValue:
    """Enter an application as the account of a binding: kept here, and told to the application (tokens.md rule 6)."""
    client = client_by_id(request.form.get("client", ""))
    if client is None:
        raise NotFound(what="client")
    with transaction():
        address = launch(own_sign_in(), request.form.get("binding", ""), client)
    return redirect(address, 303)


@bp.post("/forget")
def forget() -> ResponseReturnValue:
    """Have an application know one's accounts no longer: what one agreed to there ends, with every sign-in there."""
    with transaction():
        if not take_back(own_linked().account_id, request.form.get("client", "")):
            raise NotFound(what="client")
    browser_session[NOTICE] = gettext("已撤回授權，該應用系統下次登入時會再詢問您。")
    return redirect(url_for("linked.home"), 303)


def _known_to(linked: Acting) -> list[dict[str, Any]]:
    """The applications that may know all accounts of this one, with the day it agreed."""
    told = [(client_by_id(one.client_id), one) for one in know_accounts_of(linked.account_id)]
    return [
        {
            "client_id": one.client_id,
            "name": application_of(client).name if client else one.client_id,
            "since": one.since,
        }
        for client, one in told
    ]


def _chosen(page: HomePage, current: str | None) -> HomeBinding | None:
    """The binding whose data is shown: the one asked for, else what she acts as, else the first of the page that can
    be used. Raises NotFound."""
    wanted = request.args.get("binding", "")
    if wanted:
        found = home_binding(own_linked().account_id, wanted)
        if found is None:
            raise NotFound(what="binding")
        return found
    is_acted_as = (one for one in page.rows if one.binding_id == current)
    is_usable = (one for one in page.rows if one.shown is Shown.BOUND)
    return next(chain(is_acted_as, is_usable, page.rows), None)


def _applications(chosen: HomeBinding) -> list[dict[str, Any]]:
    """The applications that can be entered from here, with the reason where this account can't."""
    bound = seat_of_binding(own_linked().account_id, chosen.binding_id)
    if bound is None or not bound.acting.is_able:
        return []
    return [_tile(client, bound.acting) for client in all_clients() if client.initiate_login_uri]


def _tile(client: ClientRecord, seat: Acting) -> dict[str, Any]:
    shown, problem = application_of(client), admission_of(seat, client)
    return {
        "client_id": client.id,
        "name": shown.name,
        "host": shown.host,
        "css": shown.css,
        "icon": shown.icon,
        "reason": ADMISSION_REASONS[problem] if problem else None,
    }


def _address(text: str, number: int, **changes: Any) -> str:
    """The address of this list with another page, or with another binding looked at."""
    wanted = {"q": text or None, "page": number if number > 1 else None}
    return url_for("linked.home", **(wanted | changes))
