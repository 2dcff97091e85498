"""Texts of a service as pages show them: those that come with the program, and those that operators have written."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from idp.config import settings
from idp.db import session
from idp.flows.moments import is_english
from idp.flows.registration_words import TEXT_TITLES
from idp.models import Service, ServiceText
from idp.policies.registration import BUILT_TEXTS
from idp.policies.text_markup import Block, read_markup
from idp.services.service_texts import NOTICE, notice_of

WRITTEN = "texts/written.html"


@dataclass(frozen=True, slots=True)
class ShownText:
    """What a page includes: ``page`` is the template, ``blocks`` what WRITTEN shows."""

    page: str
    blocks: tuple[Block, ...] = ()


def service_name(service: Service) -> str:
    """What a service is called in the language of this page."""
    return service.name_en if is_english() else service.name_zh


def mailbox_of(service: Service) -> str:
    """Where one writes to about a service."""
    return service.mail_reply_to or service.mail_from or settings().mail_sender


def shown_text(service: Service, text_id: str, version: str) -> ShownText:
    """One version of a text, in the language of this page.

    A built-in one takes ``service_name`` and ``mailbox`` from the page that includes it.
    """
    if (text_id, version) in BUILT_TEXTS:
        return ShownText(f"texts/{text_id}.{version}.{'en' if is_english() else 'zh-Hant-TW'}.html")
    written = session.get_one(ServiceText, (service.id, text_id, version))
    return written_text(service, written.en if is_english() else written.zh)


def texts_before_applying(service: Service, texts: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """The texts to agree to with an application, and the notice of 個資法第8條 where it is not among them (R-006)."""
    asked = list(texts)
    listed = asked if any(text_id == NOTICE for text_id, _ in asked) else [*asked, notice_of(service.id)]
    return [_for_page(service, text_id, version) for text_id, version in listed]


def _for_page(service: Service, text_id: str, version: str) -> dict[str, Any]:
    shown = shown_text(service, text_id, version)
    title = str(TEXT_TITLES.get(text_id, text_id))
    return {"id": text_id, "title": title, "version": version, "page": shown.page, "blocks": shown.blocks}


def written_text(service: Service, text: str) -> ShownText:
    """A text in markup as it would be shown: also one that is not published yet."""
    values = {"service": service_name(service), "mailbox": mailbox_of(service)}
    return ShownText(WRITTEN, read_markup(text, values))
