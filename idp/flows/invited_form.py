"""What an invited person fills in, and what she is told where her link lets nobody in."""

from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, Field, HiddenField
from wtforms.validators import InputRequired, ValidationError

from idp.browser import peer_address
from idp.db import end_reading, transaction
from idp.errors import PasswordRefused
from idp.flows.account_fields import CredentialFields, PersonFields, add_error
from idp.flows.messages import sentence_for
from idp.flows.moments import short_minute
from idp.policies.company_names import parse_phone
from idp.policies.limits import PASSWORDS_JUDGED_PER_ADDRESS
from idp.policies.names import canonical_username
from idp.services.cases import PersonAnswers
from idp.services.invited import OpenedInvitation, check_new_password, gives_number
from idp.services.limits import spend
from idp.services.passwords import hash_password

ORDER = ("username", "name", "phone", "email", "password", "password_again", "agree", "texts")
Texts = tuple[tuple[str, str], ...]
AGREED: frozenset[str] = frozenset({"agree", "texts"})
# The run remembers these; a password it remembers by its hash alone.
REMEMBERED = ("username", "name", "phone", "agree", "texts")


class InvitedForm(CredentialFields, PersonFields):
    """帳號, 姓名, 手機電話, Email (fixed: it was invited), 密碼, 確認密碼, and the terms."""

    agree = BooleanField(lazy_gettext("我同意條款"), [InputRequired(lazy_gettext("請閱讀條款並勾選「我同意條款」。"))])
    texts = HiddenField()

    def __init__(self, opened: OpenedInvitation, *, texts: Texts, **values: Any) -> None:
        super().__init__(**values)
        left_out = {"username"} if gives_number(opened.service) else set()
        left_out |= set() if texts else AGREED
        self._fields = {name: self._fields[name] for name in ORDER if name not in left_out}
        self._has_name = "username" not in left_out
        self._stamp = " ".join(f"{text}/{version}" for text, version in texts)
        self.email.data = opened.invitation.email

    def validate_agree(self, field: Field) -> None:
        """To the versions that were shown, and to no other."""
        if self.texts.data != self._stamp:
            raise ValidationError(gettext("條款已經更新，請重新閱讀後再同意。"))

    def stamp_texts(self) -> None:
        """Name the versions that this page shows."""
        if self.texts.data != self._stamp:
            self.texts.data, self.agree.data = self._stamp, False

    def keep_password(self) -> None:
        """Take blank password fields for the password that was typed before."""
        for field in (self.password, self.password_again):
            field.validators = ()
            field.flags.required = False

    def has_good_password(self) -> bool:
        """Whether name and password were filled in well, whatever the other fields hold."""
        named = (self.username,) if self._has_name else ()
        fields = (*named, self.password, self.password_again)
        return bool(self.password.data) and not any(field.errors for field in fields)

    def remembered(self) -> dict[str, Any]:
        """What must not be lost where the form is shown again."""
        return {name: self._fields[name].data for name in REMEMBERED if name in self._fields}

    @property
    def chosen_name(self) -> str:
        """The account name as it was typed; empty where the account is called by its number."""
        return (self.username.data or "") if self._has_name else ""

    def person(self, locale: str) -> PersonAnswers:
        """The answers of a valid form, in their one form."""
        return PersonAnswers(
            username=self.chosen_name.strip(),
            name=(self.name.data or "").strip(),
            phone=parse_phone(self.phone.data or "") or "",
            email=self.email.data or "",
            locale=locale,
        )


def password_typed(form: InvitedForm, opened: OpenedInvitation, locale: str) -> dict[str, str] | None:
    """The password's hash and the name it was judged with, or None; a password that breaks a rule is told beside it.

    Raises TooManyRequests.
    """
    if not form.has_good_password():
        return None
    with transaction():
        spend(PASSWORDS_JUDGED_PER_ADDRESS, peer_address())
    try:
        check_new_password(opened, form.person(locale), form.password.data or "")
    except PasswordRefused as refused:
        add_error(form, "password", sentence_for(refused))
        return None
    end_reading()
    hashed = hash_password(form.password.data or "")
    return {"username": canonical_username(form.chosen_name), "hash": hashed}


def trouble_words(because: str, opened: OpenedInvitation | None) -> tuple[str, str]:
    """Heading and lead of the page that says why a link lets nobody in, and whom to ask."""
    about = {"company": "", "until": ""}
    if opened is not None:
        about = {"company": opened.company.name, "until": short_minute(opened.invitation.expires_at)}
    heading, lead = TROUBLES[because]
    return str(heading) % about, str(lead) % about


TROUBLES = {
    "unknown": (
        lazy_gettext("找不到這個邀請"),
        lazy_gettext("連結不正確，或邀請早已逾時。請確認網址完整，或請邀請您的公司再次寄送邀請。"),
    ),
    "used": (
        lazy_gettext("這個邀請已經使用過"),
        lazy_gettext("帳號已經建立，請直接登入。若不是您本人建立的，請立即通知%(company)s的群組管理員。"),
    ),
    "expired": (
        lazy_gettext("這個邀請已經逾時"),
        lazy_gettext("邀請的有效期限為%(until)s。請洽%(company)s的群組管理員再次寄送邀請。"),
    ),
    "cancelled": (
        lazy_gettext("這個邀請已經取消"),
        lazy_gettext("%(company)s的群組管理員已取消這個邀請。如有疑問，請洽該公司的群組管理員。"),
    ),
    "replaced": (
        lazy_gettext("這個連結已由較新的邀請取代"),
        lazy_gettext("請開啟最後收到的邀請信中的連結。若沒有收到，請洽%(company)s的群組管理員再次寄送邀請。"),
    ),
    "void": (
        lazy_gettext("這個邀請已經失效"),
        lazy_gettext("寄出這個邀請的人目前無法邀請他人。請洽%(company)s的群組管理員重新邀請您。"),
    ),
    "company": (
        lazy_gettext("目前無法加入%(company)s"),
        lazy_gettext("這家公司目前停用，或已歇業、解散，因此不能建立帳號。如有疑問，請洽%(company)s的群組管理員。"),
    ),
    "account": (
        lazy_gettext("您在%(company)s已經有帳號或申請"),
        lazy_gettext("這個信箱已用於該公司的另一個帳號或申請，請直接登入。如有疑問，請洽%(company)s的群組管理員。"),
    ),
}
