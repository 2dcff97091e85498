"""The daily mail to group admins whose applicants have waited for a day (R-036)."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, or_, select, update

from idp.db import now, session, transaction
from idp.mails import cases as mails
from idp.models import Account, Case, Company
from idp.policies.registration import Reviewer
from idp.policies.reminders import DIGEST_EVERY, NAMES_TOLD, WAITS_LONG
from idp.policies.roles import Role
from idp.policies.standing import USABLE_COMPANIES, AccountStatus
from idp.services.audit import record
from idp.services.company_claims import locked_company
from idp.services.group_admins import group_admins_of

BATCH = 50


def remind_group_admins() -> int:
    """Tell the group admins of companies where somebody has waited for them for a day, once a day and company.

    A batch of companies, each in a transaction of its own with its mails; gives how many were told.
    """
    due = session.scalars(_due()).all()
    session.commit()
    told = 0
    for company_id in due:
        with transaction():
            told += _remind(company_id)
    return told


def _due() -> Select[str]:
    moment = now()
    # From the few cases to their companies: the other way round every company would be asked.
    waited = select(Case.company_id).where(
        Case.reviewer == Reviewer.GROUP_ADMIN, Case.waiting_since <= moment - WAITS_LONG
    )
    led = (
        select(Account.id)
        .where(
            Account.company_id == Company.id,
            Account.status == AccountStatus.ACTIVE,
            Account.role == Role.GROUP_ADMIN,
        )
        .exists()
    )
    return select(Company.id).where(Company.id.in_(waited), *_may_be_told(), led).order_by(Company.id).limit(BATCH)


def _may_be_told() -> tuple[ColumnElement[bool], ...]:
    return (
        Company.status.in_(USABLE_COMPANIES),
        or_(Company.digest_sent_at.is_(None), Company.digest_sent_at <= now() - DIGEST_EVERY),
    )


def _remind(company_id: str) -> bool:
    company = locked_company(company_id)
    waiting = _waiting(company_id)
    admins = group_admins_of(company_id)
    # Decided, or left by its last group admin, since the list was made: then today's mail is not claimed either.
    if not waiting or waiting[0][0] > now() - WAITS_LONG or not admins or not _claim(company_id):
        return False
    names = [name for _, name in waiting[:NAMES_TOLD]]
    for admin in admins:
        mails.applications_wait(admin, company, count=len(waiting), applicants=names)
    record("case:reminded", company_id=company_id, waiting=len(waiting), admins=len(admins))
    return True


def _waiting(company_id: str) -> list[tuple[datetime, str]]:
    """Since when and who waits for the company's group admins, the longest first."""
    rows = session.execute(
        select(Case.waiting_since, Account.name, Case.reviewer)
        .join(Account, Account.id == Case.account_id)
        .where(Case.company_id == company_id, Case.waiting_since.is_not(None))
        .order_by(Case.waiting_since, Case.id)
    )
    # Picked out here: asked for it as well, SQLite would rather read what waits for the group admins of all companies.
    return [(since, name) for since, name, reviewer in rows if since and reviewer is Reviewer.GROUP_ADMIN]


def _claim(company_id: str) -> bool:
    """Whether this worker is the one to tell them today: one UPDATE."""
    claimed = session.execute(
        update(Company)
        .where(Company.id == company_id, *_may_be_told())
        .values(digest_sent_at=now())
        .returning(Company.id)
        .execution_options(synchronize_session=False)
    ).first()
    return claimed is not None
