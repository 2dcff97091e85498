"""Every claim the provider may send, in words, for the page 我的宣告."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clients.relying.application import Application
from clients.relying.moments import moment_of
from clients.relying.words import ROLE_WORDS

EXPLANATIONS = {
    "iss": "簽發者：是哪一個身分提供者說的。只接受我們登錄的那一個。",
    "sub": "您所用一般帳號的代號，永久不變、不會再給別人。它代表一個席位，不是一個自然人。",
    "aud": "收件人：這份 ID Token 是給哪一個應用系統的。",
    "azp": "取得這份 ID Token 的應用系統。",
    "exp": "這份 ID Token 的有效期限。登入期間不以它為準，而以 session_expiry 為準。",
    "iat": "這份 ID Token 的簽發時間。",
    "nbf": "在這個時間之前不得使用。",
    "jti": "這份 Token 的編號。",
    "nonce": "本系統在登入時送出的隨機值，原樣送回，用來確認這份 ID Token 是回應這一次登入。",
    "at_hash": "Access Token 的雜湊值，用來確認兩者是一起簽發的。",
    "c_hash": "授權碼的雜湊值。",
    "sid": "這次登入的代號。登出通知以它指明要結束哪一次登入；每張表單也帶著它。",
    "auth_time": "您實際輸入密碼或使用憑證的時間。",
    "acr": "這次登入的強度：密碼、兩階段（密碼加驗證碼、通行密鑰或自然人憑證），或代表這家公司的工商憑證。",
    "amr": "這次登入用了哪些方法（RFC 8176）：pwd 是密碼，sc 與 pin 是卡片與憑證密碼；"
    "再有 hwk 是由讀卡元件使用的卡片，有 swk 是試用的軟體憑證，兩者都沒有是由 HiPKI 元件使用的卡片；"
    "otp 是驗證器的驗證碼或備用碼，user 是通行密鑰（hwk 只在一個裝置，swk 可同步），mfa 是共用了兩個因素。",
    "session_expiry": "由這次登入而來的工作階段最晚必須在此時結束。",
    "act": "經由哪一個鏈結帳號進入。只有經由鏈結帳號時才有；每一筆紀錄都會記下它。",
    "name": "一般帳號的人員姓名。",
    "preferred_username": "一般帳號的帳號名稱。只供顯示，不可當作識別。",
    "given_name": "名字。",
    "family_name": "姓氏。",
    "locale": "您偏好的語言。",
    "zoneinfo": "您的時區。",
    "updated_at": "帳號資料最後更新的時間。",
    "email": "帳號的電子郵件。可能與其他公司的帳號共用，因此不可當作識別。",
    "email_verified": "電子郵件是否已驗證。",
    "phone_number": "帳號的電話號碼。",
    "phone_number_verified": "電話號碼是否已驗證。",
    "address": "公司地址。",
    "tenant": "公司的代號，由身分提供者給予。本系統以它存放紀錄，因為統一編號只是資料。",
    "company_tax_id": "公司的統一編號。",
    "company_name": "公司名稱。",
    "company": "公司的完整資料：代號、統一編號、名稱、狀態，以及公司身分的證明方式。",
    "roles": "您在這家公司的角色，恰為一個。",
    "data_scope": "您可看到自己的資料，或整家公司的資料。",
    "entitlements": "您在本系統可使用的選單。伺服器在每一頁之前都會檢查。",
    "entitlements_locked": "您有權使用、但這次登入強度不足的選單，以及所需的強度。",
    "perm_ver": "權限的版本；角色或選單權限每次變更都會加大。",
    "electronic_id": "電子身分證號（IC…），其他公司以它授權給這個帳號。",
}
MOMENTS = frozenset({"exp", "iat", "nbf", "auth_time", "session_expiry", "updated_at"})
ACR_WORDS = {
    "urn:company-idp:acr:password": "密碼",
    "urn:company-idp:acr:mfa": "兩階段登入",
    "urn:company-idp:acr:card": "工商憑證",
}
CARD_WORDS = {
    frozenset({"hwk"}): "憑證（讀卡元件）",
    frozenset({"swk"}): "憑證（軟體憑證，試用）",
    frozenset[str](): "憑證（HiPKI 元件）",
}
PASSKEY_WORDS = {
    frozenset({"hwk"}): "通行密鑰（只在一個裝置）",
    frozenset({"swk"}): "通行密鑰（可同步）",
}
SCOPE_WORDS = {"own": "只看自己的資料", "company": "看整家公司的資料"}
WORDS = {"acr": ACR_WORDS, "data_scope": SCOPE_WORDS}
UNKNOWN = "本頁還沒有這個宣告的說明。"


@dataclass(frozen=True, slots=True)
class Explained:
    """One claim for the page: its value as received, the same in words, and who said it."""

    name: str
    value: str
    in_words: str
    explanation: str
    sources: tuple[str, ...]


def explained(
    application: Application, claims: Mapping[str, Any], userinfo: Mapping[str, Any], language: str
) -> list[Explained]:
    """Every claim of the ID token and of userinfo, in the order of ``EXPLANATIONS``, unknown ones last.

    A claim whose value differs between the two is listed twice: userinfo is the newer one.
    """
    order = {name: place for place, name in enumerate(EXPLANATIONS)}
    names = sorted({*claims, *userinfo}, key=lambda name: (order.get(name, len(order)), name))
    rows = []
    for name in names:
        heard = [
            (source, said[name]) for source, said in (("ID Token", claims), ("UserInfo", userinfo)) if name in said
        ]
        if len(heard) == 2 and heard[0][1] == heard[1][1]:
            heard = [("", heard[0][1])]
        for source, value in heard:
            rows.append(
                Explained(
                    name,
                    value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
                    _in_words(application, name, value, language),
                    application.translated(EXPLANATIONS.get(name, UNKNOWN), language),
                    (source,) if source else ("ID Token", "UserInfo"),
                )
            )
    return rows


def _in_words(application: Application, name: str, value: Any, language: str) -> str:
    if name in MOMENTS and isinstance(value, (int, float)) and 0 <= value < 1e11:
        return moment_of(value).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, str):
        return application.translated(WORDS.get(name, {}).get(value, ""), language)
    if isinstance(value, list):
        words = _words_of_list(application, name, [str(each) for each in value], language)
        return (", " if language == "en" else "、").join(word for word in words if word)
    return ""


def _words_of_list(application: Application, name: str, values: list[str], language: str) -> list[str]:
    if name == "entitlements":
        items = application.menus.items
        return [items[code].label(language) for code in values if code in items]
    sentences = {"roles": [ROLE_WORDS.get(role, "") for role in values], "amr": _methods(set(values))}
    return [application.translated(sentence, language) for sentence in sentences.get(name, [])]


def _methods(values: set[str]) -> list[str]:
    """The ways of signing in that these ``amr`` values stand for (tokens.md; RFC 8176)."""
    card = CARD_WORDS.get(frozenset(values & {"hwk", "swk"}), "") if "sc" in values else ""
    passkey = PASSKEY_WORDS.get(frozenset(values & {"hwk", "swk"}), "") if "user" in values and not card else ""
    return (["密碼"] if "pwd" in values else []) + (["驗證碼"] if "otp" in values else []) + [passkey, card]
