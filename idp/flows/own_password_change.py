"""更改密碼 (P28): who knows the old password sets a new one (R-221 … R-225, PW11).

look --> 送出 --> changed: look, with the outcome; every other sign-in has ended
             --> wrong old one, weak, used lately, typed differently: look, with the sentence
     --> an account without a password: why there is nothing to change
"""

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import Field, PasswordField
from wtforms.validators import InputRequired, ValidationError

from idp.browser import browser_id, current_sign_in
from idp.db import transaction
from idp.errors import NotFound, PasswordRefused, Refused
from idp.flows.account_fields import LONGEST_PASSWORD, AtMost, add_error
from idp.flows.account_guard import account_pages, oneself, only_by_owner
from idp.flows.door import lead_on
from idp.flows.forms import PlainForm, with_retry
from idp.flows.messages import PROBLEMS, sentence_for
from idp.flows.own_password import judged, password_sentence
from idp.flows.page_context import NOTICE
from idp.services.factors import factors_of
from idp.services.password_changes import change_password, check_new, settle_old
from idp.services.passwords import has_password, hash_password

bp = account_pages("own_password_change")


class PasswordChangeForm(PlainForm):
    """舊密碼, 新密碼, 新密碼確認 (R-223)."""

    old_password = PasswordField(
        lazy_gettext("舊密碼"),
        [InputRequired(lazy_gettext("請輸入舊密碼。")), AtMost(LONGEST_PASSWORD, PROBLEMS["long"])],
    )
    password = PasswordField(
        lazy_gettext("新密碼"),
        [InputRequired(lazy_gettext("請輸入新密碼。")), AtMost(LONGEST_PASSWORD, PROBLEMS["long"])],
    )
    password_again = PasswordField(lazy_gettext("新密碼確認"), [InputRequired(lazy_gettext("請再輸入一次新密碼。"))])

    def validate_password_again(self, field: Field) -> None:
        """Typed twice alike."""
        if field.data != self.password.data:
            raise ValidationError(str(PROBLEMS["mismatch"]))


@bp.get("/password")
def look() -> ResponseReturnValue:
    """Show the form, or why there is none."""
    only_by_owner(oneself())
    return _page(PasswordChangeForm())


@bp.post("/password")
def change() -> ResponseReturnValue:
    """Change the password of who is signed in."""
    form = PasswordChangeForm(request.form)
    if not has_password(oneself().account_id) or not form.validate():
        return _page(form, status=400)
    try:
        token = _changed(form.old_password.data or "", form.password.data or "")
    except PasswordRefused as refused:
        add_error(form, "password", sentence_for(refused))
        return _page(form, status=refused.status)
    except Refused as refused:
        return _page(form, refused=refused, status=refused.status)
    browser_session[NOTICE] = gettext("密碼已變更，其他裝置的登入已經結束。我們也寄信通知您。")
    target = url_for("own_password_change.look")
    return lead_on(token, target) if token is not None else redirect(target, 303)


def _changed(old: str, new: str) -> str | None:
    """The new cookie token of this sign-in. Raises BadCredentials, TooManyTries, PasswordRefused, ChangedMeanwhile."""
    signed_in = current_sign_in()
    if signed_in is None:
        raise NotFound
    account_id = signed_in.human.account_id
    attempt, verdict = judged(signed_in.human.username, old)
    with transaction():
        standing = settle_old(attempt, verdict)
    check_new(account_id, new)
    # Hashing takes its time, and no writer waits for it.
    fresh = hash_password(new)
    with transaction():
        return change_password(account_id, judged=standing, fresh=fresh, sign_in_id=signed_in.id, browser=browser_id())


def _page(form: PasswordChangeForm, *, refused: Refused | None = None, status: int = 200) -> Response:
    factors = factors_of(oneself().account_id)
    values: dict[str, Any] = {
        "form": form,
        "username": oneself().username,
        "has_password": factors.has_password,
        "has_company_card": factors.company_cards > 0,
        "refusal": password_sentence(refused) if refused else None,
        "notice": browser_session.pop(NOTICE, None) if status == 200 and refused is None else None,
    }
    return with_retry(make_response(render_template("account/password.html", **values), status), refused)
