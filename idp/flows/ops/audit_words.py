"""Words of the audit log as operators read it: events that group admins never see, outcomes, results of the check."""

from typing import Any

from flask_babel import lazy_gettext

from idp.flows.group_words import EVENTS, event_sentence
from idp.models import AuditEntry
from idp.policies.audit_checks import ChainProblem

OPERATORS_EVENTS: dict[str, Any] = {
    "audit:searched": lazy_gettext("查詢稽核紀錄"),
    "audit:exported": lazy_gettext("匯出稽核紀錄"),
    "audit:check:asked": lazy_gettext("要求檢查稽核紀錄是否完整"),
    "audit:checked": lazy_gettext("檢查稽核紀錄是否完整"),
    "mail:sent:again": lazy_gettext("再次寄送信件"),
    "mail:given_up": lazy_gettext("放棄寄送信件"),
    "logout_notice:sent:again": lazy_gettext("再次送出登出通知"),
    "logout_notice:given_up": lazy_gettext("放棄登出通知"),
    "registry:import:ordered": lazy_gettext("安排匯入登記資料"),
    "registry:import:resumed": lazy_gettext("繼續匯入登記資料"),
    "registry:import:stopped": lazy_gettext("停止匯入登記資料"),
    "registry:import:started": lazy_gettext("開始匯入登記資料"),
    "registry:import:serving": lazy_gettext("新的登記資料開始使用"),
    "registry:import:refused": lazy_gettext("登記資料檔案不符，未匯入"),
    "registry:import:ended": lazy_gettext("匯入登記資料結束"),
    "server:accident": lazy_gettext("系統發生錯誤"),
    "operator:added": lazy_gettext("已新增營運人員"),
    "operator:activated": lazy_gettext("營運人員完成設定"),
    "operator:duties:changed": lazy_gettext("變更營運人員的職責"),
    "operator:suspended": lazy_gettext("停用營運人員"),
    "operator:reset": lazy_gettext("重設營運人員的登入方式"),
    "operator:forbidden": lazy_gettext("開啟職責以外的頁面"),
    "operator:sign_in:begun": lazy_gettext("營運人員登入"),
    "operator:sign_in:failed": lazy_gettext("營運人員登入失敗"),
    "operator:sign_in:ended": lazy_gettext("營運人員登入結束"),
    "operator:password:changed": lazy_gettext("營運人員變更密碼"),
    "operator:worker:started": lazy_gettext("背景程式啟動"),
    "operator:server:started": lazy_gettext("系統啟動"),
    "operator:selftest:begun": lazy_gettext("開始檢測應用系統"),
    "operator:selftest:ended": lazy_gettext("檢測應用系統：結束一個登入工作階段"),
    "operator:selftest:shortened": lazy_gettext("檢測應用系統：縮短測試帳號的登入時間"),
    "operator:selftest:over": lazy_gettext("檢測應用系統完畢，測試帳號已關閉"),
    "service:added": lazy_gettext("新增服務"),
    "service:changed": lazy_gettext("變更服務"),
    "service:text:published": lazy_gettext("發布服務文件"),
    "client:added": lazy_gettext("新增應用系統"),
    "client:changed": lazy_gettext("變更應用系統"),
    "client:secret:rotated": lazy_gettext("更換應用系統的密鑰"),
    "client:secret:withdrawn": lazy_gettext("停止應用系統的舊密鑰"),
    "client:removed": lazy_gettext("移除應用系統"),
    "client:try:begun": lazy_gettext("開始測試登入應用系統"),
    "linked:switch:left": lazy_gettext("鏈結帳號回到自己的帳號"),
    "linked:switch:refused": lazy_gettext("鏈結帳號要切換為不屬於它的帳號"),
    "linked:accounts:told": lazy_gettext("應用系統取得可切換的公司帳號"),
    "client:account:looked_up": lazy_gettext("應用系統以帳號識別碼查詢帳號"),
    "client:account:sought": lazy_gettext("應用系統查詢不存在的帳號識別碼"),
    "client:try:answered": lazy_gettext("完成測試登入應用系統"),
    "linked:submitted": lazy_gettext("送出鏈結帳號申請"),
    "linked:expired": lazy_gettext("鏈結帳號的信箱驗證逾時"),
    "linked:purged": lazy_gettext("鏈結帳號逾期未驗證，資料已刪除"),
    "document:file:uploaded": lazy_gettext("上傳公司文件"),
    "document:queued": lazy_gettext("公司文件待審核"),
    "document:taken": lazy_gettext("接手審核公司文件"),
    "document:released": lazy_gettext("將公司文件放回審核佇列"),
    "case:taken": lazy_gettext("接手審核申請 %(case)s"),
    "case:released": lazy_gettext("將申請 %(case)s 放回審核佇列"),
}
# What is offered while one types: how the codes of events begin.
BEGINNINGS = (
    "account:", "account:sign_in:", "account:password:", "account:role:", "agreement:", "audit:", "case:", "client:",
    "company:", "document:", "invitation:", "logout_notice:", "mail:", "operator:", "operator:forbidden", "registry:",
    "server:accident", "service:",
)  # fmt: skip
OUTCOMES = {
    "done": lazy_gettext("完成"),
    "refused": lazy_gettext("被拒絕"),
    "failed": lazy_gettext("系統錯誤"),
}
CHAIN_PROBLEMS: dict[Any, Any] = {
    ChainProblem.CHANGED: lazy_gettext("這一筆或它之前的紀錄被修改或刪除。"),
    ChainProblem.UNSEALED: lazy_gettext("這一筆紀錄的封存值不見了，或是事後才放進來的。"),
    ChainProblem.HEAD: lazy_gettext("簽署過的封存值與這一筆紀錄不符。"),
    ChainProblem.HEAD_WITHOUT_ROW: lazy_gettext("簽署過的這一筆紀錄已不存在。"),
}


def sentence_of(entry: AuditEntry, client_name: str | None) -> str | None:
    """What a row tells, as a sentence; None where only its code tells it."""
    if entry.action in OPERATORS_EVENTS:
        return str(OPERATORS_EVENTS[entry.action])
    return event_sentence(entry, client_name) if entry.action in EVENTS else None
