"""What each sentence about a card means, and what its reader does next: for people and for the helpdesk (P40)."""

from datetime import UTC, datetime
from typing import Any

from flask_babel import lazy_gettext

# The code of a refusal: what has happened, and what to do. tests/cards hold it to CARD_MESSAGES.
MEANINGS: dict[str, tuple[Any, Any]] = {
    "card.refused": (
        lazy_gettext("憑證沒有通過驗證，沒有更明確的原因。"),
        lazy_gettext("確認插入的是工商憑證，再試一次；仍然失敗時，請先做讀卡自我檢測。"),
    ),
    "card.malformed": (
        lazy_gettext("憑證元件傳回的資料缺少內容，或不是憑證。"),
        lazy_gettext("重新插卡再試；仍然失敗時，請更新憑證元件或改用另一種元件。"),
    ),
    "card.not_signed": (
        lazy_gettext("簽章不是針對這次操作，或中途換了卡片。"),
        lazy_gettext("回到原來的頁面重新操作。常常發生時，請確認網址正確，並告知客服。"),
    ),
    "card.not_trusted": (
        lazy_gettext("核發卡片的憑證機構不在本服務的信任名單中，例如測試卡或其他機構的卡片。"),
        lazy_gettext("改用經濟部核發的工商憑證。確實是工商憑證時，請告知客服，由營運人員檢查信任名單。"),
    ),
    "card.expired": (
        lazy_gettext("憑證已經過了有效期限。"),
        lazy_gettext("至工商憑證管理中心申請新憑證；在此之前，請以密碼登入。"),
    ),
    "card.not_yet_valid": (
        lazy_gettext("憑證的生效日在將來。"),
        lazy_gettext("新發的卡片請於生效日後再試，或向工商憑證管理中心查詢。"),
    ),
    "card.key_usage": (
        lazy_gettext("讀到的是卡片中加密用的憑證，不是簽章用的憑證。"),
        lazy_gettext("重新插卡再試；仍然如此時，請更新憑證元件。"),
    ),
    "card.policy": (
        lazy_gettext("憑證的類別不在接受的範圍，例如測試憑證。"),
        lazy_gettext("改用正式的工商憑證。"),
    ),
    "card.subject_type": (
        lazy_gettext("卡片是自然人憑證、機關憑證或其他憑證，不能證明公司身分。"),
        lazy_gettext("改插貴公司的工商憑證。"),
    ),
    "card.not_citizen": (
        lazy_gettext("這裡要確認的是本人，插入的卡片卻是工商憑證、機關憑證或其他憑證。"),
        lazy_gettext("改插您本人的自然人憑證。"),
    ),
    "card.other_type": (
        lazy_gettext("卡片是機關憑證、伺服器憑證或其他憑證。"),
        lazy_gettext("改插貴公司的工商憑證，或您本人的自然人憑證。"),
    ),
    "card.tax_id": (
        lazy_gettext("憑證中沒有統一編號、檢查碼不符，或兩處記載不同。"),
        lazy_gettext("請洽工商憑證管理中心；我們無法修改憑證的內容。"),
    ),
    "card.revoked": (
        lazy_gettext("憑證管理中心已廢止這張憑證，例如掛失、公司更名或遷址。"),
        lazy_gettext("申請新憑證。要登入時，請以密碼登入，再登錄新卡片。"),
    ),
    "card.revocation_unknown": (
        lazy_gettext("憑證管理中心沒有回應，因此無法確認憑證是否仍然有效。卡片不一定有問題。"),
        lazy_gettext("數分鐘後再試；急用時請以密碼登入。"),
    ),
    "card.rank": (
        lazy_gettext("插入的是附卡，而這項服務要求正卡。"),
        lazy_gettext("改插正卡。公司通過驗證後，附卡仍可登錄與登入。"),
    ),
    "card.challenge_gone": (
        lazy_gettext("同一次驗證只能使用一次，並須在 5 分鐘內完成。"),
        lazy_gettext("不要使用瀏覽器的上一頁，重新按讀取憑證。"),
    ),
    "card.transport": (
        lazy_gettext("使用的是試用的軟體憑證。"),
        lazy_gettext("改用實體的工商憑證。"),
    ),
    "card.mismatch": (
        lazy_gettext("卡片屬於另一家公司。"),
        lazy_gettext("改插正確公司的卡片；申請帳號時，也可以回上一步修改統一編號。"),
    ),
    "card.new": (
        lazy_gettext("卡片有效，但還沒有登錄在任何帳號。"),
        lazy_gettext("已有帳號者先登入，再至「憑證與登入方式」登錄；沒有帳號者請申請。"),
    ),
    "card.elsewhere": (
        lazy_gettext("這張卡片已經登錄在另一個帳號。"),
        lazy_gettext("請原來的帳號先移除卡片，或改用另一張附卡。"),
    ),
    "card.citizen_new": (
        lazy_gettext("自然人憑證有效，但還沒有登錄在這個帳號。"),
        lazy_gettext("以其他方式登入後，至「憑證與登入方式」登錄；沒有帳號者請申請。"),
    ),
    "card.citizen_elsewhere": (
        lazy_gettext("這張自然人憑證已經登錄在另一個帳號，例如您在另一家公司的帳號。"),
        lazy_gettext("申請鏈結帳號，把卡片登錄在鏈結帳號，再綁定各公司的帳號；或先從原來的帳號移除卡片。"),
    ),
    "card.no_succession": (
        lazy_gettext("插入的是附卡，或公司已有可以登入的群組管理員。"),
        lazy_gettext("改插正卡；已有群組管理員時，請洽該群組管理員調整權限。"),
    ),
    "card.last_credential": (
        lazy_gettext("移除後就沒有任何方式可以登入這個帳號。"),
        lazy_gettext("先登錄另一張卡片，再移除這一張。"),
    ),
}
# Some sentences tell a date or two numbers: these are as good as any.
EXAMPLES: dict[str, dict[str, Any]] = {
    "card.expired": {"since": datetime(2025, 8, 31, 4, tzinfo=UTC)},
    "card.mismatch": {"card": "00000022", "entered": "00000016"},
}
