"""Why somebody does not get in: the reason that was given, of the account or of its company (I-5)."""

from sqlalchemy import select

from idp.db import session
from idp.models import Account, Company
from idp.policies.standing import AccountStatus, CompanyStatus


def reason_of_suspension(account_id: str) -> str | None:
    """The reason that its person may read, once she has shown who she is; None where nothing is suspended."""
    row = session.execute(
        select(Account.status, Account.status_reason, Company.status, Company.status_reason)
        .outerjoin(Company, Company.id == Account.company_id)
        .where(Account.id == account_id)
    ).first()
    if row is None:
        return None
    if row[0] is AccountStatus.SUSPENDED and row[1]:
        return str(row[1])
    return row[3] if row[2] is CompanyStatus.SUSPENDED else None
