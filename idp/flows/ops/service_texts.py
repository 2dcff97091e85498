"""A service's texts (P38): which there are, in which versions, and the next version written in both languages.

list --> one version, as people read it        list --> write --> preview --> write --> published, and asked for
"""

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext, lazy_gettext
from wtforms import HiddenField, TextAreaField

from idp.db import session, transaction
from idp.errors import ChangedMeanwhile, InvalidInput, NotFound
from idp.flows.account_fields import add_error
from idp.flows.forms import PlainForm
from idp.flows.messages import sentence_for
from idp.flows.moments import is_english
from idp.flows.ops.guard import must, operator, ops_pages
from idp.flows.ops.service_policy_words import WHEN_LABELS
from idp.flows.ops.services import row_of, service_of_id
from idp.flows.page_context import NOTICE
from idp.flows.registration_words import TEXT_TITLES
from idp.flows.shown_texts import ShownText, mailbox_of, service_name, shown_text, written_text
from idp.models import Operator, Service
from idp.policies.duties import Power
from idp.policies.text_markup import markup_of
from idp.services.service_registry import registration_policy
from idp.services.service_texts import check_text, one_version, publish_text, text_of, versions_of

bp = ops_pages("ops_service_texts", Power.SEE_SETUP, path="/services")
LANGUAGES = (("zh", "zh_Hant_TW"), ("en", "en"))


class TextForm(PlainForm):
    """A text in both languages; ``seen`` is the newest version when the writer began."""

    seen = HiddenField()
    zh = TextAreaField(lazy_gettext("中文"), render_kw={"lang": "zh-Hant-TW"})
    en = TextAreaField(lazy_gettext("英文"), render_kw={"lang": "en"})


@bp.get("/<service_id>/texts")
def texts(service_id: str) -> str:
    """Show each text with its versions, and when the policy has it agreed to."""
    service = service_of_id(service_id)
    return render_template(
        "ops/service_texts.html",
        service=row_of(service),
        texts=[_listed(service, text_id) for text_id in TEXT_TITLES],
        may_change=operator().may(Power.CHANGE_SETUP),
        notice=browser_session.pop(NOTICE, None),
    )


@bp.get("/<service_id>/texts/<text_id>/new")
def ask_new(service_id: str, text_id: str) -> Response:
    """Show the form for the next version, filled in with the newest one."""
    must(Power.CHANGE_SETUP)
    service = _service_with(service_id, text_id)
    versions = versions_of(service_id, text_id)
    seen = versions[0].version if versions else ""
    form = TextForm(data={"seen": seen, **_begin_with(service, text_id, seen)})
    return _new_page(service, text_id, form)


@bp.post("/<service_id>/texts/<text_id>/new")
def publish(service_id: str, text_id: str) -> ResponseReturnValue:
    """Publish the next version, or show first how people would read it."""
    must(Power.CHANGE_SETUP)
    service = _service_with(service_id, text_id)
    form = TextForm(request.form)
    zh, en = form.zh.data or "", form.en.data or ""
    try:
        check_text(zh, en)
        if request.form.get("do") != "publish":
            return _new_page(service, text_id, form, preview=_previewed(service, zh, en))
        with transaction():
            written = publish_text(service_id, text_id, zh, en, seen=form.seen.data or "")
    except InvalidInput as refused:
        add_error(form, str(refused.details["field"]), sentence_for(refused))
        return _new_page(service, text_id, form, status=refused.status)
    except ChangedMeanwhile as refused:
        newest = versions_of(service_id, text_id)[0].version
        # What was written stays; sent again it follows the version that somebody else has published.
        form.seen.data = newest
        return _new_page(service, text_id, form, refusal=sentence_for(refused), status=refused.status)
    title, version = TEXT_TITLES[text_id], written.version
    browser_session[NOTICE] = gettext("已發布%(title)s第 %(version)s 版。", title=title, version=version)
    return redirect(url_for("ops_service_texts.texts", service_id=service_id), 303)


@bp.get("/<service_id>/texts/<text_id>/<version>")
def one(service_id: str, text_id: str, version: str) -> str:
    """Show one version in both languages, as people read it."""
    service = _service_with(service_id, text_id)
    found = one_version(service_id, text_id, version)
    return render_template(
        "ops/service_text.html",
        service=row_of(service),
        title=TEXT_TITLES[text_id],
        found=_version(found),
        preview=_in_both(service, lambda: shown_text(service, text_id, version)),
    )


def _service_with(service_id: str, text_id: str) -> Service:
    if text_id not in TEXT_TITLES:
        raise NotFound(what="text")
    return service_of_id(service_id)


def _listed(service: Service, text_id: str) -> dict[str, Any]:
    asked = [text for text in registration_policy(service).consents if text.id == text_id]
    return {
        "id": text_id,
        "title": TEXT_TITLES[text_id],
        "asked": [
            {"when": WHEN_LABELS[text.when], "version": text.version, "must_scroll": text.must_scroll} for text in asked
        ],
        "versions": [_version(found) for found in versions_of(service.id, text_id)],
        "in_force": {text.version for text in asked},
    }


def _version(found: Any) -> dict[str, Any]:
    by = session.get(Operator, found.created_by) if found.created_by else None
    return {
        "version": found.version,
        "is_built_in": found.is_built_in,
        "at": found.created_at,
        "by": by.name if by else found.created_by,
    }


def _begin_with(service: Service, text_id: str, version: str) -> dict[str, str]:
    if not version:
        return {"zh": "", "en": ""}
    written = text_of(service.id, text_id, version)
    if written is not None:
        return {"zh": written.zh, "en": written.en}
    begun = {}
    for name, locale in LANGUAGES:
        with force_locale(locale):
            page = shown_text(service, text_id, version).page
            begun[name] = markup_of(render_template(page, service_name="{service}", mailbox="{mailbox}"))
    return begun


def _previewed(service: Service, zh: str, en: str) -> list[dict[str, Any]]:
    words = {"zh": zh, "en": en}
    return _in_both(service, lambda: written_text(service, words["en" if is_english() else "zh"]))


def _in_both(service: Service, shown: Any) -> list[dict[str, Any]]:
    """A text in both languages, each with what a built-in one names."""
    both = []
    for name, locale in LANGUAGES:
        with force_locale(locale):
            text: ShownText = shown()
            values = {"service_name": service_name(service), "mailbox": mailbox_of(service)}
        lang = "en" if name == "en" else "zh-Hant-TW"
        both.append({"name": name, "lang": lang, "page": text.page, "blocks": text.blocks, **values})
    return both


def _new_page(
    service: Service,
    text_id: str,
    form: TextForm,
    *,
    preview: list[dict[str, Any]] | None = None,
    refusal: str | None = None,
    status: int = 200,
) -> Response:
    asked = [text for text in registration_policy(service).consents if text.id == text_id]
    page = render_template(
        "ops/service_text_new.html",
        service=row_of(service),
        text_id=text_id,
        title=TEXT_TITLES[text_id],
        form=form,
        preview=preview,
        refusal=refusal,
        is_asked=bool(asked),
        is_asked_again=any(text.when == "first_login" for text in asked),
    )
    return make_response(page, status)
