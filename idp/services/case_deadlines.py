"""What time does to applications that nobody decides, nobody confirms, or nobody comes back to (domain.md §2).

None of it is asked when somebody acts: whether a link still works is compared where it is used. Any number of workers
may do this at once: each application is held, as by everybody who changes it, and looked at again.
"""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, text, update

from idp.db import now, session, transaction
from idp.errors import ChangedMeanwhile
from idp.models import Account, Case, OneTimeSecret
from idp.models.accounts import NOT_LET_IN
from idp.policies.deadlines import ENDS_PURGED, KEPT_UNFINISHED, SHORTEST_LINK
from idp.policies.registration import Reviewer
from idp.policies.standing import AccountStatus
from idp.services.audit import record
from idp.services.case_standing import hold_case, move_account
from idp.services.one_time_links import CONFIRMING
from idp.services.purging import purge_account, was_never_let_in
from idp.services.service_registry import list_services, registration_policy

BATCH = 50


def keep_deadlines() -> int:
    """Do what is due, at most a batch of each kind, and give how much it was. Each application has a transaction."""
    return (
        _each(_overdue(), _escalate)
        + _each(_unfinished(AccountStatus.EMAIL_PENDING, older_than=SHORTEST_LINK).where(~has_link()), _expire)
        + _each(_unfinished(*ENDS_PURGED, older_than=KEPT_UNFINISHED).where(was_never_let_in()), _purge)
    )


def _each(due: Select[str], act: Callable[[str], bool]) -> int:
    found = session.scalars(due.limit(BATCH)).all()
    session.commit()
    done = 0
    for case_id in found:
        # Decided, confirmed, corrected or purged since the list was made: then there is nothing to do.
        with suppress(ChangedMeanwhile), transaction():
            done += act(case_id)
    return done


def _overdue() -> Select[str]:
    """Cases that have waited for their group admins longer than their service lets them (C-3)."""
    return (
        select(Case.id)
        .where(Case.reviewer == Reviewer.GROUP_ADMIN, _has_waited_too_long())
        .order_by(Case.waiting_since, Case.id)
    )


def _has_waited_too_long() -> ColumnElement[bool]:
    services = defaultdict(list)
    for service in list_services():
        services[registration_policy(service).escalate_after_days].append(service.id)
    if not services:
        return false()
    moment = now()
    each = (
        and_(Case.service_id.in_(ids), Case.waiting_since <= moment - timedelta(days=days))
        for days, ids in services.items()
    )
    return and_(Case.waiting_since <= moment - timedelta(days=min(services)), or_(*each))


def _escalate(case_id: str) -> bool:
    """Give a case to the operators; the company's group admins, if there are any, may still decide."""
    _, case, account = hold_case(case_id)
    moved = session.execute(
        update(Case)
        .where(Case.id == case_id, Case.reviewer == Reviewer.GROUP_ADMIN, _has_waited_too_long())
        .values(reviewer=Reviewer.OPERATOR, escalated_at=now(), updated_at=now())
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    ).first()
    if moved is None:
        return False
    session.refresh(case)
    record("case:escalated", account_id=account.id, company_id=case.company_id, case=case.number)
    return True


def _unfinished(*statuses: AccountStatus, older_than: timedelta) -> Select[str]:
    """Cases whose accounts have been in one of these states for so long."""
    return (
        select(Case.id)
        .join(Account, Account.id == Case.account_id)
        .where(text(f"accounts.{NOT_LET_IN}"), Account.status.in_(statuses), Account.updated_at <= now() - older_than)
        .order_by(Account.updated_at)
    )


def has_link() -> ColumnElement[bool]:
    """A condition: the account has a link that confirms its mailbox."""
    return (
        select(OneTimeSecret.hash)
        .where(
            OneTimeSecret.purpose.in_(CONFIRMING),
            OneTimeSecret.account_id == Account.id,
            OneTimeSecret.used_at.is_(None),
            OneTimeSecret.replaced_at.is_(None),
            OneTimeSecret.expires_at > now(),
        )
        .exists()
    )


def _expire(case_id: str) -> bool:
    """Note that a mailbox was not confirmed in time; 補發 sends another link as before."""
    company, case, account = hold_case(case_id)
    # Whoever sends a link holds the case too, so what is read here stays so.
    if session.scalar(select(has_link()).where(Account.id == account.id)):
        return False
    if not move_account(account, AccountStatus.EMAIL_PENDING, status=AccountStatus.EMAIL_EXPIRED):
        return False
    record("case:expired", account_id=account.id, company_id=company.id, case=case.number)
    return True


def _purge(case_id: str) -> bool:
    company, case, account = hold_case(case_id)
    if account.status not in ENDS_PURGED or account.updated_at > now() - KEPT_UNFINISHED:
        return False
    return purge_account(company, case, account)
