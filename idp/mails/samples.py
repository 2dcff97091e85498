"""Each mail with invented names, for those who want to see what people are sent: no link in it leads anywhere."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from flask_mail import Message

from idp.config import settings
from idp.db import now
from idp.mails.compose import MAIL
from idp.mails.render import rendered
from idp.models import OutboxEntry

FOLDER = Path(__file__).parent.parent / "templates" / "mail"
FRAMES = frozenset({"base", "parts"})
LINK = "/example"
LASTS = timedelta(hours=24)
# What any mail may say. A template that needs another value of one of them has it below.
COMMON: dict[str, Any] = {
    "name": "王小明",
    "username": "ming.wang",
    "company_name": "測試一號有限公司",
    "company_tax_id": "00000016",
    "case_number": "4F7K-29QX-H3TB",
    "role": "staff",
    "reason": "人員異動",
    "scope": "company",
    "reason_code": "wrong_name",
    "reason_text": "請填寫與身分證件相同的姓名。",
    "text": "請填寫與身分證件相同的姓名。",
    "document_reasons": ["obsolete"],
    "file_name": "公司登記表.pdf",
    "may_correct": True,
    "may_sign_in": False,
    "applicant": "林雅婷",
    "applicants": ["林雅婷", "陳志明"],
    "count": 2,
    "inviter": "陳主管",
    "successor": "陳主管",
    "by_group_admin": True,
    "is_verified": True,
    "is_first_admin": False,
    "by_password": True,
    "is_reviewed": True,
    "label": "鏈結帳號",
    "card_serial": "5A1B2C3D4E5F",
    "card_rank": "primary",
    "card_kind": "company",
    "credential": "passkey",
    "credential_set": "company_card",
    "electronic_id": "IC1234567897",
    "credential_name": "王小明的手機",
    "linked_username": "damin.chien",
    "linked_name": "錢大明",
    "to_owner": True,
    "gave_password": True,
    "advises_password": True,
    "ended_by": "linked",
    "held_because": "mailbox",
    "client_zh": "通行證系統",
    "client_en": "Port Pass",
    "new_mailbox": "mi*****@example.test",
    "is_former_mailbox": True,
    "has_cancelled_mailbox": True,
    "path": LINK,
}

ENGLISH: dict[str, Any] = {
    "reason": "Moved to another department",
    "reason_text": "Please give your name as it stands on your ID card.",
    "text": "Please give your name as it stands on your ID card.",
}


def template_names() -> list[str]:
    """The names of all mails, in order."""
    return sorted(file.stem for file in FOLDER.glob("*.html") if file.stem not in FRAMES)


def sample(template: str, *, service_id: str | None, locale: str) -> Message:
    """This mail as it goes to somebody invented, from this service (None: from the provider itself)."""
    moment = now()
    words = COMMON | (ENGLISH if locale.startswith("en") else {})
    context = {**words, "until": (moment + LASTS).isoformat(), "waiting_since": moment.isoformat()}
    entry = OutboxEntry(
        kind=MAIL,
        template=template,
        recipient="ming.wang@example.test",
        payload={"template": template, "locale": locale, "service": service_id, "context": context},
        message_id="<example@localhost>",
        created_at=moment,
    )
    return rendered(entry, link=settings().link(LINK))
