"""A message's row of the outbox as a mail: rendered when it is sent, in the recipient's language."""

from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import force_locale, get_locale, gettext
from flask_mail import Message
from jinja2 import Environment, Template

from idp.config import settings
from idp.db import session
from idp.mails.compose import unsealed, unsealed_code
from idp.mails.words import (
    CARD_KIND_LABELS,
    CREDENTIAL_LABELS,
    CREDENTIAL_SET_LABELS,
    DOCUMENT_REASON_SENTENCES,
    ENDED_BY_LABELS,
    RANK_LABELS,
    REASON_SENTENCES,
    ROLE_LABELS,
)
from idp.models import Account, OutboxEntry, Service
from idp.policies.bindings import EndedBy
from idp.policies.cards import CardKind, CardRank
from idp.policies.mail_texts import MAIL_TEXTS
from idp.policies.reviews import Reason
from idp.policies.roles import Role

COLOUR = "#15597f"
CODE_MASK = "●●●●●●"
FORMS = ("txt", "html")
TAX_ID_SHOWN = 3  # a mailbox may be read by others: the number is told by its end only


def rendered(entry: OutboxEntry, *, link: str | None = None) -> Message:
    """The mail of a row: subject, text and HTML from the one template of its message, from the service it concerns.

    ``link`` stands where the sealed one would, and a mask for a code: whoever looks at another's mail never gets one
    that works.
    """
    payload = entry.payload
    english = str(payload["locale"]).startswith("en")
    with force_locale("en" if english else "zh_Hant_TW"):
        service = _service(entry, english)
        values = {**payload["context"], **_common(entry, link), "service": service}
        values |= {"lang": "en" if english else "zh-Hant-TW", "gap": " " if english else ""}
        values["support"] = settings().support_en if english else settings().support
        name = f"mail/{payload['template']}.html"
        text, html = (_environment(form).get_template(name) for form in FORMS)
        message = Message(
            subject=_subject(text, values | _layout("txt")),
            recipients=[entry.recipient],
            sender=(service["sender"], service["address"]),
            reply_to=service["reply_to"],
            body=text.render(values | _layout("txt")).strip() + "\n",
            html=html.render(values | _layout("html")),
            # RFC 3834: no out-of-office answer is wanted.
            extra_headers={"Auto-Submitted": "auto-generated"},
        )
    message.msgId = entry.message_id
    message.date = entry.created_at.timestamp()
    return message


def _environment(form: str) -> Environment:
    """The templates as text, where a name is written as it is, or as HTML, where it is escaped."""
    kept: dict[str, Environment] = current_app.extensions.setdefault("mail templates", {})
    if form not in kept:
        kept[form] = current_app.jinja_env.overlay(autoescape=form == "html")
    return kept[form]


def _layout(form: str) -> dict[str, str]:
    return {"base": f"mail/base.{form}", "parts": f"mail/parts.{form}"}


def _subject(text: Template, values: dict[str, Any]) -> str:
    """The manuals' own subject where the template has one; else the service and the heading."""
    own = "subject" in text.blocks
    words = " ".join("".join(text.blocks["subject" if own else "heading"](text.new_context(values))).split())
    return words if own else f"{values['service']['name']}{gettext('：')}{words}"


def _common(entry: OutboxEntry, link: str | None) -> dict[str, Any]:
    context = entry.payload["context"]
    secret = link if link is not None and "sealed" in entry.payload else unsealed(entry.payload)
    role, reason, rank = (context.get(name) for name in ("role", "reason_code", "card_rank"))
    is_citizen = context.get("card_kind") == CardKind.CITIZEN
    until, since = (_moment(context.get(name)) for name in ("until", "waiting_since"))
    return {
        "role_label": ROLE_LABELS[Role(role)] if role else None,
        **_about_binding(context),
        "credential_label": CREDENTIAL_LABELS.get(context.get("credential", "")),
        "credential_set_label": CREDENTIAL_SET_LABELS.get(context.get("credential_set", "")),
        "is_citizen_card": is_citizen,
        "rank_label": CARD_KIND_LABELS[CardKind.CITIZEN] if is_citizen else rank and RANK_LABELS[CardRank(rank)],
        "reason_sentence": REASON_SENTENCES.get(Reason(reason)) if reason else None,
        "reason_sentences": [
            DOCUMENT_REASON_SENTENCES[one]
            for one in context.get("document_reasons", ())
            if one in DOCUMENT_REASON_SENTENCES
        ],
        "last3": (context.get("company_tax_id") or "")[-TAX_ID_SHOWN:],
        "at": entry.created_at,
        "until": until,
        "hours": round((until - entry.created_at).total_seconds() / 3600) if until else None,
        "waiting_since": since or entry.created_at,
        "code": _code(entry.payload, is_shown_to_another=link is not None),
        "link": secret or _link(entry.payload["template"], context),
    }


def _about_binding(context: dict[str, Any]) -> dict[str, Any]:
    ended_by, here = context.get("ended_by"), get_locale()
    client = context.get("client_en" if here is not None and here.language == "en" else "client_zh")
    return {
        "ended_by_label": ENDED_BY_LABELS[EndedBy(ended_by)] if ended_by else None,
        "client_label": client or gettext("企業帳號中心"),
    }


def _code(payload: dict[str, Any], *, is_shown_to_another: bool) -> str | None:
    return CODE_MASK if is_shown_to_another else unsealed_code(payload)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _link(template: str, context: dict[str, Any]) -> str | None:
    # Who is suspended can't open the page the button leads to.
    closed = {"account_suspended", "account_idle_suspended", "account_closed", "company_suspended"}
    if template in closed:
        return None
    # An application's own address, as those who run the provider have registered it.
    return context.get("address") or settings().link(context.get("path", "/account"))


def _service(entry: OutboxEntry, english: bool) -> dict[str, Any]:
    account = session.get(Account, entry.account_id) if entry.account_id else None
    service_id = entry.payload.get("service") or (account.service_id if account else None)
    service = session.get(Service, service_id) if service_id else None
    provider = gettext("企業帳號中心")
    name = (service.name_en if english else service.name_zh) if service else provider
    address = (service.mail_from if service else None) or settings().mail_sender
    texts = MAIL_TEXTS.get(service.policy.get("preset", "")) if service else None
    sender, footer = name, gettext("本信由企業帳號中心代為寄送，不會要求您提供密碼。")
    if texts is not None:
        sender, footer = (texts.sender_en, texts.footer_en) if english else (texts.sender_zh, texts.footer_zh)
    return {
        "name": name,
        "sender": sender,
        "address": address,
        "reply_to": service.mail_reply_to if service else None,
        "colour": service.colour if service else COLOUR,
        "sender_note": f"{sender} <{address}>",
        "footer": (service.mail_footer if service else None) or footer,
    }
