"""One application in review (P36): the document beside data and register entry, and two decisions (R-172).

look --> taken --> look --> put back --> the queue
look --> decided about document or account --> look, or the queue where nothing waits any more
     --> wrong, changed meanwhile or decided by another: look, with what was filled in
"""

from typing import Any

from flask import Response, make_response, redirect, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from idp.db import transaction
from idp.errors import InvalidInput, NotFound, Refused, TakenByAnother
from idp.flows.document_answers import attachment, page_of, preview
from idp.flows.ops.guard import must, operator, ops_pages
from idp.flows.ops.review_forms import account_form, document_form
from idp.flows.ops.review_page import review_page
from idp.flows.page_context import NOTICE
from idp.policies.duties import Power
from idp.services.document_files import file_of_case
from idp.services.ops_review import Reviewed, put_back, reviewed, take

bp = ops_pages("ops_review", Power.SEE_CASES, path="/queue/<number>")

FORMS: dict[str, Any] = {"document": document_form, "account": account_form}


@bp.get("")
def one(number: str) -> str:
    """Show an application, wherever it stands."""
    return review_page(reviewed(number))


@bp.post("/take")
def take_it(number: str) -> ResponseReturnValue:
    """Take what waits of it; who was slower reads who was quicker."""
    must(Power.DECIDE_CASES)
    try:
        with transaction():
            take(reviewed(number), operator().operator_id)
    except NotFound:
        raise
    except Refused as refused:
        told = gettext("%(name)s已經接手這個案件。", name=refused.details["name"]) if _is_named(refused) else None
        return make_response(review_page(reviewed(number), refused=refused, told=told), refused.status)
    return redirect(url_for("ops_review.one", number=number), 303)


@bp.post("/release")
def release(number: str) -> ResponseReturnValue:
    """Put it back into the queue."""
    must(Power.DECIDE_CASES)
    with transaction():
        seen = reviewed(number)
        put_back(seen, operator().operator_id)
    browser_session[NOTICE] = gettext("案件 %(number)s 已放回佇列。", number=seen.queued.case.number)
    return redirect(url_for("ops_queue.everything"), 303)


@bp.post("/document")
def decide_document(number: str) -> ResponseReturnValue:
    """Decide about the document."""
    return _decide(number, "document")


@bp.post("/account")
def decide_account(number: str) -> ResponseReturnValue:
    """Decide about the account."""
    return _decide(number, "account")


@bp.get("/files/<file_id>")
def download(number: str, file_id: str) -> Response:
    """A file of its document, to be saved."""
    return attachment(file_of_case(number, file_id).id)


@bp.get("/files/<file_id>/<page>")
def picture(number: str, file_id: str, page: str) -> Response:
    """A page (from 1) of a file of its document, as a picture of ours."""
    return preview(file_of_case(number, file_id).id, page_of(page))


def _decide(number: str, subject: str) -> ResponseReturnValue:
    must(Power.DECIDE_CASES)
    seen = reviewed(number)
    form = FORMS[subject](seen, sent=True, fresh=False)
    if not form.validate():
        return _again(seen, subject, form, status=400)
    try:
        with transaction():
            notice = form.decide(seen, operator().operator_id)
    except NotFound:
        raise
    except InvalidInput as refused:
        form.tell(refused)
        return _again(seen, subject, form, status=refused.status)
    except Refused as refused:
        fresh = reviewed(number)
        return _again(fresh, subject, FORMS[subject](fresh, sent=True), refused=refused, status=refused.status)
    browser_session[NOTICE] = notice
    return redirect(_next_page(reviewed(number)), 303)


def _again(seen: Reviewed, subject: str, form: Any, *, status: int, refused: Refused | None = None) -> Response:
    return make_response(review_page(seen, refused=refused, **{subject: form}), status)


def _next_page(seen: Reviewed) -> str:
    # The other of the two decisions, by whoever has made the first, before the next application.
    if seen.queued.waits_for_document or seen.queued.waits_for_account:
        return url_for("ops_review.one", number=seen.queued.case.number)
    return url_for("ops_queue.everything")


def _is_named(refused: Refused) -> bool:
    return isinstance(refused, TakenByAnother) and bool(refused.details.get("name"))
