"""In whose name a service's mails are sent and how they end, where its preset says so (C-21, R-175, R-176)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MailTexts:
    """The sender's name and the last lines, in both languages; an own footer of the service replaces the lines."""

    sender_zh: str
    sender_en: str
    footer_zh: str
    footer_en: str


MAIL_TEXTS = {
    "twport": MailTexts(
        sender_zh="港區通行證通用管理系統工作小組",
        sender_en="Port Pass Management System working group",
        footer_zh="（此mail為系統發送通知，請勿回覆，若有問題請於8:00~18:00洽客服專線：0809-088-568免付費，"
        "客服將儘快為您服務）",
        footer_en="(This notice was sent by the system, so please do not reply to it. If you have a question, call our"
        " toll-free line 0809-088-568 between 8:00 and 18:00; we will help you as soon as we can.)",
    ),
}
