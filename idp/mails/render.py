"""A message's row of the outbox as a mail: rendered when it is sent, in the recipient's language."""

from typing import Any

from flask import current_app
from flask_babel import force_locale, gettext
from flask_mail import Message

from idp.config import settings
from idp.db import session
from idp.models import Account, OutboxEntry, Service
from idp.policies.roles import Role

COLOUR = "#15597f"
TAX_ID_SHOWN = 3  # a mailbox may be read by others: the number is told by its end only


def rendered(entry: OutboxEntry) -> Message:
    """The mail of a row: subject (the template's heading), text and HTML, from the service it concerns."""
    payload = entry.payload
    english = str(payload["locale"]).startswith("en")
    with force_locale("en" if english else "zh_Hant_TW"):
        service = _service(entry.account_id, english)
        values = {**payload["context"], **_common(payload["template"], payload["context"]), "service": service}
        values |= {"lang": "en" if english else "zh-Hant-TW", "at": entry.created_at}
        environment = current_app.jinja_env
        text = environment.get_template(f"mail/{payload['template']}.txt")
        subject = "".join(text.blocks["heading"](text.new_context(values)))
        message = Message(
            subject=f"{service['name']}：{' '.join(subject.split())}",
            recipients=[entry.recipient],
            sender=(service["name"], service["address"]),
            reply_to=service["reply_to"],
            body=text.render(values),
            html=environment.get_template(f"mail/{payload['template']}.html").render(values),
            # RFC 3834: no out-of-office answer is wanted.
            extra_headers={"Auto-Submitted": "auto-generated"},
        )
    message.msgId = entry.message_id
    message.date = entry.created_at.timestamp()
    return message


def _common(template: str, context: dict[str, Any]) -> dict[str, Any]:
    labels = {
        Role.GUEST: gettext("訪客"),
        Role.STAFF: gettext("一般人員"),
        Role.GROUP_ADMIN: gettext("群組管理員"),
    }
    role = context.get("role")
    tax_id = context.get("company_tax_id") or ""
    return {
        "role_label": labels[Role(role)] if role else None,
        "last3": tax_id[-TAX_ID_SHOWN:],
        # Who is suspended can't open the page the button leads to.
        "link": None if template == "account_suspended" else settings().link("/account"),
    }


def _service(account_id: str | None, english: bool) -> dict[str, Any]:
    account = session.get(Account, account_id) if account_id else None
    service = session.get(Service, account.service_id) if account and account.service_id else None
    provider = gettext("企業帳號中心")
    name = (service.name_en if english else service.name_zh) if service else provider
    address = (service.mail_from if service else None) or settings().mail_sender
    return {
        "name": name,
        "address": address,
        "reply_to": service.mail_reply_to if service else None,
        "colour": service.colour if service else COLOUR,
        "sender_note": f"{name} <{address}>",
        "footer": (service.mail_footer if service else None)
        or gettext("本信由企業帳號中心代為寄送，不會要求您提供密碼。"),
    }
