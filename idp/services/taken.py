"""Who works on what waits (接手): an operator takes a case or a document, puts it back, or has kept it too long.

Taking counts no version: what the operator has on the screen stays what she decides about. A document that is taken
is being reviewed, so its applicant replaces no file under the reviewer's eyes.
"""

from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, or_, select, update

from idp.db import now, session, transaction
from idp.errors import ChangedMeanwhile, NotFound, TakenByAnother
from idp.models import Account, Case, CompanyDocument, Operator
from idp.policies.documents import OPEN_STATES, TAKEN_FOR, DocumentState
from idp.policies.standing import AccountStatus
from idp.services.audit import record
from idp.services.own_company import check_not_own

BATCH = 100

Table: TypeAlias = type[Case] | type[CompanyDocument]


def holder(thing: Case | CompanyDocument) -> str | None:
    """The id of the operator who works on it; None where nobody does, or nobody may any longer."""
    if thing.taken_by is None or thing.taken_at is None or thing.taken_at <= now() - TAKEN_FOR:
        return None
    return thing.taken_by


def check_not_held(thing: Case | CompanyDocument, operator_id: str) -> None:
    """Raise TakenByAnother where another operator works on it; who decides about what is free takes it thereby."""
    holding = holder(thing)
    if holding is not None and holding != operator_id:
        raise _taken_by(holding)


def take_document(document_id: str, operator_id: str) -> None:
    """Take a document that waits. Raises NotFound, OwnCompany, TakenByAnother, ChangedMeanwhile (it waits no more)."""
    document = session.get(CompanyDocument, document_id)
    if document is None:
        raise NotFound(what="document")
    check_not_own(operator_id, document.company_id)
    is_free = and_(CompanyDocument.state.in_(OPEN_STATES), _is_free(CompanyDocument, operator_id))
    changed = {"state": DocumentState.IN_REVIEW, "taken_by": operator_id, "taken_at": now()}
    if not _changed(CompanyDocument, document, is_free, changed):
        _refuse(document, still_waits=document.state in OPEN_STATES)
    record("document:taken", **_about(document))


def release_document(document_id: str, operator_id: str) -> None:
    """Put a document back, which this operator had taken; one that is not hers (any more) stays as it is."""
    _put_back(CompanyDocument, document_id, CompanyDocument.taken_by == operator_id, because="released")


def take_case(case_id: str, operator_id: str) -> None:
    """Take an application that waits. Raises NotFound, OwnCompany, TakenByAnother, ChangedMeanwhile (no more)."""
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound(what="application")
    check_not_own(operator_id, case.company_id)
    is_pending = select(Account.status).where(Account.id == Case.account_id).scalar_subquery()
    waits = and_(Case.waiting_since.is_not(None), is_pending == AccountStatus.REVIEW_PENDING)
    if not _changed(Case, case, and_(waits, _is_free(Case, operator_id)), {"taken_by": operator_id, "taken_at": now()}):
        status = session.scalar(select(Account.status).where(Account.id == case.account_id))
        _refuse(case, still_waits=case.waiting_since is not None and status is AccountStatus.REVIEW_PENDING)
    record("case:taken", **_about(case))


def release_case(case_id: str, operator_id: str) -> None:
    """Put an application back, which this operator had taken; one that is not hers (any more) stays as it is."""
    _put_back(Case, case_id, Case.taken_by == operator_id, because="released")


def release_overdue() -> int:
    """Put back what was kept too long without a decision, at most a batch of each; how many. A transaction each."""
    return _release_overdue(CompanyDocument) + _release_overdue(Case)


def _release_overdue(table: Table) -> int:
    is_overdue = and_(table.taken_by.is_not(None), table.taken_at <= now() - TAKEN_FOR)
    found = session.scalars(select(table.id).where(is_overdue).limit(BATCH)).all()
    session.commit()
    done = 0
    for thing_id in found:
        with transaction():
            done += _put_back(table, thing_id, is_overdue, because="overdue")
    return done


def _is_free(table: Table, operator_id: str) -> ColumnElement[bool]:
    return or_(table.taken_by.is_(None), table.taken_by == operator_id, table.taken_at <= now() - TAKEN_FOR)


def _changed(
    table: Table,
    thing: Case | CompanyDocument,
    condition: ColumnElement[bool],
    values: dict[str, Any],
) -> bool:
    # One statement: of two who take it in the same second the second finds it taken.
    found = session.execute(
        update(table)
        .where(table.id == thing.id, condition)
        .values(**values)
        .returning(table.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(thing)
    return found is not None


def _refuse(thing: Case | CompanyDocument, *, still_waits: bool) -> None:
    """Say why it could not be taken. Raises TakenByAnother or ChangedMeanwhile."""
    holding = holder(thing)
    if holding is None or not still_waits:
        raise ChangedMeanwhile
    raise _taken_by(holding)


def _taken_by(operator_id: str) -> TakenByAnother:
    operator = session.get(Operator, operator_id)
    return TakenByAnother(name=operator.name if operator is not None else "")


def _put_back(table: Table, thing_id: str, condition: ColumnElement[bool], *, because: str) -> bool:
    thing: Any = session.get(table, thing_id)
    values: dict[str, Any] = {"taken_by": None, "taken_at": None}
    if table is CompanyDocument:
        # One that was decided about is no more anybody's to put back.
        condition = and_(condition, CompanyDocument.state == DocumentState.IN_REVIEW)
        values["state"] = DocumentState.QUEUED
    if thing is None or not _changed(table, thing, condition, values):
        return False
    record("document:released" if table is CompanyDocument else "case:released", **_about(thing), because=because)
    return True


def _about(thing: Case | CompanyDocument) -> dict[str, Any]:
    named = {"document": thing.id} if isinstance(thing, CompanyDocument) else {"case": thing.number}
    return {"account_id": thing.account_id, "company_id": thing.company_id, **named}
