"""Words of the queue and of a review (P36): tabs, subjects, how long something waits, outcomes, ready reasons."""

from datetime import datetime
from typing import Any

from flask_babel import gettext, lazy_gettext, lazy_pgettext

from idp.db import now
from idp.mails.words import DOCUMENT_REASON_SENTENCES
from idp.policies.comparing import Line
from idp.policies.documents import DocumentOutcome, DocumentReason
from idp.policies.reviews import Outcome
from idp.services.ops_queue import MOST_COUNTED, Queued, QueueTab, Subject

DECIDED = "decided"
TAB_LABELS: dict[str, Any] = {
    QueueTab.WAITING: lazy_gettext("待審核"),
    QueueTab.MINE: lazy_gettext("我接手的"),
    QueueTab.MORE_INFO: lazy_gettext("待補件"),
    DECIDED: lazy_gettext("已結案"),
}
EMPTY: dict[str, Any] = {
    DECIDED: lazy_gettext("目前沒有已結案的案件。"),
    QueueTab.WAITING: lazy_gettext("目前沒有待審核的案件。"),
    QueueTab.MINE: lazy_gettext("您目前沒有接手的案件。"),
    QueueTab.MORE_INFO: lazy_gettext("目前沒有等候申請人補件的案件。"),
}
SUBJECT_LABELS = {
    Subject.DOCUMENT: lazy_gettext("公司文件"),
    Subject.ACCOUNT: lazy_gettext("帳號申請"),
    Subject.ESCALATED: lazy_gettext("帳號申請（轉審）"),
}
OUTCOMES = {
    "approve": (lazy_pgettext("do", "通過"), None),
    "more_info": (lazy_pgettext("do", "請補件"), lazy_gettext("14 天內有效")),
    "reject": (lazy_pgettext("do", "未通過"), None),
}
DOCUMENT_OUTCOMES = {
    "approve": DocumentOutcome.APPROVED,
    "more_info": DocumentOutcome.MORE_INFO,
    "reject": DocumentOutcome.REJECTED,
}
CASE_OUTCOMES = {"approve": Outcome.APPROVED, "more_info": Outcome.MORE_INFO, "reject": Outcome.REJECTED}
DECIDED_LABELS: dict[str, tuple[Any, str, str]] = {
    "approved": (lazy_pgettext("decided", "通過"), "ok", "check"),
    "rejected": (lazy_pgettext("decided", "未通過"), "bad", "cross"),
    "more_info": (lazy_pgettext("decided", "請補件"), "warn", "alert"),
    "withdrawn": (lazy_gettext("申請人撤回"), "", "dash"),
}
# In the reviewer's list; the applicant reads the sentence of it (mails/words.py).
DOCUMENT_REASON_LABELS = {
    DocumentReason.OBSOLETE: lazy_gettext("文件種類已停止使用（營利事業登記證）"),
    DocumentReason.UNREADABLE: lazy_gettext("影像模糊，無法辨識"),
    DocumentReason.ADDRESS: lazy_gettext("文件地址與填寫不同"),
    DocumentReason.NAME: lazy_gettext("文件名稱與填寫不同"),
    DocumentReason.NUMBER: lazy_gettext("文件編號與填寫不同"),
    DocumentReason.INCOMPLETE: lazy_gettext("缺頁或不完整"),
    DocumentReason.OTHER: lazy_gettext("其他（請於說明填寫）"),
}
LINE_LABELS = {
    Line.NAME: lazy_gettext("公司名稱"),
    Line.ADDRESS: lazy_gettext("公司地址"),
    Line.RESPONSIBLE: lazy_gettext("負責人"),
}
MINUTE, HOUR, DAY = 60, 3600, 86400


def waited(since: datetime) -> str:
    """How long something waits: 「3 天 4 小時」, 「22 小時」, 「40 分鐘」."""
    seconds = max(0, int((now() - since).total_seconds()))
    days, hours = seconds // DAY, seconds % DAY // HOUR
    if days:
        return str(gettext("%(days)d 天 %(hours)d 小時", days=days, hours=hours))
    return str(
        gettext("%(hours)d 小時", hours=hours) if hours else gettext("%(minutes)d 分鐘", minutes=seconds // MINUTE)
    )


def shown_count(count: int) -> str:
    """A count that was not counted to its end: 「99+」."""
    return str(count) if count < MOST_COUNTED else f"{MOST_COUNTED - 1}+"


def subjects_of(one: Queued) -> str:
    """What waits of an application."""
    if not one.waits_for_account:
        return str(SUBJECT_LABELS[Subject.DOCUMENT] if one.waits_for_document else "—")
    if one.waits_for_document:
        return str(gettext("公司文件、帳號"))
    return str(SUBJECT_LABELS[Subject.ESCALATED if one.case.escalated_at else Subject.ACCOUNT])


def subject_of(*, is_document: bool) -> str:
    """What a decision is about."""
    return str(SUBJECT_LABELS[Subject.DOCUMENT if is_document else Subject.ACCOUNT])


def why_in_words(reasons: list[str], text: str | None) -> list[str]:
    """Why a document was not taken, as its applicant reads it."""
    told = [str(DOCUMENT_REASON_SENTENCES[reason]) for reason in reasons if reason in DOCUMENT_REASON_SENTENCES]
    return [*told, text] if text else told
