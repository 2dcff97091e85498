"""What a group admin does to her company's people: decides applications, changes role and state (R-044 … R-046)."""

from dataclasses import dataclass

from sqlalchemy import select, update

from idp.db import now, session
from idp.errors import ChangedMeanwhile, InvalidInput, LastGroupAdmin, NotFound, Refused, SuspendedByOperator
from idp.models import Account, Company
from idp.policies.managing import CHANGEABLE, Task
from idp.policies.reminders import Reminders
from idp.policies.reviews import Outcome
from idp.policies.roles import Permission, Role, permits
from idp.policies.standing import AccountStatus, Approval
from idp.services.accounts import restore_account, set_role, suspend_account
from idp.services.acting import Acting
from idp.services.audit import record
from idp.services.case_reviews import Decision, decide_case
from idp.services.companies import checked_reason
from idp.services.company_claims import check_usable, locked_company
from idp.services.group_admins import group_admins_of
from idp.services.group_people import SeenPerson, person_of
from idp.services.seats import seat_of_binding


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A group admin's decision about an application, made on this version of it."""

    account_id: str
    seen_version: int
    outcome: Outcome
    role: Role | None = None
    reason: str = ""
    reason_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChange:
    """What an account is to be from now on, chosen on this version of it. ``reason``: where it is suspended."""

    account_id: str
    seen_version: int
    role: Role
    status: AccountStatus
    reason: str = ""


def hold_company(actor_id: str) -> Company:
    """The company that this group admin leads, kept for this transaction, so that its changes come one after another.

    Raises Refused where she leads it no more, CompanyClosed.
    """
    company_id = session.scalar(select(Account.company_id).where(Account.id == actor_id))
    if company_id is None:
        raise Refused
    company = locked_company(company_id)
    actor = session.get_one(Account, actor_id, populate_existing=True)
    is_active = actor.status is AccountStatus.ACTIVE
    if not is_active or actor.role is None or not permits(actor.role, Permission.MANAGE_USERS):
        raise Refused
    check_usable(company)
    return company


def hold_leader(acting: Acting) -> None:
    """Hold the company of a group admin who was let in, and make sure that she leads it still.

    Through a linked account it is her seat that is read again: the binding, the linked account, what the company lets
    it be. Whoever ends one of these holds the company too. Raises as hold_company does.
    """
    hold_company(acting.account_id)
    if acting.via is None:
        return
    seat = seat_of_binding(acting.human_id, acting.via.binding_id)
    role = seat.acting.role if seat is not None and seat.acting.is_able else None
    if role is None or not permits(role, Permission.MANAGE_USERS):
        raise Refused


def review_person(actor_id: str, verdict: Verdict) -> Account:
    """Decide about an application to the group admin's own company.

    Raises NotFound, Refused (where operators decide) and what ``decide_case`` raises.
    """
    company = hold_company(actor_id)
    seen = person_of(company.id, verdict.account_id)
    if seen.case is None:
        raise NotFound(what="case")
    if seen.account.status is AccountStatus.REVIEW_PENDING and seen.task is not Task.REVIEW:
        raise Refused
    return decide_case(
        Decision(
            case_id=seen.case.id,
            seen_version=verdict.seen_version,
            outcome=verdict.outcome,
            approval=Approval.GROUP_ADMIN,
            decided_by=actor_id,
            role=verdict.role,
            reason=verdict.reason,
            reason_text=verdict.reason_text,
        )
    )


def change_person(actor_id: str, change: PersonChange) -> bool:
    """Give an account of the group admin's company role and state in one act; False where nothing changed.

    Each change tells its person by its own mail. Raises NotFound, ChangedMeanwhile, LastGroupAdmin (R-046),
    SuspendedByOperator and InvalidInput (``field`` role or reason), all before anything is written.
    """
    company = hold_company(actor_id)
    seen = person_of(company.id, change.account_id)
    account = seen.account
    if account.version != change.seen_version or account.status not in CHANGEABLE:
        raise ChangedMeanwhile
    if seen.is_of_operators:
        raise SuspendedByOperator
    reason = _checked(seen, change)
    if change.status is AccountStatus.ACTIVE and account.status is AccountStatus.SUSPENDED:
        restore_account(account)
    set_role(account, change.role)
    if reason is not None:
        suspend_account(account, reason)
    return account.version != change.seen_version


def choose_reminders(account_id: str, reminders: Reminders) -> None:
    """Choose when one is reminded of applications that wait (R-036)."""
    changed = session.execute(
        update(Account)
        .where(Account.id == account_id, Account.reminders != reminders)
        .values(reminders=reminders, updated_at=now())
        .returning(Account.company_id)
        .execution_options(synchronize_session=False)
    ).first()
    if changed is not None:
        record(
            "account:reminders:changed", actor=account_id, account_id=account_id, company_id=changed[0],
            reminders=str(reminders),
        )  # fmt: skip


def _checked(seen: SeenPerson, change: PersonChange) -> str | None:
    """The reason of a suspension, or None where the change is none. Raises what change_person tells."""
    if change.role not in seen.roles:
        raise InvalidInput(field="role", problem="review.role")
    was_active = seen.account.status is AccountStatus.ACTIVE
    suspends = was_active and change.status is AccountStatus.SUSPENDED
    reason = checked_reason(" ".join(change.reason.split())) if suspends else None
    leads_on = change.role is Role.GROUP_ADMIN and not suspends
    if was_active and seen.account.role is Role.GROUP_ADMIN and not leads_on:
        company_id = str(seen.account.company_id)
        if all(admin.id == seen.account.id for admin in group_admins_of(company_id)):
            raise LastGroupAdmin
    return reason
