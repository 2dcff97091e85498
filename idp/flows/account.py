"""The account page (P25): who one is, for which company, with which menus, and where one is signed in."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from idp.browser import current_sign_in
from idp.db import transaction
from idp.errors import NotFound
from idp.flows.account_guard import only_by_owner
from idp.flows.forms import check_stamp
from idp.flows.messages import ADMISSION_REASONS, PROOF_LABELS, ROLE_LABELS, STATUS_LABELS
from idp.flows.moments import is_english
from idp.flows.own_binding_words import owner_badge
from idp.flows.own_cards import cards_that_end
from idp.flows.own_sign_ins import devices_of
from idp.flows.page_context import NOTICE, application_of
from idp.policies.assurance import Acr
from idp.policies.menus import MenuItemRule
from idp.policies.standing import AccountKind
from idp.services.acting import Acting
from idp.services.admission import admission_of
from idp.services.authorizations import Authorization, authorizations_of, take_back
from idp.services.binding_facts import bindings_of_account
from idp.services.clients import ClientRecord, all_clients, client_by_id
from idp.services.launches import initiation_of, launch
from idp.services.menus import entitlements, menu_of
from idp.services.sign_ins import SignedIn, is_due_to_be_seen, last_uses, see_sign_in

bp = Blueprint("account", __name__)

MENUS_SHOWN = 12


@bp.get("/")
def home() -> ResponseReturnValue:
    """To the account page, which asks to sign in where nobody is."""
    return redirect(url_for("account.overview"), 303)


@bp.get("/account")
def overview() -> ResponseReturnValue:
    """Show the account, its applications and its running sign-ins."""
    signed_in = current_sign_in()
    if signed_in is None:
        return redirect(url_for("sign_in.ask"), 303)
    if _has_another_home(signed_in) and not request.args.get("own"):
        return redirect(url_for("linked.home"), 303)
    if is_due_to_be_seen(signed_in):
        with transaction():
            see_sign_in(signed_in)
    acting = signed_in.seat
    company = acting.company
    is_own = acting.via is None
    return render_template(
        "account/overview.html",
        account={
            "name": acting.name,
            "username": acting.username,
            "email": acting.email,
            "electronic_id": acting.electronic_id,
            "role_label": ROLE_LABELS[acting.role] if acting.role else "",
        },
        company={
            "name": company.name,
            "tax_id": company.tax_id,
            "status_label": STATUS_LABELS[company.status],
            "proof_label": PROOF_LABELS[company.proof],
            "verified_at": company.verified_at,
            "demands_card": company.required_acr == Acr.CARD,
        }
        if company
        else None,
        applications=_applications(signed_in),
        is_own=is_own,
        # Where its owner is signed in, and what she agreed to, is no business of who acts for her.
        sign_ins=devices_of(signed_in) if is_own else [],
        authorizations=[_authorization(one) for one in authorizations_of(acting.account_id)] if is_own else [],
        ending_cards=cards_that_end(acting.account_id) if is_own else [],
        binding_badge=owner_badge(bindings_of_account(acting.account_id)) if is_own and company else None,
        notice=browser_session.pop(NOTICE, None),
    )


def _has_another_home(signed_in: SignedIn) -> bool:
    """Whether it is a linked account that acts as none: it binds and chooses, and does nothing else (R-093, R-094)."""
    return signed_in.seat.kind is AccountKind.LINKED


@bp.post("/account/open")
def open_application() -> ResponseReturnValue:
    """Enter an application from its tile: third-party initiated login (OIDC Core §4)."""
    signed_in = current_sign_in()
    if signed_in is None:
        return redirect(url_for("sign_in.ask", expired=1), 303)
    check_stamp()
    client = client_by_id(request.form.get("client", ""))
    seat = signed_in.seat
    if client is None or client.initiate_login_uri is None or admission_of(seat, client):
        raise NotFound
    if seat.via is None:
        return redirect(initiation_of(client, seat), 303)
    with transaction():
        address = launch(signed_in, seat.via.binding_id, client)
    return redirect(address, 303)


@bp.post("/account/authorizations/end")
def take_back_authorization() -> ResponseReturnValue:
    """Take back what one let an application do; it asks anew at the next sign-in."""
    signed_in = current_sign_in()
    if signed_in is None:
        return redirect(url_for("sign_in.ask", expired=1), 303)
    check_stamp()
    only_by_owner(signed_in.seat)
    with transaction():
        if not take_back(signed_in.seat.account_id, request.form.get("client", "")):
            raise NotFound
    browser_session[NOTICE] = gettext("已撤回授權，該應用系統下次登入時會再詢問您。")
    return redirect(url_for("account.overview"), 303)


def _authorization(one: Authorization) -> dict[str, Any]:
    client = client_by_id(one.client_id)
    return {
        "client_id": one.client_id,
        "name": application_of(client).name if client else one.client_id,
        "since": one.since,
        "is_offline": one.is_offline,
    }


def _applications(signed_in: SignedIn) -> list[dict[str, Any]]:
    uses = last_uses(signed_in.seat)
    return [_tile(c, signed_in, uses.get(c.id)) for c in all_clients() if c.initiate_login_uri]


def _tile(client: ClientRecord, signed_in: SignedIn, last_used: Any) -> dict[str, Any]:
    shown = application_of(client)
    problem = admission_of(signed_in.seat, client)
    menus = [] if problem else _menus(client.id, signed_in.seat, signed_in)
    return {
        "client_id": client.id,
        "name": shown.name,
        "host": shown.host,
        "css": shown.css,
        "icon": shown.icon,
        "menus": menus[:MENUS_SHOWN],
        "summary": ngettext("%(num)d 個選單", "%(num)d 個選單", len(menus)) if menus else gettext("沒有選單"),
        "last_used": last_used,
        "openable": problem is None,
        "reason": ADMISSION_REASONS[problem] if problem else None,
    }


def _menus(client_id: str, acting: Acting, signed_in: SignedIn) -> list[str]:
    codes = set(entitlements(acting, client_id, signed_in.acr).codes)
    return [_label(item) for item in menu_of(client_id) if item.code in codes]


def _label(item: MenuItemRule) -> str:
    return item.label_en if is_english() else item.label_zh
