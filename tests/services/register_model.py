"""Companies and their people as they should be, and what must hold of them after each act (domain.md §2)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import delete, func, select

from idp.db import session, transaction
from idp.errors import Refused
from idp.mails.compose import unsealed
from idp.models import Account, AuditEntry, Case, Company, LimitCounter, Review
from idp.policies.names import canonical_username
from idp.policies.registration import Reviewer
from idp.policies.reviews import Outcome
from idp.policies.roles import Role
from idp.policies.standing import USABLE_COMPANIES, AccountStatus, CompanyProof, CompanyStatus
from tests.services.applicants import token_mailed_to
from tests.services.people import mails

S = AccountStatus
SELDOM = 4


@dataclass(frozen=True, slots=True)
class Person:
    """An account as the model has it."""

    name: str
    tax_id: str
    status: AccountStatus
    role: Role
    mailbox: str
    is_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Firm:
    """A company as the model has it; ``first`` is who became its first group admin."""

    is_proven: bool = False
    status: CompanyStatus = CompanyStatus.ACTIVE
    first: str | None = None

    @property
    def is_usable(self) -> bool:
        return self.status in USABLE_COMPANIES


class Model(RuleBasedStateMachine):
    """What is known of everybody; the acts are in register_machine."""

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, Person] = {}
        self.firms: dict[str, Firm] = {}
        self.numbers = count()
        self.seen: dict[str, tuple[Any, ...]] = {}
        self.audited = 0

    def is_purged(self, account_id: str) -> None:
        tax_id = self.people.pop(account_id).tax_id
        self.seen.pop(account_id)
        firm = self.firms[tax_id]
        if not self.colleagues(tax_id) and firm == Firm():
            del self.firms[tax_id]

    def is_judged(self, account_id: str) -> None:
        """What becomes of somebody whose mailbox is confirmed."""
        firm = self.firm(account_id)
        if firm.is_usable and firm.is_proven and firm.first is None and not self.has_people(account_id):
            self.change(account_id, status=S.ACTIVE, role=Role.GROUP_ADMIN)
            self.leads(account_id)
        else:
            self.change(account_id, status=S.REVIEW_PENDING)

    def leads(self, account_id: str) -> None:
        """Note who is the first group admin of a company."""
        person = self.people[account_id]
        firm = self.firms[person.tax_id]
        if person.role is Role.GROUP_ADMIN and firm.first is None:
            self.firms[person.tax_id] = replace(firm, first=account_id)

    def change(self, account_id: str, **values: Any) -> None:
        self.people[account_id] = replace(self.people[account_id], **values)

    def of(self, *statuses: AccountStatus) -> list[str]:
        return [one for one, person in self.people.items() if not statuses or person.status in statuses]

    def person(self, which: int, *mostly: AccountStatus, only: bool = False) -> tuple[str, Person]:
        """One of the people, mostly one in these states."""
        among = self.of(*mostly) if only or which % SELDOM else self.of()
        among = among or self.of()
        account_id = among[which % len(among)]
        return account_id, self.people[account_id]

    def firm(self, account_id: str) -> Firm:
        return self.firms[self.people[account_id].tax_id]

    def colleagues(self, tax_id: str) -> list[Person]:
        return [person for person in self.people.values() if person.tax_id == tax_id]

    def is_taken(self, name: str) -> bool:
        return any(person.name == canonical_username(name) for person in self.people.values())

    def mailbox_serves(self, tax_id: str, mailbox: str, *, besides: str = "") -> bool:
        """Whether somebody else has confirmed this mailbox and holds a place by it."""
        holding = {S.EMAIL_PENDING, S.REVIEW_PENDING, S.ACTIVE, S.SUSPENDED}
        return any(
            person.tax_id == tax_id and person.mailbox == mailbox and person.is_confirmed and person.status in holding
            for one, person in self.people.items()
            if one != besides
        )

    def has_people(self, besides: str) -> bool:
        """Whether anybody else of this company was let in."""
        tax_id = self.people[besides].tax_id
        return any(
            person.tax_id == tax_id and person.status in {S.ACTIVE, S.SUSPENDED}
            for one, person in self.people.items()
            if one != besides
        )

    def is_last_admin(self, account_id: str) -> bool:
        person = self.people[account_id]
        return person.status is S.ACTIVE and admins(self.colleagues(person.tax_id)) == [person]

    @staticmethod
    def company(tax_id: str) -> Company | None:
        return session.scalar(select(Company).where(Company.tax_id == tax_id).execution_options(populate_existing=True))

    # What always holds.

    @invariant()
    def the_database_says_what_the_model_says(self) -> None:
        session.rollback()
        session.expire_all()
        for row in session.scalars(select(Account)):
            person = self.people[row.id]
            assert (row.username_canonical, row.status, row.role) == (person.name, person.status, person.role)
            assert (row.email, row.email_verified_at is not None) == (person.mailbox, person.is_confirmed)
        assert session.scalar(select(func.count()).select_from(Account)) == len(self.people)
        there = {
            one.tax_id: Firm(one.proof is not CompanyProof.NONE, one.status, one.first_admin_id)
            for one in session.scalars(select(Company))
        }
        assert there == self.firms

    @invariant()
    def a_company_that_was_ever_led_is_led(self) -> None:
        """I-6: or it has never been led, and then its applications are shown to the operators."""
        for tax_id, firm in self.firms.items():
            led = admins(self.colleagues(tax_id))
            assert bool(led) == (firm.first is not None), (tax_id, firm, led)
        waiting = select(Case.reviewer, Account.status, Company.tax_id).where(
            Case.account_id == Account.id, Case.company_id == Company.id, Case.waiting_since.is_not(None)
        )
        for reviewer, status, tax_id in session.execute(waiting):
            assert status is S.REVIEW_PENDING
            assert reviewer is Reviewer.OPERATOR or self.firms[tax_id].first is not None
        counted = session.scalar(select(func.count()).select_from(Case).where(Case.waiting_since.is_not(None)))
        assert counted == len(self.of(S.REVIEW_PENDING))

    @invariant()
    def nobody_but_one_becomes_first_by_coming_first(self) -> None:
        by_policy = select(AuditEntry.company_id, AuditEntry.details).where(AuditEntry.action == "case:approved")
        firsts = [company for company, details in session.execute(by_policy) if details.get("by") == "policy"]
        assert len(firsts) == len(set(firsts))

    @invariant()
    def who_is_refused_or_suspended_can_read_why(self) -> None:
        """I-5."""
        for account_id in self.of(S.REJECTED):
            last = select(Review).join(Case, Case.id == Review.case_id).where(Case.account_id == account_id)
            review = session.scalars(last.order_by(Review.id.desc()).limit(1)).one()
            assert (review.outcome, review.reason) == (Outcome.REJECTED, "duplicate")
        for account_id in self.of(S.SUSPENDED):
            assert account(account_id).status_reason == "離職"

    @invariant()
    def every_change_of_state_is_recorded_and_nobody_changes_company(self) -> None:
        """I-8, I-2."""
        new = select(AuditEntry.account_id, AuditEntry.company_id).where(AuditEntry.id > self.audited)
        told = {one for row in session.execute(new) for one in row}
        self.audited = session.scalar(select(func.max(AuditEntry.id))) or 0
        now_seen: dict[str, tuple[Any, ...]] = {}
        for one in session.scalars(select(Account)):
            now_seen[one.id] = (one.company_id, one.status, one.role, one.email_verified_at is None)
        for company in session.scalars(select(Company)):
            now_seen[company.id] = (company.id, company.status, company.proof, company.first_admin_id)
        for key, values in now_seen.items():
            assert self.seen.get(key, values)[0] == values[0]
            assert self.seen.get(key) == values or key in told, (self.seen.get(key), values)
        self.seen = now_seen
        with transaction():
            session.execute(delete(LimitCounter))


def admins(people: list[Person]) -> list[Person]:
    """The active group admins among them."""
    return [one for one in people if one.role is Role.GROUP_ADMIN and one.status is S.ACTIVE]


def attempt(act: Callable[[], Any]) -> str:
    """How an act ends: ``done``, or the code of its refusal."""
    try:
        with transaction():
            act()
    except Refused as refusal:
        return refusal.code
    return "done"


def account(account_id: str) -> Account:
    """The account as it is."""
    return session.get_one(Account, account_id, populate_existing=True)


def case_of(account_id: str) -> Case:
    """The account's case as it is."""
    return session.scalars(
        select(Case).where(Case.account_id == account_id).execution_options(populate_existing=True)
    ).one()


def token_of(account_id: str) -> str:
    """The token of the last link that was mailed to an account; of an invited one: nobody's."""
    try:
        return token_mailed_to(account_id)
    except StopIteration:
        return "none"


def token_to(mailbox: str) -> str:
    """The token of the last link that was mailed to a mailbox."""
    links = [link for mail in mails() if mail.recipient == mailbox and (link := unsealed(mail.payload))]
    return links[-1].rpartition("/")[2]
