"""Invite people into one's company (P32 「邀請同仁」), as its group admin.

list --> new --> (menus, as often as wished) --> sent, back at the list
     --> send again        --> cancel: a page asks --> cancelled
"""

from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from idp.errors import AlreadyExists, NotFound, Refused
from idp.flows.account_fields import add_error
from idp.flows.group_guard import group_admin, group_pages, leading, own_company
from idp.flows.group_words import explanations_for
from idp.flows.invitation_form import Draft, InvitationForm, draft_of, reticked, trees
from idp.flows.messages import ROLE_LABELS, sentence_for
from idp.flows.page_context import NOTICE
from idp.policies.invitations import InvitationState
from idp.services.invitations import (
    ListedInvitation,
    cancel_invitation,
    invitation_of,
    invitations_of,
    invite,
    send_again,
    services_to_invite_to,
)

bp = group_pages("invitations")

ON_A_PAGE = 20
# What is told of a state, and its badge: label, tone, icon.
STATES = {
    InvitationState.WAITING: (lazy_gettext("等待接受"), "warn", "clock"),
    InvitationState.VOID: (lazy_gettext("已失效"), "bad", "alert"),
    InvitationState.EXPIRED: (lazy_gettext("已逾時"), "bad", "clock"),
    InvitationState.ACCEPTED: (lazy_gettext("已接受"), "ok", "check"),
    InvitationState.CANCELLED: (lazy_gettext("已取消"), "", "cross"),
}
BESIDE_THE_FIELD = frozenset({"invitation.own_mailbox", "invitation.leads_through_linked"})
OPEN = frozenset({InvitationState.WAITING, InvitationState.VOID, InvitationState.EXPIRED})


@bp.get("/invitations")
def overview() -> ResponseReturnValue:
    """Show a page of the company's invitations."""
    number = request.args.get("page", 1, type=int)
    number = min(max(number, 1), 10_000)
    rows, total = invitations_of(own_company(), first=(number - 1) * ON_A_PAGE, most=ON_A_PAGE)
    return render_template(
        "invitations/list.html",
        rows=[_row(one) for one in rows],
        total=total,
        number=number,
        pages=max(1, -(-total // ON_A_PAGE)),
        first=(number - 1) * ON_A_PAGE + 1,
        can_invite=bool(services_to_invite_to(group_admin().service_id)),
        notice=browser_session.pop(NOTICE, None),
    )


@bp.get("/invitations/new")
def ask() -> ResponseReturnValue:
    """Show the form."""
    return _form_page(_form())


@bp.post("/invitations/new")
def answer() -> ResponseReturnValue:
    """Send the invitation, or show the menus for the chosen role, where they may be ticked first."""
    form = _form()
    if not form.validate():
        return _form_page(form, status=400)
    draft = draft_of(form)
    act, _, client_id = request.form.get("do", "").partition(":")
    if act == "send":
        return _send(form, draft)
    if act in {"all", "reset"}:
        draft = reticked(draft, client_id, everything=act == "all")
    return _menus_page(form, draft) if act in {"menus", "all", "reset"} else _form_page(form, draft)


@bp.post("/invitations/<invitation_id>/send")
def again(invitation_id: str) -> ResponseReturnValue:
    """Send an invitation once more, with a new link."""
    with leading():
        invitation = send_again(group_admin().account_id, invitation_id, via=group_admin().via)
    browser_session[NOTICE] = gettext("邀請已再次寄至 %(email)s，先前信件中的連結已失效。", email=invitation.email)
    return redirect(url_for("invitations.overview"), 303)


@bp.get("/invitations/<invitation_id>/cancel")
def ask_to_cancel(invitation_id: str) -> ResponseReturnValue:
    """Ask whether an invitation is to be cancelled."""
    one = invitation_of(own_company(), invitation_id)
    if one.state not in OPEN:
        return redirect(url_for("invitations.overview"), 303)
    return render_template("invitations/cancel.html", one=_row(one))


@bp.post("/invitations/<invitation_id>/cancel")
def cancel(invitation_id: str) -> ResponseReturnValue:
    """Cancel it; its link works no more."""
    with leading():
        invitation = cancel_invitation(group_admin().account_id, invitation_id)
    browser_session[NOTICE] = gettext("已取消寄給 %(email)s 的邀請。", email=invitation.email)
    return redirect(url_for("invitations.overview"), 303)


def _form() -> InvitationForm:
    services = services_to_invite_to(group_admin().service_id)
    if not services:
        raise NotFound
    form = InvitationForm(request.form if request.method == "POST" else None)
    form.offer(services)
    return form


def _send(form: InvitationForm, draft: Draft) -> ResponseReturnValue:
    try:
        with leading():
            invitation = invite(group_admin().account_id, draft.wanted(), via=group_admin().via)
    except NotFound:
        raise
    except Refused as refused:
        if isinstance(refused, AlreadyExists):
            add_error(form, "email", gettext("這個 Email 在貴公司已有帳號或申請，請至「使用者管理」查看。"))
            return _form_page(form, draft, status=refused.status)
        if refused.details.get("problem") in BESIDE_THE_FIELD:
            add_error(form, str(refused.details["field"]), sentence_for(refused))
            return _form_page(form, draft, status=refused.status)
        return _form_page(form, draft, refused=refused, status=refused.status)
    browser_session[NOTICE] = gettext("邀請已寄至 %(email)s。", email=invitation.email)
    return redirect(url_for("invitations.overview"), 303)


def _form_page(
    form: InvitationForm, draft: Draft | None = None, *, refused: Refused | None = None, status: int = 200
) -> Response:
    g.here = url_for("invitations.ask")
    page = render_template(
        "invitations/new.html",
        form=form,
        draft=draft,
        refusal=sentence_for(refused) if refused else None,
        explanations=explanations_for(form.chosen),
        differing=len(draft.wanted().menus) if draft else 0,
    )
    return make_response(page, status)


def _menus_page(form: InvitationForm, draft: Draft) -> str:
    g.here = url_for("invitations.ask")
    return render_template(
        "invitations/menus.html", form=form, draft=draft, role_label=ROLE_LABELS[draft.role], trees=trees(draft)
    )


def _row(one: ListedInvitation) -> dict[str, Any]:
    label, tone, sign = STATES[one.state]
    invitation = one.invitation
    return {
        "id": invitation.id,
        "email": invitation.email,
        "role_label": ROLE_LABELS[invitation.role],
        "rights": len(invitation.menus),
        "state_label": label,
        "tone": tone,
        "sign": sign,
        "is_open": one.state in OPEN,
        "invited_by": one.invited_by,
        "invited_at": invitation.created_at,
        "accepted_by": one.accepted_by,
        "accepted_at": invitation.used_at,
        "until": invitation.expires_at,
    }
