"""The decision about an application, by a group admin or an operator: once a version, with a reason where refused."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from idp.db import now, session
from idp.errors import AlreadyDecided, ChangedMeanwhile, CompanyNotProven, InvalidInput
from idp.mails import cases as mails
from idp.models import Account, Case, Company, Operator, Review
from idp.policies.documents import MORE_INFO_LASTS
from idp.policies.registration import CredentialSet, MailCheck, Proof, RegistrationPolicy
from idp.policies.registration_path import is_proven
from idp.policies.reviews import Outcome, Reason, more_info_problem, reason_problem
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus, Approval
from idp.services.audit import record
from idp.services.case_policies import credential_of, policy_of_case
from idp.services.case_standing import enrol_card_of_case, hold_case, move_account
from idp.services.company_claims import check_usable
from idp.services.group_admins import note_group_admin
from idp.services.mailbox_checks import send_verification
from idp.services.own_company import check_not_own
from idp.services.taken import check_not_held


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a reviewer decides, of which version of the case, and as whom (``approval`` says on whose word)."""

    case_id: str
    seen_version: int
    outcome: Outcome
    approval: Approval
    decided_by: str
    role: Role | None = None
    reason: str | None = None
    reason_text: str = ""


def decide_case(decision: Decision) -> Account:
    """Approve or refuse an application, or ask for more; the applicant is told by mail in the same transaction. Gives
    the account.

    Who is asked has 14 days to send it again, with everything kept. Raises AlreadyDecided (somebody was quicker),
    ChangedMeanwhile (the applicant edited or withdrew it after the reviewer opened it), CompanyNotProven,
    CompanyClosed, InvalidInput (``field`` role, reason or reason_text); for operators also OwnCompany, TakenByAnother.
    Of two decisions in the same second one counts (RC rows; unique by case and version in the database).
    """
    company, case, account = hold_case(decision.case_id)
    is_operator = decision.approval is Approval.OPERATOR
    if is_operator:
        check_not_own(decision.decided_by, company.id)
    _check_open(case, account, decision)
    if is_operator:
        check_not_held(case, decision.decided_by)
    policy = policy_of_case(case)
    _check_decision(decision, company, policy)
    _write_review(case, decision)
    case.version += 1
    case.waiting_since = case.taken_by = case.taken_at = case.more_info_until = None
    case.decided_at = case.updated_at = now()
    if decision.outcome is Outcome.APPROVED:
        _approve(case, account, company, policy, decision)
    elif decision.outcome is Outcome.MORE_INFO:
        _ask(case, account, company, decision)
    else:
        _refuse(case, account, company, decision)
    return account


def _check_open(case: Case, account: Account, decision: Decision) -> None:
    if account.status is AccountStatus.REVIEW_PENDING and case.version == decision.seen_version:
        return
    last = session.scalar(select(Review).where(Review.case_id == case.id).order_by(Review.id.desc()).limit(1))
    if last is not None and last.case_version >= decision.seen_version and last.outcome is not Outcome.WITHDRAWN:
        raise AlreadyDecided(outcome=last.outcome, by=_name_of(last.decided_by, decision.approval))
    raise ChangedMeanwhile


def _check_decision(decision: Decision, company: Company, policy: RegistrationPolicy) -> None:
    if decision.outcome is Outcome.APPROVED:
        check_usable(company)
        if Proof.NONE not in policy.company_proof and not is_proven(policy, company.proof):
            raise CompanyNotProven
        if decision.role not in policy.roles:
            raise InvalidInput(field="role", problem="review.role")
        return
    if decision.outcome is Outcome.MORE_INFO:
        problem = more_info_problem(decision.reason_text)
        if problem:
            raise InvalidInput(field="reason_text", problem=problem)
        return
    problem = reason_problem(decision.reason or "", decision.reason_text)
    if problem:
        raise InvalidInput(field="reason", problem=problem)


def _write_review(case: Case, decision: Decision) -> None:
    review = Review(
        case_id=case.id,
        case_version=case.version,
        outcome=decision.outcome,
        role=decision.role if decision.outcome is Outcome.APPROVED else None,
        reason=decision.reason if decision.outcome is Outcome.REJECTED else None,
        reason_text=decision.reason_text.strip() or None,
        decided_by=decision.decided_by,
        decided_at=now(),
    )
    try:
        with session.begin_nested():
            session.add(review)
            session.flush()
    except IntegrityError as error:
        raise AlreadyDecided(outcome=None, by="") from error


def _approve(case: Case, account: Account, company: Company, policy: RegistrationPolicy, decision: Decision) -> None:
    later = policy.mail_check is MailCheck.AFTER_REVIEW and account.email_verified_at is None
    move_account(
        account,
        AccountStatus.REVIEW_PENDING,
        status=AccountStatus.EMAIL_PENDING if later else AccountStatus.ACTIVE,
        role=decision.role,
        approval=decision.approval,
        status_reason=None,
    )
    if decision.role is Role.GROUP_ADMIN:
        note_group_admin(company.id, account.id)
    session.flush()
    record(
        "case:approved", account_id=account.id, company_id=company.id, case=case.number, role=str(decision.role),
        by=decision.decided_by,
    )  # fmt: skip
    if later:
        send_verification(account, case, browser=None)
    else:
        enrol_card_of_case(case, account)
        mails.application_approved(account, company, by_password=credential_of(case) is CredentialSet.PASSWORD)


def _refuse(case: Case, account: Account, company: Company, decision: Decision) -> None:
    reason = Reason(decision.reason or "")
    text = decision.reason_text.strip()
    move_account(account, AccountStatus.REVIEW_PENDING, status=AccountStatus.REJECTED, status_reason=text or None)
    session.flush()
    record(
        "case:refused", account_id=account.id, company_id=company.id, case=case.number, reason=str(reason),
        by=decision.decided_by,
    )  # fmt: skip
    mails.application_rejected(account, company, case, reason=str(reason), reason_text=text)


def _ask(case: Case, account: Account, company: Company, decision: Decision) -> None:
    """Ask for more: the application waits for its applicant, and for nobody else, until the deadline."""
    case.more_info_until = now() + MORE_INFO_LASTS
    session.flush()
    record(
        "case:asked", account_id=account.id, company_id=company.id, case=case.number,
        until=case.more_info_until.isoformat(), by=decision.decided_by,
    )  # fmt: skip
    mails.application_more_info(account, company, case, text=decision.reason_text.strip(), until=case.more_info_until)


def _name_of(actor: str, approval: Approval) -> str:
    """Who decided: to operators an operator has a name too."""
    account = session.get(Account, actor)
    if account is None and approval is Approval.OPERATOR:
        operator = session.get(Operator, actor)
        return operator.name if operator is not None else ""
    return account.name if account else ""
