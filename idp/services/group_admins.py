"""The group admins of a company: who they are, and who was the first (R-029, R-046)."""

from sqlalchemy import Select, or_, select, update

from idp.db import session
from idp.models import Account, Company
from idp.policies.names import email_key
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus


def group_admins_of(company_id: str) -> list[Account]:
    """The active group admins of a company, the longest here first."""
    return list(
        session.scalars(
            select(Account)
            .where(
                Account.company_id == company_id,
                Account.role == Role.GROUP_ADMIN,
                Account.status == AccountStatus.ACTIVE,
            )
            .order_by(Account.created_at, Account.id)
        )
    )


def become_first_admin(company_id: str, account_id: str, email: str) -> bool:
    """Be the first group admin a company ever has, decided by one UPDATE: of several at once one gets True.

    Where the operator who proved the company has named a mailbox, only its person is. A company that has people
    already (imported, or added by an operator) is led by whom an operator names: nobody is set above them by coming.
    """
    row = session.execute(
        update(Company)
        .where(
            Company.id == company_id,
            Company.first_admin_id.is_(None),
            ~people_of(company_id, besides=account_id).exists(),
            or_(Company.first_admin_email.is_(None), Company.first_admin_email == email_key(email)),
        )
        .values(first_admin_id=account_id, version=Company.version + 1)
        .returning(Company.id)
        .execution_options(synchronize_session=False)
    ).first()
    return row is not None


def people_of(company_id: str, *, besides: str = "") -> Select[str]:
    """The accounts of a company that were let in, suspended ones too."""
    return select(Account.id).where(
        Account.company_id == company_id,
        Account.id != besides,
        Account.status.in_((AccountStatus.ACTIVE, AccountStatus.SUSPENDED)),
    )


def note_group_admin(company_id: str | None, account_id: str) -> None:
    """Note that a company is led now: nobody becomes its first group admin by coming first any more."""
    session.execute(
        update(Company)
        .where(Company.id == company_id, Company.first_admin_id.is_(None))
        .values(first_admin_id=account_id)
        .execution_options(synchronize_session=False)
    )
