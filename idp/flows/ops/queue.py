"""「審核佇列」 (P36): what waits for operators, the longest waiting first. One of it is in review.py."""

from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue

from idp.flows.moments import is_english
from idp.flows.ops.guard import operator, ops_pages
from idp.flows.ops.queue_words import (
    DECIDED,
    DECIDED_LABELS,
    EMPTY,
    SUBJECT_LABELS,
    TAB_LABELS,
    shown_count,
    subject_of,
    subjects_of,
    waited,
)
from idp.flows.page_context import NOTICE
from idp.models import Company, Service
from idp.policies.duties import Power
from idp.services.ops_decided import DecidedRow, decided
from idp.services.ops_people import LONGEST_SEARCH
from idp.services.ops_queue import (
    Queued,
    QueueSearch,
    QueueTab,
    Subject,
    count_queue,
    number_in,
    queue,
    waiting_longest,
)
from idp.services.service_registry import list_services

bp = ops_pages("ops_queue", Power.SEE_CASES, path="/queue")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    tab: str
    words: str
    subject: Subject | None
    service: str | None

    @property
    def is_search(self) -> bool:
        """Whether not the whole tab is wanted."""
        return bool(self.words or self.subject or self.service)

    def address(self, after: str | None = None) -> str:
        """Where a page of this is."""
        kept: dict[str, Any] = {
            "tab": self.tab,
            "q": self.words or None,
            "subject": self.subject,
            "service": self.service,
        }
        return url_for("ops_queue.everything", **kept, after=after)


@bp.get("")
def everything() -> ResponseReturnValue:
    """Show a page of a tab; a whole case number leads to its case."""
    services = list_services()
    asked = _asked(services)
    number = number_in(asked.words)
    if number is not None:
        return redirect(url_for("ops_review.one", number=number), 303)
    after = request.args.get("after")
    rows, next_after = _rows(asked, after)
    since = waiting_longest()
    return render_template(
        "ops/queue.html",
        tabs=_tabs(asked.tab),
        asked=asked,
        subjects=list(SUBJECT_LABELS.items()) if asked.tab != DECIDED else [],
        services=[(one.id, name_of(one)) for one in services] if len(services) > 1 else [],
        rows=rows,
        is_decided=asked.tab == DECIDED,
        empty=EMPTY[asked.tab],
        longest=waited(since) if since else None,
        first=asked.address() if after else None,
        next=asked.address(next_after) if next_after else None,
        notice=browser_session.pop(NOTICE, None),
    )


def name_of(service: Service) -> str:
    """A service's name in the language of the page."""
    return service.name_en if is_english() else service.name_zh


def _asked(services: list[Service]) -> Asked:
    tab, told, service = (request.args.get(name, "") for name in ("tab", "subject", "service"))
    return Asked(
        tab=tab if tab in TAB_LABELS else QueueTab.WAITING,
        words=request.args.get("q", "").strip()[:LONGEST_SEARCH],
        subject=Subject(told) if told in list(Subject) and tab != DECIDED else None,
        service=service if service in {one.id for one in services} else None,
    )


def _tabs(current: str) -> list[dict[str, Any]]:
    counts = count_queue(operator().operator_id)
    counted: dict[str, str] = {str(tab): shown_count(count) for tab, count in counts.items()}
    return [
        {"name": name, "label": label, "count": counted.get(name), "is_current": name == current}
        for name, label in TAB_LABELS.items()
    ]


def _rows(asked: Asked, after: str | None) -> tuple[list[dict[str, Any]], str | None]:
    if asked.tab == DECIDED:
        done = decided(asked.words, asked.service, after)
        return [_decided_row(row) for row in done.rows], done.after
    search = QueueSearch(
        operator_id=operator().operator_id,
        tab=QueueTab(asked.tab),
        subject=asked.subject,
        service_id=asked.service,
        words=asked.words,
    )
    found = queue(search, after)
    return [_row(row, asks=search.tab is QueueTab.MORE_INFO) for row in found.rows], found.after


def _row(one: Queued, *, asks: bool) -> dict[str, Any]:
    # What was taken is opened, by whomever; only what is free can be taken.
    is_free = one.holder_id is None and not asks and operator().may(Power.DECIDE_CASES)
    return {
        **_common(one.company, one.service),
        "number": one.case.number,
        "subjects": subjects_of(one),
        "since": one.since,
        "waited": waited(one.since),
        "until": one.until if asks else None,
        "is_free": is_free,
        "is_taken": one.holder_id is not None,
        "holder": one.holder_name,
    }


def _decided_row(one: DecidedRow) -> dict[str, Any]:
    return {
        **_common(one.company, one.service),
        "number": one.case.number if one.case else None,
        "subjects": subject_of(is_document=one.is_of_document),
        "at": one.review.decided_at,
        "by": one.by,
        "outcome": DECIDED_LABELS[one.review.outcome],
    }


def _common(company: Company, service: Service) -> dict[str, Any]:
    return {"company": company.name, "tax_id": company.tax_id, "service": name_of(service)}
