"""The sentences about passkeys: why one is refused and what to do. What the browser itself says is in the partial
``sign_in/passkey_button.html``."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext, lazy_gettext

from idp.services.passkey_refusals import (
    LastPasskey,
    PasskeyChallengeGone,
    PasskeyCopied,
    PasskeyElsewhere,
    PasskeyRefused,
    PasskeyThere,
    TooManyPasskeys,
)


def _plain(text: Any) -> Callable[[dict[str, Any]], str]:
    return lambda details: str(text)


PASSKEY_MESSAGES: dict[str, Callable[[dict[str, Any]], str]] = {
    # One sentence for whatever is wrong: it says neither whether the passkey is known nor whose it is.
    PasskeyRefused.code: _plain(
        lazy_gettext("這把通行密鑰無法使用。請確認是在本網站新增的通行密鑰後再試一次，或改用其他方式。")
    ),
    PasskeyChallengeGone.code: _plain(lazy_gettext("這次驗證已經使用過或逾時（5 分鐘），請再試一次。")),
    PasskeyCopied.code: _plain(
        lazy_gettext(
            "這把通行密鑰可能已遭複製，因此沒有登入。請改用其他方式登入，再至「憑證與登入方式」移除這把通行密鑰。"
        )
    ),
    PasskeyElsewhere.code: _plain(
        lazy_gettext("這把通行密鑰屬於另一個帳號，不能用來確認目前登入的帳號。請使用這個帳號的通行密鑰。")
    ),
    PasskeyThere.code: _plain(lazy_gettext("這把通行密鑰已經新增過，不需要再次新增。")),
    TooManyPasskeys.code: lambda d: gettext(
        "一個帳號最多可有 %(most)s 把通行密鑰，請先移除不再使用的通行密鑰。", most=d.get("most", "")
    ),
    LastPasskey.code: _plain(
        lazy_gettext("這是您唯一的登入方式，因此不能移除。請先新增另一把通行密鑰、登錄卡片或設定密碼。")
    ),
}
