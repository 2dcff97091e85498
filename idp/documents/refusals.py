"""Why an uploaded file is not taken: one class, whose ``problem`` names the sentence (DU rows)."""

from idp.errors import Refused

PROBLEMS = (
    "document.none", "document.empty", "document.cut_off", "document.large", "document.kind", "document.damaged",
    "document.encrypted", "document.active", "document.attachments", "document.pages", "document.dimensions",
    "document.slow", "document.infected", "document.many",
)  # fmt: skip


class DocumentRefused(Refused):
    """A file that is not taken; ``details["problem"]`` is one of PROBLEMS, of a large one ``megabytes`` the limit."""

    code = "document.refused"
    status = 400

    def __init__(self, problem: str = "document.damaged", **details: object) -> None:
        super().__init__(problem=problem, **details)
        self.problem = problem
        if problem == "document.large":
            self.status = 413


class StorageFailed(Refused):
    """The file could not be kept (the disk is full, the folder is gone): nothing of it was."""

    code = "document.storage"
    status = 507


class ScannerAway(Refused):
    """A scanner is set up and does not answer: the file waits in quarantine, and nobody sees it."""

    code = "document.scanner_away"
    status = 503


class UploadsBusy(Refused):
    """As many files come in as may at once; this one was not read. It is said at once and may be tried again."""

    code = "document.busy"
    status = 503
    retry_seconds = 10
