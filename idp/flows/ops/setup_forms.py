"""What an operator fills in on the way to the console, and what is told of a link that leads nowhere."""

from typing import Any

from flask_babel import lazy_gettext
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import InputRequired

from idp.flows.account_fields import LONGEST_PASSWORD, AtMost, add_error
from idp.flows.forms import PlainForm
from idp.flows.messages import PROBLEMS

LONGEST_CODE = 40
ASK_FOR_ANOTHER = lazy_gettext("請洽負責系統設定的營運人員重新寄送，再點擊新信件中的連結。")
TROUBLES = {
    "unknown": (lazy_gettext("找不到這個連結"), lazy_gettext("連結不正確，或早已逾時。請確認網址完整。")),
    "used": (
        lazy_gettext("這個連結已經使用過"),
        lazy_gettext("您的帳號已經設定完成，請直接登入。若不是您本人設定的，請立即通知負責系統設定的營運人員。"),
    ),
    "expired": (lazy_gettext("這個連結已經逾時"), ASK_FOR_ANOTHER),
    "replaced": (
        lazy_gettext("這個連結已由較新的信件取代"),
        lazy_gettext("請點擊最後收到的信件中的連結。"),
    ),
    "suspended": (lazy_gettext("目前無法設定"), lazy_gettext("這個營運人員帳號目前停用。")),
    "elsewhere": (
        lazy_gettext("已在另一個瀏覽器設定驗證器"),
        lazy_gettext("這裡的設定沒有生效。請在另一個瀏覽器完成，或再次點擊信件中的連結，重新開始。"),
    ),
}


class PasswordForm(PlainForm):
    """A password, twice."""

    password = PasswordField(
        lazy_gettext("密碼"),
        [InputRequired(lazy_gettext("請輸入密碼。")), AtMost(LONGEST_PASSWORD, PROBLEMS["long"])],
    )
    password_again = PasswordField(lazy_gettext("確認密碼"), [InputRequired(lazy_gettext("請再輸入一次密碼。"))])

    def validate(self, extra_validators: Any = None) -> bool:
        """Typed twice alike (R-067)."""
        is_valid = super().validate(extra_validators)
        if is_valid and self.password.data != self.password_again.data:
            add_error(self, "password_again", str(PROBLEMS["mismatch"]))
            return False
        return is_valid


class FirstCodeForm(PlainForm):
    """The first code of the app."""

    code = StringField(
        lazy_gettext("驗證碼"),
        [InputRequired(lazy_gettext("請輸入驗證碼。")), AtMost(LONGEST_CODE, lazy_gettext("驗證碼不正確。"))],
    )


class SavedForm(PlainForm):
    """That the recovery codes are kept somewhere."""

    saved = BooleanField(
        lazy_gettext("我已保存"), [InputRequired(lazy_gettext("請先保存備用碼，再勾選「我已保存」。"))]
    )
