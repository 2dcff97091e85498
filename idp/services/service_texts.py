"""Texts of services in versions: those that come with the program, and those that operators have written (C-14).

A version is never changed, only followed by another: what people agreed to stays as it was. What a service asks for is
in its policy, which a new version enters in the same transaction.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from idp.db import now, session
from idp.errors import ChangedMeanwhile, InvalidInput, NotFound
from idp.models import Service, ServiceText
from idp.policies.registration import BUILT_TEXTS, ConsentText, policy_from
from idp.policies.text_markup import one_form, text_problem
from idp.services.audit import record, who_acts
from idp.services.service_registry import change_service, held_service, profile_of, texts_there

NOTICE = "privacy"


@dataclass(frozen=True, slots=True)
class TextVersion:
    """One version of a text; who wrote it and when is None of those that come with the program."""

    text_id: str
    version: str
    created_at: datetime | None = None
    created_by: str | None = None

    @property
    def is_built_in(self) -> bool:
        """Whether it comes with the program."""
        return self.created_at is None


def text_of(service_id: str, text_id: str, version: str) -> ServiceText | None:
    """What an operator has written as this version; None where it comes with the program, or is not there."""
    return session.get(ServiceText, (service_id, text_id, version))


def versions_of(service_id: str, text_id: str) -> list[TextVersion]:
    """The versions of a text that this service can ask for, the newest first."""
    rows = session.execute(
        select(ServiceText.version, ServiceText.created_at, ServiceText.created_by)
        .where(ServiceText.service_id == service_id, ServiceText.text_id == text_id)
        .order_by(ServiceText.created_at.desc(), ServiceText.version.desc())
    )
    built_in = sorted((version for text, version in BUILT_TEXTS if text == text_id), reverse=True)
    return [TextVersion(text_id, *row) for row in rows] + [TextVersion(text_id, version) for version in built_in]


def notice_of(service_id: str) -> tuple[str, str]:
    """The notice of 個資法第8條 as this service has it now, for who is not asked to agree to it: (id, version)."""
    return NOTICE, versions_of(service_id, NOTICE)[0].version


def check_text(zh: str, en: str) -> None:
    """Raise InvalidInput (``field`` zh or en) for what can't be a text."""
    for field, text in (("zh", zh), ("en", en)):
        problem = text_problem(one_form(text))
        if problem:
            raise InvalidInput(field=field, problem=problem)


def publish_text(service_id: str, text_id: str, zh: str, en: str, *, seen: str) -> ServiceText:
    """Write the next version of a text; a service that asks for the text asks for this version from now on.

    ``seen`` is the newest version when the writer began ("" where there was none). Raises NotFound for an unknown
    service, InvalidInput (``field`` zh or en), ChangedMeanwhile where somebody has written another version since.
    """
    check_text(zh, en)
    service = held_service(service_id)
    versions = versions_of(service_id, text_id)
    if seen != (versions[0].version if versions else ""):
        raise ChangedMeanwhile
    written = ServiceText(
        service_id=service.id,
        text_id=text_id,
        version=next_version(version.version for version in versions),
        zh=one_form(zh),
        en=one_form(en),
        created_at=now(),
        created_by=who_acts() or "",
    )
    session.add(written)
    session.flush()
    record("service:text:published", service=service.id, text=text_id, version=written.version)
    _ask_for(service, written)
    return written


def next_version(versions: Iterable[str]) -> str:
    """The number after the highest; versions that a policy calls otherwise do not count."""
    numbers = [int(version) for version in versions if version.isascii() and version.isdecimal()]
    return str(max(numbers, default=0) + 1)


def _ask_for(service: Service, written: ServiceText) -> None:
    asked = policy_from(service.policy).consents
    if not any(text.id == written.text_id for text in asked):
        return
    newer = [replace(text, version=written.version) if text.id == written.text_id else text for text in asked]
    profile = profile_of(service)
    change_service(service, replace(profile, policy=profile.policy | {"consents": consents_as_data(newer)}))


def consents_as_data(texts: Iterable[ConsentText]) -> list[dict[str, Any]]:
    """Texts to agree to, as a service's row holds them."""
    return [
        {"id": text.id, "version": text.version, "when": text.when, "must_scroll": text.must_scroll} for text in texts
    ]


def one_version(service_id: str, text_id: str, version: str) -> TextVersion:
    """One version of a text. Raises NotFound."""
    if (text_id, version) not in texts_there(service_id):
        raise NotFound(what="text")
    return next(found for found in versions_of(service_id, text_id) if found.version == version)
