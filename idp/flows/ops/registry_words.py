"""Words of the register's imports and look-ups: phases, what became of an order, and what a register says."""

from typing import Any

from flask_babel import lazy_gettext

from idp.policies.registry import Finding, ImportPhase, OrderProblem, OrderState, RegisterStatus

PHASE_LABELS = {
    ImportPhase.READING: lazy_gettext("讀取檔案並排序"),
    ImportPhase.ENTRIES: lazy_gettext("寫入登記資料"),
    ImportPhase.NAMES: lazy_gettext("寫入名稱索引"),
    ImportPhase.COMPANIES: lazy_gettext("比對本系統的公司"),
    ImportPhase.CLEARING: lazy_gettext("刪除前一份登記資料"),
    ImportPhase.DONE: lazy_gettext("完成"),
}
PHASES = tuple(PHASE_LABELS)
# Label, tone and sign of a badge.
ORDER_LABELS: dict[Any, Any] = {
    OrderState.ORDERED: (lazy_gettext("等候背景程式開始"), "warn", "clock"),
    OrderState.RUNNING: (lazy_gettext("匯入中"), "act", "clock"),
    OrderState.STOPPED: (lazy_gettext("已停止"), "", "dash"),
    OrderState.REFUSED: (lazy_gettext("檔案不符"), "bad", "cross"),
    OrderState.FAILED: (lazy_gettext("發生錯誤"), "bad", "cross"),
    OrderState.DONE: (lazy_gettext("完成"), "ok", "check"),
}
PROBLEM_SENTENCES: dict[str, Any] = {
    "columns": lazy_gettext("檔案不是財政部「全國營業(稅籍)登記資料集」的 16 個欄位，可能不完整。"),
    "date": lazy_gettext("檔案第二列不是資料日期（例如 29-SEP-26）。"),
    "encoding": lazy_gettext("檔案不是 UTF-8 編碼。"),
    "zip": lazy_gettext("壓縮檔不完整，或其中不是剛好一個 csv 檔。"),
    "numbers": lazy_gettext("有太多列沒有統一編號，或統一編號重複。"),
    "empty": lazy_gettext("檔案裡沒有任何資料。"),
    "older": lazy_gettext("檔案比使用中的登記資料舊。確定要改用時，請勾選「仍要匯入」再開始。"),
    "shorter": lazy_gettext("檔案的筆數比使用中的登記資料少很多，可能不完整。確定要改用時，請勾選「仍要匯入」再開始。"),
    OrderProblem.UNCHANGED: lazy_gettext("這個檔案就是使用中的登記資料，沒有變更。"),
    OrderProblem.TAKEN_OVER: lazy_gettext("另一項匯入已經開始，這一項因此停止。"),
    OrderProblem.MISSING: lazy_gettext("背景程式找不到這個檔案。請確認它看得到同一個資料夾。"),
    OrderProblem.UNREADABLE: lazy_gettext("檔案無法讀取，或磁碟空間不足。原因記在背景程式的記錄裡。"),
    OrderProblem.ACCIDENT: lazy_gettext(
        "匯入時發生錯誤，原因記在背景程式的記錄裡。排除後可繼續，已完成的部分不必重做。"
    ),
}
STATUS_LABELS = {
    RegisterStatus.OPERATING: lazy_gettext("營業中"),
    RegisterStatus.PAUSED: lazy_gettext("停業"),
    RegisterStatus.ENDED: lazy_gettext("已歇業、解散或撤銷"),
    RegisterStatus.UNKNOWN: lazy_gettext("未載明"),
}
FINDING_SENTENCES = {
    Finding.NOT_FOUND: lazy_gettext("查無此統一編號。"),
    Finding.WAITING: lazy_gettext("查詢中，請數秒後重新整理。"),
    Finding.UNASKED: lazy_gettext("尚未查詢。"),
    Finding.UNAVAILABLE: lazy_gettext("暫時無法取得，或本系統未獲授權。請五分鐘後再查。"),
}
