"""Files on the disk, under names of ours: taken in, judged, moved into place, drawn, thrown away. No database.

    incoming/<random>      while a file comes in and is judged: whatever ends that leaves nothing elsewhere
    files/ab/<name>        what is kept; it is there, and on the disk, before a row names it
    previews/ab/<name>-0   its pages as pictures, drawn when they are first looked at

A row never names a missing file: bytes are moved into place before it is written, and deleted after it is gone.
"""

import errno
import hashlib
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from idp.config import settings
from idp.documents.inspection import draw_page, inspect_file
from idp.documents.refusals import DocumentRefused, ScannerAway, StorageFailed
from idp.policies.documents import FileKind, shown_name
from idp.services.virus_scanner import is_scanning, scan

log = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
CHUNK = 64 * 1024
FOLDER_MODE, FILE_MODE = 0o700, 0o600


@dataclass(slots=True)
class Received:
    """A file that was judged and waits in ``incoming`` to be kept; ``is_clean`` is None where nobody scanned it."""

    name: str
    kind: FileKind
    pages: int
    size: int
    sha256: str
    is_clean: bool | None
    path: Path
    preview: Path
    stored_name: str = field(default_factory=lambda: secrets.token_hex(20))

    @property
    def waits_for_scanner(self) -> bool:
        """Whether a scanner is set up and has not answered."""
        return self.is_clean is None and is_scanning()

    def keep(self) -> None:
        """Move it into place, for good. Raises StorageFailed."""
        with _storing():
            _move(self.path, file_path(self.stored_name))
            _move(self.preview, preview_path(self.stored_name, 0))

    def discard(self) -> None:
        """Forget it, where it was not kept."""
        for path in (self.path, self.preview):
            path.unlink(missing_ok=True)


def receive_file(stream: IO[bytes], name: str) -> Received:
    """Read a file as it comes, judge it and have it scanned; nothing stays of one that is refused.

    Raises DocumentRefused, StorageFailed. It takes seconds, so no transaction may be open.
    """
    with _storing():
        arrived, kept, preview = (_incoming() for _ in range(3))
        try:
            _write(stream, arrived)
            inspected = inspect_file(arrived, kept, preview)
            is_clean = _scanned(arrived)
            size, sha256 = _fingerprint(kept)
            return Received(
                shown_name(name), inspected.kind, inspected.pages, size, sha256, is_clean, path=kept, preview=preview
            )
        except BaseException:
            kept.unlink(missing_ok=True)
            preview.unlink(missing_ok=True)
            raise
        finally:
            arrived.unlink(missing_ok=True)


def preview_of(stored_name: str, page: int) -> Path:
    """The picture of a page (from 0) of a file that is kept, drawn now where it was not before.

    Raises DocumentRefused where there is no such page, StorageFailed.
    """
    there = preview_path(stored_name, page)
    if there.exists():
        return there
    with _storing():
        drawn = _incoming()
        try:
            draw_page(file_path(stored_name), drawn, page)
            _move(drawn, there)
        finally:
            drawn.unlink(missing_ok=True)
    return there


def delete_bytes(stored_name: str) -> None:
    """Delete a file that no row speaks of any more as kept, and its pictures."""
    file_path(stored_name).unlink(missing_ok=True)
    for picture in preview_path(stored_name, 0).parent.glob(f"{stored_name}-*"):
        picture.unlink(missing_ok=True)


def documents_root() -> Path:
    """The folder of all this. Raises StorageFailed where none is set."""
    path = settings().documents_path
    if path is None:
        log.error("IDP_DOCUMENTS_FOLDER is not set, and no document can be kept")
        raise StorageFailed
    return path


def file_path(stored_name: str) -> Path:
    """Where the bytes of a file are."""
    return documents_root() / "files" / stored_name[:2] / stored_name


def preview_path(stored_name: str, page: int) -> Path:
    """Where the picture of a page is, once it was drawn."""
    return documents_root() / "previews" / stored_name[:2] / f"{stored_name}-{page}"


def _incoming() -> Path:
    folder = documents_root() / "incoming"
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    return folder / secrets.token_hex(20)


def _write(stream: IO[bytes], path: Path) -> None:
    most = settings().document_megabytes
    size = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as file:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > most * MEGABYTE:
                raise DocumentRefused("document.large", megabytes=most)
            file.write(chunk)
        file.flush()
    if not size:
        raise DocumentRefused("document.empty")


def _scanned(path: Path) -> bool | None:
    if not is_scanning():
        return None
    try:
        scan(path)
    except ScannerAway:
        return None
    return True


def _fingerprint(path: Path) -> tuple[int, str]:
    """Size and SHA-256 of what is kept, once it is on the disk."""
    path.chmod(FILE_MODE)
    with path.open("rb+") as file:
        os.fsync(file.fileno())
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), sha256


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    source.rename(target)
    for folder in (target.parent, target.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _storing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = errno.errorcode.get(error.errno or 0, "?")
        log.exception("a document could not be kept (%s)", reason)
        raise StorageFailed from error
