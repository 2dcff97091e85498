"""「稽核」 (P39): the whole audit log, searched and exported; one row; and whether the log is whole.

Each search is in the log itself, once, with what was looked for: who reads about others is seen to.
"""

import csv
import io
import json
from datetime import timedelta
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.db import transaction
from idp.errors import NotFound
from idp.flows.asked import day_asked, number_asked, number_in
from idp.flows.moments import TAIPEI
from idp.flows.ops.audit_words import BEGINNINGS, CHAIN_PROBLEMS, OUTCOMES, sentence_of
from idp.flows.ops.guard import operator, ops_pages
from idp.flows.page_context import NOTICE, application_of
from idp.models import AuditCheck
from idp.policies.audit_checks import CheckState
from idp.policies.duties import Power
from idp.policies.spreadsheets import harmless_cell
from idp.services.audit import record
from idp.services.audit_checks import ask_for_check, latest_check
from idp.services.clients import client_by_id
from idp.services.ops_audit import (
    EXPORT_PATIENCE_SECONDS,
    LONGEST_ASKED,
    MOST_EXPORTED,
    AuditPage,
    AuditSearch,
    Party,
    SeenEntry,
    entry_of_id,
    search_audit,
)

bp = ops_pages("ops_audit", Power.SEE_AUDIT, path="/audit")
WORDS = ("account", "company", "actor", "event", "outcome", "address", "number")
BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads UTF-8 as Big5


@bp.get("")
def audit() -> str:
    """Show the form, and what was searched for with it, the newest first; nothing before anything was."""
    asked: dict[str, Any] = {name: request.args.get(name) or None for name in (*WORDS, "since", "until")}
    before = number_asked("before")
    search = _search() if "do" in request.args or before is not None else None
    found = search_audit(search, before=before) if search else None
    if search and before is None:
        with transaction():
            record("audit:searched", **_told(search))
    return render_template(
        "ops/audit.html",
        asked=asked,
        outcomes=list(OUTCOMES.items()),
        beginnings=BEGINNINGS,
        longest=LONGEST_ASKED,
        found=found,
        rows=[_row(seen) for seen in found.rows] if found else [],
        is_first=before is None,
        older=_older(found, asked) if found else None,
        newest=url_for("ops_audit.audit", **asked, do="search"),
        export=url_for("ops_audit.export", **asked),
        check=_check(latest_check()),
        notice=browser_session.pop(NOTICE, None),
    )


@bp.get("/export.csv")
def export() -> Response:
    """The same rows as a table for a spreadsheet, so many at most."""
    search = _search()
    found = search_audit(search, most=MOST_EXPORTED, patience=EXPORT_PATIENCE_SECONDS)
    with transaction():
        record("audit:exported", rows=len(found.rows), **_told(search))
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(_headings())
    writer.writerows([harmless_cell(cell) for cell in _cells(seen)] for seen in found.rows)
    if found.older is not None:
        writer.writerow([gettext("已達一次匯出的上限，更早的紀錄沒有列出。")])
    response = Response(BYTE_ORDER_MARK + table.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response


@bp.get("/<entry_id>")
def one(entry_id: str) -> str:
    """Show everything that one row has."""
    number = number_in(entry_id)
    if number is None:
        raise NotFound(what="audit entry")
    seen = entry_of_id(number)
    details = json.dumps(seen.entry.details, ensure_ascii=False, indent=1, sort_keys=True)
    return render_template("ops/audit_one.html", seen=_row(seen), entry=seen.entry, details=details)


@bp.post("/check")
def check() -> ResponseReturnValue:
    """Have the whole log checked by the worker."""
    with transaction():
        ask_for_check(operator().operator_id)
    browser_session[NOTICE] = gettext("已開始檢查，由背景程式分段進行，重新整理本頁可查看進度。")
    return redirect(url_for("ops_audit.audit"), 303)


def _search() -> AuditSearch:
    until = day_asked("until")
    words = {name: request.args.get(name, "")[:LONGEST_ASKED] for name in WORDS}
    return AuditSearch(**words, since=day_asked("since"), until=until + timedelta(days=1) if until else None)


def _told(search: AuditSearch) -> dict[str, Any]:
    return {"asked": search.told()}


def _older(found: AuditPage, asked: dict[str, Any]) -> str | None:
    return url_for("ops_audit.audit", **asked, before=found.older) if found.older is not None else None


def _check(latest: AuditCheck | None) -> dict[str, Any] | None:
    if latest is None:
        return None
    return {
        "is_working": latest.state is CheckState.WORKING,
        "is_intact": latest.state is CheckState.INTACT,
        "asked_at": latest.asked_at,
        "finished_at": latest.finished_at,
        "position": latest.position,
        "until": latest.until,
        "rows": latest.rows,
        "heads": latest.heads,
        "head": latest.head,
        "broken_at": latest.broken_at,
        "problem": CHAIN_PROBLEMS.get(latest.problem),
    }


def _row(seen: SeenEntry) -> dict[str, Any]:
    entry = seen.entry
    client = client_by_id(entry.client_id) if entry.client_id else None
    client_name = application_of(client).name if client else entry.client_id
    return {
        "id": entry.id,
        "at": entry.at,
        "action": entry.action,
        "sentence": sentence_of(entry, client_name),
        "outcome": str(OUTCOMES.get(entry.outcome, entry.outcome)),
        "is_done": entry.outcome == "done",
        "by": seen.by,
        "about": seen.about,
        "is_own": seen.by is not None and seen.about is not None and seen.by.id == seen.about.id,
        "company": seen.company,
        "client": client_name,
        "address": entry.address,
    }


def _headings() -> list[str]:
    return [
        gettext("編號"),
        gettext("時間"),
        gettext("代碼"),
        gettext("內容"),
        gettext("結果"),
        gettext("執行者"),
        gettext("執行者代碼"),
        gettext("對象"),
        gettext("對象代碼"),
        gettext("公司"),
        gettext("統一編號"),
        gettext("應用系統"),
        gettext("位址"),
        gettext("登入編號"),
        gettext("細節"),
    ]


def _cells(seen: SeenEntry) -> list[str]:
    entry, row = seen.entry, _row(seen)
    return [
        str(entry.id),
        entry.at.astimezone(TAIPEI).strftime("%Y-%m-%d %H:%M:%S"),
        entry.action,
        row["sentence"] or "",
        row["outcome"],
        *_party(seen.by),
        *_party(seen.about),
        (seen.company.name if seen.company else None) or entry.company_id or "",
        (seen.company.account if seen.company else None) or "",
        row["client"] or "",
        entry.address or "",
        entry.sign_in_id or "",
        json.dumps(entry.details, ensure_ascii=False, sort_keys=True),
    ]


def _party(party: Party | None) -> list[str]:
    if party is None:
        return ["", ""]
    return [" ".join(part for part in (party.name, party.account) if part), party.id]
