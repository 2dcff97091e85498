"""Words of the console: duties, powers, and where an operator stands."""

from typing import Any

from flask_babel import lazy_gettext

from idp.policies.duties import Duty, OperatorStatus, Power

DUTY_LABELS = {
    Duty.REVIEWER: lazy_gettext("審核"),
    Duty.SUPPORT: lazy_gettext("客服"),
    Duty.CONFIGURATOR: lazy_gettext("系統設定"),
    Duty.AUDITOR: lazy_gettext("稽核"),
}
DUTY_EXPLANATIONS = {
    Duty.REVIEWER: lazy_gettext("審核公司文件與帳號申請，查詢公司與帳號。"),
    Duty.SUPPORT: lazy_gettext("查詢公司與帳號、協助使用者，查看審核佇列與寄件匣。"),
    Duty.CONFIGURATOR: lazy_gettext("設定服務、政策與應用系統，匯入登記資料，管理營運人員。"),
    Duty.AUDITOR: lazy_gettext("查看所有頁面與稽核紀錄，不能變更資料。"),
}
POWER_LABELS: dict[Any, Any] = {
    Power.SEE_CASES: lazy_gettext("查看審核佇列"),
    Power.DECIDE_CASES: lazy_gettext("審核案件"),
    Power.SEE_PEOPLE: lazy_gettext("查詢公司與帳號"),
    Power.HELP_PEOPLE: lazy_gettext("協助公司與帳號"),
    Power.SEE_SETUP: lazy_gettext("查看服務與應用系統"),
    Power.CHANGE_SETUP: lazy_gettext("變更服務與應用系統"),
    Power.SEE_MAIL: lazy_gettext("查看寄件匣"),
    Power.SEE_AUDIT: lazy_gettext("查看稽核紀錄"),
    Power.IMPORT_REGISTER: lazy_gettext("匯入登記資料"),
    Power.MANAGE_OPERATORS: lazy_gettext("管理營運人員"),
}
# Label, tone and sign of a badge.
STANDINGS = {
    OperatorStatus.INVITED: (lazy_gettext("待完成設定"), "warn", "clock"),
    OperatorStatus.ACTIVE: (lazy_gettext("正常"), "ok", "check"),
    OperatorStatus.SUSPENDED: (lazy_gettext("停用"), "", "lock"),
}


def duties_in_words(duties: list[str]) -> list[str]:
    """The duties' labels, in the order of the table."""
    return [str(label) for duty, label in DUTY_LABELS.items() if duty in duties]
