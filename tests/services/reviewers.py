"""Documents that wait, and operators who decide about them, as the tests of services need them."""

import hashlib
import secrets
from typing import Any

from idp.db import now, session, transaction
from idp.models import Case, CompanyDocument, Operator, Service, UploadedFile
from idp.policies.documents import DocumentOutcome, FileKind, FileState
from idp.policies.duties import OperatorStatus
from idp.services.company_documents import put_forward
from idp.services.document_reviews import DocumentDecision, decide_document
from idp.services.secrets import new_id
from tests.services.applicants import apply


def an_operator(name: str = "周文傑", **more: Any) -> Operator:
    """An operator who has been set up."""
    username = f"op{secrets.token_hex(4)}"
    given: dict[str, Any] = {"email": f"{username}@ops.test", **more}
    operator = Operator(
        id=new_id("op_"), username=username, username_canonical=username, name=name, duties=["reviewer"],
        status=OperatorStatus.ACTIVE, created_at=now(), updated_at=now(), **given,
    )  # fmt: skip
    with transaction():
        session.add(operator)
    return operator


def a_file(run_id: str | None = None, state: FileState = FileState.READY) -> UploadedFile:
    """The row of a file; nobody here reads its bytes."""
    name = secrets.token_hex(8)
    file = UploadedFile(
        id=new_id("uf_"), run_id=run_id or new_id("fl_"), name="公司登記表.pdf", stored_name=name, kind=FileKind.PDF,
        size=1, pages=1, sha256=hashlib.sha256(name.encode()).hexdigest(), state=state, uploaded_at=now(),
    )  # fmt: skip
    session.add(file)
    session.flush()
    return file


def apply_with_document(service: Service, state: FileState = FileState.READY, **more: Any) -> Case:
    """Somebody applies, and puts a document forward."""
    with transaction():
        case = apply(service, **more)
        put_forward(case, a_file(state=state))
    return case


def put_another_forward(case: Case) -> CompanyDocument:
    """The applicant replaces the file."""
    with transaction():
        return put_forward(case, a_file())


def document_of(case: Case) -> CompanyDocument:
    """The document of a case as it is now."""
    statement = session.query(CompanyDocument).filter_by(case_id=case.id)
    return statement.populate_existing().one()


def decision_about(case: Case, by: Operator, outcome: DocumentOutcome, *reasons: str, text: str = "") -> Any:
    """A decision about the document as it is now."""
    document = document_of(case)
    return DocumentDecision(
        document_id=document.id,
        seen_version=document.version,
        seen_sha256=session.get_one(UploadedFile, document.file_id).sha256,
        outcome=outcome,
        reasons=reasons,
        text=text,
        decided_by=by.id,
    )


def decide(case: Case, by: Operator, outcome: DocumentOutcome, *reasons: str, text: str = "") -> CompanyDocument:
    """Decide about the document as it is now."""
    with transaction():
        return decide_document(decision_about(case, by, outcome, *reasons, text=text))
