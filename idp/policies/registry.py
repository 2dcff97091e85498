"""Rules of the company register: dates of its file, what a status means, and what an import does to a company."""

import re
from datetime import date
from enum import StrEnum

from idp.policies.company_names import folded_name
from idp.policies.standing import CompanyStatus

COLUMNS = (
    "營業地址", "統一編號", "總機構統一編號", "營業人名稱", "資本額", "設立日期", "組織別名稱", "使用統一發票",
    "行業代號", "名稱", "行業代號1", "名稱1", "行業代號2", "名稱2", "行業代號3", "名稱3",
)  # fmt: skip
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
FILE_DATE = re.compile(r"([0-9]{2})-([A-Z]{3})-([0-9]{2})", re.ASCII)
ROC_DATE = re.compile(r"([0-9]{2,3})([0-9]{2})([0-9]{2})", re.ASCII)
ROC_EPOCH = 1911
# From one day's file to the next a few thousand of 1.7 million rows go; a file cut short lacks more.
FEWEST_ROWS_LEFT = 0.98
ENDED = ("解散", "撤銷", "廢止", "歇業", "註銷", "清算", "破產", "合併消滅", "繳銷")
PAUSED = ("停業",)
RUNNING = ("核准", "營業中")
REMARK_IN_NAME = re.compile(r"[(（]([^()（）]*)[)）]$")


class ImportState(StrEnum):
    """Where a file's import stands. At most one serves: its rows are the register."""

    WORKING = "working"
    SERVING = "serving"
    REPLACED = "replaced"
    ABANDONED = "abandoned"
    REFUSED = "refused"


class ImportPhase(StrEnum):
    """What an import is at: the first three before it serves, the next two while it serves already."""

    READING = "reading"
    ENTRIES = "entries"
    NAMES = "names"
    COMPANIES = "companies"
    CLEARING = "clearing"
    DONE = "done"


class OrderState(StrEnum):
    """Where an import stands that an operator ordered: the first two are open, and at most one order is."""

    ORDERED = "ordered"
    RUNNING = "running"
    STOPPED = "stopped"
    REFUSED = "refused"
    FAILED = "failed"
    DONE = "done"


class OrderProblem(StrEnum):
    """What became of an order, beside the reasons for which a file is refused (idp.services.registry_file)."""

    UNCHANGED = "unchanged"
    TAKEN_OVER = "taken_over"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    ACCIDENT = "accident"


OPEN_ORDERS = (OrderState.ORDERED, OrderState.RUNNING)


class LookupState(StrEnum):
    """What is known of a number from the source over the network."""

    WANTED = "wanted"
    FOUND = "found"
    NOT_FOUND = "not_found"
    BLOCKED = "blocked"
    UNAVAILABLE = "unavailable"


class Finding(StrEnum):
    """What a look-up says. ``waiting``: the other source is being asked; ``unasked``: it may be."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    WAITING = "waiting"
    UNASKED = "unasked"
    UNAVAILABLE = "unavailable"


class Source(StrEnum):
    """Where a finding comes from; the page names it, as the licence of the data asks (domain.md 3.4)."""

    TAX_REGISTER = "tax_register"
    GCIS = "gcis"


class RegisterStatus(StrEnum):
    """What the register says of a company's life."""

    OPERATING = "operating"
    PAUSED = "paused"
    ENDED = "ended"
    UNKNOWN = "unknown"


def parse_file_date(text: str) -> date | None:
    """The date in the second row of the file, ``29-SEP-26``, or None when the text is none."""
    found = FILE_DATE.fullmatch(text.strip().upper())
    if not found or found[2] not in MONTHS:
        return None
    return _date(2000 + int(found[3]), MONTHS.index(found[2]) + 1, int(found[1]))


def parse_roc_date(text: str) -> date | None:
    """A date in years of the Republic, ``1040413`` or ``860515``, or None when the text is none."""
    found = ROC_DATE.fullmatch(text.strip())
    return _date(ROC_EPOCH + int(found[1]), int(found[2]), int(found[3])) if found else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def status_of(description: str) -> RegisterStatus:
    """What a status in words means: 核准設立 operates, 停業 pauses, 解散, 撤銷 and their like have ended."""
    for words, status in (
        (ENDED, RegisterStatus.ENDED),
        (PAUSED, RegisterStatus.PAUSED),
        (RUNNING, RegisterStatus.OPERATING),
    ):
        if any(word in description for word in words):
            return status
    return RegisterStatus.UNKNOWN


def status_in_name(name: str) -> RegisterStatus:
    """The tax register lists what operates; only a remark in brackets at a name's end says otherwise (清算中)."""
    remark = REMARK_IN_NAME.search(name)
    told = status_of(remark[1]) if remark else RegisterStatus.UNKNOWN
    return RegisterStatus.OPERATING if told is RegisterStatus.UNKNOWN else told


def is_cut_short(rows: int, rows_before: int) -> bool:
    """Whether a file has so few rows, compared with the register that serves, that it is likely a part of one."""
    return rows < rows_before * FEWEST_ROWS_LEFT


def fate(status: CompanyStatus, name: str, before: str | None, after: str | None) -> CompanyStatus | None:
    """What becomes of a company of ours, given its names in the register before and after an import; None: nothing.

    Gone from the register is closed, whatever it was before. One that never was in it stays (R-010). A name that is new
    there and not ours is looked at by an operator, once: what an operator has accepted is not asked again.
    """
    if after is None:
        gone = before is not None and status is not CompanyStatus.CLOSED
        return CompanyStatus.CLOSED if gone else None
    known = {folded_name(text) for text in (name, before) if text is not None}
    renamed = status is CompanyStatus.ACTIVE and folded_name(after) not in known
    return CompanyStatus.NEEDS_RECHECK if renamed else None
