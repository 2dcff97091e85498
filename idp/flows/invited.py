"""Accept an invitation: one link of a mail, one page, one button.

    link --> (its hash kept in a run of this browser) --> form --> account made --> done, also for a second click
                                                               --> used, expired, cancelled …: a page, and whom to ask

Looking uses nothing up. Somebody else's sign-in in this browser goes on: an invitation signs nobody in.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue

from idp.browser import browser_id, current_sign_in, peer_address, prefer_language
from idp.config import settings
from idp.db import transaction
from idp.errors import AlreadyExists, InvitationUnusable, Refused, TooManyRequests
from idp.flows.account_fields import add_error
from idp.flows.forms import check_stamp
from idp.flows.group_words import explanations_for
from idp.flows.invited_form import InvitedForm, password_typed, trouble_words
from idp.flows.messages import ROLE_LABELS, sentence_for
from idp.flows.moments import is_english
from idp.flows.page_context import application_of
from idp.flows.shown_texts import texts_before_applying
from idp.policies.limits import NAMES_TRIED_PER_ADDRESS, NAMES_TRIED_PER_BROWSER
from idp.policies.names import canonical_username
from idp.policies.roles import Role
from idp.services.acting import acting_account
from idp.services.admission import admission_of
from idp.services.clients import all_clients
from idp.services.flows import KeptRun, any_run, finish_run, keep_run, start_run
from idp.services.invited import Acceptance, OpenedInvitation, accept_invitation, opened_invitation, texts_to_agree
from idp.services.limits import spend
from idp.services.secrets import digest

bp = Blueprint("invited", __name__)

KIND = "invitation"
# As a registration: whoever goes to lunch over the form finds it again.
LASTS = timedelta(hours=24)


@bp.get("/invitation/<token>")
def follow(token: str) -> ResponseReturnValue:
    """Keep the link's hash in a run of this browser, and go to an address without the token (EL09)."""
    hashed = digest(token)
    opened = opened_invitation(hashed)
    if opened is None:
        browser_session.pop(KIND, None)
        return redirect(url_for("invited.show"), 303)
    prefer_language([opened.invitation.locale])
    run = _run()
    if run is None or run.data.get("link") != hashed.hex():
        with transaction():
            browser_session[KIND] = start_run(KIND, "form", {"link": hashed.hex()}, browser=browser_id(), lasts=LASTS)
    return redirect(url_for("invited.show"), 303)


@bp.get("/invitation")
def show() -> ResponseReturnValue:
    """Show who invites, to what, and the form; or what became of the invitation."""
    run = _run()
    if run is None:
        return _trouble("unknown", None)
    if run.is_finished:
        return _done(run)
    opened = _opened(run)
    if opened is None or opened.trouble is not None:
        return _trouble(opened.trouble if opened else None, opened)
    form = InvitedForm(opened, texts=texts_to_agree(opened.service), data=run.data.get("typed"))
    return _page(form, opened, run.data.get("password"))


@bp.post("/invitation")
def accept() -> ResponseReturnValue:
    """Make the account; a second click finds it made."""
    run = _run()
    check_stamp()
    opened = _opened(run) if run is not None and not run.is_finished else None
    if run is None or opened is None or opened.trouble is not None:
        return redirect(url_for("invited.show"), 303)
    form = InvitedForm(opened, texts=texts_to_agree(opened.service), formdata=request.form)
    kept = _kept_password(form, run)
    if kept is not None:
        form.keep_password()
    is_valid = form.validate()
    try:
        password = kept or password_typed(form, opened, _locale())
    except TooManyRequests as refused:
        return _again(form, opened, run, None, refused=refused, status=refused.status)
    if not is_valid or password is None:
        return _again(form, opened, run, password, status=400)
    return _settle(form, opened, run, password)


def _settle(form: InvitedForm, opened: OpenedInvitation, run: KeptRun, password: dict[str, str]) -> ResponseReturnValue:
    try:
        _make(run, form, password["hash"])
    except InvitationUnusable:
        pass  # the page says why
    except AlreadyExists as refused:
        if refused.details["field"] == "email":
            return _trouble("account", opened)
        add_error(form, "username", sentence_for(refused))
        return _again(form, opened, run, None, status=refused.status)
    except Refused as refused:
        return _again(form, opened, run, password, refused=refused, status=refused.status)
    return redirect(url_for("invited.show"), 303)


def _make(run: KeptRun, form: InvitedForm, password_hash: str) -> None:
    with transaction():
        held = any_run(run.id, KIND, browser=browser_id(), lock=True)
        if held is None or held.is_finished:
            return
        # 「帳號已經存在」 is said, but not to who tries names.
        spend(NAMES_TRIED_PER_BROWSER, browser_id())
        spend(NAMES_TRIED_PER_ADDRESS, peer_address())
        link = bytes.fromhex(run.data["link"])
        opened = opened_invitation(link)
        account = accept_invitation(
            Acceptance(
                link_hash=link,
                person=form.person(_locale()),
                password_hash=password_hash,
                texts=texts_to_agree(opened.service) if opened else (),
                address=peer_address(),
            )
        )
        finish_run(run.id, {"link": run.data["link"], "account": account.id})


def _run() -> KeptRun | None:
    run_id = browser_session.get(KIND)
    run = any_run(run_id, KIND, browser=browser_id()) if isinstance(run_id, str) else None
    return None if run is None or run.has_expired else run


def _opened(run: KeptRun) -> OpenedInvitation | None:
    return opened_invitation(bytes.fromhex(run.data["link"]))


def _locale() -> str:
    return "en" if is_english() else "zh-TW"


def _kept_password(form: InvitedForm, run: KeptRun) -> dict[str, str] | None:
    """The password typed before, where both fields were left blank and the name it was judged with is the same."""
    kept: dict[str, str] | None = run.data.get("password")
    if kept is None or form.password.data or form.password_again.data:
        return None
    return kept if kept["username"] == canonical_username(form.chosen_name) else None


def _again(
    form: InvitedForm,
    opened: OpenedInvitation,
    run: KeptRun,
    password: dict[str, str] | None,
    *,
    refused: Refused | None = None,
    status: int,
) -> Response:
    with transaction():
        keep_run(run.id, run.step, {"link": run.data["link"], "typed": form.remembered(), "password": password})
    return _page(form, opened, password, refused=refused, status=status)


def _page(
    form: InvitedForm,
    opened: OpenedInvitation,
    password: dict[str, str] | None,
    *,
    refused: Refused | None = None,
    status: int = 200,
) -> Response:
    invitation, company = opened.invitation, opened.company
    form.stamp_texts()
    page = render_template(
        "invitations/invited.html",
        form=form,
        refusal=sentence_for(refused) if refused else None,
        password_kept=password is not None,
        company=company.name,
        last3=company.tax_id[-3:],
        inviter=opened.inviter.name,
        service_name=_name(opened),
        mailbox=opened.service.mail_reply_to or opened.service.mail_from or settings().mail_sender,
        role_label=ROLE_LABELS[invitation.role],
        role_explained=explanations_for(opened.service)[invitation.role],
        until=invitation.expires_at,
        texts=texts_before_applying(opened.service, texts_to_agree(opened.service)),
        must_agree=bool(texts_to_agree(opened.service)),
    )
    response = make_response(page, status)
    retry = getattr(refused, "retry_seconds", None)
    if retry is not None:
        response.headers["Retry-After"] = str(retry)
    return response


def _name(opened: OpenedInvitation) -> str:
    return opened.service.name_en if is_english() else opened.service.name_zh


def _trouble(because: str | None, opened: OpenedInvitation | None) -> Response:
    g.here = url_for("invited.show")
    because = because or "unknown"
    heading, lead = trouble_words(because, opened)
    page = render_template(
        "invitations/trouble.html",
        heading=heading,
        lead=lead,
        company=opened.company.name if opened else None,
        service=_name(opened) if opened else None,
        may_sign_in=because in {"used", "account"},
    )
    return make_response(page, InvitationUnusable.status)


def _done(run: KeptRun) -> str:
    """The account is there; it may be suspended, or be another one's by now: only what is so now is told."""
    acting = acting_account(run.data["account"])
    applications: list[dict[str, Any]] = []
    if acting is not None and acting.company is not None:
        hints = urlencode({"iss": settings().issuer, "login_hint": acting.account_id, "tenant": acting.company.id})
        for client in all_clients():
            address = client.initiate_login_uri
            if address and client.service_id == acting.service_id and admission_of(acting, client) is None:
                joint = "&" if "?" in address else "?"
                applications.append({"name": application_of(client).name, "href": address + joint + hints})
    role = acting.role if acting else Role.GUEST
    return render_template(
        "invitations/done.html",
        account=acting,
        role_label=ROLE_LABELS[role] if role else "",
        applications=applications,
        sign_in_href=url_for("sign_in.ask", other=1 if current_sign_in() else None),
    )
