"""What waits for operators, in numbers, for the first page of the console."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from idp.db import session
from idp.models import Case, CompanyDocument, Operator, OutboxEntry
from idp.policies.documents import DocumentState
from idp.policies.duties import OperatorStatus
from idp.policies.registration import Reviewer

UNDECIDED = (DocumentState.QUEUED, DocumentState.IN_REVIEW)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait, and since when the first of them."""

    count: int
    since: datetime | None


def cases_waiting() -> Waiting:
    """Applications that wait for operators."""
    counted = select(func.count(), func.min(Case.waiting_since)).where(
        Case.waiting_since.is_not(None), Case.reviewer == Reviewer.OPERATOR
    )
    count, since = session.execute(counted).one()
    return Waiting(count, since)


def documents_waiting() -> Waiting:
    """Company documents that nobody has decided about."""
    counted = select(func.count(), func.min(CompanyDocument.queued_at)).where(CompanyDocument.state.in_(UNDECIDED))
    count, since = session.execute(counted).one()
    return Waiting(count, since)


def mails_not_sent() -> Waiting:
    """Mails that were given up."""
    counted = select(func.count(), func.min(OutboxEntry.created_at)).where(
        OutboxEntry.state == "dead", OutboxEntry.kind == "mail"
    )
    count, since = session.execute(counted).one()
    return Waiting(count, since)


def operators_invited() -> int:
    """Operators who have not used their set-up link."""
    counted = select(func.count()).select_from(Operator).where(Operator.status == OperatorStatus.INVITED)
    return session.scalar(counted) or 0
