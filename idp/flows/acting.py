"""切換登入公司 (R-114, R-118): which of her accounts a linked account acts as at our own pages; no client's choice.

choose --> 登入 --> the same page as before, where this account has it, else the account page
       --> leave --> 鏈結帳號管理與登入
conflict (flows/conflict.py) --> switch --> what was typed, to be sent once more
"""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.browser import browser_id, current_sign_in, peer_address, set_sign_in_cookie, use_sign_in
from idp.db import transaction
from idp.errors import NotFound
from idp.flows.conflict import title_of
from idp.flows.forms import check_human
from idp.flows.kept_fields import kept_in_page
from idp.flows.linked_guard import AGREEMENTS, texts_at_home
from idp.flows.linked_words import shown_binding
from idp.flows.own_paths import own_path
from idp.flows.page_context import NOTICE
from idp.policies.bindings import Shown
from idp.policies.roles import Permission, permits
from idp.policies.seats import SEARCHED_FROM
from idp.policies.standing import AccountKind
from idp.services.acting import Acting
from idp.services.audit import Circumstances, set_circumstances
from idp.services.linked_home import LONGEST_SEARCH, home_page
from idp.services.sign_ins import SignedIn, act_as

bp = Blueprint("acting", __name__, url_prefix="/linked")

# Pages that another account may have as well, by their first two parts: what is below is one company's own.
SAME_PAGES: dict[str, Permission | None] = {
    "/account": None,
    "/account/profile": None,
    "/account/credentials": None,
    "/account/company": None,
    "/group/users": Permission.MANAGE_USERS,
    "/group/invitations": Permission.MANAGE_USERS,
    "/group/documents": Permission.MANAGE_USERS,
    "/group/audit": Permission.MANAGE_USERS,
    "/group/bindings": Permission.MANAGE_USERS,
}


@bp.get("/switch")
def choose() -> ResponseReturnValue:
    """切換公司: the accounts one may act as, recently used first; searched from eleven on."""
    signed_in = current_sign_in()
    if signed_in is None:
        return redirect(url_for("sign_in.ask", back=request.path), 303)
    if signed_in.human.kind is not AccountKind.LINKED:
        return redirect(url_for("account.overview"), 303)
    if texts_at_home(signed_in.human).texts:
        return redirect(url_for(f"{AGREEMENTS}.ask"), 303)
    wanted = request.args.get("q", "").strip()[:LONGEST_SEARCH]
    listed = home_page(signed_in.human.account_id, text=wanted)
    return render_template(
        "acting/choose.html",
        usable=[shown_binding(one) for one in listed.rows if one.shown is Shown.BOUND],
        unusable=[shown_binding(one) for one in listed.rows if one.shown is not Shown.BOUND],
        current=_current_binding(signed_in),
        left_out=listed.total - len(listed.rows),
        is_searched=listed.of_all >= SEARCHED_FROM,
        has_none=not listed.of_all,
        q=wanted,
        back=own_path(request.args.get("back")) or "",
    )


@bp.post("/act")
def switch() -> ResponseReturnValue:
    """Act as a bound account at our own pages, or (an empty ``binding``) as none. The cookie is a new one (SS01).

    It is an act of the human at the keyboard: whatever seat the form was opened as.
    """
    signed_in = current_sign_in()
    if signed_in is None:
        return redirect(url_for("sign_in.ask", expired=1), 303)
    check_human()
    set_circumstances(Circumstances(actor=signed_in.human.account_id, address=peer_address()))
    if signed_in.human.kind is not AccountKind.LINKED:
        raise NotFound
    # no company is acted for before the texts of the service where it was registered are agreed to.
    if texts_at_home(signed_in.human).texts:
        return redirect(url_for(f"{AGREEMENTS}.ask"), 303)
    with transaction():
        token = act_as(signed_in, request.form.get("binding") or None, browser=browser_id())
    now = use_sign_in(token)
    response = Response(status=303)
    set_sign_in_cookie(response, token, is_switch=True)
    path = own_path(request.form.get("path"))
    if path is not None and now is not None:
        response.status_code = 200
        response.set_data(_to_be_sent(path, now.seat))
    else:
        response.location = _next_page(now.acting if now is not None else None)
    return response


def _to_be_sent(path: str, seat: Acting) -> str:
    """What was typed into a form that was opened as another seat, under the one it was opened for."""
    return render_template("acting/resend.html", current=title_of(seat), path=path, fields=kept_in_page())


def _next_page(acting: Acting | None) -> str:
    if acting is None:
        return url_for("linked.home")
    browser_session[NOTICE] = gettext("您現在代表「%(company)s」。", company=title_of(acting))
    path = (own_path(request.form.get("back")) or "").partition("?")[0]
    place = "/".join(path.split("/")[:3])
    needed = SAME_PAGES.get(place)
    is_open = place in SAME_PAGES and (needed is None or (acting.role is not None and permits(acting.role, needed)))
    return place if is_open else url_for("account.overview")


def _current_binding(signed_in: SignedIn) -> str | None:
    via = signed_in.acting.via if signed_in.acting is not None else None
    return via.binding_id if via is not None else None
