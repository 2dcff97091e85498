"""Documents that prove a company (公司證明文件): what is taken, states and reasons of their review, deadlines (002)."""

import unicodedata
from datetime import timedelta
from enum import StrEnum

from idp.policies.names import has_control

MORE_INFO_LASTS = timedelta(days=14)
# One applicant's uploads in one application (DU09).
MOST_FILES = 20
# The longest a reviewer keeps a case without deciding it; then it is anybody's again.
TAKEN_FOR = timedelta(hours=8)


class FileKind(StrEnum):
    """What a file is, whatever it is called."""

    PDF = "pdf"
    PNG = "png"
    JPEG = "jpeg"


class FileState(StrEnum):
    """Where an uploaded file stands."""

    QUARANTINED = "quarantined"
    READY = "ready"
    SUPERSEDED = "superseded"
    INFECTED = "infected"


class DocumentState(StrEnum):
    """Where a company's document stands (domain.md §2 REVIEW)."""

    QUEUED = "queued"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    REJECTED = "rejected"
    MORE_INFO = "more_info"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class DocumentOutcome(StrEnum):
    """What a reviewer decides about a document."""

    APPROVED = "approved"
    REJECTED = "rejected"
    MORE_INFO = "more_info"


class DocumentReason(StrEnum):
    """Why a document is not taken (R-178), beside free text."""

    OBSOLETE = "obsolete"
    UNREADABLE = "unreadable"
    ADDRESS = "address"
    NAME = "name"
    NUMBER = "number"
    INCOMPLETE = "incomplete"
    OTHER = "other"


# What the system says itself of a file that was sent: nobody chooses it.
INFECTED = "infected"
OPEN_STATES = frozenset({DocumentState.QUEUED, DocumentState.IN_REVIEW})
# In these the applicant may put another file forward.
RESUBMITTABLE = frozenset({DocumentState.QUEUED, DocumentState.REJECTED, DocumentState.MORE_INFO, DocumentState.LAPSED})
# In these another file, or the same anew, is wanted of the applicant.
WANTED = frozenset({DocumentState.REJECTED, DocumentState.MORE_INFO, DocumentState.LAPSED})
LONGEST_TEXT = 500


def decision_problem(outcome: DocumentOutcome, reasons: tuple[str, ...], text: str) -> str | None:
    """Why a decision can't be taken, as the key of a text, or None: whoever refuses or asks says why (I-5)."""
    words = text.strip()
    if any(reason not in list(DocumentReason) for reason in reasons):
        return "document.reason"
    if len(words) > LONGEST_TEXT or has_control(words.replace("\n", "").replace("\r", "")):
        return "document.text"
    if outcome is DocumentOutcome.APPROVED or words:
        return None
    if outcome is DocumentOutcome.MORE_INFO or reasons == (DocumentReason.OTHER,):
        return "document.text"
    return None if reasons else "document.reason"


def field_of_problem(problem: str) -> str:
    """The field of the form that a problem of a decision is about."""
    return "reasons" if problem == "document.reason" else "text"


LONGEST_NAME = 200
# What shows a name in another order than it is written in.
TURNS_AROUND = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
SUFFIXES = {
    FileKind.PDF: (".pdf",),
    FileKind.PNG: (".png",),
    FileKind.JPEG: (".jpg", ".jpeg"),
}
MIME_TYPES = {FileKind.PDF: "application/pdf", FileKind.PNG: "image/png", FileKind.JPEG: "image/jpeg"}


def shown_name(text: str) -> str:
    """A file's name as its owner calls it, fit to be shown: no folders, nothing invisible, at most 200 characters."""
    last = text.replace("\\", "/").rpartition("/")[2]
    seen = (c for c in unicodedata.normalize("NFC", last) if c.isprintable() and c not in TURNS_AROUND)
    name = " ".join("".join(seen).split()).strip(". ")
    if len(name) > LONGEST_NAME:
        stem, dot, suffix = name.rpartition(".")
        kept = dot + suffix if stem and len(suffix) <= 8 else ""
        name = name[: LONGEST_NAME - len(kept)] + kept
    return name or "document"


def download_name(name: str, kind: FileKind) -> str:
    """The name under which a file is handed out: it ends as what the file is, whatever its owner called it."""
    return name if name.lower().endswith(SUFFIXES[kind]) else name + SUFFIXES[kind][0]
