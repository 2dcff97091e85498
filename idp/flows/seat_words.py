"""Words about the seats of a linked account."""

from flask_babel import lazy_gettext

SEAT_REASONS = {
    "seat.pending": lazy_gettext("尚未完成綁定驗證"),
    "seat.awaits_admin": lazy_gettext("等候該公司群組管理員同意"),
    "seat.needs_confirmation": lazy_gettext("等候帳號使用者再次確認綁定"),
    "seat.unbound": lazy_gettext("已解除綁定"),
    "seat.account_suspended": lazy_gettext("帳號已停用"),
    "seat.account_closed": lazy_gettext("帳號已關閉"),
    "seat.company_suspended": lazy_gettext("公司已停用"),
    "seat.company_closed": lazy_gettext("公司已歇業或解散"),
}
