"""The sentences about cards: why one is refused and what to do, ranks, transports (card.md; domain.md §4 card.*)."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext, lazy_gettext

from idp.certificates.refusals import CardRefused
from idp.flows.moments import roc_date
from idp.mails.words import CARD_KIND_LABELS
from idp.mails.words import RANK_LABELS as RANK_LABELS
from idp.policies.assurance import Method
from idp.policies.cards import CardKind, CardRank

CARD_METHOD_LABELS = {
    Method.CARD_AGENT: lazy_gettext("憑證登入（讀卡元件）"),
    Method.CARD_HIPKI: lazy_gettext("憑證登入（HiPKI 元件）"),
    Method.CARD_SOFTWARE: lazy_gettext("軟體憑證登入（試用）"),
}


def label_of_card(kind: CardKind, rank: CardRank) -> Any:
    """What a card is called: 自然人憑證, or the rank of a company's card."""
    return CARD_KIND_LABELS[kind] if kind is CardKind.CITIZEN else RANK_LABELS[rank]


def _plain(text: Any) -> Callable[[dict[str, Any]], str]:
    return lambda details: str(text)


CARD_MESSAGES: dict[str, Callable[[dict[str, Any]], str]] = {
    CardRefused.code: _plain(lazy_gettext("憑證驗證失敗，請確認插入的是工商憑證後再試一次。")),
    "card.malformed": _plain(lazy_gettext("憑證元件傳回的資料不完整，請確認插入的是工商憑證後再試一次。")),
    "card.not_signed": _plain(lazy_gettext("憑證的簽章與這次操作不符，因此沒有採用。請重新操作一次。")),
    "card.not_trusted": _plain(
        lazy_gettext("這張卡片不是由本服務信任的憑證機構核發，無法使用。請插入經濟部核發的工商憑證。")
    ),
    "card.expired": lambda d: gettext(
        "這張憑證已於 %(date)s 到期，請至工商憑證管理中心申請新憑證。", date=roc_date(d["since"])
    ),
    "card.not_yet_valid": _plain(
        lazy_gettext("這張憑證尚未生效，請於生效日後再使用，或至工商憑證管理中心查詢憑證狀態。")
    ),
    "card.key_usage": _plain(lazy_gettext("讀到的不是卡片中的簽章憑證，請重新插入工商憑證後再試一次。")),
    "card.policy": _plain(lazy_gettext("這張憑證的類別不符（例如測試憑證），無法使用。請插入正式的工商憑證。")),
    "card.subject_type": _plain(
        lazy_gettext("這張卡片不是工商憑證（例如自然人憑證），無法證明公司身分。請插入貴公司的工商憑證。")
    ),
    "card.not_citizen": _plain(
        lazy_gettext("這張卡片不是自然人憑證（例如工商憑證），在這裡無法使用。請插入您本人的自然人憑證。")
    ),
    "card.other_type": _plain(
        lazy_gettext("這張卡片不是工商憑證，也不是自然人憑證，無法使用。請插入貴公司的工商憑證或您本人的自然人憑證。")
    ),
    "card.tax_id": _plain(lazy_gettext("憑證中的統一編號無法確認，請洽工商憑證管理中心。")),
    "card.revoked": _plain(
        lazy_gettext(
            "這張憑證已被廢止，無法使用。公司更名、變更統一編號或遷址時憑證會自動廢止，請至工商憑證管理中心申請新憑證。"
        )
    ),
    "card.revocation_unknown": _plain(
        lazy_gettext("目前無法向憑證機構確認這張憑證是否有效，請稍後再試。您也可以改用帳號密碼登入。")
    ),
    "card.rank": _plain(lazy_gettext("這張卡片是附卡，這項服務只接受正卡。請插入貴公司的正卡。")),
    "card.challenge_gone": _plain(lazy_gettext("這次驗證已經使用過或逾時（5 分鐘），請重新插卡驗證一次。")),
    "card.transport": _plain(lazy_gettext("本服務不接受軟體憑證，請插入實體的工商憑證。")),
    "card.mismatch": lambda d: gettext(
        "卡片的統一編號 %(card)s 與您填寫的 %(entered)s 不同。", card=d["card"], entered=d["entered"]
    ),
    "card.new": _plain(lazy_gettext("此卡片尚未申請帳號，請先完成申請，憑證資料已為您帶入。")),
    "card.elsewhere": _plain(lazy_gettext("這張卡片已登錄在另一個帳號。一張卡片只能登入一個帳號。")),
    "card.citizen_new": _plain(
        lazy_gettext("這張自然人憑證尚未登錄在您的帳號。請以其他方式登入後，至「憑證與登入方式」登錄，以後就能使用。")
    ),
    "card.citizen_elsewhere": _plain(
        lazy_gettext(
            "這張自然人憑證已登錄在另一個帳號。一張卡片只能登入一個帳號；您在多家公司有帳號時，"
            "請將卡片登錄在鏈結帳號，再以鏈結帳號綁定各公司的帳號。"
        )
    ),
    "card.no_succession": _plain(
        lazy_gettext("這張卡片無法接任群組管理員：須為正卡，且貴公司目前沒有可以登入的群組管理員。")
    ),
    "card.last_credential": _plain(lazy_gettext("這是您唯一的登入方式，因此沒有移除。請先設定密碼或登錄另一張卡片。")),
}
