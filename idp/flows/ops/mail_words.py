"""Words of the outbox: where a mail stands, what each is for, and why one was not taken."""

import re
from typing import Any

from flask_babel import gettext, lazy_gettext

from idp.mails.leases import DEAD, GIVEN_UP, SENDING, SENT, WAITING

# Label, tone and sign of a badge.
STATE_LABELS: dict[str, Any] = {
    DEAD: (lazy_gettext("未能寄達"), "bad", "cross"),
    WAITING: (lazy_gettext("待寄送"), "warn", "clock"),
    SENDING: (lazy_gettext("寄送中"), "act", "mail"),
    SENT: (lazy_gettext("已寄出"), "ok", "check"),
    GIVEN_UP: (lazy_gettext("已放棄"), "", "dash"),
}
TEMPLATE_LABELS: dict[str, Any] = {
    "account_closed": lazy_gettext("帳號已關閉"),
    "account_idle": lazy_gettext("帳號久未使用提醒"),
    "account_idle_suspended": lazy_gettext("帳號因久未使用而停用"),
    "account_restored": lazy_gettext("帳號恢復使用"),
    "activation": lazy_gettext("帳號啟用信"),
    "account_suspended": lazy_gettext("帳號停用"),
    "application_approved": lazy_gettext("審核通過"),
    "application_approved_verify": lazy_gettext("審核通過並驗證信箱"),
    "application_lapsed": lazy_gettext("帳號申請逾期未補件"),
    "application_more_info": lazy_gettext("帳號申請請補件"),
    "application_received": lazy_gettext("申請已收到"),
    "application_rejected": lazy_gettext("審核未通過"),
    "application_waits": lazy_gettext("待審核提醒"),
    "applications_wait": lazy_gettext("每日待審核提醒"),
    "binding_asked": lazy_gettext("請帳號使用者同意綁定"),
    "binding_bound": lazy_gettext("已綁定鏈結帳號"),
    "binding_code": lazy_gettext("鏈結帳號綁定驗證碼"),
    "binding_code_void": lazy_gettext("綁定驗證碼已失效"),
    "binding_confirmed": lazy_gettext("鏈結帳號綁定已確認"),
    "binding_ended": lazy_gettext("已解除鏈結帳號綁定"),
    "binding_first_used": lazy_gettext("鏈結帳號首次登入"),
    "binding_held": lazy_gettext("鏈結帳號綁定待確認"),
    "binding_refused": lazy_gettext("鏈結帳號綁定未獲同意"),
    "binding_waits": lazy_gettext("鏈結帳號綁定待群組管理員同意"),
    "card_ends": lazy_gettext("憑證即將到期"),
    "card_enrolled": lazy_gettext("已登錄憑證"),
    "card_removed": lazy_gettext("已移除憑證"),
    "case_link": lazy_gettext("修改申請的確認連結"),
    "company_restored": lazy_gettext("公司恢復使用"),
    "company_suspended": lazy_gettext("公司停用"),
    "credential_added": lazy_gettext("已新增登入方式"),
    "credential_removed": lazy_gettext("已移除登入方式"),
    "data_scope_changed": lazy_gettext("可查看的資料範圍變更"),
    "document_approved": lazy_gettext("公司文件審核通過"),
    "document_infected": lazy_gettext("公司文件含有病毒"),
    "document_lapsed": lazy_gettext("公司文件逾期未補件"),
    "document_more_info": lazy_gettext("公司文件請補件"),
    "document_received": lazy_gettext("公司文件已收到"),
    "document_rejected": lazy_gettext("公司文件審核未通過"),
    "first_password": lazy_gettext("設定密碼"),
    "group_admin_by_card": lazy_gettext("群組管理員由他人接任"),
    "invitation": lazy_gettext("邀請信"),
    "mailbox_change_asked": lazy_gettext("變更 Email 通知（原信箱）"),
    "mailbox_changed": lazy_gettext("Email 已變更"),
    "mailbox_to_confirm": lazy_gettext("新信箱驗證信"),
    "linked_verification": lazy_gettext("信箱驗證信（鏈結帳號）"),
    "operator_set_up": lazy_gettext("營運人員設定連結"),
    "passkey_copied": lazy_gettext("通行密鑰可能遭複製"),
    "no_password": lazy_gettext("帳號沒有密碼"),
    "password_changed": lazy_gettext("密碼已變更"),
    "password_reset": lazy_gettext("重設密碼的連結"),
    "password_was_reset": lazy_gettext("密碼已重設"),
    "recovery_code_used": lazy_gettext("已使用備用碼"),
    "recovery_codes_made": lazy_gettext("已產生備用碼"),
    "rights_changed": lazy_gettext("選單權限變更"),
    "role_changed": lazy_gettext("權限變更"),
    "second_factor_reset": lazy_gettext("第二因素已重設"),
    "verification": lazy_gettext("信箱驗證信"),
    "wrong_codes": lazy_gettext("驗證碼多次錯誤"),
}
# By the beginning of what is kept of a failure: the name of its class.
REASONS = (
    (("SMTPRecipientsRefused",), lazy_gettext("對方的郵件主機不收這個信箱的信，信箱可能不存在或已滿。")),
    (("SMTPDataError",), lazy_gettext("對方的郵件主機不收這封信的內容。")),
    (("SMTPSenderRefused",), lazy_gettext("寄信主機不接受我們的寄件信箱。")),
    (("SMTPAuthenticationError",), lazy_gettext("寄信主機不接受我們的帳號或密碼。")),
    (
        ("UndefinedError", "Template", "KeyError", "TypeError", "ValueError"),
        lazy_gettext("信件內容無法產生，請通知工程人員。"),
    ),
    (("",), lazy_gettext("連不上寄信主機，或連線中斷。")),
)
ADDRESS = re.compile(r"https?://\S+")


def template_label(name: str | None) -> str:
    """What a mail is for; its name in the code where there are no words."""
    return str(TEMPLATE_LABELS.get(name or "", name or ""))


def reason_in_words(last_error: str | None) -> str | None:
    """Why the last try came to nothing, or None."""
    if not last_error:
        return None
    return next(str(words) for names, words in REASONS if last_error.startswith(names))


def as_answered(last_error: str | None) -> str | None:
    """What the other side said, without addresses: some name the link for which they refuse a mail."""
    return ADDRESS.sub(str(gettext("（網址不顯示）")), last_error) if last_error else None
