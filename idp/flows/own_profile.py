"""基本資料 (P26): what a person changes of her own data herself; a linked account's page is 鏈結帳號資料修改.

look --> 儲存 --> 確定要儲存資料？ with what was and what will be --> 確定 --> look, saved
             --> not as it should be: look, with the sentences      --> 修改 --> look, as typed

Mailbox and password have pages of their own. Who acts through a linked account reads, and changes nothing.
"""

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import Field, HiddenField, StringField
from wtforms.validators import InputRequired

from idp.db import transaction
from idp.errors import ChangedMeanwhile
from idp.flows.account_fields import LONGEST_TYPED, AtMost, PersonFields, refuse_problem
from idp.flows.account_guard import account_pages, oneself
from idp.flows.messages import PROBLEMS, sentence_for
from idp.flows.page_context import NOTICE
from idp.mails.words import CREDENTIAL_SET_LABELS
from idp.policies.company_names import looks_like_company, phone_problem, shown_phone
from idp.policies.names import masked_email
from idp.services.factors import factors_of
from idp.services.mailbox_changes import pending_change
from idp.services.own_profile import Profile, changes_of, profile_of, save_profile

bp = account_pages("own_profile")

LABELS = {
    "name": lazy_gettext("姓名"),
    "phone": lazy_gettext("手機電話"),
    "company_phone": lazy_gettext("公司電話"),
}


class ProfileForm(PersonFields):
    """姓名, 手機電話, and 公司電話 of a linked account's contact company (R-133); the mailbox has a page of its own."""

    version = HiddenField()
    company_phone = StringField(
        lazy_gettext("公司電話"),
        [InputRequired(lazy_gettext("請輸入公司電話。")), AtMost(LONGEST_TYPED, PROBLEMS["phone.form"])],
    )

    def __init__(self, profile: Profile, formdata: Any = None, **values: Any) -> None:
        super().__init__(formdata, **values)
        del self.email
        if profile.contact is None:
            del self.company_phone

    def validate_company_phone(self, field: Field) -> None:
        """A Taiwanese number, with its extension (R-072)."""
        refuse_problem(phone_problem(field.data))


@bp.get("/profile")
def look() -> ResponseReturnValue:
    """Show the data that there is; 清除 empties the fields (R-199)."""
    profile = profile_of(oneself().account_id)
    is_cleared = request.args.get("clear") == "1"
    return _page(profile, ProfileForm(profile, **({} if is_cleared else _kept(profile))))


@bp.post("/profile")
def save() -> ResponseReturnValue:
    """Ask whether what was typed is to be stored (R-137), store it, or go back to the form as it was typed."""
    profile = profile_of(oneself().account_id)
    form = ProfileForm(profile, request.form)
    if not form.validate():
        return _page(profile, form, status=400)
    if request.form.get("do") == "edit":
        return _page(profile, form)
    changes = changes_of(
        profile,
        name=form.name.data or "",
        phone=form.phone.data or "",
        company_phone=_company_phone(form),
    )
    if not changes:
        return _told(gettext("資料沒有變更。"))
    if form.version.data != str(profile.version):
        return _page(profile, form, refusal=sentence_for(ChangedMeanwhile()), status=ChangedMeanwhile.status)
    if request.form.get("do") != "confirm":
        return _question(profile, form, changes)
    try:
        with transaction():
            save_profile(profile, changes)
    except ChangedMeanwhile as refused:
        return _page(profile, form, refusal=sentence_for(refused), status=refused.status)
    return _told(gettext("資料已儲存。"))


def _told(sentence: str) -> ResponseReturnValue:
    browser_session[NOTICE] = sentence
    return redirect(url_for("own_profile.look"), 303)


def _company_phone(form: ProfileForm) -> str | None:
    return form.company_phone.data if "company_phone" in form else None


def _kept(profile: Profile) -> dict[str, str]:
    """The fields as people write them."""
    kept = {"name": profile.name, "phone": shown_phone(profile.phone or "")}
    if profile.contact is not None:
        kept["company_phone"] = shown_phone(profile.contact.phone)
    return kept


def _page(profile: Profile, form: ProfileForm, *, refusal: str | None = None, status: int = 200) -> Response:
    seat = oneself()
    is_own = seat.via is None
    form.version.data = str(profile.version)
    waiting = pending_change(profile.account_id) if is_own else None
    page = render_template(
        "account/profile.html",
        profile=profile,
        company=seat.company,
        electronic_id=seat.electronic_id,
        form=form,
        is_own=is_own,
        # The mailbox of another account is shown masked, also to who acts for it.
        mailbox=profile.email if is_own else masked_email(profile.email),
        waiting=waiting if waiting is not None and not waiting.has_expired else None,
        factors=factors_of(profile.account_id),
        kind=CREDENTIAL_SET_LABELS[profile.credential] if profile.credential is not None else None,
        company_phone=shown_phone(profile.company.phone) if profile.company and profile.company.phone else None,
        shown=_kept(profile),
        refusal=refusal,
        notice=browser_session.pop(NOTICE, None) if status == 200 else None,
    )
    return make_response(page, status)


def _question(profile: Profile, form: ProfileForm, changes: dict[str, str]) -> Response:
    kept = _kept(profile)
    lines = [
        {
            "field": field,
            "label": LABELS[field],
            "before": kept[field],
            "after": value if field == "name" else shown_phone(value),
        }
        for field, value in changes.items()
    ]
    page = render_template(
        "account/profile_check.html",
        profile=profile,
        form=form,
        lines=lines,
        hint=looks_like_company(changes["name"]) if "name" in changes else False,
    )
    return make_response(page)
