"""Words of logout notices: where one stands, why the session ended, why the client was not told."""

from typing import Any

from flask_babel import lazy_gettext

from idp.mails.leases import DEAD, GIVEN_UP, SENDING, SENT, WAITING

# Label, tone and sign of a badge.
NOTICE_STATES: dict[str, Any] = {
    DEAD: (lazy_gettext("未能送達"), "bad", "cross"),
    WAITING: (lazy_gettext("待送出"), "warn", "clock"),
    SENDING: (lazy_gettext("送出中"), "act", "exit"),
    SENT: (lazy_gettext("已送達"), "ok", "check"),
    GIVEN_UP: (lazy_gettext("已放棄"), "", "dash"),
}
# Why the session ended; what is not here is told by its code.
ENDINGS: dict[str, Any] = {
    "signed_out": lazy_gettext("使用者登出"),
    "owner": lazy_gettext("本人結束這個裝置的登入"),
    "elsewhere": lazy_gettext("在同一個瀏覽器改以其他帳號登入"),
    "replaced": lazy_gettext("在同一個瀏覽器改以其他帳號登入"),
    "taken_back": lazy_gettext("本人撤回授權"),
    "password_changed": lazy_gettext("更改密碼"),
    "password_reset": lazy_gettext("重設密碼"),
    "mailbox_changed": lazy_gettext("變更信箱"),
    "unbound": lazy_gettext("解除綁定"),
    "held": lazy_gettext("綁定待本人確認"),
    "needs_confirmation": lazy_gettext("綁定待本人確認"),
    "narrowed": lazy_gettext("權限減少"),
    "account_suspended": lazy_gettext("帳號停用"),
    "account_closed": lazy_gettext("帳號關閉"),
    "company_suspended": lazy_gettext("公司停用"),
    "company_closed": lazy_gettext("公司歇業或解散"),
    "operator": lazy_gettext("營運人員結束登入"),
    "client_removed": lazy_gettext("應用系統已移除"),
    "code_replayed": lazy_gettext("授權碼被重複使用"),
    "refresh_reused": lazy_gettext("更新權杖被重複使用"),
}
# By the beginning of what is kept of a failure: the name of its class.
REASONS = (
    ("Declined: the client has no", lazy_gettext("應用系統已不再登記接收登出通知的網址。")),
    ("Declined", lazy_gettext("應用系統拒絕這則登出通知，再送一次通常也不會接受。")),
    ("NotTaken", lazy_gettext("應用系統回覆錯誤。")),
    ("Unreachable", lazy_gettext("連不上應用系統，或等候逾時。")),
    ("", lazy_gettext("登出通知無法產生，請通知工程人員。")),
)


def why_not_taken(last_error: str | None) -> str | None:
    """Why the last try came to nothing, or None."""
    if not last_error:
        return None
    return next(str(words) for beginning, words in REASONS if last_error.startswith(beginning))
