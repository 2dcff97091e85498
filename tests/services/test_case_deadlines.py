"""Applications nobody decides go to the operators, those nobody confirms expire and are purged; races have one end."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text, update

from idp.db import Base, db, now, session, transaction
from idp.errors import AlreadyExists, ChangedMeanwhile, LinkUnusable
from idp.models import Account, AuditEntry, Case, Company, Invitation, OneTimeSecret, OutboxEntry
from idp.policies.registration import Reviewer
from idp.policies.reviews import Outcome
from idp.policies.roles import Role
from idp.policies.standing import AccountStatus, Approval, CompanyProof
from idp.services.case_deadlines import keep_deadlines
from idp.services.case_reviews import Decision, decide_case
from idp.services.case_standing import Became, hold_case
from idp.services.cases import withdraw_case
from idp.services.company_standing import prove_company
from idp.services.mailbox_checks import confirm_mailbox, resend_verification
from idp.services.purging import GO_WITH_ACCOUNT
from idp.services.secrets import digest
from idp.services.verification_resend import resend_to_whoever
from tests.services.applicants import OPERATOR, a_service, account_of, apply, confirm, token_mailed_to
from tests.services.people import a_client, actions, at_once, person, signed_in

pytestmark = pytest.mark.both_databases


def proven(company: Company) -> None:
    with transaction():
        prove_company(company, CompanyProof.CARD, "seen")


def waits_since(case: Case, **since: float) -> None:
    with transaction():
        session.execute(update(Case).where(Case.id == case.id).values(waiting_since=now() - timedelta(**since)))
    session.refresh(case)


def later(case: Case, **passed: float) -> None:
    """Let time pass for an application: its link, and since when it is as it is."""
    span = timedelta(**passed)
    with transaction():
        links = session.scalars(select(OneTimeSecret).where(OneTimeSecret.account_id == case.account_id)).all()
        for link in links:
            link.created_at -= span
            link.expires_at -= span
        account = account_of(case)
        account.updated_at -= span
        session.flush()
    session.expire_all()


def count(table: type[Base]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def approve(case: Case, by: str, role: Role = Role.STAFF) -> None:
    with transaction():
        decide_case(
            Decision(
                case_id=case.id,
                seen_version=case.version,
                outcome=Outcome.APPROVED,
                role=role,
                approval=Approval.GROUP_ADMIN,
                decided_by=by,
            )
        )


def test_what_waits_longer_than_the_policys_days_goes_to_the_operators_once(company: Company) -> None:
    proven(company)
    patient = a_service("patient", {**OPERATOR, "escalate_after_days": 20})
    service = a_service()
    admin = person(company, Role.GROUP_ADMIN)
    case, other = apply(service, name="林小玉"), apply(patient, name="王小明")
    assert confirm(case).became is confirm(other).became is Became.WAITS_FOR_GROUP_ADMIN
    waits_since(case, days=6.9)
    waits_since(other, days=19)
    assert keep_deadlines() == 0
    waits_since(case, days=7.1)
    version = case.version
    assert keep_deadlines() == 1
    assert keep_deadlines() == 0
    session.expire_all()
    assert (case.reviewer, case.escalated_at is not None, case.version) == (Reviewer.OPERATOR, True, version)
    assert other.reviewer is Reviewer.GROUP_ADMIN
    assert (actions()[-1], actions().count("case:escalated")) == ("case:escalated", 1)
    # Without a group admin it is the same: nobody else could decide.
    with transaction():
        session.execute(update(Account).where(Account.id == admin.id).values(status=AccountStatus.CLOSED))
    waits_since(other, days=21)
    assert keep_deadlines() == 1


def test_a_group_admin_may_still_decide_what_has_gone_to_the_operators(company: Company) -> None:
    proven(company)
    admin = person(company, Role.GROUP_ADMIN)
    case = apply(a_service())
    confirm(case)
    waits_since(case, days=8)
    keep_deadlines()
    session.refresh(case)
    approve(case, admin.id)
    assert account_of(case).status is AccountStatus.ACTIVE
    assert keep_deadlines() == 0


def test_a_mailbox_not_confirmed_in_time_is_asked_for_anew_and_still_can_be(company: Company) -> None:
    case = apply(a_service())
    later(case, hours=23.9)
    assert keep_deadlines() == 0
    later(case, hours=0.2)
    old = digest(token_mailed_to(case.account_id))
    assert keep_deadlines() == 1
    assert keep_deadlines() == 0
    assert account_of(case).status is AccountStatus.EMAIL_EXPIRED
    assert actions()[-1] == "case:expired"
    with transaction(), pytest.raises(LinkUnusable) as refused:
        confirm_mailbox(old)
    assert refused.value.details == {"because": "expired"}
    with transaction():
        resend_verification(account_of(case), case, browser=None)
    assert keep_deadlines() == 0
    assert confirm(case).became is Became.WAITS_FOR_OPERATOR


@pytest.mark.parametrize("end", ["expired", "withdrawn"])
def test_thirty_days_later_everything_of_it_is_deleted_and_the_name_is_free(database: Flask, end: str) -> None:
    service = a_service()
    case = apply(service, tax_id="00000022", username="wanglin", email="wang@example.test")
    number, company_id = case.number, case.company_id
    if end == "withdrawn":
        with transaction():
            withdraw_case(case.id, case.version)
    else:
        later(case, hours=25)
        assert keep_deadlines() == 1
    later(case, days=29.9)
    assert keep_deadlines() == 0
    with pytest.raises(AlreadyExists):
        apply(service, tax_id="00000022", username="WangLin", email="wang2@example.test")
    later(case, days=0.2)
    assert keep_deadlines() == 1
    assert keep_deadlines() == 0
    session.expire_all()
    kept = {"audit_log", "companies", "services", "outbox", "limit_counters"}
    left = {
        t.name for t in Base.metadata.sorted_tables if session.execute(select(func.count()).select_from(t)).scalar()
    }
    assert left == kept - {"companies"}
    assert session.scalars(select(OutboxEntry.account_id)).all() == [None]
    assert actions()[-2:] == ["case:purged", "company:purged"]
    purged = session.scalars(select(AuditEntry).where(AuditEntry.action == "case:purged")).one()
    assert (purged.company_id, purged.details["case"]) == (company_id, number)
    again = apply(service, tax_id="00000022", username="wanglin", email="wang@example.test")
    assert again.company_id != company_id


def test_a_company_stays_that_somebody_else_is_of_or_that_an_operator_added(company: Company) -> None:
    service = a_service()
    claims = [apply(service, tax_id="00000022") for _ in range(2)]
    cases = [claims[0], apply(service)]
    for case in cases:
        with transaction():
            withdraw_case(case.id, case.version)
        later(case, days=31)
    assert keep_deadlines() == 2
    assert count(Company) == 2
    assert count(Account) == 1
    with transaction():
        withdraw_case(claims[1].id, claims[1].version)
    later(claims[1], days=31)
    keep_deadlines()
    session.expire_all()
    assert session.scalars(select(Company.id)).all() == [company.id]


def test_a_company_approved_to_be_led_by_who_never_confirmed_gets_its_first_group_admin_anew(company: Company) -> None:
    proven(company)
    service = a_service("late", {**OPERATOR, "mail_check": "after_review"})
    case = apply(service)
    approve(case, "operator:one", Role.GROUP_ADMIN)
    session.refresh(company)
    assert company.first_admin_id == case.account_id
    later(case, hours=25)
    keep_deadlines()
    later(case, days=31)
    assert keep_deadlines() == 1
    session.refresh(company)
    assert (company.first_admin_id, company.proof) == (None, CompanyProof.CARD)


def test_nobody_who_was_ever_let_in_is_purged(company: Company) -> None:
    case = apply(a_service())
    with transaction():
        session.execute(update(Account).where(Account.id == case.account_id).values(status=AccountStatus.ACTIVE))
    signed_in(account_of(case), a_client())
    with transaction():
        session.execute(update(Account).values(status=AccountStatus.WITHDRAWN, updated_at=now() - timedelta(days=99)))
    assert keep_deadlines() == 0
    assert count(Account) == 1


def test_what_names_an_account_and_goes_with_nobody_keeps_it_and_is_looked_at_a_month_later(company: Company) -> None:
    """A table that this version does not know of, or one that should not name such an account at all."""
    case = apply(a_service())
    with transaction():
        withdraw_case(case.id, case.version)
        given = {"email": "x@example.test", "role": Role.GUEST, "menus": {}, "created_at": now(), "expires_at": now()}
        session.add(
            Invitation(id="in_1", company_id=company.id, service_id="dreams", invited_by=case.account_id, **given)
        )
    later(case, days=31)
    assert keep_deadlines() == 0
    session.expire_all()
    account = session.get_one(Account, case.account_id)
    assert now() - account.updated_at < timedelta(minutes=1)
    assert session.get_one(Case, case.id).number == case.number


def test_every_column_that_names_an_account_is_thought_of() -> None:
    """A new table that names accounts has to say here what becomes of its rows when an account is purged."""
    naming = {
        f"{table.name}.{key.parent.name}"
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "accounts"
    }
    gone = {f"{column.class_.__tablename__}.{column.key}" for column in GO_WITH_ACCOUNT}
    emptied = {"outbox.account_id", "company_documents.account_id"}
    of_who_was_let_in = {
        "authorization_requests.account_id", "authorization_requests.linked_account_id", "bindings.account_id",
        "bindings.linked_account_id", "card_evidence.account_id", "cards.account_id",
        "client_sessions.account_id", "client_sessions.linked_account_id",
        "consents.account_id", "consents.human_id", "grants.account_id", "grants.linked_account_id",
        "invitations.invited_by", "launches.account_id", "passkeys.account_id", "sign_ins.account_id",
        "sign_ins.acting_account_id", "tokens.account_id", "tokens.linked_account_id",
    }  # fmt: skip
    assert naming == gone | emptied | of_who_was_let_in


def test_who_asks_for_a_new_link_in_the_second_of_the_purge_gets_one_or_is_told(
    company: Company, database: Flask
) -> None:
    service = a_service()
    for rival in ("resend", "resend to whoever", "a second worker") * 3:
        case = apply(service, tax_id="00000022")
        case_id, account_id = case.id, case.account_id
        with transaction():
            account_of(case).status = AccountStatus.EMAIL_EXPIRED
        later(case, days=31)
        acts = _in_turn(_rival(rival, case_id, account_of(case)), _purge)
        session.commit()
        ends = at_once(database, acts, times=2)
        session.expire_all()
        account = session.get(Account, account_id)
        if account is None:
            assert "purged 1" in ends
            assert set(ends) <= {"purged 0", "purged 1", "sent to nobody", "changed_meanwhile"}
            assert ends.count("purged 1") == 1
        else:
            assert (account.status, ends) == (AccountStatus.EMAIL_PENDING, ["purged 0", "sent"])
            with transaction():
                withdraw_case(case_id, 1)
            later(case, days=31)
            assert keep_deadlines() == 1
    assert count(Account) == 0


def _purge() -> str:
    return f"purged {keep_deadlines()}"


def _rival(kind: str, case_id: str, account: Account) -> Callable[[], str]:
    account_id, email = account.id, account.email

    def resend() -> str:
        with transaction():
            mine, case = session.get(Account, account_id), session.get(Case, case_id)
            if kind == "resend" and mine is not None and case is not None:
                resend_verification(mine, case, browser=None)
            else:
                resend_to_whoever(email)
        return "sent" if session.get(Account, account_id, populate_existing=True) else "sent to nobody"

    return _purge if kind == "a second worker" else resend


def _in_turn(*acts: Callable[[], str]) -> Callable[[], str]:
    """An act that is another one each time it is called."""
    lock, left = threading.Lock(), list(acts)

    def one() -> str:
        with lock:
            act = left.pop()
        return act()

    return one


def test_an_application_that_is_gone_is_told_as_changed(database: Flask) -> None:
    with transaction(), pytest.raises(ChangedMeanwhile):
        hold_case("ca_none")


def test_asking_costs_little_where_nothing_is_due(company: Company) -> None:
    """With a million accounts: by indexes, never by reading accounts, companies or cases from one end to the other."""
    apply(a_service())
    if db.engine.dialect.name != "sqlite":
        session.execute(text("SET LOCAL enable_seqscan = off"))
    asked: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", keep)
    try:
        assert keep_deadlines() == 0
    finally:
        event.remove(db.engine, "before_cursor_execute", keep)
    reads = [(s, p) for s, p in asked if s.startswith("SELECT cases.id")]
    assert len(reads) == 3
    explain = "EXPLAIN QUERY PLAN " if db.engine.dialect.name == "sqlite" else "EXPLAIN "
    if db.engine.dialect.name != "sqlite":
        session.execute(text("SET LOCAL enable_seqscan = off"))
    plans = ["\n".join(str(r) for r in session.connection().exec_driver_sql(explain + s, p)) for s, p in reads]
    assert "ix_cases_reviewer_waiting_since" in plans[0]
    assert all("ix_accounts_not_let_in" in plan for plan in plans[1:]), plans
    assert not any("SCAN " in plan or "Seq Scan" in plan for plan in plans), plans
