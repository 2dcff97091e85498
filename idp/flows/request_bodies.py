"""How much of a request is read, before anything reads its form: 256 KB, and a file where a page takes one (DU03).

Files come in through half of a process's threads at most, so that the other pages are served whatever is uploaded. What
is too large is read away for some seconds before it is answered: a browser that still sends would not see the answer.
"""

import errno
import time
from contextlib import suppress
from functools import cache
from threading import BoundedSemaphore

from flask import g, request
from werkzeug.exceptions import RequestEntityTooLarge

from idp.config import settings
from idp.documents.refusals import StorageFailed, UploadsBusy
from idp.services.file_store import MEGABYTE

# Endpoints whose form may hold a file.
TAKES_FILES = frozenset({"registration.give_document", "ops_service_menus.compare"})
MULTIPART = "multipart/form-data"
ROOM_BESIDE_FILE = MEGABYTE
SEAT_SECONDS = 0.3
READ_AWAY_BYTES, READ_AWAY_SECONDS = 64 * MEGABYTE, 20.0
CHUNK = 64 * 1024


def prepare_body() -> None:
    """Let a request that may hold a file be larger, and read it. Raises RequestEntityTooLarge, UploadsBusy."""
    if request.method != "POST" or request.endpoint not in TAKES_FILES or request.mimetype != MULTIPART:
        return
    if not _seats().acquire(timeout=SEAT_SECONDS):
        # Its thread is free again as soon as it is answered (idp/pacing.py).
        with suppress(KeyError, AttributeError):
            request.environ["gunicorn.socket"].give_up()
        raise UploadsBusy
    g.has_upload_seat = True
    request.max_content_length = settings().document_megabytes * MEGABYTE + ROOM_BESIDE_FILE
    try:
        # The whole form is read and parsed here, files into temporary ones.
        _ = request.form
    except RequestEntityTooLarge:
        _read_away()
        raise
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise StorageFailed from error
        raise


def leave_seat(_: BaseException | None = None) -> None:
    """The request is over."""
    if g.pop("has_upload_seat", False):
        _seats().release()


@cache
def _seats() -> BoundedSemaphore:
    return BoundedSemaphore(max(1, settings().threads // 2))


def _read_away() -> None:
    stream, left = request.environ["wsgi.input"], READ_AWAY_BYTES
    deadline = time.monotonic() + READ_AWAY_SECONDS
    try:
        while left > 0 and time.monotonic() < deadline and (chunk := stream.read(CHUNK)):
            left -= len(chunk)
    except (OSError, ValueError):
        return
