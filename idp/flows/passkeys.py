"""通行密鑰 (P30): a person enrols passkeys on her account, names them, and takes them off.

new --> fresh sign-in --> the browser makes one --> enrolled --> the list, or back to the application that waits
                                                  refused: new, with the sentence
one --> another name --> the list
    --> 移除 --> fresh sign-in --> confirmed --> the list       refused: the confirmation, with the sentence
"""

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.browser import browser_id, current_sign_in
from idp.db import transaction
from idp.errors import InvalidInput, NotFound, Refused
from idp.flows.account_guard import account_pages, oneself, only_by_owner
from idp.flows.forms import with_retry
from idp.flows.fresh import fresh_sign_in, has_fresh_sign_in
from idp.flows.messages import sentence_for
from idp.flows.page_context import NOTICE
from idp.flows.passkey_challenges import answered, has_answer
from idp.flows.waiting import address_of_request
from idp.policies.passkeys import LONGEST_NAME, PasskeyPurpose, device_of
from idp.services.authorization_requests import waiting_request
from idp.services.passkey_answers import judge_made, offers_passkeys
from idp.services.passkeys import (
    EnrolledPasskey,
    check_room,
    enrol_passkey,
    is_only_way_in,
    own_passkey,
    passkeys_of,
    remove_passkey,
    rename_passkey,
)
from idp.services.sign_ins import end_other_sign_ins

bp = account_pages("passkeys")


def shown_passkeys(account_id: str) -> list[dict[str, Any]]:
    """The passkeys of an account as account/passkeys.html shows them."""
    return [shown_passkey(one) for one in passkeys_of(account_id)]


def shown_passkey(passkey: EnrolledPasskey) -> dict[str, Any]:
    """A passkey with what its page says of it."""
    return {
        "id": passkey.id,
        "name": passkey.name,
        "is_synced": passkey.is_synced,
        "enrolled_at": passkey.enrolled_at,
        "last_used_at": passkey.last_used_at,
    }


@bp.get("/credentials/passkeys/new")
def ask() -> ResponseReturnValue:
    """Tell what a passkey is and have one made; who was sent here on the way to an application goes back there."""
    only_by_owner(oneself())
    return _fresh(_request_id()) or _new_page()


@bp.post("/credentials/passkeys/new")
def enrol() -> ResponseReturnValue:
    """Enrol the passkey that was made."""
    request_id = _request_id()
    if (again := _fresh(request_id)) is not None:
        return again
    if not has_answer():
        return redirect(url_for("passkeys.ask", request_id=request_id or None), 303)
    try:
        sent = answered(PasskeyPurpose.ENROL)
        made = judge_made(sent)
        with transaction():
            one = enrol_passkey(made, oneself().account_id, name=_wished_name(), transports=sent.transports)
    except Refused as refused:
        return _new_page(refused=refused)
    browser_session[NOTICE] = gettext("已新增通行密鑰「%(name)s」，下次可以用它登入。", name=one.name)
    return redirect(address_of_request(request_id) if request_id else _list(), 303)


@bp.get("/credentials/passkeys/<passkey_id>")
def ask_name(passkey_id: str) -> ResponseReturnValue:
    """Ask what a passkey is to be called."""
    only_by_owner(oneself())
    return _name_page(_own(passkey_id))


@bp.post("/credentials/passkeys/<passkey_id>")
def rename(passkey_id: str) -> ResponseReturnValue:
    """Call it so."""
    passkey, name = _own(passkey_id), request.form.get("name", "")
    try:
        with transaction():
            rename_passkey(passkey_id, oneself().account_id, name)
    except InvalidInput as refused:
        return _name_page(passkey, typed=name, refused=refused)
    browser_session[NOTICE] = gettext("已將通行密鑰改名為「%(name)s」。", name=name.strip())
    return redirect(_list(), 303)


@bp.get("/credentials/passkeys/<passkey_id>/remove")
def ask_to_remove(passkey_id: str) -> ResponseReturnValue:
    """Ask whether a passkey is to be removed, and tell what follows."""
    only_by_owner(oneself())
    passkey = _own(passkey_id)
    return fresh_sign_in() or _confirmation(passkey)


@bp.post("/credentials/passkeys/<passkey_id>/remove")
def remove(passkey_id: str) -> ResponseReturnValue:
    """Remove it, and end what else is signed in, perhaps by it, unless she says otherwise."""
    passkey = _own(passkey_id)
    if (again := fresh_sign_in()) is not None:
        return again
    try:
        with transaction():
            remove_passkey(passkey_id, oneself().account_id)
            if request.form.get("end_others") and (signed_in := current_sign_in()) is not None:
                end_other_sign_ins(signed_in)
    except NotFound:
        raise
    except Refused as refused:
        return _confirmation(passkey, refused=refused)
    browser_session[NOTICE] = gettext("已移除通行密鑰「%(name)s」，它不能再登入。", name=passkey.name)
    return redirect(_list(), 303)


def _list() -> str:
    # The page's top, for there it says what was done.
    return url_for("credentials.look")


def _own(passkey_id: str) -> EnrolledPasskey:
    return own_passkey(passkey_id, oneself().account_id)


def _request_id() -> str:
    """The request of this browser that waits until there is a passkey, or ""."""
    wanted = request.values.get("request_id", "")
    return wanted if wanted and waiting_request(wanted, browser=browser_id()) is not None else ""


def _fresh(request_id: str) -> ResponseReturnValue | None:
    if has_fresh_sign_in():
        return None
    back = url_for("passkeys.ask", request_id=request_id or None)
    return redirect(url_for("sign_in.ask", back=back, again=1), 303)


def _wished_name() -> str:
    return request.form.get("name", "").strip() or _first_name()


def _first_name() -> str:
    """What a passkey is called before its owner says otherwise: the device it was made on."""
    return device_of(request.headers.get("User-Agent", "")) or gettext("通行密鑰")


def _new_page(*, refused: Refused | None = None) -> Response:
    if not offers_passkeys():
        raise NotFound
    request_id = _request_id()
    is_full = _is_full()
    page = render_template(
        "account/passkeys_new.html",
        request_id=request_id,
        first_name=request.form.get("name", "") or _first_name(),
        longest_name=LONGEST_NAME,
        is_full=is_full,
        refusal=sentence_for(refused) if refused else is_full,
        cancel_href=url_for("authorize.resume", request_id=request_id) if request_id else _list(),
    )
    return with_retry(make_response(page, refused.status if refused else 200), refused)


def _is_full() -> str | None:
    """Why there is no room for another passkey, or None."""
    try:
        check_room(oneself().account_id)
    except Refused as refused:
        return sentence_for(refused)
    return None


def _name_page(passkey: EnrolledPasskey, *, typed: str | None = None, refused: Refused | None = None) -> Response:
    page = render_template(
        "account/passkeys_name.html",
        passkey=shown_passkey(passkey),
        typed=passkey.name if typed is None else typed[:LONGEST_NAME],
        longest_name=LONGEST_NAME,
        refusal=sentence_for(refused) if refused else None,
    )
    return make_response(page, refused.status if refused else 200)


def _confirmation(passkey: EnrolledPasskey, *, refused: Refused | None = None) -> Response:
    page = render_template(
        "account/passkeys_remove.html",
        passkey=shown_passkey(passkey),
        is_last=is_only_way_in(oneself().account_id),
        refusal=sentence_for(refused) if refused else None,
    )
    return make_response(page, refused.status if refused else 200)
