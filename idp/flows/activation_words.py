"""What is told of a link that activates nothing (P15), and what to do: heading and lead, by why."""

from flask_babel import lazy_gettext

TROUBLES = {
    "unknown": (
        lazy_gettext("找不到這個連結"),
        lazy_gettext("連結不正確，或早已逾時。請確認網址完整；若仍無法開啟，請補發啟用信。"),
    ),
    "used": (
        lazy_gettext("這個連結已經使用過"),
        lazy_gettext("帳號已經啟用，請直接登入。若不是您本人啟用的，請立即通知客服。"),
    ),
    "expired": (
        lazy_gettext("這個連結已經逾時"),
        lazy_gettext("啟用帳號的連結已超過有效期限。請補發啟用信，再點選新信件中的連結。"),
    ),
    "replaced": (
        lazy_gettext("這個連結已經失效"),
        lazy_gettext("已由較新的啟用信取代，或申請已經修正、撤回。請點選最後收到的信件中的連結。"),
    ),
    "taken": (
        lazy_gettext("目前無法啟用帳號"),
        lazy_gettext("這個信箱或公司已有另一個帳號，請使用該帳號登入。如有疑問，請洽客服。"),
    ),
    "suspended": (
        lazy_gettext("目前無法啟用帳號"),
        lazy_gettext("這家公司目前停用，或已歇業、解散，因此不能啟用帳號。如有疑問，請洽客服。"),
    ),
}
