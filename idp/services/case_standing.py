"""What becomes of an application once its mailbox is confirmed: first group admin, in by itself, or to be decided."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import case as when
from sqlalchemy import select, update
from sqlalchemy.exc import NoResultFound

from idp.certificates.subject import CardHolder
from idp.db import now, session
from idp.errors import CardEnrolledElsewhere, ChangedMeanwhile
from idp.mails import cases as mails
from idp.models import Account, CardEvidence, Case, Company, Review
from idp.policies.cards import EVIDENCE_COUNTS, may_succeed
from idp.policies.registration import CredentialSet, MailCheck, RegistrationPolicy, Reviewer
from idp.policies.registration_path import first_role, path_of, takes_card
from idp.policies.reminders import Reminders
from idp.policies.reviews import Outcome
from idp.policies.roles import Role
from idp.policies.standing import USABLE_COMPANIES, AccountStatus, Approval, CompanyProof
from idp.services.audit import record
from idp.services.card_answers import holder_in
from idp.services.card_proofs import former_admins, note_leader, prove_by_card
from idp.services.case_policies import credential_of, policy_of_case
from idp.services.citizen_cards import enrol_citizen_of_case
from idp.services.company_claims import locked_company, state_of
from idp.services.enrolled_cards import enrol_card
from idp.services.group_admins import become_first_admin, group_admins_of


class Became(StrEnum):
    """What became of an applicant."""

    FIRST_ADMIN = "first_admin"
    ACTIVE = "active"
    WAITS_FOR_GROUP_ADMIN = "waits_for_group_admin"
    WAITS_FOR_OPERATOR = "waits_for_operator"


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a case; ``came_second``: she was to be first group admin, and somebody else was quicker."""

    became: Became
    came_second: bool = False


def hold_case(case_id: str) -> tuple[Company, Case, Account]:
    """A case with its company and account, kept for this transaction; always the company first, so nobody waits in a
    circle. Raises ChangedMeanwhile where there is no such case any more."""
    company_id = session.scalar(select(Case.company_id).where(Case.id == case_id))
    if company_id is None:
        raise ChangedMeanwhile
    try:
        company = locked_company(company_id)
        case = session.execute(
            select(Case).where(Case.id == case_id).with_for_update().execution_options(populate_existing=True)
        ).scalar_one()
    except NoResultFound:  # purged by a worker while we waited for it
        raise ChangedMeanwhile from None
    return company, case, session.get_one(Account, case.account_id, populate_existing=True)


def settle(case: Case, account: Account) -> Standing:
    """Judge a case whose mailbox is confirmed (or is confirmed later by the policy), by its company's state now.

    The company is locked first, so two who become "first" in the same instant are judged one after the other.
    """
    company = locked_company(case.company_id)
    policy = policy_of_case(case)
    card = _proven_by(case, account, company, policy)
    path = path_of(policy, state_of(company, policy), card=card.rank if card else None)
    # Where the mailbox is confirmed after the review there is always one.
    later = policy.mail_check is MailCheck.AFTER_REVIEW
    # Suspended or closed since the application was sent: nobody is let in by herself, operators decide.
    waits = later or company.status not in USABLE_COMPANIES
    if path.becomes_admin and not waits and _leads(company, case, account, card):
        _let_in(case, account, company, Role.GROUP_ADMIN)
        if card is not None:
            settle_waiting_cases(company)
        return Standing(Became.FIRST_ADMIN)
    if path.reviewer is Reviewer.AUTO and not path.becomes_admin and not waits:
        _let_in(case, account, company, first_role(policy))
        return Standing(Became.ACTIVE)
    admins = group_admins_of(company.id)
    reviewer = Reviewer.GROUP_ADMIN if path.reviewer is Reviewer.GROUP_ADMIN and admins else Reviewer.OPERATOR
    _let_wait(case, account, company, reviewer)
    if reviewer is Reviewer.GROUP_ADMIN:
        for admin in admins:
            if admin.reminders is Reminders.EACH:
                mails.application_waits(admin, company, account, case)
    became = Became.WAITS_FOR_GROUP_ADMIN if reviewer is Reviewer.GROUP_ADMIN else Became.WAITS_FOR_OPERATOR
    return Standing(became, came_second=bool(case.answers.get("expected_first")))


def _proven_by(case: Case, account: Account, company: Company, policy: RegistrationPolicy) -> CardHolder | None:
    """The card given in this application, by which its company is proven from now on; None where it counts no more.

    Its service must take it, its company be one that is taken, and nobody may have refused the application since. What
    was said of the company after the card was given stays said.
    """
    evidence = session.get(CardEvidence, case.card_evidence_id) if case.card_evidence_id is not None else None
    if evidence is None or company.status not in USABLE_COMPANIES or now() - evidence.at > EVIDENCE_COUNTS:
        return None
    card = holder_in(evidence)
    if not takes_card(policy, card.rank) or card.not_after <= now() or _was_refused(case):
        return None
    if company.proof is not CompanyProof.CARD or company.verified_at is None or company.verified_at < evidence.at:
        prove_by_card(company, card, account_id=account.id, evidence_id=evidence.id)
    return card


def _was_refused(case: Case) -> bool:
    """Whether somebody has refused this application: what she had in hand then lets nobody lead by herself later."""
    refused = select(Review.id).where(Review.case_id == case.id, Review.outcome == Outcome.REJECTED).limit(1)
    return session.scalar(refused) is not None


def _leads(company: Company, case: Case, account: Account, card: CardHolder | None) -> bool:
    """Whether this applicant becomes the group admin: by the company's 正卡, or by being the first."""
    if card is None or not may_succeed(card.rank, has_working_admin=False):
        return become_first_admin(company.id, account.id, account.email)
    former = former_admins(company, besides=account.id)
    note_leader(company, account, former, evidence_id=str(case.card_evidence_id))
    return True


def settle_waiting_cases(company: Company) -> list[tuple[Case, Standing]]:
    """Judge anew what waits with the operators, after a company was proven: who was named to lead it, then the first to
    have applied."""
    is_named = when((Account.email_canonical == company.first_admin_email, 0), else_=1)
    rows = session.execute(
        select(Case, Account)
        .join(Account, Account.id == Case.account_id)
        .where(
            Case.company_id == company.id,
            Case.reviewer == Reviewer.OPERATOR,
            Case.waiting_since.is_not(None),
            Account.status == AccountStatus.REVIEW_PENDING,
        )
        .order_by(is_named, Case.waiting_since, Case.id)
        .execution_options(populate_existing=True)
    ).all()
    return [(case, settle(case, account)) for case, account in rows]


def enrol_card_of_case(case: Case, account: Account) -> None:
    """Let the cards given in an application sign its account in, now that its person is let in: hers and the company's.

    A card that another account has by now stays with that one: the account has its password.
    """
    enrol_citizen_of_case(case, account)
    evidence = session.get(CardEvidence, case.card_evidence_id) if case.card_evidence_id is not None else None
    if evidence is None:
        return
    try:
        enrol_card(holder_in(evidence), evidence.certificate, account, evidence_id=evidence.id)
    except CardEnrolledElsewhere:
        record(
            "account:card:enrolled",
            outcome="refused",
            account_id=account.id,
            company_id=account.company_id,
            because=CardEnrolledElsewhere.code,
            evidence=evidence.id,
        )


def move_account(account: Account, *only_from: AccountStatus, **values: object) -> bool:
    """Change an account that still is in one of these states; False where it is not any more."""
    moved = session.execute(
        update(Account)
        .where(Account.id == account.id, Account.status.in_(only_from))
        .values(perm_ver=Account.perm_ver + 1, version=Account.version + 1, updated_at=now(), **values)
        .returning(Account.id)
        .execution_options(synchronize_session=False)
    ).first()
    if moved is not None:
        session.refresh(account)
    return moved is not None


def _let_in(case: Case, account: Account, company: Company, role: Role) -> None:
    waiting = (AccountStatus.EMAIL_PENDING, AccountStatus.REVIEW_PENDING)
    move_account(account, *waiting, status=AccountStatus.ACTIVE, role=role, approval=Approval.AUTO)
    case.waiting_since = None
    case.decided_at = case.updated_at = now()
    session.flush()
    record("case:approved", account_id=account.id, company_id=company.id, case=case.number, role=str(role), by="policy")
    enrol_card_of_case(case, account)
    by_password = credential_of(case) is CredentialSet.PASSWORD
    mails.application_approved(account, company, is_first_admin=role is Role.GROUP_ADMIN, by_password=by_password)


def _let_wait(case: Case, account: Account, company: Company, reviewer: Reviewer) -> None:
    waiting = (AccountStatus.EMAIL_PENDING, AccountStatus.REVIEW_PENDING)
    move_account(account, *waiting, status=AccountStatus.REVIEW_PENDING)
    is_new = case.waiting_since is None
    case.reviewer = reviewer
    case.waiting_since = case.waiting_since or now()
    case.updated_at = now()
    session.flush()
    record("case:waits", account_id=account.id, company_id=company.id, case=case.number, reviewer=str(reviewer))
    if is_new:
        mails.application_received(account, company, case)
