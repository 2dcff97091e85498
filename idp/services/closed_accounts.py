"""What is still kept of a closed account is less after a time: how its person could be reached is forgotten.

Setting ``closed_contact_days``. Id, name to sign in with, company, role and audit log stay: who did what has to be
answered for, and no name is given twice.
"""

from datetime import timedelta

from sqlalchemy import delete, select, text, update

from idp.config import settings
from idp.db import now, session, transaction
from idp.models import Account, HomeCompany, SignIn
from idp.models.accounts import IS_CLOSED
from idp.services.audit import record

BATCH = 50


def forget_closed_accounts() -> int:
    """Empty the contact data of accounts that closed long ago, a batch, each in a transaction of its own; how many."""
    over = now() - timedelta(days=settings().closed_contact_days)
    due = session.scalars(
        select(Account.id)
        .where(text(f"accounts.{IS_CLOSED}"), Account.updated_at <= over)
        .order_by(Account.updated_at)
        .limit(BATCH)
    ).all()
    session.commit()
    done = 0
    for account_id in due:
        with transaction():
            done += _forget(account_id)
    return done


def _forget(account_id: str) -> bool:
    forgotten = session.execute(
        update(Account)
        .where(Account.id == account_id, text(IS_CLOSED))
        .values(email="", email_canonical="", email_verified_at=None, phone=None, version=Account.version + 1)
        .returning(Account.company_id)
        .execution_options(synchronize_session=False)
    ).first()
    if forgotten is None:
        return False
    session.execute(delete(HomeCompany).where(HomeCompany.account_id == account_id))
    session.execute(
        update(SignIn)
        .where(SignIn.account_id == account_id)
        .values(address=None, user_agent=None)
        .execution_options(synchronize_session=False)
    )
    record("account:contact:forgotten", account_id=account_id, company_id=forgotten[0])
    return True
