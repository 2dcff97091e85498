"""Uploaded files as rows: which one counts in an application in the making, what it replaced, who may look at it.

Of several files the last counts; those before stay, superseded (R-163). Runs are locked by the caller, so of two files
sent at once one counts and the other was before it.
"""

from pathlib import Path

from sqlalchemy import func, select, update

from idp.config import settings
from idp.db import now, session
from idp.documents.refusals import DocumentRefused
from idp.errors import NotFound
from idp.models import UploadedFile
from idp.policies.documents import MOST_FILES, FileState
from idp.services.audit import record
from idp.services.file_store import Received, file_path, preview_of
from idp.services.secrets import new_id

COUNTS = (FileState.READY, FileState.QUARANTINED)


def check_quota(run_id: str) -> None:
    """Raise DocumentRefused (``document.many``) where an application has had as many files as it may (DU09)."""
    sent = session.scalar(select(func.count()).select_from(UploadedFile).where(UploadedFile.run_id == run_id)) or 0
    if sent >= MOST_FILES:
        raise DocumentRefused("document.many")


def keep_file(received: Received, run_id: str) -> UploadedFile:
    """Keep a file that was judged as the one that counts in this run; the one before is superseded.

    Raises StorageFailed, DocumentRefused (``document.many``).
    """
    check_quota(run_id)
    received.keep()
    replaced = _supersede(run_id)
    moment = now()
    file = UploadedFile(
        id=new_id("uf_"),
        run_id=run_id,
        name=received.name,
        stored_name=received.stored_name,
        kind=received.kind,
        size=received.size,
        pages=received.pages,
        sha256=received.sha256,
        state=FileState.QUARANTINED if received.waits_for_scanner else FileState.READY,
        uploaded_at=moment,
        scanned_at=moment if received.is_clean else None,
    )
    session.add(file)
    session.flush()
    record(
        "document:file:uploaded",
        run=run_id,
        file=file.id,
        sha256=file.sha256,
        size=file.size,
        kind=str(file.kind),
        state=str(file.state),
        replaces=replaced,
    )
    return file


def remove_file(run_id: str) -> None:
    """Take back the file that counts in this run; none does then."""
    removed = _supersede(run_id)
    if removed:
        record("document:file:removed", run=run_id, file=removed[0])


def _supersede(run_id: str) -> list[str]:
    replaced = session.scalars(
        update(UploadedFile)
        .where(UploadedFile.run_id == run_id, UploadedFile.state.in_(COUNTS))
        .values(state=FileState.SUPERSEDED, superseded_at=now())
        .returning(UploadedFile.id)
        .execution_options(synchronize_session=False)
    )
    return list(replaced)


def files_of_run(run_id: str) -> list[UploadedFile]:
    """All files of a run, the last first."""
    statement = select(UploadedFile).where(UploadedFile.run_id == run_id)
    last_first = statement.order_by(UploadedFile.uploaded_at.desc(), UploadedFile.id.desc())
    return list(session.scalars(last_first.execution_options(populate_existing=True)))


def counting_file(files: list[UploadedFile]) -> UploadedFile | None:
    """Of the files of a run the one that counts, or None."""
    return next((file for file in files if file.state in COUNTS), None)


def give_files_to(run_id: str, old_run_id: str) -> None:
    """A run was begun anew: its files go along."""
    session.execute(update(UploadedFile).where(UploadedFile.run_id == old_run_id).values(run_id=run_id))


def may_be_seen(file: UploadedFile) -> bool:
    """Whether a file may be shown or handed out at all: never before it was scanned, where a scanner is set."""
    if file.deleted_at is not None or file.state in {FileState.QUARANTINED, FileState.INFECTED}:
        return False
    return file.scanned_at is not None or not settings().virus_scanner


def open_file(file_id: str) -> tuple[UploadedFile, Path]:
    """A file and where its bytes are. The caller knows that its reader may see it. Raises NotFound where nobody may."""
    file = session.get(UploadedFile, file_id, populate_existing=True)
    if file is None or not may_be_seen(file):
        raise NotFound(what="document")
    path = file_path(file.stored_name)
    if not path.exists():
        raise NotFound(what="document")
    return file, path


def open_preview(file_id: str, page: int) -> Path:
    """The picture of a page (from 0). Raises NotFound where nobody may see it or there is no such page."""
    file, _ = open_file(file_id)
    if not 0 <= page < file.pages:
        raise NotFound(what="page")
    return preview_of(file.stored_name, page)
