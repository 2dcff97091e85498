"""群組紀錄 (P35): who did what in the company, searched and exported; and when its group admin is reminded (R-036)."""

import csv
import io
from datetime import timedelta
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.flows.asked import day_asked, number_asked
from idp.flows.group_guard import group_admin, group_pages, leading, own_company
from idp.flows.group_words import KIND_LABELS, PARTY_LABELS, REMINDER_LABELS, event_sentence
from idp.flows.moments import TAIPEI
from idp.flows.page_context import NOTICE, application_of
from idp.policies.reminders import Reminders
from idp.policies.spreadsheets import harmless_cell
from idp.services.clients import client_by_id
from idp.services.group_audit import (
    MOST_EXPORTED,
    ON_A_PAGE,
    Colleague,
    GroupRecord,
    Kind,
    LinkedPerson,
    Party,
    RecordSearch,
    records_of,
)
from idp.services.group_changes import choose_reminders
from idp.services.group_people import account_of

bp = group_pages("group_records")

BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads UTF-8 as Big5


@bp.get("/audit")
def audit() -> str:
    """Show a page of the records, the newest first."""
    search = _search()
    # One more than is shown says whether there are older ones.
    found = records_of(own_company(), search, before=number_asked("before"), most=ON_A_PAGE + 1)
    rows = found[:ON_A_PAGE]
    asked: dict[str, Any] = {name: request.args.get(name) or None for name in ("q", "kind", "since", "until")}
    return render_template(
        "group/audit.html",
        rows=[_row(record) for record in rows],
        kinds=list(KIND_LABELS.items()),
        kind=search.kind,
        asked=asked,
        is_first=number_asked("before") is None,
        older=url_for("group_records.audit", **asked, before=rows[-1].id) if len(found) > ON_A_PAGE else None,
        newest=url_for("group_records.audit", **asked),
        export=url_for("group_records.export", **asked),
        reminders=list(REMINDER_LABELS.items()),
        chosen=account_of(own_company(), group_admin().account_id).reminders,
        notice=browser_session.pop(NOTICE, None),
    )


@bp.get("/audit.csv")
def export() -> Response:
    """The same records as a table for a spreadsheet."""
    records = records_of(own_company(), _search(), most=MOST_EXPORTED)
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(_headings())
    writer.writerows([harmless_cell(cell) for cell in _cells(record)] for record in records)
    response = Response(BYTE_ORDER_MARK + table.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="group-records.csv"'
    return response


@bp.post("/audit/reminders")
def reminders() -> ResponseReturnValue:
    """Save when one is reminded of applications that wait."""
    wanted = request.form.get("reminders")
    if wanted in list(Reminders):
        with leading():
            choose_reminders(group_admin().account_id, Reminders(wanted))
        browser_session[NOTICE] = gettext("提醒設定已儲存。")
    return redirect(url_for("group_records.audit"), 303)


def _search() -> RecordSearch:
    kind = request.args.get("kind")
    since, until = day_asked("since"), day_asked("until")
    return RecordSearch(
        text=request.args.get("q", ""),
        kind=Kind(kind) if kind in list(Kind) else None,
        since=since,
        until=until + timedelta(days=1) if until else None,
    )


def _row(record: GroupRecord) -> dict[str, Any]:
    return {
        "at": record.at,
        "sentence": _sentence(record),
        "is_refused": record.outcome != "done",
        "by": _name(record.by),
        "by_account": _username(record.by),
        "is_linked": isinstance(record.by, LinkedPerson),
        "seat": _seat(record),
        "about": record.about if record.about != record.by else None,
        "linked": record.linked if record.linked and not isinstance(record.by, LinkedPerson) else None,
    }


def _seat(record: GroupRecord) -> Colleague | None:
    """As whom a linked account did it, where that is not whom it is about."""
    seat = record.by.seat if isinstance(record.by, LinkedPerson) else None
    return seat if seat != record.about else None


def _sentence(record: GroupRecord) -> str:
    client = client_by_id(record.client_id) if record.client_id else None
    return event_sentence(record, application_of(client).name if client else None)


def _name(by: Colleague | LinkedPerson | Party) -> str:
    return str(PARTY_LABELS[by]) if isinstance(by, Party) else by.name


def _username(by: Colleague | LinkedPerson | Party) -> str | None:
    return None if isinstance(by, Party) else by.username


def _headings() -> list[str]:
    return [
        gettext("時間"),
        gettext("執行者"),
        gettext("執行者帳號"),
        gettext("內容"),
        gettext("對象"),
        gettext("對象帳號"),
        gettext("鏈結帳號"),
        gettext("代碼"),
    ]


def _cells(record: GroupRecord) -> list[str]:
    return [
        record.at.astimezone(TAIPEI).strftime("%Y-%m-%d %H:%M:%S"),
        _name(record.by),
        _username(record.by) or "",
        _sentence(record),
        record.about.name if record.about else "",
        record.about.username if record.about else "",
        record.linked.username if record.linked else "",
        record.action,
    ]
