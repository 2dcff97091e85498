"""The first page of the console (/ops): what waits, as far as the operator's duties open it."""

from typing import Any

from flask import render_template
from flask import session as browser_session
from flask_babel import gettext, ngettext

from idp.flows.ops.guard import operator, ops_pages
from idp.flows.ops.shell import open_pages
from idp.flows.ops.words import duties_in_words
from idp.flows.page_context import NOTICE
from idp.services.console_summary import (
    Waiting,
    cases_waiting,
    documents_waiting,
    mails_not_sent,
    operators_invited,
)
from idp.services.ops_notices import notices_not_taken

bp = ops_pages("ops_home", None)


@bp.get("")
def home() -> str:
    """Show what waits, and where to go."""
    return render_template(
        "ops/home.html",
        duties=duties_in_words(list(operator().duties)),
        tiles=[_tile(page.name, page.path, str(page.label)) for page in open_pages()],
        notice=browser_session.pop(NOTICE, None),
    )


def _tile(name: str, path: str, label: str) -> dict[str, Any]:
    counted: dict[str, Any] = {"queue": _queue, "mail": _mail, "notices": _notices, "operators": _operators}
    facts = counted[name]() if name in counted else []
    return {"name": name, "href": path, "label": label, "facts": facts}


def _queue() -> list[dict[str, Any]]:
    cases, documents = cases_waiting(), documents_waiting()
    return [
        _fact(cases, ngettext("%(num)d 筆帳號申請待審核", "%(num)d 筆帳號申請待審核", cases.count)),
        _fact(documents, ngettext("%(num)d 份公司文件待審核", "%(num)d 份公司文件待審核", documents.count)),
    ]


def _mail() -> list[dict[str, Any]]:
    dead = mails_not_sent()
    return [_fact(dead, ngettext("%(num)d 封信件未能寄達", "%(num)d 封信件未能寄達", dead.count))]


def _notices() -> list[dict[str, Any]]:
    dead = notices_not_taken()
    return [_fact(dead, ngettext("%(num)d 則登出通知未能送達", "%(num)d 則登出通知未能送達", dead.count))]


def _operators() -> list[dict[str, Any]]:
    invited = operators_invited()
    text = ngettext("%(num)d 位尚未完成設定", "%(num)d 位尚未完成設定", invited)
    return [{"text": text, "since": None}] if invited else [{"text": gettext("全部已完成設定"), "since": None}]


def _fact(waiting: Waiting, text: str) -> dict[str, Any]:
    return {"text": text, "since": waiting.since}
