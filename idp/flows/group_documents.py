"""「公司文件」: what was put forward to prove a company, for its group admin to look at (DU05)."""

from typing import Any

from flask import Response, render_template

from idp.flows.document_answers import attachment, page_of, preview, size_of
from idp.flows.group_guard import group_pages, own_company
from idp.flows.ops.people_words import DOCUMENT_STATES
from idp.models import CompanyDocument, UploadedFile
from idp.services.document_files import documents_of_company, file_of_company
from idp.services.uploaded_files import may_be_seen

bp = group_pages("group_documents")


@bp.get("/documents")
def documents() -> str:
    """Show the documents of her company, the newest first, each with the files it had."""
    found = documents_of_company(own_company())
    return render_template("group/documents.html", documents=[_document(one, files) for one, files in found])


@bp.get("/documents/<file_id>")
def download(file_id: str) -> Response:
    """A file of her company, to be saved; another company's is not found."""
    return attachment(file_of_company(own_company(), file_id).id)


@bp.get("/documents/<file_id>/<page>")
def picture(file_id: str, page: str) -> Response:
    """A page (from 1) of a file of her company, as a picture of ours."""
    return preview(file_of_company(own_company(), file_id).id, page_of(page))


def _document(document: CompanyDocument, files: list[UploadedFile]) -> dict[str, Any]:
    return {
        "id": document.id,
        "state": DOCUMENT_STATES[document.state],
        "files": [
            {
                "id": file.id,
                "name": file.name,
                "size": size_of(file.size),
                "pages": file.pages,
                "at": file.uploaded_at,
                "is_seen": may_be_seen(file),
                "counts": file.id == document.file_id,
            }
            for file in files
        ],
    }
