"""What stands around every page of the console: who is there, and where the side navigation leads.

A page is listed once its route exists, to those whose duties open it: a list page of the console is found at the path
of this table and needs no other registration.
"""

from dataclasses import dataclass
from typing import Any

from flask import current_app, g, request
from flask_babel import lazy_gettext, lazy_pgettext

from idp.flows.ops.guard import operator_here
from idp.flows.ops.queue_words import shown_count
from idp.policies.duties import Power
from idp.services.ops_queue import count_waiting

CONSOLE = "/ops"


@dataclass(frozen=True, slots=True)
class ConsolePage:
    """One entry of the side navigation; ``name`` is what a template gives as ``current``."""

    name: str
    path: str
    label: Any
    power: Power


CONSOLE_PAGES = (
    ConsolePage("queue", "/ops/queue", lazy_gettext("審核佇列"), Power.SEE_CASES),
    ConsolePage("companies", "/ops/companies", lazy_pgettext("many", "公司"), Power.SEE_PEOPLE),
    ConsolePage("accounts", "/ops/accounts", lazy_pgettext("many", "帳號"), Power.SEE_PEOPLE),
    ConsolePage("services", "/ops/services", lazy_gettext("服務與政策"), Power.SEE_SETUP),
    ConsolePage("clients", "/ops/clients", lazy_gettext("應用系統"), Power.SEE_SETUP),
    ConsolePage("mail", "/ops/mail", lazy_gettext("寄件匣"), Power.SEE_MAIL),
    ConsolePage("notices", "/ops/notices", lazy_gettext("登出通知"), Power.SEE_MAIL),
    ConsolePage("audit", "/ops/audit", lazy_gettext("稽核"), Power.SEE_AUDIT),
    ConsolePage("registry", "/ops/registry", lazy_gettext("登記資料"), Power.IMPORT_REGISTER),
    ConsolePage("operators", "/ops/operators", lazy_gettext("營運人員"), Power.MANAGE_OPERATORS),
)


def is_console() -> bool:
    """Whether this request is for the console, be there such a page or not."""
    return request.path == CONSOLE or request.path.startswith(f"{CONSOLE}/")


def open_pages() -> list[ConsolePage]:
    """The pages that there are and that the operator's duties open, in the order of the side navigation."""
    here = operator_here()
    if here is None:
        return []
    built = _paths()
    return [page for page in CONSOLE_PAGES if page.path in built and here.may(page.power)]


def console_context() -> dict[str, Any]:
    """The variables of the console's templates, for every page: ``operator`` is None outside of it."""
    here = operator_here() if is_console() and not g.get("without_database") else None
    return {
        "in_console": is_console(),
        "operator": here,
        "console_pages": open_pages if here else list,
        "queue_waiting": queue_waiting,
    }


def queue_waiting() -> str:
    """How many wait in the queue, for the side navigation; nothing where none does."""
    count = count_waiting()
    return shown_count(count) if count else ""


def _paths() -> frozenset[str]:
    known: frozenset[str] | None = current_app.extensions.get("console paths")
    if known is None:
        rules = current_app.url_map.iter_rules()
        known = current_app.extensions["console paths"] = frozenset(rule.rule for rule in rules)
    return known
