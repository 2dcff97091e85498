"""變更 Email (P27): the new mailbox is asked for; it takes effect by the link that is sent there (R-138 … R-142).

look --> 送出 --> look, with what waits --> 補發驗證信 | 取消變更 --> look
             --> not as it should be, taken, too many: look, with the sentence

The link leads to flows/mailbox_link.py. All of it asks for a sign-in of the last ten minutes.
"""

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import Field, StringField
from wtforms.validators import InputRequired

from idp.browser import browser_id
from idp.db import transaction
from idp.errors import AlreadyExists, InvalidInput, NotFound, Refused
from idp.flows.account_fields import LONGEST_TYPED, AtMost, add_error, refuse_problem
from idp.flows.account_guard import account_pages, oneself, only_by_owner
from idp.flows.forms import PlainForm, with_retry
from idp.flows.fresh import fresh_sign_in, has_fresh_sign_in
from idp.flows.messages import PROBLEMS, sentence_for
from idp.flows.page_context import NOTICE
from idp.policies.names import canonical_email
from idp.services.mailbox_changes import ask_change, cancel_change, pending_change, resend_change

bp = account_pages("own_email")


class MailboxForm(PlainForm):
    """新的 Email."""

    email = StringField(
        lazy_gettext("新的 Email"),
        [InputRequired(lazy_gettext("請輸入新的 Email。")), AtMost(LONGEST_TYPED, PROBLEMS["email.form"])],
    )

    def validate_email(self, field: Field) -> None:
        """One mailbox (RG13)."""
        refuse_problem(None if canonical_email(field.data) else "email.form")


@bp.before_request
def only_by_owner_lately() -> ResponseReturnValue | None:
    """Nobody who acts for an account changes its mailbox; its owner has signed in within ten minutes."""
    only_by_owner(oneself())
    # To take a change back, nobody has to sign in again.
    if request.method == "GET" or request.endpoint == "own_email.cancel":
        return fresh_sign_in() if request.method == "GET" else None
    return None if has_fresh_sign_in() else redirect(url_for("own_email.look"), 303)


@bp.get("/email")
def look() -> ResponseReturnValue:
    """Show the mailbox there is, the one that waits, and the form."""
    return _page(MailboxForm())


@bp.post("/email")
def ask() -> ResponseReturnValue:
    """Send a link to the new mailbox."""
    form = MailboxForm(request.form)
    if not form.validate():
        return _page(form, status=400)
    try:
        with transaction():
            ask_change(oneself().account_id, canonical_email(form.email.data or "") or "", browser=browser_id())
    except (AlreadyExists, InvalidInput) as refused:
        add_error(form, "email", str(PROBLEMS[str(refused.details["problem"])]))
        return _page(form, status=refused.status)
    except Refused as refused:
        return _page(form, refused=refused, status=refused.status)
    browser_session[NOTICE] = gettext(
        "本帳號已經成功修改，為了確認 Email 的唯一性與暢通，請至您更新的 Email 信箱收取驗證信，"
        "認證信有效時限為 24 小時，驗證完成後 Email 才會完成更新。"
    )
    return redirect(url_for("own_email.look"), 303)


@bp.post("/email/resend")
def resend() -> ResponseReturnValue:
    """Send another link; the one before works no more."""
    try:
        with transaction():
            resend_change(oneself().account_id, browser=browser_id())
    except NotFound:
        return redirect(url_for("own_email.look"), 303)
    except Refused as refused:
        return _page(MailboxForm(), refused=refused, status=refused.status)
    browser_session[NOTICE] = gettext("已寄出新的驗證信。先前的連結不能再使用。")
    return redirect(url_for("own_email.look"), 303)


@bp.post("/email/cancel")
def cancel() -> ResponseReturnValue:
    """Take the change back; who clicks twice, or too late, is shown how it stands."""
    try:
        with transaction():
            cancel_change(oneself().account_id)
    except NotFound:
        return redirect(url_for("own_email.look"), 303)
    browser_session[NOTICE] = gettext("已取消變更，Email 維持不變。驗證信中的連結不能再使用。")
    return redirect(url_for("own_email.look"), 303)


def _page(form: MailboxForm, *, refused: Refused | None = None, status: int = 200) -> Response:
    acting = oneself()
    page = render_template(
        "account/email.html",
        form=form,
        mailbox=acting.email,
        waiting=pending_change(acting.account_id),
        refusal=sentence_for(refused) if refused else None,
        notice=browser_session.pop(NOTICE, None) if status == 200 else None,
    )
    return with_retry(make_response(page, status), refused)
