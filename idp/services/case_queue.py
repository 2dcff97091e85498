"""The applications that wait for a decision, as operators see them: the longest waiting first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from idp.db import session
from idp.errors import AccountPending, NotFound
from idp.models import Account, Case, Company
from idp.policies.registration import Reviewer
from idp.policies.standing import AccountStatus, CompanyProof
from idp.services.cases import read_number


@dataclass(frozen=True, slots=True)
class WaitingCase:
    """One application that waits, in a list."""

    number: str
    waits_for: Reviewer
    waiting_since: datetime | None
    company_tax_id: str
    company_name: str
    company_proof: CompanyProof
    name: str
    username: str
    service: str


def waiting_cases(reviewer: Reviewer | None = None, *, most: int) -> tuple[list[WaitingCase], int]:
    """The applications that wait for this reviewer (None: for anybody), and how many there are in all."""
    columns = (
        Case.number,
        Case.reviewer,
        Case.waiting_since,
        Company.tax_id,
        Company.name,
        Company.proof,
        Account.name,
        Account.username,
        Case.service_id,
    )
    waits = [Case.waiting_since.is_not(None), Account.status == AccountStatus.REVIEW_PENDING]
    if reviewer is not None:
        waits.append(Case.reviewer == reviewer)
    rows = session.execute(
        select(*columns)
        .join(Account, Account.id == Case.account_id)
        .join(Company, Company.id == Case.company_id)
        .where(*waits)
        .order_by(Case.waiting_since, Case.id)
        .limit(most)
    )
    total = session.scalar(
        select(func.count()).select_from(Case).join(Account, Account.id == Case.account_id).where(*waits)
    )
    return [WaitingCase(*row) for row in rows], total or 0


def case_of_number(number: str) -> tuple[Case, Account, Company]:
    """The application of this number, however it is typed, with its account and company. Raises NotFound."""
    row = session.execute(
        select(Case, Account, Company)
        .join(Account, Account.id == Case.account_id)
        .join(Company, Company.id == Case.company_id)
        .where(Case.number == read_number(number))
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise NotFound(what="application")
    return row[0], row[1], row[2]


def account_pending(account_id: str) -> AccountPending:
    """Why somebody can't sign in yet whose application is open: who is to decide, or that she was asked for more."""
    found = session.execute(select(Case.reviewer, Case.more_info_until).where(Case.account_id == account_id)).first()
    reviewer, asked = found if found is not None else (None, None)
    return AccountPending(reviewer=reviewer, asked=asked is not None)
