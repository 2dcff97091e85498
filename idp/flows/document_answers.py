"""Hand a document out so that it is a file or a picture and never a page of ours (DU01, DU02, DU05).

Who may see it is the caller's to decide, before. Both raise NotFound where nobody may (idp.services.uploaded_files).
"""

import unicodedata
from pathlib import Path
from urllib.parse import quote

from flask import Response, send_file

from idp.flows.asked import number_in
from idp.policies.documents import MIME_TYPES, SUFFIXES, download_name
from idp.services.uploaded_files import open_file, open_preview

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def attachment(file_id: str) -> Response:
    """The file as it is kept, to be saved under its owner's name for it."""
    file, path = open_file(file_id)
    response = _answer(path, MIME_TYPES[file.kind])
    response.headers["Content-Disposition"] = disposition(download_name(file.name, file.kind), SUFFIXES[file.kind][0])
    return response


def preview(file_id: str, page: int = 0) -> Response:
    """A page (from 0) as a picture of ours."""
    response = _answer(open_preview(file_id, page), "image/png")
    response.headers["Content-Disposition"] = f'inline; filename="page-{page + 1}.png"'
    return response


def page_of(text: str) -> int:
    """The page (from 0) that an address means, which counts from 1; one that no file has for whatever is none."""
    return (number_in(text) or 0) - 1


def size_of(size: int) -> str:
    """A file's size as people read it: 428 KB, 2.4 MB."""
    kilobytes = max(1, round(size / 1024))
    return f"{kilobytes} KB" if kilobytes < 1024 else f"{size / 1024 / 1024:.1f} MB"


def disposition(name: str, suffix: str) -> str:
    """Content-Disposition of a file to save (RFC 6266): its name in ASCII for old clients, and whole."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = "".join(c for c in plain if c.isalnum() or c in " ._-()").strip(" .")
    if len(plain) <= len(suffix):
        plain = f"document{suffix}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _answer(path: Path, mimetype: str) -> Response:
    response = send_file(path, mimetype=mimetype, conditional=False, etag=False, max_age=None)
    response.headers.pop("Last-Modified", None)
    response.headers.update(HEADERS)
    return response
