"""Anything that people, group admins, operators and time do to companies and applications, in any order.

A state machine for hypothesis: each rule does one act by its service and knows how it must end; what must always hold
is asked after each (domain.md §2: I-2, I-5, I-6, I-8).
"""

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from sqlalchemy import select, update

from idp.db import Base, now, session, transaction
from idp.models import Account, Case, OneTimeSecret, Service
from idp.policies.names import canonical_username
from idp.policies.registration import Reviewer
from idp.policies.reviews import Outcome
from idp.policies.roles import Role
from idp.policies.standing import Approval, CompanyProof, CompanyStatus
from idp.services.accounts import restore_account, set_role, suspend_account
from idp.services.case_deadlines import keep_deadlines
from idp.services.case_reviews import Decision, decide_case
from idp.services.cases import OPEN, PersonAnswers, correct_case, withdraw_case
from idp.services.companies import restore_company, suspend_company
from idp.services.company_claims import CompanyAnswers
from idp.services.company_standing import close_company, prove_company
from idp.services.invitations import Wanted, invite
from idp.services.invited import Acceptance, accept_invitation
from idp.services.mailbox_checks import confirm_mailbox, resend_verification
from idp.services.passwords import hash_password
from idp.services.secrets import digest
from tests.services.applicants import a_service, apply
from tests.services.people import PASSWORD
from tests.services.register_model import SELDOM, Firm, Model, Person, S, account, attempt, case_of, token_of, token_to

TAX_IDS = ("00000016", "00000022", "00000037")
# The same name in several spellings, and others: of each at most one account.
NAMES = ("anna1", "ANNA1", "ａｎｎａ1", "bobby2", "carol3", "david4", "emily5", "frank6", "grace7", "henry8")
some = st.integers(0, 1000)
companies, names, roles = st.sampled_from(TAX_IDS), st.sampled_from(NAMES), st.sampled_from(Role)


class Register(Model):
    """One provider with one service, ``dreams``, where an operator's word proves a company."""

    @initialize(is_led=st.booleans())
    def begin(self, is_led: bool) -> None:
        """An empty database, or one with a company that is led, and a colleague who waits."""
        session.expire_all()
        with transaction():
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(table.delete())
        self.service: Service = a_service()
        if is_led:
            for name in NAMES[-2:]:
                self.applies_and_confirms(TAX_IDS[0], name, 1)
            self.is_proven(TAX_IDS[0])

    # What people do.

    @rule(tax_id=companies, name=names, which=some)
    def applies(self, tax_id: str, name: str, which: int) -> None:
        mailbox = f"m{next(self.numbers)}@example.test"
        if which % SELDOM == 0 and self.people:
            mailbox = self.person(which)[1].mailbox
        firm = self.firms.get(tax_id, Firm())
        allowed = not self.is_taken(name) and firm.is_usable and not self.mailbox_serves(tax_id, mailbox)
        made: list[Case] = []
        ended = attempt(lambda: made.append(apply(self.service, tax_id, username=name, email=mailbox)))
        assert (ended == "done") == allowed, ended
        if allowed:
            self.firms[tax_id] = firm
            self.people[made[0].account_id] = Person(
                canonical_username(name), tax_id, S.EMAIL_PENDING, Role.GUEST, mailbox
            )
        elif firm == Firm() and self.company(tax_id) is None:
            self.firms.pop(tax_id, None)

    @rule(tax_id=companies, name=names, which=some)
    def applies_and_confirms(self, tax_id: str, name: str, which: int) -> None:
        before = set(self.people)
        self.applies(tax_id, name, which)
        if set(self.people) - before:
            self.confirms(len(self.people) * SELDOM - 1)

    @precondition(lambda self: self.people)
    @rule(which=some)
    def confirms(self, which: int) -> None:
        account_id, person = self.person(which, S.EMAIL_PENDING)
        token = token_of(account_id)
        ended = attempt(lambda: confirm_mailbox(digest(token)))
        serves = self.mailbox_serves(person.tax_id, person.mailbox, besides=account_id)
        assert (ended == "done") == (person.status is S.EMAIL_PENDING and not serves), (ended, person)
        if ended == "done":
            self.change(account_id, is_confirmed=True)
            self.is_judged(account_id)

    @precondition(lambda self: self.people)
    @rule(which=some)
    def asks_for_another_link(self, which: int) -> None:
        account_id, person = self.person(which, S.EMAIL_PENDING, S.EMAIL_EXPIRED)
        with transaction():  # a minute later
            session.execute(update(OneTimeSecret).values(created_at=OneTimeSecret.created_at))
            for link in session.scalars(select(OneTimeSecret).where(OneTimeSecret.account_id == account_id)):
                link.created_at -= timedelta(minutes=2)
        ended = attempt(lambda: resend_verification(account(account_id), case_of(account_id), browser=None))
        assert (ended == "done") == (person.status in {S.EMAIL_PENDING, S.EMAIL_EXPIRED}), ended
        if ended == "done":
            self.change(account_id, status=S.EMAIL_PENDING)

    @precondition(lambda self: self.people)
    @rule(which=some, other_mailbox=st.booleans())
    def corrects(self, which: int, other_mailbox: bool) -> None:
        account_id, person = self.person(which, *OPEN)
        case = case_of(account_id)
        mailbox = f"m{next(self.numbers)}@example.test" if other_mailbox else person.mailbox
        said = PersonAnswers(username="x", name="林小玉", phone="+886912345678", email=mailbox, locale="en")
        answers = CompanyAnswers(
            id_type="ubn", number=person.tax_id, name="名", register_name=None, address="x", phone="+88677654321"
        )
        ended = attempt(lambda: correct_case(case.id, case.version, said, answers, browser="b"))
        comes_back = person.status in {S.EMAIL_EXPIRED, S.REJECTED} and not other_mailbox
        serves = comes_back and self.mailbox_serves(person.tax_id, mailbox, besides=account_id)
        assert (ended == "done") == (person.status in OPEN and self.firm(account_id).is_usable and not serves), ended
        if ended != "done":
            return
        if other_mailbox or not person.is_confirmed:
            self.change(account_id, status=S.EMAIL_PENDING, mailbox=mailbox, is_confirmed=False)
        elif person.status is S.REJECTED:
            self.is_judged(account_id)

    @precondition(lambda self: self.people)
    @rule(which=some)
    def withdraws(self, which: int) -> None:
        account_id, person = self.person(which, *OPEN)
        case = case_of(account_id)
        ended = attempt(lambda: withdraw_case(case.id, case.version))
        assert (ended == "done") == (person.status in OPEN), ended
        if ended == "done":
            self.change(account_id, status=S.WITHDRAWN)

    # What those do who decide.

    @precondition(lambda self: self.people)
    @rule(which=some, role=roles, approves=st.booleans())
    def is_decided(self, which: int, role: Role, approves: bool) -> None:
        account_id, person = self.person(which, S.REVIEW_PENDING)
        is_late = which % SELDOM == 1
        firm, case = self.firm(account_id), case_of(account_id)
        decision = Decision(
            case_id=case.id, seen_version=case.version - is_late, approval=Approval.GROUP_ADMIN,
            outcome=Outcome.APPROVED if approves else Outcome.REJECTED, decided_by="operator:o", role=role,
            reason="duplicate",
        )  # fmt: skip
        allowed = person.status is S.REVIEW_PENDING and not is_late
        ended = attempt(lambda: decide_case(decision))
        assert (ended == "done") == (allowed and (not approves or (firm.is_proven and firm.is_usable))), ended
        if ended == "done" and approves:
            self.change(account_id, status=S.ACTIVE, role=role)
            self.leads(account_id)
        elif ended == "done":
            self.change(account_id, status=S.REJECTED)

    @precondition(lambda self: self.of(S.ACTIVE, S.SUSPENDED))
    @rule(which=some, role=roles)
    def gets_another_role(self, which: int, role: Role) -> None:
        account_id, _ = self.person(which, S.ACTIVE, S.SUSPENDED, only=True)
        ended = attempt(lambda: set_role(account(account_id), role))
        assert (ended == "done") == (role is Role.GROUP_ADMIN or not self.is_last_admin(account_id)), ended
        if ended == "done":
            self.change(account_id, role=role)
            self.leads(account_id)

    @precondition(lambda self: self.of(S.ACTIVE, S.SUSPENDED))
    @rule(which=some)
    def is_suspended_or_restored(self, which: int) -> None:
        account_id, person = self.person(which, S.ACTIVE, S.SUSPENDED, only=True)
        if person.status is S.SUSPENDED:
            assert attempt(lambda: restore_account(account(account_id))) == "done"
            self.change(account_id, status=S.ACTIVE)
            return
        ended = attempt(lambda: suspend_account(account(account_id), "離職"))
        assert (ended == "done") == (not self.is_last_admin(account_id)), ended
        if ended == "done":
            self.change(account_id, status=S.SUSPENDED)

    @precondition(lambda self: self.of(S.ACTIVE))
    @rule(which=some, role=roles, name=names)
    def invites_and_is_followed(self, which: int, role: Role, name: str) -> None:
        inviter_id, inviter = self.person(which, S.ACTIVE, only=True)
        mailbox, firm = f"m{next(self.numbers)}@example.test", self.firm(inviter_id)
        wanted = Wanted(service_id="dreams", email=mailbox, role=role.value, locale="en", menus={})
        ended = attempt(lambda: invite(inviter_id, wanted))
        allowed = inviter.role is Role.GROUP_ADMIN and firm.is_usable and firm.is_proven
        assert (ended == "done") == allowed, ended
        if not allowed:
            return
        said = PersonAnswers(username=name, name="黃建國", phone="+886912345678", email=mailbox, locale="en")
        hashed = digest(token_to(mailbox))
        acceptance = Acceptance(
            link_hash=hashed, person=said, password_hash=hash_password(PASSWORD), texts=(), address=None
        )
        made: list[Account] = []
        ended = attempt(lambda: made.append(accept_invitation(acceptance)))
        assert (ended == "done") == (not self.is_taken(name)), ended
        if ended == "done":
            self.people[made[0].id] = Person(
                canonical_username(name), inviter.tax_id, S.ACTIVE, role, mailbox, is_confirmed=True
            )
            self.leads(made[0].id)

    # What becomes of companies.

    @precondition(lambda self: self.firms)
    @rule(tax_id=companies)
    def is_proven(self, tax_id: str) -> None:
        company = self.company(tax_id)
        if company is None:
            return
        firm = self.firms[tax_id]
        waiting = session.scalars(
            select(Case.account_id)
            .where(Case.company_id == company.id, Case.waiting_since.is_not(None), Case.reviewer == Reviewer.OPERATOR)
            .order_by(Case.waiting_since, Case.id)
        ).all()
        ended = attempt(lambda: prove_company(company, CompanyProof.CARD, "seen", first_come=True))
        assert (ended == "done") == firm.is_usable, ended
        if ended == "done":
            self.firms[tax_id] = replace(firm, is_proven=True, status=CompanyStatus.ACTIVE)
            for account_id in waiting:
                self.is_judged(account_id)

    @precondition(lambda self: self.firms)
    @rule(tax_id=companies)
    def is_suspended_or_restored_as_a_whole(self, tax_id: str) -> None:
        company = self.company(tax_id)
        if company is None:
            return
        was = self.firms[tax_id].status
        act = restore_company if was is CompanyStatus.SUSPENDED else lambda one: suspend_company(one, "盜用")
        ended = attempt(lambda: act(company))
        assert (ended == "done") == (was is not CompanyStatus.CLOSED), ended
        if ended == "done":
            to = CompanyStatus.ACTIVE if was is CompanyStatus.SUSPENDED else CompanyStatus.SUSPENDED
            self.firms[tax_id] = replace(self.firms[tax_id], status=to)

    @precondition(lambda self: self.company(TAX_IDS[2]) is not None)
    @rule()
    def is_gone_from_the_register(self) -> None:
        company = self.company(TAX_IDS[2])
        assert company is not None
        with transaction():
            close_company(company.id, import_id=1)
        self.firms[TAX_IDS[2]] = replace(self.firms[TAX_IDS[2]], status=CompanyStatus.CLOSED)

    @rule(passed=st.sampled_from((timedelta(hours=25), timedelta(days=31))))
    def time_passes(self, passed: timedelta) -> None:
        with transaction():
            for one in session.scalars(select(Account)):
                one.updated_at -= passed
            for link in session.scalars(select(OneTimeSecret)):
                link.created_at -= passed
                link.expires_at -= passed
            for case in session.scalars(select(Case).where(Case.waiting_since.is_not(None))):
                case.waiting_since = case.waiting_since and case.waiting_since - passed
        over = {one.id: one.updated_at for one in session.scalars(select(Account))}
        while keep_deadlines():
            pass
        for account_id, person in list(self.people.items()):
            if person.status is S.EMAIL_PENDING:
                self.change(account_id, status=S.EMAIL_EXPIRED)
            elif person.status in {S.EMAIL_EXPIRED, S.WITHDRAWN} and now() - over[account_id] > timedelta(days=30):
                self.is_purged(account_id)
