"""What the worker does about files: scan what waits, forget what was never sent, delete bytes that no row names."""

import logging
import time
from pathlib import Path

from sqlalchemy import delete, select, update

from idp.config import settings
from idp.db import now, session, transaction
from idp.documents.refusals import DocumentRefused, ScannerAway
from idp.models import Flow, UploadedFile
from idp.policies.documents import FileState
from idp.services.audit import record
from idp.services.file_store import delete_bytes, documents_root, file_path
from idp.services.housekeeping import GRACE
from idp.services.virus_scanner import is_scanning, scan

log = logging.getLogger(__name__)

BATCH = 100
SHARDS, TURN_SECONDS = 256, 300


def scan_waiting() -> int:
    """Have files scanned that came while the scanner was away, or before there was one; how many were judged."""
    if not is_scanning():
        return 0
    waiting = session.scalars(
        select(UploadedFile)
        .where(UploadedFile.scanned_at.is_(None), UploadedFile.deleted_at.is_(None))
        .order_by(UploadedFile.uploaded_at)
        .limit(BATCH)
        .execution_options(populate_existing=True)
    ).all()
    judged = 0
    for file in waiting:
        try:
            scan(file_path(file.stored_name))
        except ScannerAway:
            return judged
        except DocumentRefused:
            _settle(file, FileState.INFECTED)
            delete_bytes(file.stored_name)
        except FileNotFoundError:  # its application was purged in this instant
            continue
        else:
            _settle(file, FileState.READY if file.state is FileState.QUARANTINED else file.state)
        judged += 1
    return judged


def _settle(file: UploadedFile, state: FileState) -> None:
    moment = now()
    is_infected = state is FileState.INFECTED
    with transaction():
        session.execute(
            update(UploadedFile)
            .where(UploadedFile.id == file.id, UploadedFile.state == file.state)
            .values(state=state, scanned_at=moment, deleted_at=moment if is_infected else None)
            .execution_options(synchronize_session=False)
        )
        record("document:file:scanned", file=file.id, sha256=file.sha256, state=str(state), document=file.document_id)


def tidy_files(shard: int | None = None) -> int:
    """Forget files of applications that were never sent, and delete old bytes that no row names; how many.

    One of 256 folders is looked through at a time, another every five minutes, so that each is within a day.
    """
    root = settings().documents_path
    if root is None or not root.is_dir():
        return 0
    turn = int(time.time() // TURN_SECONDS) % SHARDS if shard is None else shard
    return _forget_unsent() + _delete_old(root / "incoming") + _delete_unnamed(f"{turn:02x}")


def _forget_unsent() -> int:
    is_living = select(Flow.id).where(Flow.id == UploadedFile.run_id, Flow.finished_at.is_(None)).exists()
    unsent = (UploadedFile.document_id.is_(None), UploadedFile.uploaded_at < now() - GRACE, ~is_living)
    found = session.execute(select(UploadedFile.id, UploadedFile.stored_name).where(*unsent).limit(BATCH)).all()
    if not found:
        session.commit()
        return 0
    with transaction():
        gone = set(
            session.scalars(
                delete(UploadedFile)
                .where(UploadedFile.id.in_([file_id for file_id, _ in found]), *unsent)
                .returning(UploadedFile.id)
                .execution_options(synchronize_session=False)
            )
        )
        for file_id in sorted(gone):
            record("document:file:forgotten", file=file_id)
    for file_id, stored_name in found:
        if file_id in gone:
            delete_bytes(stored_name)
    return len(gone)


def _delete_old(folder: Path) -> int:
    return sum(_delete(path) for path in _old_in(folder))


def _delete_unnamed(shard: str) -> int:
    """What lies there under a name that no row has: a crash between the file and its row, or a row that was purged."""
    deleted = 0
    for kind in ("files", "previews"):
        old = _old_in(documents_root() / kind / shard)
        names = sorted({path.name.partition("-")[0] for path in old})
        named: set[str] = set()
        for start in range(0, len(names), BATCH):
            batch = UploadedFile.stored_name.in_(names[start : start + BATCH])
            named |= set(session.scalars(select(UploadedFile.stored_name).where(batch)))
        deleted += sum(_delete(path) for path in old if path.name.partition("-")[0] not in named)
    session.commit()
    return deleted


def _old_in(folder: Path) -> list[Path]:
    over = time.time() - GRACE.total_seconds()
    try:
        return [path for path in folder.iterdir() if path.stat().st_mtime < over]
    except FileNotFoundError:  # there was never one, or another worker was quicker
        return []


def _delete(path: Path) -> bool:
    path.unlink(missing_ok=True)
    return True
