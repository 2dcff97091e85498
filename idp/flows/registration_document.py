"""The document step (P8): a company is proven by a file that operators will look at (R-160 … R-164).

    shown --> file sent: judged --> refused, and why --> shown; the file before still counts
                                --> kept, the one before superseded --> shown with its preview
          --> removed --> shown
          --> next, with a file that counts --> account
          --> the card instead, where the service takes it --> card

Reading and judging a file takes seconds, so both are done before the run is locked; of two files sent at once the later
to be kept counts.
"""

from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, Response, g, make_response, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge
from wtforms import FileField

from idp.browser import peer_address
from idp.config import settings
from idp.db import transaction
from idp.documents.refusals import DocumentRefused, StorageFailed, UploadsBusy
from idp.errors import NotFound, Refused
from idp.flows.account_fields import add_error
from idp.flows.document_answers import preview, size_of
from idp.flows.error_pages import http_page, refused_page
from idp.flows.forms import PlainForm, with_retry
from idp.flows.messages import PROBLEMS, sentence_for
from idp.flows.registration_company import company_name
from idp.flows.registration_pages import offers_card, page_of
from idp.flows.registration_run import find_run
from idp.flows.registration_steps import Outcome, shows, take
from idp.flows.registration_visit import Visit, visit_of
from idp.policies.documents import SUFFIXES
from idp.policies.limits import FILES_SENT_PER_ADDRESS
from idp.policies.registration_path import Step
from idp.services.audit import record
from idp.services.file_store import MEGABYTE, Received, receive_file
from idp.services.flows import KeptRun
from idp.services.limits import spend
from idp.services.uploaded_files import check_quota, keep_file, remove_file

ACCEPTED = ",".join(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)


class DocumentForm(PlainForm):
    """公司證明文件: one file."""

    document = FileField(lazy_gettext("公司證明文件"))


def document_page(visit: Visit, form: PlainForm | None = None) -> str:
    """P8: what counts as proof, the file, and its first page."""
    file = visit.file
    return page_of(
        visit,
        Step.DOCUMENT,
        form or DocumentForm(),
        file=file,
        size=size_of(file.size) if file is not None else "",
        replaced=visit.replaced_file,
        infected=None if file is not None else visit.infected_file,
        is_own=file is not None and file.run_id == visit.run_id,
        name=company_name(visit.state),
        megabytes=settings().document_megabytes,
        bytes=settings().document_megabytes * MEGABYTE,
        accepted=ACCEPTED,
        too_large=sentence_for(_too_large()),
        cut_off=PROBLEMS["document.cut_off"],
        offers_card=offers_card(visit),
        other_way=visit.state.wants_document and not visit.is_correction,
    )


def _too_large() -> DocumentRefused:
    return DocumentRefused("document.large", megabytes=settings().document_megabytes)


@shows(Step.DOCUMENT)
def show(visit: Visit) -> ResponseReturnValue:
    """P8."""
    return document_page(visit)


def show_preview() -> ResponseReturnValue:
    """The first page of the file, for the browser that applies with it and for nobody else. Raises NotFound."""
    kept = find_run(request.args.get("run", ""))
    if kept is None or kept.is_finished or kept.has_expired:
        raise NotFound(what="document")
    visit = visit_of(kept)
    if visit.file is None or visit.file.id != request.args.get("file"):
        raise NotFound(what="document")
    return preview(visit.file.id)


def give() -> ResponseReturnValue:
    """A file, or where the person goes on to."""
    sent = _sent_file(request.files.getlist("document"))
    kept = _living_run(request.form)
    if sent is None or kept is None:
        return take(Step.DOCUMENT, document_page, _go_on)
    if not visit_of(kept).has_reached(Step.DOCUMENT):
        return take(Step.DOCUMENT, document_page, _go_on)
    try:
        received = _judged(sent, kept)
    except Refused as refused:
        return _refused(kept, refused)
    try:
        return take(Step.DOCUMENT, document_page, lambda visit: _keep(visit, received))
    except (DocumentRefused, StorageFailed) as refused:
        return _refused(kept, refused)
    finally:
        received.discard()


def _sent_file(files: list[FileStorage]) -> FileStorage | None:
    """The last one that has a name: a control that nothing was chosen in sends an empty one without."""
    return next((file for file in reversed(files) if file.filename), None)


def _living_run(values: Mapping[str, str]) -> KeptRun | None:
    kept = find_run(values.get("run", ""))
    return None if kept is None or kept.is_finished or kept.has_expired else kept


def _judged(sent: FileStorage, kept: KeptRun) -> Received:
    """Raises DocumentRefused, StorageFailed, TooManyRequests."""
    with transaction():
        spend(FILES_SENT_PER_ADDRESS, peer_address())
        check_quota(kept.id)
    try:
        return receive_file(sent.stream, sent.filename or "")
    except Refused as refused:
        with transaction():
            because = refused.details.get("problem", refused.code)
            record("document:file:uploaded", outcome="refused", run=kept.id, because=because)
        raise


def _keep(visit: Visit, received: Received) -> Outcome:
    keep_file(received, visit.run_id)
    return visit.address(Step.DOCUMENT)


def _go_on(visit: Visit) -> Outcome:
    do = request.form.get("do")
    if do == "card" and offers_card(visit):
        visit.state.wants_card = True
        return None
    if do == "other":
        visit.state.wants_document = False
        return visit.address(Step.PROOF) if Step.PROOF in visit.steps else None
    if do == "remove":
        remove_file(visit.run_id)
        return visit.address(Step.DOCUMENT)
    if do != "next" or visit.file is None:
        form = DocumentForm()
        add_error(form, "document", str(PROBLEMS["document.none"]))
        return form
    visit.state.has_done(Step.DOCUMENT)
    return None


def _refused(kept: KeptRun, refused: Refused) -> Response:
    """The page again, with the sentence beside the field: nothing else that was typed or sent is lost."""
    now_kept = find_run(kept.id) or kept
    visit = visit_of(now_kept)
    # The language link leads by GET to the step.
    g.here = visit.address(Step.DOCUMENT)
    form = DocumentForm()
    add_error(form, "document", sentence_for(refused))
    return with_retry(make_response(document_page(visit, form), refused.status), refused)


def unread(error: HTTPException | UploadsBusy | StorageFailed) -> ResponseReturnValue:
    """A form whose file was too large to be read, or was not read to its end: its run is named in its address."""
    kept = _living_run(request.args) if request.endpoint == "registration.give_document" else None
    if kept is None or not visit_of(kept).has_reached(Step.DOCUMENT):
        return http_page(error) if isinstance(error, HTTPException) else with_retry(refused_page(error), error)
    if isinstance(error, Refused):
        return _refused(kept, error)
    is_large = isinstance(error, RequestEntityTooLarge)
    refused = _too_large() if is_large else DocumentRefused("document.cut_off")
    refused.status = refused.status if is_large else HTTPStatus.REQUEST_TIMEOUT
    return _refused(kept, refused)


def add_routes(bp: Blueprint) -> None:
    """P8 among the pages of the wizard."""
    bp.add_url_rule("/register/document", "document", show, methods=["GET"])
    bp.add_url_rule("/register/document", "give_document", give, methods=["POST"])
    bp.add_url_rule("/register/document/preview", "document_preview", show_preview, methods=["GET"])
    for error in (RequestEntityTooLarge, ClientDisconnected, UploadsBusy, StorageFailed):
        bp.register_error_handler(error, unread)
