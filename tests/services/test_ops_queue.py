"""The operators' queue: each application once, page after page, whatever of it waits; taken by one at a time."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from idp.db import now, session, transaction
from idp.errors import ChangedMeanwhile, NotFound, TakenByAnother
from idp.models import Case, Company, CompanyDocument
from idp.policies.documents import TAKEN_FOR, DocumentState
from idp.policies.reviews import Outcome
from idp.policies.standing import Approval
from idp.services import ops_decided, ops_queue
from idp.services.case_reviews import Decision, decide_case
from idp.services.operators import NewOperator, add_operator
from idp.services.ops_decided import decided
from idp.services.ops_queue import Queued, QueueSearch, QueueTab, Subject, count_queue, queue, waiting_longest
from idp.services.taken import release_case, release_document, release_overdue, take_case, take_document
from tests.services.applicants import a_service, apply

pytestmark = pytest.mark.both_databases

POLICY = {"preset": "twport", "company_proof": ["operator", "document"]}


def an_operator(username: str) -> str:
    with transaction():
        return add_operator(
            NewOperator(username=username, name=username, email=f"{username}@example.org", duties=("reviewer",))
        )[0].id


def a_document(case: Case, state: DocumentState = DocumentState.QUEUED) -> CompanyDocument:
    with transaction():
        document = CompanyDocument(
            id=f"do_{case.number}", company_id=case.company_id, service_id=case.service_id, case_id=case.id,
            account_id=case.account_id, file_id="uf_none", state=state, queued_at=now(), updated_at=now(), version=1,
        )  # fmt: skip
        session.add(document)
    return document


def all_of(search: QueueSearch) -> list[Queued]:
    """Every page of it, one after the other."""
    found, after = [], None
    while True:
        page = queue(search, after)
        found += page.rows
        after = page.after
        if after is None:
            return found


def test_each_application_comes_once_on_whatever_page(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops_queue, "ON_A_PAGE", 2)
    monkeypatch.setattr(ops_decided, "ON_A_PAGE", 2)
    monkeypatch.setattr(ops_queue, "MOST_COUNTED", 4)
    service, me = a_service("port", POLICY), an_operator("reviewer1")
    assert (queue(QueueSearch(operator_id=me)).rows, waiting_longest()) == ([], None)
    cases = [apply(service) for _ in range(6)]
    for case in cases[::2]:
        a_document(case)
    # One whose document alone waits, and one that a group admin has given over.
    with transaction():
        session.execute(update(Case).where(Case.id == cases[4].id).values(waiting_since=None))
        session.execute(update(Case).where(Case.id == cases[5].id).values(escalated_at=now()))
    of = {"operator_id": me}
    found = all_of(QueueSearch(**of))
    assert sorted(one.case.id for one in found) == sorted(case.id for case in cases)
    assert [one.since for one in found] == sorted(one.since for one in found)
    assert waiting_longest() == found[0].since
    told = {one.case.id: (one.waits_for_document, one.waits_for_account) for one in found}
    assert [told[case.id] for case in cases] == [
        (True, True), (False, True), (True, True), (False, True), (True, False), (False, True)
    ]  # fmt: skip
    for subject, ids in (
        (Subject.DOCUMENT, {0, 2, 4}), (Subject.ACCOUNT, {0, 1, 2, 3, 5}), (Subject.ESCALATED, {5}),
    ):  # fmt: skip
        assert {one.case.id for one in all_of(QueueSearch(**of, subject=subject))} == {cases[n].id for n in ids}
    assert len(all_of(QueueSearch(**of, words=company.tax_id, service_id="port"))) == 6
    assert all_of(QueueSearch(**of, words="無此公司")) == all_of(QueueSearch(**of, service_id="other")) == []
    assert queue(QueueSearch(**of), "nonsense-x").rows == queue(QueueSearch(**of), None).rows
    assert count_queue(me) == {QueueTab.WAITING: 4, QueueTab.MINE: 0, QueueTab.MORE_INFO: 0}
    assert ops_queue.number_in(f" {cases[0].number.lower()} ") == cases[0].number
    assert (ops_queue.number_in("AAAA-AAAA-AAAA"), ops_queue.number_in("4F7K"), ops_queue.queued_case("ca_")) == (
        None,
    ) * 3

    # What is asked for is due where its deadline says, what is decided is the newest first.
    with transaction():
        session.execute(
            update(CompanyDocument)
            .where(CompanyDocument.case_id == cases[0].id)
            .values(state=DocumentState.MORE_INFO, more_info_until=now() + timedelta(days=1))
        )
    for case, outcome in ((cases[1], Outcome.MORE_INFO), (cases[2], Outcome.REJECTED), (cases[3], Outcome.REJECTED)):
        with transaction():
            decide_case(
                Decision(
                    case_id=case.id, seen_version=1, outcome=outcome, approval=Approval.OPERATOR, decided_by=me,
                    reason="other", reason_text="請補資料",
                )
            )  # fmt: skip
    asked = all_of(QueueSearch(**of, tab=QueueTab.MORE_INFO))
    assert [one.case.id for one in asked] == [cases[0].id, cases[1].id]
    assert [one.until for one in asked] == sorted(one.until for one in asked if one.until)
    first = decided()
    rest = decided(before=first.after)
    assert [row.case.id for row in first.rows + rest.rows if row.case] == [case.id for case in reversed(cases[1:4])]
    assert [(row.by, row.is_of_document) for row in first.rows] == [("reviewer1", False)] * 2
    assert (rest.after, decided("無此公司").rows, decided(service_id="none").rows) == (None, [], [])


def test_what_is_taken_is_one_operators_until_she_puts_it_back_or_keeps_it_too_long(company: Company) -> None:
    me, other = an_operator("reviewer1"), an_operator("reviewer2")
    case = apply(a_service("port", POLICY))
    document = a_document(case)
    with transaction():
        take_case(case.id, me)
        take_document(document.id, me)
    for act in (lambda: take_case(case.id, other), lambda: take_document(document.id, other)):
        with pytest.raises(TakenByAnother), transaction():
            act()
    with transaction():
        release_case(case.id, other)
        release_document(document.id, other)
    [one] = all_of(QueueSearch(operator_id=me, tab=QueueTab.MINE))
    assert (one.holder_name, document.state) == ("reviewer1", DocumentState.IN_REVIEW)
    assert release_overdue() == 0
    with transaction():
        late = {"taken_at": now() - TAKEN_FOR}
        session.execute(update(Case).values(late))
        session.execute(update(CompanyDocument).values(late))
    assert all_of(QueueSearch(operator_id=me, tab=QueueTab.MINE)) == []
    assert (release_overdue(), release_overdue()) == (2, 0)
    session.refresh(document)
    assert (document.state, document.taken_by, document.version) == (DocumentState.QUEUED, None, 1)
    with transaction():
        session.execute(update(Case).values(waiting_since=None))
        session.execute(update(CompanyDocument).values(state=DocumentState.APPROVED))
    for act, error in (
        (lambda: take_case(case.id, me), ChangedMeanwhile), (lambda: take_document(document.id, me), ChangedMeanwhile),
        (lambda: take_case("ca_none", me), NotFound), (lambda: take_document("do_none", me), NotFound),
    ):  # fmt: skip
        with pytest.raises(error), transaction():
            act()
